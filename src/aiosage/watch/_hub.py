"""Between those who hear what happens and those who are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ..model import FetchedMessage, Flags, MessageSet, mailbox_diff
from ._events import (
    ConnectionState,
    MailboxCreated,
    MailboxDeleted,
    MailboxRenamed,
    MailboxReset,
)
from ._mailbox import WatchedMailbox
from ._queue import EventQueue, Herald
from ._view import Change


class Hub:
    """The watched mailboxes, and the queues of all who are told of them.

    Attributes:
        mailboxes: by name.
        queues: to be told of everything.
    """

    def __init__(self) -> None:
        self.mailboxes: dict[str, WatchedMailbox] = {}
        self.queues: list[EventQueue] = []
        self._wakers: list[Callable[[], None]] = []

    def queue(self, maxsize: int, *, fetches: bool) -> EventQueue:
        """Return the first queue.

        Raises:
            ValueError: *maxsize* is less than 1.
        """
        return EventQueue(
            self.mailboxes,
            maxsize,
            fetches=fetches,
            others=self.queues,
            ask=self._wake,
        )

    def wake_by(self, waker: Callable[[], None]) -> None:
        """Call *waker* when a queue waits for messages to be fetched."""
        self._wakers.append(waker)

    def _wake(self) -> None:
        for waker in self._wakers:
            waker()

    def mailbox(self, name: str) -> WatchedMailbox:
        """Return the mailbox *name*, watched from now on."""
        return self.mailboxes.setdefault(name, WatchedMailbox(name))

    def change(self, box: WatchedMailbox, changes: Iterable[Change]) -> None:
        """Tell *changes*, which have happened to the flags of *box* already."""
        is_any = False
        for uid, before, _ in changes:
            is_any = True
            for queue in self.queues:
                queue.change(box, uid, before)
        if is_any:
            self._fill()

    def replace(
        self, box: WatchedMailbox, flags: dict[int, Flags], modseq: int | None
    ) -> None:
        """Tell what makes *box* a mailbox whose messages have *flags*."""
        old, box.flags = box.flags, flags
        found = mailbox_diff(old, MessageSet(flags), flags)
        for uids in (found.vanished, found.new | MessageSet(found.flags_changed)):
            for uid in uids:
                for queue in self.queues:
                    queue.change(box, uid, old.get(uid))
        box.modseq = modseq
        self._fill()

    def begin(
        self,
        box: WatchedMailbox,
        uidvalidity: int | None,
        flags: dict[int, Flags],
        modseq: int | None,
        *,
        is_told: bool,
    ) -> None:
        """Note how *box* is, of which nothing is known, or nothing that counts.

        Args:
            box: the mailbox.
            uidvalidity: of its UIDs.
            flags: of its messages.
            modseq: as of the mailbox.
            is_told: it has come into being while the others are watched.
        """
        old = box.cursor()
        was_known, box.is_known = box.is_known, True
        box.uidvalidity, box.flags, box.modseq = uidvalidity, flags, modseq
        event: Herald
        if was_known:
            event = MailboxReset(box.name, uidvalidity)
        elif is_told:
            event = MailboxCreated(box.name)
        else:
            return
        for queue in self.queues:
            queue.herald(event, old, flags)
        self._fill()

    def delete(self, name: str) -> None:
        """Tell that the mailbox *name* is gone."""
        box = self.mailboxes.pop(name, None)
        if box is None or not box.is_known:
            return
        old = box.cursor()
        box.flags = {}
        for queue in self.queues:
            queue.herald(MailboxDeleted(name), old, ())
        self._fill()

    def forget(self, name: str) -> None:
        """Tell nothing of *name*, of which nothing has been told: it is not watched."""
        self.mailboxes.pop(name, None)

    def rename(self, old_name: str, name: str) -> None:
        """Tell that a mailbox has another name."""
        box = self.mailboxes.pop(old_name)
        old, box.name = box.cursor(), name
        self.mailboxes[name] = box
        for queue in self.queues:
            queue.herald(MailboxRenamed(name, old_name), old, box.flags)
        self._fill()

    def state(self, event: ConnectionState) -> None:
        """Tell how a connection stands."""
        for queue in self.queues:
            queue.state(event)
        self._fill()

    def _fill(self) -> None:
        for queue in self.queues:
            queue.fill()

    def supply(self, name: str, messages: Mapping[int, FetchedMessage | None]) -> None:
        """Give what was fetched of *messages*, by UID; None for what is gone."""
        for queue in self.queues:
            queue.supply(name, messages)
        self._fill()

    def end(self) -> None:
        """Let nobody wait for more."""
        for queue in self.queues:
            queue.end()
