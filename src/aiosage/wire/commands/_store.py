"""STORE and UID STORE (RFC 9051 §6.4.6, §6.4.9; RFC 7162 §3.1.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ...model import Flag, MessageSet, SavedResult, SequenceSet
from .._encoder import Encoder
from ..responses import FetchData, MessageLimitCode, Status, Untagged
from ._command import SELECTED, Command
from ._outcome import CONDSTORE, limit_of, modified, saved


class StoreMode(StrEnum):
    """How STORE treats the flags a message has."""

    ADD = "+FLAGS"
    REMOVE = "-FLAGS"
    REPLACE = "FLAGS"


class _StoreResult(dict[int, frozenset[Flag]]):
    """The flags messages have now, as far as the server told.

    Attributes:
        modseqs: the mod-sequence each has now, where that was told.
        limit: MESSAGELIMIT, if the server left messages out (RFC 9738 §3.1).
    """

    modseqs: dict[int, int]
    limit: MessageLimitCode | None


class StoreResult(_StoreResult):
    """The flags each message has now, by number.

    Attributes:
        modified: what was left alone, having changed since ``unchanged_since``.
    """

    modified: SequenceSet


class UidStoreResult(_StoreResult):
    """The flags each message has now, by UID.

    Attributes:
        modified: what was left alone, having changed since ``unchanged_since``.
    """

    modified: MessageSet


@dataclass(frozen=True, slots=True)
class Store(Command[StoreResult]):
    """Change flags of messages by number (RFC 9051 §6.4.6).

    Attributes:
        messages: which.
        mode: what becomes of the flags they have.
        flags: which.
        unchanged_since: leave those alone whose mod-sequence is larger
            (RFC 7162 §3.1.3).
        silent: the server need not tell the flags the messages have then.
    """

    messages: SequenceSet | SavedResult
    mode: StoreMode
    flags: frozenset[Flag]
    unchanged_since: int | None = None
    silent: bool = False

    name: ClassVar = "STORE"
    states: ClassVar = SELECTED
    claims: ClassVar = (FetchData,)
    changes: ClassVar = True  # in another session the numbers are of other messages
    keeps_numbers: ClassVar = True

    @property
    def uses_numbers(self) -> bool:
        """Whether it names messages by number: always."""
        return True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        return _needs(self)

    def encode(self, to: Encoder) -> None:
        """Write the set, the condition, the mode and the flags."""
        _encode(self, to.keyword("STORE"))

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> StoreResult:
        """Return what was told of the messages asked for.

        With ``*`` in the set that may be others, whose flags changed meanwhile.
        """
        result = StoreResult()
        _collect(
            result,
            status,
            (
                (data.seq, data)
                for data in untagged
                if isinstance(data, FetchData)
                and data.seq is not None
                and self.messages.may_contain(data.seq)
            ),
        )
        result.modified = SequenceSet.from_ranges(modified(status))
        return result


@dataclass(frozen=True, slots=True)
class UidStore(Command[UidStoreResult]):
    """Change flags (RFC 9051 §6.4.9).

    Attributes:
        messages: which.
        mode: what becomes of the flags they have.
        flags: which.
        unchanged_since: leave those alone whose mod-sequence is larger
            (RFC 7162 §3.1.3).
        silent: the server need not tell the flags the messages have then.
    """

    messages: MessageSet | SavedResult
    mode: StoreMode
    flags: frozenset[Flag]
    unchanged_since: int | None = None
    silent: bool = False

    name: ClassVar = "UID STORE"
    states: ClassVar = SELECTED
    claims: ClassVar = (FetchData,)

    @property
    def may_be_repeated(self) -> bool:
        """Whether there is no condition: it fails once the first time has met it."""
        return self.unchanged_since is None

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        return _needs(self)

    def encode(self, to: Encoder) -> None:
        """Write the set, the condition, the mode and the flags."""
        _encode(self, to.keyword("UID").keyword("STORE"))

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> UidStoreResult:
        """Return what was told of the messages asked for."""
        messages = self.messages
        result = UidStoreResult()
        _collect(
            result,
            status,
            (
                (data.uid, data)
                for data in untagged
                if isinstance(data, FetchData)
                and data.uid is not None
                and (isinstance(messages, SavedResult) or data.uid in messages)
            ),
        )
        result.modified = MessageSet.from_ranges(modified(status))
        return result


def _needs(store: Store | UidStore) -> Iterator[tuple[str, ...]]:
    yield from saved(store.messages)
    if store.unchanged_since is not None:
        yield CONDSTORE


def _encode(store: Store | UidStore, to: Encoder) -> None:
    to.message_set(store.messages)
    if store.unchanged_since is not None:
        to.open().keyword("UNCHANGEDSINCE").number(store.unchanged_since).close()
    to.keyword(store.mode.value + ".SILENT" * store.silent).flags(store.flags)


def _collect(
    result: _StoreResult, status: Status, told: Iterator[tuple[int, FetchData]]
) -> None:
    result.modseqs = {}
    result.limit = limit_of(status)
    for key, data in told:
        if data.flags is not None:
            result[key] = data.flags
        if data.modseq is not None:
            result.modseqs[key] = data.modseq
