"""SORT and UID SORT (RFC 5256 §3, RFC 5957, RFC 5267 §3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from ...model import Descending, IMAPSearchCriteria, SortKey, key_of
from .._encoder import Encoder
from .._search_keys import encode_criteria
from ..responses import ESearchData, SortData, Status, Untagged
from ._command import SELECTED, Command
from ._search import criteria_need, search_result
from ._search_options import SearchOptions, SearchResult

_MOST: Final = 2**24


@dataclass(frozen=True, slots=True)
class _AnySort(Command[SearchResult[tuple[int, ...]]]):
    """A search whose result is in order.

    Attributes:
        order: the keys, the most important first; ties stay in mailbox order.
        criteria: what to look for.
        options: what to return, if the server can (RFC 5267 §3); None for all.
        charset: of the strings in *criteria*: UTF-8 or US-ASCII.
    """

    order: tuple[SortKey | Descending, ...]
    criteria: IMAPSearchCriteria = IMAPSearchCriteria.ALL
    options: SearchOptions | None = None
    charset: str = "UTF-8"

    states: ClassVar = SELECTED
    claims: ClassVar = (SortData, ESearchData)
    requires: ClassVar = "SORT"

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        keys = set(map(key_of, self.order))
        if keys & {SortKey.DISPLAY_FROM, SortKey.DISPLAY_TO}:
            yield ("SORT=DISPLAY",)
        if SortKey.RELEVANCY in keys:
            yield ("SEARCH=FUZZY",)
        if self.options is not None:
            yield ("ESORT", "CONTEXT=SORT")
            yield from self.options.needs("CONTEXT=SORT")
        yield from criteria_need(self.criteria)

    def encode(self, to: Encoder) -> None:
        """Write return options, order, charset and keys."""
        if not self.order:
            raise ValueError("SORT needs a key to sort by")
        for word in self.name.split():
            to.keyword(word)
        if self.options is not None:
            self.options.encode(to)
        to.open()
        for key in self.order:
            if isinstance(key, Descending):
                to.keyword("REVERSE").keyword(key.key.value)
            else:
                to.keyword(key.value)
        to.close().keyword(self.charset)
        encode_criteria(self.criteria, to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> SearchResult[tuple[int, ...]]:
        """Return what was told of this search, its messages in order.

        Raises:
            IMAPProtocolError: it tells more than 2^24 messages, or one that cannot
                be.
        """
        wants_all = self.options is None or self.options.wants_all
        return search_result(untagged, status, _in_order, all_asked=wants_all)


@dataclass(frozen=True, slots=True)
class UidSort(_AnySort):
    """Search and return UIDs in order (RFC 5256 §3)."""

    name: ClassVar = "UID SORT"

    @property
    def uses_numbers(self) -> bool:
        """Whether the criteria name messages by number."""
        return self.criteria.uses_numbers


@dataclass(frozen=True, slots=True)
class Sort(_AnySort):
    """Search and return message numbers in order (RFC 5256 §3)."""

    name: ClassVar = "SORT"
    keeps_numbers: ClassVar = True

    @property
    def uses_numbers(self) -> bool:
        """Whether it names messages by number: the answer always does."""
        return True


def _in_order(ranges: Iterable[tuple[int, int]], numbers: list[int]) -> tuple[int, ...]:
    found: list[int] = []
    for first, last in ranges:
        if len(found) + last - first >= _MOST:  # before memory is spent on it
            raise ValueError(f"more than {_MOST} messages in order")
        found.extend(range(first, last + 1))
    found.extend(numbers)
    if 0 in found:
        raise ValueError("a message 0")
    return tuple(found)
