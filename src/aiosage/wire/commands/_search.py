"""SEARCH and UID SEARCH (RFC 9051 §6.4.4, §6.4.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias, TypeVar

from ...errors import IMAPProtocolError, refusal
from ...model import IMAPSearchCriteria, MessageSet, SequenceSet
from .._encoder import Encoder
from .._search_keys import encode_criteria
from ..responses import ESearchData, SearchData, SortData, Status, Untagged
from ._command import SELECTED, Command, R
from ._outcome import limit_of
from ._search_options import ALL_FOUND, SearchOptions, SearchResult

M = TypeVar("M")
T = TypeVar("T")

Build: TypeAlias = Callable[[list[tuple[int, int]], list[int]], M]
"""Makes a set of what was told as ranges and what was told one by one."""


@dataclass(frozen=True, slots=True)
class _FindAll(Command[R]):
    """A search for all messages that match.

    Attributes:
        criteria: what to look for.
        esearch: ask for ranges (RFC 4731), which are far shorter.
        charset: send CHARSET UTF-8, as non-ASCII text needs.
    """

    criteria: IMAPSearchCriteria
    esearch: bool = False
    charset: bool = False

    states: ClassVar = SELECTED
    claims: ClassVar = (SearchData, ESearchData)

    @property
    def uses_numbers(self) -> bool:
        """Whether messages are named by number, by the keys or by the answer."""
        return _tells_numbers(self.name) or self.criteria.uses_numbers

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        return criteria_need(self.criteria)

    def encode(self, to: Encoder) -> None:
        """Write return options, charset and keys."""
        options = SearchOptions(all=True) if self.esearch else None
        _encode(to, self.name, options, self.criteria, self.charset)


class UidSearch(_FindAll[MessageSet]):
    """Find the UIDs of the messages that match; see `Search` for its fields."""

    __slots__ = ()

    name: ClassVar = "UID SEARCH"

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> MessageSet:
        """Return the UIDs; several answers are one.

        Raises:
            IMAPOperationError: the server searched only some of the messages
                (MESSAGELIMIT, RFC 9738); `UidSearchReturn` tells which.
        """
        return _all_found(self.name, untagged, status, _uids)


class Search(_FindAll[SequenceSet]):
    """Find the numbers of the messages that match.

    Attributes:
        criteria: what to look for.
        esearch: ask for ranges (RFC 4731), which are far shorter.
        charset: send CHARSET UTF-8, as non-ASCII text needs.
    """

    __slots__ = ()

    name: ClassVar = "SEARCH"
    keeps_numbers: ClassVar = True

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> SequenceSet:
        """Return the numbers; several answers are one.

        Raises:
            IMAPOperationError: the server searched only some of the messages
                (MESSAGELIMIT, RFC 9738); `SearchReturn` tells which.
        """
        return _all_found(self.name, untagged, status, _numbers)


@dataclass(frozen=True, slots=True)
class _Return(Command[R]):
    """A search with return options.

    Attributes:
        criteria: what to look for.
        options: what to return.
        charset: send CHARSET UTF-8, as non-ASCII text needs.
    """

    criteria: IMAPSearchCriteria
    options: SearchOptions = ALL_FOUND
    charset: bool = False

    states: ClassVar = SELECTED
    requires: ClassVar = "ESEARCH"
    claims: ClassVar = (SearchData, ESearchData)

    @property
    def uses_numbers(self) -> bool:
        """Whether messages are named by number, by the keys or by the answer."""
        return _tells_numbers(self.name) or self.criteria.uses_numbers

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield from self.options.needs("CONTEXT=SEARCH")
        yield from criteria_need(self.criteria)

    def encode(self, to: Encoder) -> None:
        """Write return options, charset and keys."""
        _encode(to, self.name, self.options, self.criteria, self.charset)


class UidSearchReturn(_Return[SearchResult[MessageSet]]):
    """Search and return, by UID, what *options* ask for (RFC 4731 §3.1).

    See `SearchReturn` for its fields.
    """

    __slots__ = ()

    name: ClassVar = "UID SEARCH"

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> SearchResult[MessageSet]:
        """Return what was told of this search, and of no other."""
        return search_result(untagged, status, _uids, all_asked=self.options.wants_all)


class SearchReturn(_Return[SearchResult[SequenceSet]]):
    """Search and return, by number, what *options* ask for (RFC 4731 §3.1).

    Attributes:
        criteria: what to look for.
        options: what to return.
        charset: send CHARSET UTF-8, as non-ASCII text needs.
    """

    __slots__ = ()

    name: ClassVar = "SEARCH"
    keeps_numbers: ClassVar = True

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> SearchResult[SequenceSet]:
        """Return what was told of this search, and of no other."""
        wants_all = self.options.wants_all
        return search_result(untagged, status, _numbers, all_asked=wants_all)


def _tells_numbers(name: str) -> bool:
    return not name.startswith("UID ")


def _encode(
    to: Encoder,
    name: str,
    options: SearchOptions | None,
    criteria: IMAPSearchCriteria,
    charset: bool,
) -> None:
    for word in name.split():
        to.keyword(word)
    if options is not None:
        options.encode(to)
    write_program(to, criteria, charset)


@dataclass(frozen=True, slots=True)
class CancelUpdate(Command[None]):
    """End the updates of searches (RFC 5267 §4.3.5).

    Attributes:
        tags: of the searches, by `SearchResult.tag`; at least one.
    """

    tags: tuple[str, ...]

    name: ClassVar = "CANCELUPDATE"
    states: ClassVar = SELECTED

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield ("CONTEXT=SEARCH", "CONTEXT=SORT")

    def encode(self, to: Encoder) -> None:
        """Write the tags."""
        if not self.tags:
            raise ValueError("no search is named")
        to.keyword(self.name)
        for tag in self.tags:
            to.string(tag)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


def criteria_need(criteria: IMAPSearchCriteria) -> Iterator[tuple[str, ...]]:
    """Yield what the server must announce to search by *criteria*."""
    return ((capability,) for capability in sorted(criteria.needed_capabilities))


def write_program(to: Encoder, criteria: IMAPSearchCriteria, charset: bool) -> None:
    """Write the charset, if it is to be sent, and the keys.

    In a session that has UTF-8 as it is, CHARSET is refused (RFC 6855 §3).
    """
    if charset and not to.dialect.utf8:
        to.keyword("CHARSET").keyword("UTF-8")
    encode_criteria(criteria, to)


def _answers(
    untagged: Iterable[Untagged | Status], status: Status
) -> Iterator[ESearchData | SearchData | SortData]:
    """Yield what *untagged* tells of the search that *status* ends.

    An earlier one with UPDATE goes on telling (RFC 5267 §4.3).
    """
    for data in untagged:
        if isinstance(data, ESearchData):
            if data.tag is None or data.tag == status.tag:
                yield data
        elif isinstance(data, SearchData | SortData):
            yield data


def _all_found(
    name: str,
    untagged: Iterable[Untagged | Status],
    status: Status,
    build: Build[M],
) -> M:
    if limit := limit_of(status):
        raise refusal(name, "OK", limit.name, status.text)
    found = search_result(untagged, status, build, all_asked=True).messages
    assert found is not None
    return found


def _uids(ranges: list[tuple[int, int]], numbers: list[int]) -> MessageSet:
    return MessageSet.from_ranges(ranges) | MessageSet(numbers)


def _numbers(ranges: list[tuple[int, int]], numbers: list[int]) -> SequenceSet:
    return SequenceSet.from_ranges(ranges) | SequenceSet(numbers)


def search_result(
    untagged: Iterable[Untagged | Status],
    status: Status,
    build: Build[M],
    *,
    all_asked: bool,
) -> SearchResult[M]:
    """Return what *untagged* tells of the search that *status* ends.

    Args:
        untagged: the answers, of this search or not; several are one.
        status: its tagged OK.
        build: makes what holds the messages.
        all_asked: if nothing is told, nothing was found.

    Raises:
        IMAPProtocolError: a number cannot be.
    """
    ranges: list[tuple[int, int]] = []
    numbers: list[int] = []
    told: list[ESearchData] = []
    modseq: int | None = None
    for data in _answers(untagged, status):
        modseq = data.modseq if data.modseq is not None else modseq
        if isinstance(data, ESearchData):
            told.append(data)
            all_asked = all_asked or data.all is not None
            ranges.extend(data.all or ())
        else:
            all_asked = True
            numbers.extend(data.numbers)
    try:
        messages = build(ranges, numbers) if all_asked else None
    except ValueError as error:
        raise IMAPProtocolError(f"a search found what cannot be: {error}") from None
    return SearchResult(
        status.tag,
        messages,
        _last(data.count for data in told),
        _last(data.min for data in told),
        _last(data.max for data in told),
        modseq,
        _last(data.partial for data in told),
        _last(data.relevancy for data in told),
        limit_of(status),
    )


def _last(told: Iterable[T | None]) -> T | None:
    """Return the last of what was told: not every answer has every item."""
    last: T | None = None
    for item in told:
        last = last if item is None else item
    return last
