"""A mailbox as the server numbers it, kept up to date from what it says.

IMAP tells of changes by message number, and numbers shift with each EXPUNGE. So
the view keeps, for each number, the UID, or 0 for a message whose UID is not
known yet. It is fed every untagged response in the order they came, and says
what each one changes. It does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ..errors import IMAPProtocolError
from ..model import MAX_UID, Flags, MessageSet, lasting_flags
from ..wire import ExistsData, ExpungeData, FetchData, Untagged, VanishedData
from ._uids import MAX_MESSAGES, UidList

_MAX_KINDS: Final = 1000


class Change(NamedTuple):
    """What happened to one message.

    Attributes:
        uid: which.
        before: its flags; None if it was not there.
        now: its flags; None if it is gone.
    """

    uid: int
    before: Flags | None
    now: Flags | None


class MailboxView:
    """What a watch knows of the open mailbox.

    Args:
        mailbox: its name, for errors.
        exists: how many messages it has.

    Attributes:
        flags: of each message that is known, by UID.
        modseq: the highest mod-sequence that was told.
        expunged: how many messages the server has said to be gone.
        identified: of how many it has told the UID.
    """

    def __init__(self, mailbox: str, exists: int) -> None:
        self._mailbox = mailbox
        self._uids = UidList()
        self._unknown = 0
        self._asked = 0  # of these, those asked for in vain
        self._complete_to = 0  # no unknown message has this UID or one below
        self._is_by_uid = False  # messages have no numbers (RFC 9586)
        self._kinds: dict[Flags, Flags] = {}
        self.flags: dict[int, Flags] = {}
        self.modseq = 0
        self.expunged = 0
        self.identified = 0
        self._grow(exists)

    def __len__(self) -> int:
        """How many messages there are."""
        return len(self._uids)

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
        known = self._uids.first_unknown()
        first = self._uids[known - 1] + 1 if known else 1
        return MessageSet.from_range(min(first, MAX_UID), MAX_UID)

    def assume(self, uids: MessageSet, flags: Mapping[int, Flags]) -> None:
        """Take it that *uids* are the first messages, of all that are unknown.

        Args:
            uids: no more than there are messages, nothing of which is known.
            flags: of those of *uids* of which they are known.
        """
        rest = len(self._uids) - len(uids)
        self._uids = UidList(uids)
        self._uids.grow(rest)
        self._unknown = rest
        self._complete_to = uids.last or 0
        self.flags = {uid: flags[uid] for uid in uids if uid in flags}

    @property
    def without_flags(self) -> MessageSet:
        """The UIDs of which the flags are not known."""
        if len(self.flags) == len(self._uids) - self._unknown:
            return MessageSet()
        return MessageSet(uid for uid in self._uids if uid and uid not in self.flags)

    def apply(self, response: Untagged) -> Iterator[Change]:
        """Take *response* in and yield what it changes.

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
            case FetchData(seq=seq, uid=uid, flags=flags) if flags is not None:
                self.modseq = max(self.modseq, response.modseq or 0)
                if seq is not None:
                    yield from self._set_flags(seq, uid, lasting_flags(flags))
                elif uid is not None:
                    number = self._number_of(uid)
                    yield from self._set_flags(number, uid, lasting_flags(flags))
            case _:
                pass

    def _grow(self, count: int) -> None:
        missing = count - len(self._uids)
        if count > MAX_MESSAGES or missing < 0:
            raise IMAPProtocolError(
                f"the server says {count} messages exist in {self._mailbox!r}, where"
                f" {len(self._uids)} did and none was expunged"
            )
        if not self._unknown:
            self._complete_to = self._uids[len(self._uids) - 1] if self._uids else 0
        self._uids.grow(missing)
        self._unknown += missing

    def _forget_unknown(self) -> None:
        self._unknown -= 1
        self._asked = min(self._asked, self._unknown)

    def _expunge(self, seq: int) -> Iterator[Change]:
        self._check(seq)
        self.expunged += 1
        uid = self._uids.pop(seq - 1)
        if uid == 0:  # came and went before its UID was known
            self._forget_unknown()
        elif (before := self.flags.pop(uid, None)) is not None:
            yield Change(uid, before, None)

    def _vanish(self, uids: MessageSet) -> Iterator[Change]:
        self.expunged += len(uids)
        gone = self._take_out(uids)
        unknown = min(len(uids) - len(gone), self._unknown)
        if unknown and not self._are_unknown_last:
            raise IMAPProtocolError(
                f"messages vanished from {self._mailbox!r} whose numbers are not known",
                hint="Harmless: what changed is worked out on the next connection.",
            )
        for _ in range(unknown):
            self._uids.pop(len(self) - 1)
            self._forget_unknown()
        for uid in gone:
            if (before := self.flags.pop(uid, None)) is not None:
                yield Change(uid, before, None)

    @property
    def _are_unknown_last(self) -> bool:
        return self._uids.first_unknown() == len(self) - self._unknown

    def _take_out(self, uids: MessageSet) -> list[int]:
        """Take *uids* out; return which were there."""
        gone: list[int] = []
        if not self._are_unknown_last:
            gone += (uid for uid in self._uids if uid in uids)
            if gone:
                self._uids = UidList(uid for uid in self._uids if uid not in uids)
            return gone
        # A storm of these must not look at every message each time.
        known = len(self) - self._unknown
        for first, last in uids.ranges:
            at = self._uids.bisect(first, known)
            while at < known and first <= self._uids[at] <= last:
                gone.append(self._uids.pop(at))
                known -= 1
        return gone

    def _number_of(self, uid: int) -> int:
        """Return where *uid* stands, where no number is told (RFC 9586 §3.3).

        There, all that are known stand before all that are not.
        """
        self._is_by_uid = True
        known = len(self._uids) - self._unknown
        at = self._uids.bisect(uid, known)
        if at < known and self._uids[at] != uid:
            self._uids.insert(at, 0)
            if self._unknown:
                self._uids.pop(len(self._uids) - 1)
            else:
                self._unknown += 1
        return at + 1

    def _set_flags(self, seq: int, uid: int | None, flags: Flags) -> Iterator[Change]:
        if seq > len(self._uids):
            self._grow(seq)  # FETCH told before EXISTS
        self._check(seq)
        known = self._uids[seq - 1]
        if not known:
            if uid is None:
                return  # asking for its UID will tell its flags, too
            self._uids[seq - 1] = uid
            self.identified += 1
            self._forget_unknown()
        elif uid is not None and uid != known:
            raise IMAPProtocolError(
                f"message {seq} of {self._mailbox!r} was UID {known}, now UID {uid}"
            )
        uid = uid or known
        before = self.flags.get(uid)
        if before != flags:
            self.flags[uid] = flags = self._interned(flags)
            yield Change(uid, before, flags)

    def _interned(self, flags: Flags) -> Flags:
        """Return one object for all *flags* that are equal: most mail is alike."""
        if len(self._kinds) >= _MAX_KINDS:
            self._kinds.clear()
        return self._kinds.setdefault(flags, flags)

    def _check(self, seq: int) -> None:
        if not 1 <= seq <= len(self._uids):
            raise IMAPProtocolError(
                f"the server speaks of message {seq} of {self._mailbox!r}, which has"
                f" {len(self._uids)}"
            )
