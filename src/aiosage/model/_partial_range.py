"""Which part of a result is wanted (RFC 9394 §3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from ._ranges import MAX_UID


@dataclass(frozen=True, slots=True)
class PartialRange:
    """The *first* to the *last* of all results, both included, counted from 1.

    Negative numbers count from the end: -1 is the last result. So
    ``PartialRange(-1, -100)`` is the newest hundred.

    Raises:
        ValueError: an end is 0 or too large, or the ends have different signs.
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        ends = (abs(self.first), abs(self.last))
        same_side = (self.first > 0) == (self.last > 0)
        if not (same_side and min(ends) >= 1 and max(ends) <= MAX_UID):
            raise ValueError(f"not a range of results: {self}")

    @classmethod
    def parse(cls, text: str) -> PartialRange:
        """Return the range that *text* denotes, such as ``1:500`` or ``-1:-100``.

        Raises:
            ValueError: there is no such range.
        """
        ends = text.split(":")
        digits = [end.removeprefix("-") for end in ends]
        if len(ends) != 2 or not all(
            end.isascii() and end.isdigit() and len(end) <= 10 for end in digits
        ):
            raise ValueError(f"not a range of results: {text[:80]!r}")
        return cls(int(ends[0]), int(ends[1]))

    def __str__(self) -> str:
        return f"{self.first:d}:{self.last:d}"
