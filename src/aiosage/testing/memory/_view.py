"""A selected mailbox as one session sees it (RFC 9051 §7.5.1).

Message numbers belong to the client: they change only by what it was told. So
what happens to the mailbox is noted here, and told when ``updates`` is asked
for, at the moments the protocol allows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator

from ...model import Flag
from ._arguments import SAVED, STAR, Ranges
from ._mailbox import MemoryMailbox, Message
from ._refusal import Bad


class View:
    """The messages of a mailbox that a session knows, by message number.

    Args:
        mailbox: the mailbox that is selected.
        read_only: whether it was selected by EXAMINE.
        on_change: called when there is something new to tell.
    """

    def __init__(
        self,
        mailbox: MemoryMailbox,
        *,
        read_only: bool,
        on_change: Callable[[], None],
    ) -> None:
        self.mailbox = mailbox
        self.read_only = read_only
        self.is_closed = False  # the mailbox was deleted or renamed
        self.uids: list[int] = []  # by message number, from 0
        self.recent: set[int] = set()
        self.saved: list[int] = []  # the UIDs that SEARCH saved, ascending
        self._on_change = on_change
        self._uidnext = 1  # messages from here on are not known yet
        self._changed: set[int] = set()
        self._expunged: dict[int, Message] = {}
        self._flag_count = len(mailbox.flags)
        self._recent_told = 0
        self._learn_new()
        self._recent_told = len(self.recent)
        mailbox.watch(self)

    def close(self) -> None:
        """Watch the mailbox no more."""
        self.mailbox.unwatch(self)

    # Told by the mailbox.

    def on_delivered(self) -> None:
        """See ``Watcher``."""
        self._on_change()

    def on_flags_changed(self, uid: int) -> None:
        """See ``Watcher``."""
        if uid < self._uidnext:
            self._changed.add(uid)
            self._on_change()

    def on_expunged(self, messages: list[Message]) -> None:
        """See ``Watcher``."""
        known = {m.uid: m for m in messages if m.uid < self._uidnext}
        self._expunged.update(known)
        self._changed.difference_update(known)
        if known:
            self._on_change()

    def on_closed(self) -> None:
        """See ``Watcher``."""
        self.is_closed = True
        self._on_change()

    # Asked by the session.

    def message(self, uid: int) -> Message | None:
        """Return the message with *uid* as long as its number is valid."""
        return self.mailbox.get(uid) or self._expunged.get(uid)

    def is_expunged(self, uid: int) -> bool:
        """Return whether *uid* is gone, though the client was not told."""
        return uid in self._expunged

    def flags(self, message: Message) -> bytes:
        r"""Return the flags of *message* as a list, ``\Recent`` included."""
        return self.mailbox.render_flags(
            message.flags, is_recent=message.uid in self.recent
        )

    def number(self, uid: int) -> int:
        """Return the message number of *uid*, 0 if it has none."""
        index = bisect_left(self.uids, uid)
        return index + 1 if index < len(self.uids) and self.uids[index] == uid else 0

    def first_unseen(self) -> int:
        r"""Return the number of the first message without ``\Seen``, or 0."""
        for number, message in enumerate(self.mailbox.find(self.uids), 1):
            if Flag.SEEN not in message.flags:
                return number
        return 0

    def select(self, ranges: Ranges, *, by_uid: bool) -> list[tuple[int, int]]:
        """Return (number, UID) of the messages in *ranges*, ascending.

        Raises:
            Bad: a message number that no message has.
        """
        if ranges == SAVED:
            return [(n, uid) for uid in self.saved if (n := self.number(uid))]
        indexes = self._indexes(ranges, by_uid=by_uid)
        return [
            (i + 1, self.uids[i]) for first, end in indexes for i in range(first, end)
        ]

    def _indexes(self, ranges: Ranges, *, by_uid: bool) -> list[tuple[int, int]]:
        """Return the half-open index ranges of *ranges*, ascending, disjoint."""
        count = len(self.uids)
        largest = (self.uids[-1] if self.uids else 0) if by_uid else count
        found: list[tuple[int, int]] = []
        for given in ranges:
            first, last = sorted(largest if n == STAR else n for n in given)
            if by_uid:
                start, end = (
                    bisect_left(self.uids, first),
                    bisect_right(self.uids, last),
                )
            elif first >= 1 and last <= count:
                start, end = first - 1, last
            else:
                raise Bad("Invalid messageset")
            if start < end:
                found.append((start, end))
        found.sort()
        merged: list[tuple[int, int]] = []
        for start, end in found:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    # What the client is told.

    def updates(self, *, condstore: bool, expunges: bool) -> Iterator[bytes]:
        """Yield, and forget, the untagged responses due.

        Args:
            condstore: whether flag changes tell the mod-sequence too.
            expunges: whether message numbers may change now (RFC 9051 §7.5.1).
        """
        yield from self.new_flags()
        yield from self._flag_updates(condstore=condstore)
        if expunges:
            yield from self._expunges()
        known = len(self.uids)
        self._learn_new()
        if len(self.uids) != known:
            yield b"* %d EXISTS\r\n" % len(self.uids)
        if len(self.recent) != self._recent_told:
            self._recent_told = len(self.recent)
            yield b"* %d RECENT\r\n" % self._recent_told

    def new_flags(self) -> Iterator[bytes]:
        """Yield FLAGS and PERMANENTFLAGS if there are keywords not told yet."""
        if len(self.mailbox.flags) != self._flag_count:
            self._flag_count = len(self.mailbox.flags)
            yield from self.flags_responses()

    def flags_responses(self) -> Iterator[bytes]:
        """Yield FLAGS and PERMANENTFLAGS (RFC 9051 §7.3.5, §7.1)."""
        flags = " ".join(self.mailbox.flags).encode()
        yield b"* FLAGS (%b)\r\n" % flags
        if self.read_only:
            yield b"* OK [PERMANENTFLAGS ()] Read-only mailbox.\r\n"
        else:
            yield b"* OK [PERMANENTFLAGS (%b \\*)] Flags permitted.\r\n" % flags

    def _flag_updates(self, *, condstore: bool) -> Iterator[bytes]:
        changed, self._changed = sorted(self._changed), set[int]()
        for uid in changed:
            message, number = self.mailbox.get(uid), self.number(uid)
            if message is not None and number:
                modseq = b"MODSEQ (%d) " % message.modseq if condstore else b""
                flags = self.flags(message)
                yield b"* %d FETCH (%bFLAGS %b)\r\n" % (number, modseq, flags)

    def _expunges(self) -> Iterator[bytes]:
        if not self._expunged:
            return
        # Highest first, so that no number changes before it is told.
        numbers = [n for uid in sorted(self._expunged) if (n := self.number(uid))]
        self.recent.difference_update(self._expunged)
        self.uids = [uid for uid in self.uids if uid not in self._expunged]
        self.saved = [uid for uid in self.saved if uid not in self._expunged]
        self._expunged = {}
        for number in reversed(numbers):
            yield b"* %d EXPUNGE\r\n" % number

    def _learn_new(self) -> None:
        r"""Take notice of messages that came since; the first to do has \Recent."""
        mailbox = self.mailbox
        if mailbox.uidnext == self._uidnext:
            return
        new = mailbox.uids_from(self._uidnext)
        self.uids += new
        self.recent.update(uid for uid in new if uid >= mailbox.first_recent)
        self._uidnext = mailbox.uidnext
        if not self.read_only:
            mailbox.first_recent = mailbox.uidnext
