"""ESEARCH: one search of several mailboxes (RFC 7377)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import ClassVar

from ...errors import IMAPProtocolError
from ...model import IMAPSearchCriteria, MessageSet
from .._encoder import Encoder
from ..responses import ESearchData, Status, Untagged
from ._command import Command, of_kind
from ._search import criteria_need, search_result, write_program
from ._search_options import ALL_FOUND, SearchOptions, SearchResult


class Scope(StrEnum):
    """How mailboxes to search are named (RFC 7377 §2.2, RFC 5465 §6)."""

    SELECTED = "selected"
    PERSONAL = "personal"
    INBOXES = "inboxes"
    SUBSCRIBED = "subscribed"
    MAILBOXES = "mailboxes"
    SUBTREE = "subtree"
    SUBTREE_ONE = "subtree-one"


@dataclass(frozen=True, slots=True)
class SearchSource:
    """Mailboxes to search.

    Attributes:
        scope: which.
        mailboxes: their names, or those above them; empty if *scope* names none.

    Raises:
        ValueError: names are missing, or there are some where none can be.
    """

    scope: Scope
    mailboxes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = (Scope.MAILBOXES, Scope.SUBTREE, Scope.SUBTREE_ONE)
        if bool(self.mailboxes) != (self.scope in named):
            raise ValueError(f"{self.scope} with {len(self.mailboxes)} mailboxes")

    def encode(self, to: Encoder) -> None:
        """Write the scope and the names."""
        to.keyword(self.scope.value)
        if self.mailboxes:
            to.open()
            for mailbox in self.mailboxes:
                to.mailbox(mailbox)
            to.close()


@dataclass(frozen=True, slots=True)
class MultiSearch(Command[dict[str, SearchResult[MessageSet]]]):
    """Search several mailboxes at once, without opening them (RFC 7377 §2).

    Attributes:
        criteria: what to look for.
        sources: where; at least one.
        options: what to return.
        charset: send CHARSET UTF-8, as non-ASCII text needs.
    """

    criteria: IMAPSearchCriteria
    sources: tuple[SearchSource, ...]
    options: SearchOptions = ALL_FOUND
    charset: bool = False

    name: ClassVar = "ESEARCH"
    requires: ClassVar = "MULTISEARCH"
    claims: ClassVar = (ESearchData,)

    @property
    def uses_numbers(self) -> bool:
        """Whether the criteria name messages by number."""
        return self.criteria.uses_numbers

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield from self.options.needs("CONTEXT=SEARCH")
        yield from criteria_need(self.criteria)

    def encode(self, to: Encoder) -> None:
        """Write sources, return options, charset and keys."""
        if not self.sources:
            raise ValueError("no mailboxes to search")
        to.keyword("ESEARCH").keyword("IN").open()
        for source in self.sources:
            source.encode(to)
        to.close()
        self.options.encode(to)
        write_program(to, self.criteria, self.charset)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> dict[str, SearchResult[MessageSet]]:
        """Return by mailbox what was found, if anything was; several answers are one.

        The messages know the mailbox and the UIDVALIDITY they belong to.

        Raises:
            IMAPProtocolError: a UID cannot be.
        """
        told: dict[str, list[ESearchData]] = {}
        for data in of_kind(ESearchData, untagged):
            if data.mailbox is not None and data.tag in (None, status.tag):
                told.setdefault(data.mailbox, []).append(data)
        return {
            mailbox: search_result(
                answers, status, partial(_messages, answers), all_asked=False
            )
            for mailbox, answers in told.items()
        }


def _messages(
    answers: Sequence[ESearchData], ranges: list[tuple[int, int]], _: list[int]
) -> MessageSet:
    if not all(data.uid for data in answers):  # RFC 7377 §2.1: MUST be UIDs
        raise IMAPProtocolError("ESEARCH of several mailboxes told message numbers")
    last = answers[-1]
    return MessageSet.from_ranges(
        ranges, mailbox=last.mailbox, uidvalidity=last.uidvalidity
    )
