"""Inclusive ranges of numbers, ascending and disjoint, and what sets need of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]

MAX_UID: Final = 2**32 - 1
"""The largest UID, message number and UIDVALIDITY (RFC 9051 §2.3.1.1)."""


def range_text(first: int, last: int) -> str:
    """Return how IMAP writes the range: ``3:5``, or ``3`` for a single number."""
    return f"{first:d}" if first == last else f"{first:d}:{last:d}"


def checked_range(first: int, last: int, what: str = "UIDs") -> tuple[int, int]:
    """Return the range, ascending.

    Raises:
        ValueError: an end is not in 1..2^32-1.
    """
    if first > last:
        first, last = last, first
    if first < 1 or last > MAX_UID:
        raise ValueError(f"{what} are in 1..{MAX_UID}, not {first}:{last}")
    return first, last


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return *ranges*, given in any order, ascending and disjoint."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            if last > joined[-1][1]:
                joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return tuple(joined)


def count_of(ranges: Ranges) -> int:
    """Return how many numbers are in *ranges*."""
    return sum(last - first + 1 for first, last in ranges)
