"""What a search shall return (RFC 9051 §6.4.4, RFC 4731 and their extensions)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ...model import PartialRange
from .._encoder import Encoder
from ..responses import MessageLimitCode, PartialResult

M = TypeVar("M", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """What a search shall return; without any, all that was found.

    Attributes:
        min: the first message found.
        max: the last one.
        count: how many.
        all: all of them.
        save: the server remembers them as `SavedResult` (RFC 5182).
        partial: one part of them (RFC 9394 §3.1, RFC 5267 §4.4).
        relevancy: how well each matches (RFC 6203 §4).
        context: a hint that more will be asked of this search (RFC 5267 §4.2).
        update: the server goes on telling, as `ESearchData` with ``add_to`` and
            ``remove_from``, what comes and goes (RFC 5267 §4.3).

    Raises:
        ValueError: *all* and *partial* together (RFC 9394 §3.1).
    """

    min: bool = False
    max: bool = False
    count: bool = False
    all: bool = False
    save: bool = False
    partial: PartialRange | None = None
    relevancy: bool = False
    context: bool = False
    update: bool = False

    def __post_init__(self) -> None:
        if self.all and self.partial is not None:
            raise ValueError("ALL and PARTIAL exclude each other (RFC 9394 §3.1)")

    @property
    def wants_all(self) -> bool:
        """Whether all that was found is asked for: also by asking for nothing."""
        return self.all or self == SearchOptions()

    def needs(self, context: str) -> Iterator[tuple[str, ...]]:
        """Yield what the server must announce besides RETURN itself.

        Args:
            context: the capability of contexts: ``CONTEXT=SEARCH`` or
                ``CONTEXT=SORT``.
        """
        if self.save:
            yield ("SEARCHRES",)
        if self.partial is not None:
            yield ("PARTIAL", context)
        if self.relevancy:
            yield ("SEARCH=FUZZY",)
        if self.context or self.update:
            yield (context,)

    def encode(self, to: Encoder) -> None:
        """Write RETURN and the options."""
        to.keyword("RETURN").open()
        for name in ("save", "min", "max", "count", "all", "relevancy"):
            if getattr(self, name):
                to.keyword(name.upper())
        if self.partial is not None:
            to.keyword("PARTIAL").verbatim(str(self.partial).encode("ascii"))
        for name in ("context", "update"):
            if getattr(self, name):
                to.keyword(name.upper())
        to.close()


ALL_FOUND: Final = SearchOptions()
"""Return all that was found."""


@dataclass(frozen=True, slots=True)
class SearchResult(Generic[M]):
    """What a search has found; None for what was not asked, or not told.

    Attributes:
        tag: of the search, for `CancelUpdate`.
        messages: all found.
        count: how many.
        min: the first; None also if nothing was found.
        max: the last; None also if nothing was found.
        modseq: the highest of any message found (RFC 7162 §3.1.5).
        partial: the part that was asked for.
        relevancy: a score from 1 to 100 for each found, in their order.
        limit: MESSAGELIMIT, if not all messages were searched (RFC 9738 §3.1).
    """

    tag: str | None
    messages: M | None = None
    count: int | None = None
    min: int | None = None
    max: int | None = None
    modseq: int | None = None
    partial: PartialResult | None = None
    relevancy: tuple[int, ...] | None = None
    limit: MessageLimitCode | None = None
