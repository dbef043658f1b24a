"""The mailbox that is open on the connection of a watch.

A mailbox that is opened is compared with what is known of it. With QRESYNC
(RFC 7162 §3.2.5) the server tells the difference; with CONDSTORE it tells all
UIDs, and the flags that have changed; else UIDs and flags of all messages. After
that, what the server says of it is told as it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import Final

from ..connection import IMAPConnection
from ..model import MAX_UID, Flags, IMAPSearchCriteria, MessageSet, lasting_flags
from ..wire import SET_OCTETS, Untagged
from ..wire.commands import QResync, Select, SelectResult, UidScan, UidSearch
from ._hub import Hub
from ._mailbox import WatchedMailbox, knows_since
from ._view import MailboxView

_ALL: Final = MessageSet.from_range(1, MAX_UID)

_ATTEMPTS: Final = 3
"""Times UIDs are asked for while messages go, before all flags are asked for."""


class OpenMailbox:
    """What is known of the open mailbox, and whether that is all.

    Args:
        connection: on which it is open.
        hub: to be told.
        trusted: capabilities of the server that it gets right.

    Attributes:
        box: which; None before the first.
        is_opening: what is said is about no mailbox yet.
        heard_at: when the server told of it last, in seconds of the loop's clock.
    """

    def __init__(
        self, connection: IMAPConnection, hub: Hub, trusted: Container[str]
    ) -> None:
        self._connection = connection
        self._hub = hub
        self._trusted = trusted
        self.box: WatchedMailbox | None = None
        self.is_opening = False
        self._is_looking = False  # what is said is part of a comparison
        self._view: MailboxView | None = None
        self._qresync: QResync | None = None  # under way
        self.heard_at = self._now()
        self._heard_to = 0  # highest mod-sequence before the last command

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # -- Hearing.

    def begin(self, selected: SelectResult) -> None:
        """Begin to number the messages of the mailbox that is open now."""
        box = self.box
        assert box is not None
        self.is_opening = False
        self._view = MailboxView(box.name, selected.exists)
        since = self._qresync
        if since is None or selected.uidvalidity != since.uidvalidity:
            return
        if not knows_since(selected, since.modseq):
            return
        flags: dict[int, Flags] = {
            uid: known
            for uid, known in box.flags.items()
            if uid not in selected.vanished
        }
        for data in selected.changed:
            if data.uid is not None and data.flags is not None:
                flags[data.uid] = lasting_flags(data.flags)
        uids = MessageSet(flags)
        if len(uids) == selected.exists:  # else the server means it otherwise
            self._view.assume(uids, flags)

    def hear(self, news: Untagged) -> bool:
        """Tell what *news* changes; return whether there may be something to ask.

        Raises:
            IMAPProtocolError: it speaks of a message that cannot be.
        """
        if self.is_opening or self._view is None or self.box is None:
            return False
        self.heard_at = self._now()
        changes = self._view.apply(news)
        if self._is_looking:
            for _ in changes:  # told when all is known
                pass
            return False
        self._hub.change(self.box, changes)
        return True

    def note_modseq(self, modseq: int) -> None:
        """Note that the server has counted up to *modseq*."""
        if not self.is_opening and self._view is not None:
            self._view.modseq = max(self._view.modseq, modseq)

    @property
    def has_unasked(self) -> bool:
        """Whether there are messages to `identify`."""
        return self._view is not None and self._view.has_unasked

    def note_heard(self) -> None:
        """Note that a command begins that lets the server tell everything."""
        if self._view is not None:
            self._heard_to = self._view.modseq

    def settle(self) -> None:
        """Note that everything up to the highest mod-sequence seen has been told.

        What was seen, that is, before a command that lets the server tell everything,
        and that has ended. Since then it may have told some of what it has to tell.
        """
        if self.box is not None and self.box.modseq is not None:
            self.box.modseq = max(self.box.modseq, self._heard_to)

    # -- Looking.

    async def look(self, box: WatchedMailbox, *, is_new: bool) -> None:
        """Open *box*, and tell how it differs from what was told of it."""
        connection, same = self._connection, box.is_known
        self.box, self.is_opening, self._is_looking = box, True, True
        self._qresync = self._view = None
        self._heard_to = 0
        condstore = "CONDSTORE" in self._trusted
        if same and "QRESYNC" in connection.enabled and box.uidvalidity and box.modseq:
            self._qresync = QResync(box.uidvalidity, box.modseq)
        selected = await connection.execute(
            Select(box.name, True, condstore and not self._qresync, self._qresync)
        )
        view = self._open_view()
        same &= selected.uids_persist and selected.uidvalidity == box.uidvalidity
        since = box.modseq if same and condstore else None
        if since and view.has_unknown and knows_since(selected, since):
            await self._find_changes(view, box)
        await self.identify()
        for uids in view.without_flags.iter_wire(SET_OCTETS):
            await connection.execute(UidScan(uids))
        self._is_looking = False
        box.looked_at = self.heard_at = self._now()
        if same:
            self._hub.replace(box, view.flags, selected.highest_modseq)
        else:
            self._hub.begin(
                box,
                selected.uidvalidity,
                view.flags,
                selected.highest_modseq,
                is_told=is_new,
            )

    def give_up(self) -> None:
        """Note that no mailbox is open: looking at the last one has failed."""
        self.box = self._view = None

    def _open_view(self) -> MailboxView:
        assert self._view is not None  # made when the mailbox was opened
        return self._view

    async def _find_changes(self, view: MailboxView, box: WatchedMailbox) -> None:
        """Ask for all UIDs, and the flags that have changed (RFC 7162 §3.1.4)."""
        search = UidSearch(IMAPSearchCriteria.ALL, "ESEARCH" in self._trusted)
        for _ in range(_ATTEMPTS):
            expunged = view.expunged
            found = await self._connection.execute(search)
            if view.expunged == expunged and len(found) <= len(view):
                view.assume(found, box.flags)
                await self._connection.execute(UidScan(_ALL, box.modseq))
                return

    async def identify(self) -> None:
        """Ask for the UIDs and flags of messages that are known by number only.

        A message that is expunged before it can be asked for stays unknown until
        the server says that it is gone. So does one that the server counts, but
        tells nothing of, as some do if it is broken.
        """
        view = self._view
        if view is None:
            return
        while view.has_unknown:
            # As many as before may be others, that came meanwhile.
            before = view.unknown_count, view.identified
            await self._connection.execute(UidScan(view.unknown))
            if before == (view.unknown_count, view.identified):
                await self._connection.noop()
                if before == (view.unknown_count, view.identified):
                    view.note_asked()
                    return
