"""SORT (RFC 5256 §4)."""

from __future__ import annotations

from dataclasses import dataclass

from .._tokens import Value
from ._search import parse_search


@dataclass(frozen=True, slots=True)
class SortData:
    """The answer to SORT (RFC 5256 §4): numbers or UIDs, as asked, in order.

    Attributes:
        numbers: sorted.
        modseq: the highest of any message found (RFC 7162 §3.1.6).
    """

    numbers: tuple[int, ...]
    modseq: int | None = None


def parse_sort(values: list[Value]) -> SortData:
    found = parse_search(values)
    return SortData(found.numbers, found.modseq)
