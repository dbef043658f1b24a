"""Sets of UIDs, kept as ranges (RFC 9051 §9, sequence-set).

A set is a sorted tuple of disjoint, non-adjacent, inclusive ranges, so equal
sets have equal representations, and every operation costs time in ranges, not
in messages.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import index

from ._ranges import MAX_UID, Ranges, checked_range, count_of, merged, range_text


class MessageSet:
    """An immutable set of UIDs of one mailbox.

    Behaves as a set of ints: exact ``len``, ordered iteration, ``in``, ``==``,
    hash, ``|``, ``&``, ``-``, ``^``, and ``<=`` for subsets. ``str(s)`` is what
    IMAP is sent (``1:3,7``). The mailbox and UIDVALIDITY it belongs to travel with
    it where they are known; sets of different mailboxes do not mix, and do not
    compare equal.
    """

    __slots__ = ("_hash", "_len", "_ranges", "_starts", "mailbox", "uidvalidity")

    mailbox: str | None
    uidvalidity: int | None

    def __init__(
        self,
        uids: Iterable[int] = (),
        *,
        mailbox: str | None = None,
        uidvalidity: int | None = None,
    ) -> None:
        """Make the set of *uids*, given in any order, repeated or not.

        Raises:
            ValueError: a UID is not in 1..2^32-1.
            TypeError: a UID is not an int.
        """
        if isinstance(uids, MessageSet):  # a copy belongs where the original does
            mailbox = uids.mailbox if mailbox is None else mailbox
            uidvalidity = uids.uidvalidity if uidvalidity is None else uidvalidity
        self._set(_ranges_of(uids), mailbox, uidvalidity)

    def _set(
        self, ranges: Ranges, mailbox: str | None, uidvalidity: int | None
    ) -> None:
        self._ranges = ranges
        self._len = count_of(ranges)
        self._starts: list[int] | None = None
        self._hash: int | None = None
        self.mailbox = mailbox
        self.uidvalidity = uidvalidity

    @classmethod
    def _of(
        cls, ranges: Ranges, mailbox: str | None, uidvalidity: int | None
    ) -> MessageSet:
        self = cls.__new__(cls)
        self._set(ranges, mailbox, uidvalidity)
        return self

    @classmethod
    def from_uids(
        cls,
        uids: Iterable[int],
        *,
        mailbox: str | None = None,
        uidvalidity: int | None = None,
    ) -> MessageSet:
        """Return the set of *uids*; empty is fine."""
        return cls(uids, mailbox=mailbox, uidvalidity=uidvalidity)

    @classmethod
    def from_range(
        cls,
        first: int,
        last: int | None = None,
        *,
        mailbox: str | None = None,
        uidvalidity: int | None = None,
    ) -> MessageSet:
        """Return the set of *first* to *last*, both included, in either order.

        Without *last* it is open ended: every UID from *first* on. See
        `is_open_ended`.
        """
        ranges = (checked_range(first, MAX_UID if last is None else last),)
        return cls._of(ranges, mailbox, uidvalidity)

    @classmethod
    def from_ranges(
        cls,
        ranges: Iterable[tuple[int, int]],
        *,
        mailbox: str | None = None,
        uidvalidity: int | None = None,
    ) -> MessageSet:
        """Return the union of inclusive *ranges*, given in any order."""
        checked = [checked_range(first, last) for first, last in ranges]
        return cls._of(merged(checked), mailbox, uidvalidity)

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        largest: int | None = None,
        mailbox: str | None = None,
        uidvalidity: int | None = None,
    ) -> MessageSet:
        """Return the set that *text* denotes, such as ``1:3,7``, ``5:3`` or ``5:*``.

        Args:
            text: a sequence-set; the empty string is the empty set.
            largest: what ``*`` stands for. Without it ``5:*`` is every UID from 5
                on. (On the wire it is also the last message if that has a smaller
                one, which hardly anybody wants, RFC 9051 §9.) ``*`` alone is
                refused then: which message is the last only a mailbox can tell.
            mailbox: the mailbox the set belongs to.
            uidvalidity: the UIDVALIDITY the set belongs to.

        Raises:
            ValueError: *text* is not a sequence-set.
        """
        ranges: list[tuple[int, int]] = []
        for item in text.split(",") if text else ():
            first, colon, last = item.partition(":")
            if not colon:
                last = first
            is_open = first != last and largest is None
            star = MAX_UID if is_open else largest
            ends = _parse_number(first, star, text), _parse_number(last, star, text)
            ranges.append(checked_range(*ends))
        return cls._of(merged(ranges), mailbox, uidvalidity)

    @property
    def ranges(self) -> Ranges:
        """The ranges, ascending, disjoint, both ends included."""
        return self._ranges

    @property
    def first(self) -> int | None:
        """The smallest UID; None if the set is empty."""
        return self._ranges[0][0] if self._ranges else None

    @property
    def last(self) -> int | None:
        """The largest UID; None if the set is empty."""
        return self._ranges[-1][1] if self._ranges else None

    @property
    def is_empty(self) -> bool:
        """Whether there is no UID in it: the same as ``not messages``."""
        return not self._ranges

    @property
    def is_open_ended(self) -> bool:
        """Whether it goes on to the largest UID there can be, as ``5:*`` does.

        Such a set is for a search or a service, which asks what there is of it:
        there is no end to iterating over it.
        """
        return self.last == MAX_UID

    def to_json(self) -> str:
        """Return the set as JSON, with the mailbox and UIDVALIDITY it belongs to.

        For a checkpoint: `from_json` makes the same set of it, and services refuse
        it when the mailbox was made anew meanwhile.
        """
        return json.dumps(
            {
                "mailbox": self.mailbox,
                "uidvalidity": self.uidvalidity,
                "uids": str(self),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> MessageSet:
        """Return the set that `to_json` has written.

        Raises:
            ValueError: *text* is nothing that it writes.
        """
        try:
            found = json.loads(text)
            mailbox, uidvalidity = found["mailbox"], found["uidvalidity"]
            if not (
                (mailbox is None or isinstance(mailbox, str))
                and (uidvalidity is None or type(uidvalidity) is int)
            ):
                raise ValueError("its mailbox is no name, or its UIDVALIDITY no number")
            return cls.parse(found["uids"], mailbox=mailbox, uidvalidity=uidvalidity)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"not a set of messages in JSON: {error}") from error
        except RecursionError:
            raise ValueError("not a set of messages in JSON: it is nested") from None

    def bound_to(self, mailbox: str | None, uidvalidity: int | None) -> MessageSet:
        """Return the same UIDs as messages of *mailbox* at *uidvalidity*."""
        return self._of(self._ranges, mailbox, uidvalidity)

    def iter_batches(self, size: int) -> Iterator[MessageSet]:
        """Yield the set in consecutive sets of *size* messages, ascending.

        The last may be smaller. Costs time in ranges and batches.

        Raises:
            ValueError: *size* is less than 1.
        """
        if size < 1:
            raise ValueError(f"a batch holds at least one message, not {size}")
        return self._iter_batches(size)

    def _iter_batches(self, size: int) -> Iterator[MessageSet]:
        batch: list[tuple[int, int]] = []
        room = size
        for first, last in self._ranges:
            start = first
            while last - start >= room:
                batch.append((start, start + room - 1))
                start += room
                yield self._of(tuple(batch), self.mailbox, self.uidvalidity)
                batch, room = [], size
            if start <= last:
                batch.append((start, last))
                room -= last - start + 1
            if not room:
                yield self._of(tuple(batch), self.mailbox, self.uidvalidity)
                batch, room = [], size
        if batch:
            yield self._of(tuple(batch), self.mailbox, self.uidvalidity)

    def iter_wire(self, limit: int) -> Iterator[MessageSet]:
        """Yield the set in sets whose text is at most *limit* octets each.

        Servers refuse command lines that are too long (RFC 9051 §4).

        Raises:
            ValueError: *limit* cannot hold any one range (21 octets).
        """
        if limit < 2 * len(str(MAX_UID)) + 1:
            raise ValueError(f"a limit of {limit} octets cannot hold a range")
        return self._iter_wire(limit)

    def _iter_wire(self, limit: int) -> Iterator[MessageSet]:
        piece: list[tuple[int, int]] = []
        length = -1
        for item in self._ranges:
            needed = len(range_text(*item)) + 1
            if length + needed > limit:
                yield self._of(tuple(piece), self.mailbox, self.uidvalidity)
                piece, length = [], -1
            piece.append(item)
            length += needed
        if piece:
            yield self._of(tuple(piece), self.mailbox, self.uidvalidity)

    def isdisjoint(self, other: MessageSet) -> bool:
        """Return whether no message is in both sets."""
        return not self & other

    def __or__(self, other: MessageSet) -> MessageSet:
        owner = self._owner(other)
        if not (self._ranges and other._ranges):  # nothing to merge, however many
            return self._of(self._ranges or other._ranges, *owner)
        return self._of(merged([*self._ranges, *other._ranges]), *owner)

    def __and__(self, other: MessageSet) -> MessageSet:
        owner = self._owner(other)
        return self._of(_intersection(self._ranges, other._ranges), *owner)

    def __sub__(self, other: MessageSet) -> MessageSet:
        owner = self._owner(other)
        return self._of(_difference(self._ranges, other._ranges), *owner)

    def __xor__(self, other: MessageSet) -> MessageSet:
        return (self - other) | (other - self)

    union = __or__
    intersection = __and__
    difference = __sub__
    symmetric_difference = __xor__

    def __le__(self, other: MessageSet) -> bool:
        return not self - other

    def __lt__(self, other: MessageSet) -> bool:
        return self <= other and len(self) < len(other)

    def __ge__(self, other: MessageSet) -> bool:
        return other <= self

    def __gt__(self, other: MessageSet) -> bool:
        return other < self

    issubset = __le__
    issuperset = __ge__

    def _owner(self, other: MessageSet) -> tuple[str | None, int | None]:
        """Return whose messages a mix of both sets would be.

        Raises:
            TypeError: *other* is no `MessageSet`.
            ValueError: they belong to different mailboxes or UIDVALIDITYs.
        """
        if not isinstance(other, MessageSet):  # pyright: ignore[reportUnnecessaryIsInstance] # by callers without types
            raise TypeError(f"a MessageSet is needed, not {type(other).__name__}")
        for mine, theirs, what in (
            (self.mailbox, other.mailbox, "mailbox"),
            (self.uidvalidity, other.uidvalidity, "UIDVALIDITY"),
        ):
            if mine is not None and theirs is not None and mine != theirs:
                raise ValueError(
                    f"message sets of different {what} do not mix:"
                    f" {mine!r} and {theirs!r}"
                )
        return (
            self.mailbox if self.mailbox is not None else other.mailbox,
            self.uidvalidity if self.uidvalidity is not None else other.uidvalidity,
        )

    def __len__(self) -> int:
        return self._len

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __iter__(self) -> Iterator[int]:
        for first, last in self._ranges:
            yield from range(first, last + 1)

    def __reversed__(self) -> Iterator[int]:
        for first, last in reversed(self._ranges):
            yield from range(last, first - 1, -1)

    def __contains__(self, uid: object) -> bool:
        if not isinstance(uid, int):
            return False
        if self._starts is None:
            self._starts = [first for first, _ in self._ranges]
        index = bisect_right(self._starts, uid) - 1
        return index >= 0 and uid <= self._ranges[index][1]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MessageSet):
            return NotImplemented
        return (self._ranges, self.mailbox, self.uidvalidity) == (
            other._ranges,
            other.mailbox,
            other.uidvalidity,
        )

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self._ranges, self.mailbox, self.uidvalidity))
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        return MessageSet._of, (self._ranges, self.mailbox, self.uidvalidity)

    def __str__(self) -> str:
        return ",".join(range_text(first, last) for first, last in self._ranges)

    def __repr__(self) -> str:
        text = (
            str(self)
            if len(self._ranges) <= 8
            else (f"{range_text(*self._ranges[0])},...,{range_text(*self._ranges[-1])}")
        )
        mailbox = f" of {self.mailbox!r}" if self.mailbox is not None else ""
        return f"<MessageSet {text or 'empty'}: {self._len} messages{mailbox}>"


def _parse_number(text: str, largest: int | None, whole: str) -> int:
    if text == "*":
        if largest is None:
            raise ValueError(
                f"{whole[:80]!r}: '*' needs to be told the largest message"
            )
        return largest
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError(f"not a set of messages: {whole[:80]!r}")
    return int(text)


def _ranges_of(uids: Iterable[int]) -> Ranges:
    if isinstance(uids, MessageSet):
        return uids.ranges
    # Such as b"3", as other libraries tell a UID.
    if isinstance(uids, bytes | bytearray | memoryview):
        raise TypeError("octets are no UIDs: take int(uid) of each")
    ordered = sorted(map(index, uids))
    if not ordered:
        return ()
    if not (ordered[0] >= 1 and ordered[-1] <= MAX_UID):
        raise ValueError(f"UIDs are in 1..{MAX_UID}")
    ranges: list[tuple[int, int]] = []
    first = last = ordered[0]
    for uid in ordered:
        if uid > last + 1:
            ranges.append((first, last))
            first = uid
        last = uid
    ranges.append((first, last))
    return tuple(ranges)


def _intersection(left: Ranges, right: Ranges) -> Ranges:
    common: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        first = max(left[i][0], right[j][0])
        last = min(left[i][1], right[j][1])
        if first <= last:
            common.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


def _difference(left: Ranges, right: Ranges) -> Ranges:
    rest: list[tuple[int, int]] = []
    j = 0
    for first, last in left:
        start = first
        while j < len(right) and right[j][1] < start:
            j += 1
        k = j
        while k < len(right) and right[k][0] <= last:
            if right[k][0] > start:
                rest.append((start, right[k][0] - 1))
            start = right[k][1] + 1
            k += 1
        if start <= last:
            rest.append((start, last))
    return tuple(rest)
