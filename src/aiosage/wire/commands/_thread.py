"""THREAD and UID THREAD (RFC 5256 §3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...errors import refusal
from ...model import IMAPSearchCriteria, ThreadNode
from .._encoder import Encoder
from .._search_keys import encode_criteria
from ..responses import Status, ThreadData, Untagged
from ._command import SELECTED, Command
from ._outcome import limit_of
from ._search import criteria_need


@dataclass(frozen=True, slots=True)
class _AnyThread(Command[tuple[ThreadNode, ...]]):
    """A search whose result is in threads.

    Attributes:
        algorithm: ``REFERENCES``, ``ORDEREDSUBJECT`` or another the server has.
        criteria: what to look for.
        charset: of the strings in *criteria*: UTF-8 or US-ASCII.
    """

    algorithm: str = "REFERENCES"
    criteria: IMAPSearchCriteria = IMAPSearchCriteria.ALL
    charset: str = "UTF-8"

    states: ClassVar = SELECTED
    claims: ClassVar = (ThreadData,)

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield (f"THREAD={self.algorithm.upper()}",)
        yield from criteria_need(self.criteria)

    def encode(self, to: Encoder) -> None:
        """Write algorithm, charset and keys."""
        for word in self.name.split():
            to.keyword(word)
        to.keyword(self.algorithm).keyword(self.charset)
        encode_criteria(self.criteria, to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[ThreadNode, ...]:
        """Return the threads in the order of the algorithm.

        Raises:
            IMAPOperationError: the server left messages out (MESSAGELIMIT, RFC 9738).
        """
        if limit := limit_of(status):
            raise refusal(self.name, "OK", limit.name, status.text)
        return tuple(
            thread
            for data in untagged
            if isinstance(data, ThreadData)
            for thread in data.threads
        )


@dataclass(frozen=True, slots=True)
class UidThread(_AnyThread):
    """Search and return UIDs in threads (RFC 5256 §3)."""

    name: ClassVar = "UID THREAD"

    @property
    def uses_numbers(self) -> bool:
        """Whether the criteria name messages by number."""
        return self.criteria.uses_numbers


@dataclass(frozen=True, slots=True)
class Thread(_AnyThread):
    """Search and return message numbers in threads (RFC 5256 §3)."""

    name: ClassVar = "THREAD"
    keeps_numbers: ClassVar = True

    @property
    def uses_numbers(self) -> bool:
        """Whether it names messages by number: the answer always does."""
        return True
