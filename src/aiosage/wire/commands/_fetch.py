"""FETCH and UID FETCH (RFC 9051 §6.4.5, §6.4.9; RFC 7162; RFC 9394)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...model import (
    MessagePart,
    MessageSet,
    PartialRange,
    SavedResult,
    SequenceSet,
)
from .._encoder import Encoder
from .._tokens import Value
from ..responses import FetchData, MessageLimitCode, Status, Untagged, VanishedData
from ._command import SELECTED, Command, SimpleCommand
from ._outcome import CONDSTORE, limit_of, saved


class FetchResult(tuple[FetchData, ...]):
    """One value per message asked for, in the order they came.

    Attributes:
        vanished: what was expunged since ``changed_since``, if that was asked.
        limit: MESSAGELIMIT, if the server left messages out (RFC 9738 §3.1).
    """

    vanished: MessageSet
    limit: MessageLimitCode | None


@dataclass(frozen=True, slots=True)
class Fetch(Command[FetchResult]):
    """Read *items* of messages by number (RFC 9051 §6.4.5).

    Attributes:
        messages: which.
        items: what to read.
        changed_since: only messages whose mod-sequence is larger (RFC 7162 §3.1.4).
    """

    messages: SequenceSet | SavedResult
    items: tuple[MessagePart, ...]
    changed_since: int | None = None

    name: ClassVar = "FETCH"
    states: ClassVar = SELECTED
    claims: ClassVar = (FetchData,)
    keeps_numbers: ClassVar = True

    @property
    def uses_numbers(self) -> bool:
        """Whether it names messages by number: always."""
        return True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield from saved(self.messages)
        if self.changed_since is not None:
            yield CONDSTORE

    def encode(self, to: Encoder) -> None:
        """Write the set, the items and the modifiers."""
        to.keyword("FETCH").message_set(self.messages)
        _write_items(to, self.items)
        if self.changed_since is not None:
            to.open().keyword("CHANGEDSINCE").number(self.changed_since).close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> FetchResult:
        """Return what was told of the messages asked for.

        With ``*`` in the set that may be others, whose flags changed meanwhile.
        """
        messages = self.messages.may_contain
        return _joined(untagged, status, lambda data: data.seq, messages)


@dataclass(frozen=True, slots=True)
class UidFetch(Command[FetchResult]):
    """Read *items* of messages (RFC 9051 §6.4.9).

    Attributes:
        messages: which.
        items: what to read.
        changed_since: only messages whose mod-sequence is larger (RFC 7162 §3.1.4).
        vanished: tell also what was expunged since (RFC 7162 §3.2.6). QRESYNC
            must be enabled.
        partial: only this part of the messages (RFC 9394 §3.3).

    Raises:
        ValueError: *vanished* without *changed_since*.
    """

    messages: MessageSet | SavedResult
    items: tuple[MessagePart, ...]
    changed_since: int | None = None
    vanished: bool = False
    partial: PartialRange | None = None

    name: ClassVar = "UID FETCH"
    states: ClassVar = SELECTED
    claims: ClassVar = (FetchData, VanishedData)

    def __post_init__(self) -> None:
        if self.vanished and self.changed_since is None:
            raise ValueError("VANISHED needs CHANGEDSINCE (RFC 7162 §3.2.6)")

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield from saved(self.messages)
        if self.vanished:
            yield ("QRESYNC",)
        elif self.changed_since is not None:
            yield CONDSTORE
        if self.partial is not None:
            yield ("PARTIAL",)

    def encode(self, to: Encoder) -> None:
        """Write the set, the items and the modifiers; UID comes without asking."""
        to.keyword("UID").keyword("FETCH").message_set(self.messages)
        _write_items(to, self.items)
        if self.changed_since is None and self.partial is None:
            return
        to.open()
        if self.partial is not None:
            to.keyword("PARTIAL").verbatim(str(self.partial).encode("ascii"))
        if self.changed_since is not None:
            to.keyword("CHANGEDSINCE").number(self.changed_since)
        if self.vanished:
            to.keyword("VANISHED")
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> FetchResult:
        """Return what was told of the messages asked for.

        The answer about a message may come in pieces, and other clients' flag
        changes arrive among them, about this message or another.
        """
        messages = self.messages
        wanted = (
            messages.may_contain
            if isinstance(messages, SavedResult)
            else messages.__contains__
        )
        return _joined(untagged, status, lambda data: data.uid, wanted)


@dataclass(frozen=True, slots=True)
class UidScan(SimpleCommand):
    """Let the server tell UID and flags of messages to whoever listens.

    Nothing is claimed, so a mailbox of any size costs no memory here, and it goes
    alone: a command that claims FETCH would take its answers for its own.

    Attributes:
        messages: which.
        changed_since: only messages whose mod-sequence is larger (RFC 7162 §3.1.4).
    """

    messages: MessageSet
    changed_since: int | None = None

    name: ClassVar = "UID FETCH"
    states: ClassVar = SELECTED
    exclusive: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the set, FLAGS and the modifier."""
        to.keyword("UID").keyword("FETCH").message_set(self.messages)
        to.open().keyword("FLAGS").close()
        if self.changed_since is not None:
            to.open().keyword("CHANGEDSINCE").number(self.changed_since).close()

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        if self.changed_since is not None:
            yield CONDSTORE


def _write_items(to: Encoder, items: Iterable[MessagePart]) -> None:
    to.open()
    for item in items:
        to.verbatim(item.wire)
    to.close()


def _joined(
    untagged: Iterable[Untagged | Status],
    status: Status,
    key_of: Callable[[FetchData], int | None],
    is_wanted: Callable[[int], bool],
) -> FetchResult:
    found: dict[int, FetchData] = {}
    pieces: dict[int, list[FetchData]] = {}  # of messages told of more than once
    vanished: list[tuple[int, int]] = []
    for data in untagged:
        if isinstance(data, FetchData):
            key = key_of(data)
            if key is not None and is_wanted(key):
                first = found.setdefault(key, data)
                if first is not data:
                    pieces.setdefault(key, [first]).append(data)
        elif isinstance(data, VanishedData) and data.earlier:
            vanished.extend(data.uids.ranges)
    found.update((key, _whole(told)) for key, told in pieces.items())
    result = FetchResult(found.values())
    result.vanished = MessageSet.from_ranges(vanished)
    result.limit = limit_of(status)
    return result


def _whole(pieces: list[FetchData]) -> FetchData:
    """Return what responses about one message say together: the later, the truer.

    All are joined at once, for a server may send any number of them.
    """
    whole = pieces[0]._asdict()
    sections: dict[str, bytes | None] = {}
    others: dict[str, Value] = {}
    for piece in pieces:
        told = piece._asdict()
        whole.update((name, value) for name, value in told.items() if value is not None)
        sections.update(piece.sections)
        others.update(piece.others)
    whole.update(sections=sections, others=others)
    return FetchData(**whole)
