"""UID SEARCH (RFC 9051 §6.4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...errors import IMAPProtocolError
from ...model import IMAPSearchCriteria, MessageSet
from .._encoder import Encoder
from .._search_keys import encode_criteria
from ..responses import ESearchData, SearchData, Status, Untagged
from ._command import SELECTED, Command


@dataclass(frozen=True, slots=True)
class UidSearch(Command[MessageSet]):
    """Find the UIDs of the messages that match.

    Attributes:
        criteria: what to look for.
        esearch: ask for ranges (RFC 4731), which are far shorter.
        charset: send CHARSET UTF-8, as non-ASCII text needs; not in a session
            of UTF-8, where it goes without saying and must not be said
            (RFC 6855 §3).
    """

    criteria: IMAPSearchCriteria
    esearch: bool = False
    charset: bool = False

    name: ClassVar = "UID SEARCH"
    states: ClassVar = SELECTED
    claims: ClassVar = (SearchData, ESearchData)

    def encode(self, to: Encoder) -> None:
        """Write return options, charset and keys."""
        to.keyword("UID").keyword("SEARCH")
        if self.esearch:
            to.keyword("RETURN").open().keyword("ALL").close()
        if self.charset and not to.dialect.utf8:
            to.keyword("CHARSET").keyword("UTF-8")
        encode_criteria(self.criteria, to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> MessageSet:
        """Return the UIDs; several answers are one."""
        ranges: list[tuple[int, int]] = []
        numbers: list[int] = []
        for data in untagged:
            if isinstance(data, ESearchData) and data.all is not None:
                ranges.extend(data.all)
            elif isinstance(data, SearchData):
                numbers.extend(data.numbers)
        try:
            return MessageSet.from_ranges(ranges) | MessageSet(numbers)
        except ValueError as error:
            raise IMAPProtocolError(f"UID SEARCH: {error}") from None
