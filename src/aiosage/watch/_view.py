"""A mailbox as the server numbers it, kept up to date from what it says.

IMAP tells of changes by message number, and numbers shift with each EXPUNGE. So
the view keeps, for each number, the UID, or 0 for a message whose UID is not
known yet. It is fed every untagged response in the order they came, and says
what each one means. It does no I/O.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping

from ..errors import IMAPProtocolError
from ..model import MAX_UID, Flag, MessageSet
from ..wire import ExistsData, ExpungeData, FetchData, Untagged, VanishedData
from ._events import FlagsChanged, MessageExpunged, NewMessage, WatchEvent

Flags = frozenset[Flag]

_MAX_MESSAGES = 50_000_000
_RECENT = frozenset({Flag.RECENT})  # of this session, not of the message


class MailboxView:
    """What a watch knows of its mailbox.

    Args:
        mailbox: its name, for the events.
        uidvalidity: of its UIDs.
        exists: how many messages it has.
    """

    def __init__(self, mailbox: str, uidvalidity: int | None, exists: int) -> None:
        self._mailbox = mailbox
        self.uidvalidity = uidvalidity
        self._uids = array("I")  # four octets each, however many the server claims
        self._unknown = 0
        self._asked = 0  # of these, those asked for in vain
        self._complete_to = 0  # no unknown message has this UID or one below
        self._is_by_uid = False  # messages have no numbers (RFC 9586)
        self.flags: dict[int, Flags] = {}
        self._grow(exists)

    @property
    def has_unknown(self) -> bool:
        """Whether there are messages whose UIDs must be asked for."""
        return self._unknown > 0

    @property
    def has_unasked(self) -> bool:
        """Whether some of them have not been asked for in vain."""
        return self._unknown > self._asked

    def note_asked(self) -> None:
        """Note that all that are unknown have been asked for in vain."""
        self._asked = self._unknown

    @property
    def unknown_count(self) -> int:
        """How many messages that is."""
        return self._unknown

    @property
    def unknown(self) -> MessageSet:
        """The UIDs to ask for: all above those of the first unknown message."""
        if self._is_by_uid:
            return MessageSet.from_range(min(self._complete_to + 1, MAX_UID), MAX_UID)
        known = self._uids.index(0) if self._unknown else len(self._uids)
        first = self._uids[known - 1] + 1 if known else 1
        return MessageSet.from_range(min(first, MAX_UID), MAX_UID)

    def apply(self, response: Untagged) -> Iterator[WatchEvent]:
        """Take *response* in and yield what it means.

        Raises:
            IMAPProtocolError: it speaks of a message that cannot be.
        """
        match response:
            case ExistsData(count):
                self._grow(count)
            case ExpungeData(seq):
                yield from self._expunge(seq)
            case VanishedData(uids, False):
                yield from self._vanish(uids)
            case FetchData(seq=int(seq), uid=uid, flags=flags) if flags is not None:
                yield from self._set_flags(seq, uid, flags - _RECENT)
            case FetchData(uid=int(uid), flags=flags) if flags is not None:
                yield from self._set_flags(self._number_of(uid), uid, flags - _RECENT)
            case _:
                pass

    def _grow(self, count: int) -> None:
        missing = count - len(self._uids)
        if count > _MAX_MESSAGES or missing < 0:
            raise IMAPProtocolError(
                f"the server says {count} messages exist in {self._mailbox!r}, where"
                f" {len(self._uids)} did and none was expunged"
            )
        if not self._unknown:
            self._complete_to = self._uids[-1] if self._uids else 0
        self._uids.frombytes(bytes(missing * self._uids.itemsize))
        self._unknown += missing

    def _forget_unknown(self) -> None:
        self._unknown -= 1
        self._asked = min(self._asked, self._unknown)

    def _expunge(self, seq: int) -> Iterator[WatchEvent]:
        self._check(seq)
        uid = self._uids.pop(seq - 1)
        if uid == 0:  # came and went before its UID was known
            self._forget_unknown()
        elif self.flags.pop(uid, None) is not None:
            yield MessageExpunged(self._mailbox, self.uidvalidity, uid)

    def _vanish(self, uids: MessageSet) -> Iterator[WatchEvent]:
        gone = [uid for uid in self._uids if uid in uids]
        if self._unknown and len(gone) < len(uids):
            raise IMAPProtocolError(
                f"messages vanished from {self._mailbox!r} whose numbers are not known",
                hint="Harmless: what changed is worked out on the next connection.",
            )
        self._uids = array("I", (uid for uid in self._uids if uid not in uids))
        for uid in gone:
            if self.flags.pop(uid, None) is not None:
                yield MessageExpunged(self._mailbox, self.uidvalidity, uid)

    def _number_of(self, uid: int) -> int:
        """Return where *uid* stands, where no number is told (RFC 9586 §3.3).

        There, all that are known stand before all that are not.
        """
        self._is_by_uid = True
        known = len(self._uids) - self._unknown
        at = bisect_left(self._uids, uid, 0, known)
        if at < known and self._uids[at] != uid:
            self._uids.insert(at, 0)
            if self._unknown:
                self._uids.pop()
            else:
                self._unknown += 1
        return at + 1

    def _set_flags(
        self, seq: int, uid: int | None, flags: Flags
    ) -> Iterator[WatchEvent]:
        if seq > len(self._uids):
            self._grow(seq)  # FETCH told before EXISTS
        self._check(seq)
        known = self._uids[seq - 1]
        if not known:
            if uid is None:
                return  # asking for its UID will tell its flags, too
            self._uids[seq - 1] = uid
            self._forget_unknown()
        elif uid is not None and uid != known:
            raise IMAPProtocolError(
                f"message {seq} of {self._mailbox!r} was UID {known}, now UID {uid}"
            )
        uid = uid or known
        before = self.flags.get(uid)
        self.flags[uid] = flags
        if before is None:
            yield NewMessage(self._mailbox, self.uidvalidity, uid, flags)
        elif before != flags:
            yield FlagsChanged(self._mailbox, self.uidvalidity, uid, flags)

    def _check(self, seq: int) -> None:
        if not 1 <= seq <= len(self._uids):
            raise IMAPProtocolError(
                f"the server speaks of message {seq} of {self._mailbox!r}, which has"
                f" {len(self._uids)}"
            )

    def changes_since(self, before: Mapping[int, Flags]) -> Iterator[WatchEvent]:
        """Yield what turns the mailbox as it was *before* into what it is."""
        now = self.flags
        for uid in _sorted_difference(before, now):
            yield MessageExpunged(self._mailbox, self.uidvalidity, uid)
        for uid in sorted(now):
            flags = now[uid]
            if uid not in before:
                yield NewMessage(self._mailbox, self.uidvalidity, uid, flags)
            elif before[uid] != flags:
                yield FlagsChanged(self._mailbox, self.uidvalidity, uid, flags)


def _sorted_difference(left: Iterable[int], right: Mapping[int, Flags]) -> list[int]:
    return sorted(uid for uid in left if uid not in right)
