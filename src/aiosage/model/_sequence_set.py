"""Messages by number, and messages that the server remembers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import ClassVar

from ._message_set import MessageSet
from ._ranges import (
    MAX_UID,
    Ranges,
    checked_range,
    count_of,
    merged,
    range_text,
)


class SequenceSet:
    """An immutable set of message sequence numbers (RFC 9051 §2.3.1.2).

    A number means another message after each EXPUNGE, and never what the same
    UID means, so these sets do not mix with `MessageSet`. A set may end in
    ``n:*``: all from number n on, and in any case the last message, whose number
    only the mailbox knows.

    ``str(s)`` is what IMAP is sent (``1:3,7:*``). Sets are equal if they are
    written alike.
    """

    __slots__ = ("_ranges", "_starts", "_tail")

    ALL: ClassVar[SequenceSet]
    """``1:*``: every message."""
    LAST: ClassVar[SequenceSet]
    """``*``: the last message."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        """Make the set of *numbers*, given in any order, repeated or not.

        Raises:
            ValueError: a number is not in 1..2^32-1.
            TypeError: a number is not an int.
        """
        self._set(MessageSet(numbers).ranges, None)

    def _set(self, ranges: Ranges, tail: int | None) -> None:
        self._ranges = ranges
        self._tail = tail
        self._starts = [first for first, _ in ranges]

    @classmethod
    def _of(cls, ranges: Ranges, tail: int | None) -> SequenceSet:
        self = cls.__new__(cls)
        self._set(ranges, tail)
        return self

    @classmethod
    def from_range(cls, first: int, last: int | None) -> SequenceSet:
        """Return the set of *first* to *last*, both included; None is ``*``.

        Raises:
            ValueError: an end is not in 1..2^32-1.
        """
        low, high = _checked(first, first if last is None else last)
        return cls._of((), first) if last is None else cls._of(((low, high),), None)

    @classmethod
    def from_ranges(cls, ranges: Iterable[tuple[int, int]]) -> SequenceSet:
        """Return the union of inclusive *ranges*, given in any order.

        Raises:
            ValueError: an end is not in 1..2^32-1.
        """
        return cls._of(merged([_checked(*ends) for ends in ranges]), None)

    @classmethod
    def parse(cls, text: str) -> SequenceSet:
        """Return the set that *text* denotes, such as ``1:3,7:*``.

        The empty string is the empty set.

        Raises:
            ValueError: *text* is not a sequence-set.
        """
        ranges: list[tuple[int, int]] = []
        tails: list[int] = []
        for item in text.split(",") if text else ():
            first, colon, last = item.partition(":")
            ends = [_end(first, text), _end(last if colon else first, text)]
            numbers = [number for number in ends if number is not None]
            if len(numbers) == 2:
                ranges.append(_checked(*numbers))
            else:
                tails.append(_checked(*numbers * 2)[0] if numbers else MAX_UID)
        # From 3 on or from 5 on is from 3 on, wherever the mailbox ends.
        return cls._of(merged(ranges), min(tails, default=None))

    @property
    def ranges(self) -> Ranges:
        """The ranges without ``*``, ascending, disjoint, both ends included."""
        return self._ranges

    @property
    def tail(self) -> int | None:
        """The n of ``n:*``; `MAX_UID` of ``*`` alone; None without."""
        return self._tail

    def resolve(self, exists: int) -> SequenceSet:
        """Return the set as it is in a mailbox of *exists* messages, without ``*``.

        Raises:
            ValueError: *exists* is not in 0..2^32-1.
        """
        if not 0 <= exists <= MAX_UID:
            raise ValueError(f"a mailbox cannot have {exists} messages")
        ranges = [*self._ranges]
        if self._tail is not None and exists:
            ranges.append((min(self._tail, exists), exists))
        return self._of(merged(ranges), None)

    def may_contain(self, number: int) -> bool:
        """Return whether the message with *number* is, or may be, in the set.

        What ``*`` stands for is not known, so with it any number may.
        """
        index = bisect_right(self._starts, number) - 1
        return self._tail is not None or (
            index >= 0 and number <= self._ranges[index][1]
        )

    def __or__(self, other: SequenceSet) -> SequenceSet:
        tails = [tail for tail in (self._tail, other.tail) if tail is not None]
        return self._of(
            merged([*self._ranges, *other.ranges]), min(tails, default=None)
        )

    union = __or__

    def _exact(self) -> Ranges:
        if self._tail is not None:
            raise ValueError(f"only a mailbox knows what is in {self}: see resolve()")
        return self._ranges

    def __len__(self) -> int:
        return count_of(self._exact())

    def __bool__(self) -> bool:
        return bool(self._ranges) or self._tail is not None

    def __iter__(self) -> Iterator[int]:
        ranges = self._exact()
        return (number for first, last in ranges for number in range(first, last + 1))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SequenceSet):
            return NotImplemented
        return (self._ranges, self._tail) == (other._ranges, other._tail)

    def __hash__(self) -> int:
        return hash((self._ranges, self._tail))

    def __reduce__(self) -> tuple[object, ...]:
        return SequenceSet._of, (self._ranges, self._tail)

    def __str__(self) -> str:
        items = [range_text(first, last) for first, last in self._ranges]
        if self._tail is not None:
            items.append("*" if self._tail == MAX_UID else f"{self._tail}:*")
        return ",".join(items)

    def __repr__(self) -> str:
        text = str(self)
        return f"<SequenceSet {text if len(text) <= 80 else f'{text[:80]}...'}>"


class SavedResult:
    """``$``: what the last search with SAVE has found (RFC 5182 §2).

    It stands wherever a set of messages does, by number or by UID. The server
    forgets it when the mailbox is left, and drops what is expunged.
    """

    __slots__ = ()

    def may_contain(self, number: int) -> bool:
        """Return True: only the server knows what is in it."""
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SavedResult)

    def __hash__(self) -> int:
        return hash("$")

    def __str__(self) -> str:
        return "$"

    def __repr__(self) -> str:
        return "SavedResult()"


def _checked(first: int, last: int) -> tuple[int, int]:
    return checked_range(first, last, "message numbers")


def _end(text: str, whole: str) -> int | None:
    """Return an end of a range; None for ``*``."""
    if text == "*":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError(f"not a set of messages: {whole[:80]!r}")
    return int(text)


SequenceSet.ALL = SequenceSet.from_range(1, None)
SequenceSet.LAST = SequenceSet.parse("*")
