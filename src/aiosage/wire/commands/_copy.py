"""COPY and MOVE (RFC 9051 §6.4.7, §6.4.8, §6.4.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from ...errors import IMAPProtocolError
from ...model import MAX_UID, MessageSet, SavedResult, SequenceSet
from .._encoder import Encoder
from ..responses import CopyUidCode, Status, Untagged
from ._command import SELECTED, Command
from ._outcome import saved


@dataclass(frozen=True, slots=True)
class UidCopy(Command[CopyUidCode | None]):
    """Copy messages to another mailbox (RFC 9051 §6.4.9)."""

    messages: MessageSet | SavedResult
    mailbox: str

    name: ClassVar = "UID COPY"
    states: ClassVar = SELECTED
    claims: ClassVar = (Status,)
    changes: ClassVar = True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        return saved(self.messages)

    def encode(self, to: Encoder) -> None:
        """Write the set and the destination."""
        _encode(self, to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> CopyUidCode | None:
        """Return COPYUID; None from a server without UIDPLUS.

        COPY says it in the tagged OK, MOVE in an untagged one (RFC 6851 §4.3).

        Raises:
            IMAPProtocolError: it tells of more messages than were asked for.
        """
        most = len(self.messages) if isinstance(self.messages, MessageSet) else MAX_UID
        return _copied(self, untagged, status, most)


@dataclass(frozen=True, slots=True)
class UidMove(UidCopy):
    """Move messages to another mailbox in one step (RFC 6851 §3.2)."""

    name: ClassVar = "UID MOVE"
    requires: ClassVar = "MOVE"


@dataclass(frozen=True, slots=True)
class Copy(Command[CopyUidCode | None]):
    """Copy messages by number to another mailbox (RFC 9051 §6.4.7)."""

    messages: SequenceSet | SavedResult
    mailbox: str

    name: ClassVar = "COPY"
    states: ClassVar = SELECTED
    claims: ClassVar = (Status,)
    changes: ClassVar = True

    @property
    def uses_numbers(self) -> bool:
        """Whether it names messages by number: always."""
        return True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        return saved(self.messages)

    def encode(self, to: Encoder) -> None:
        """Write the set and the destination."""
        _encode(self, to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> CopyUidCode | None:
        """Return COPYUID, which tells UIDs; None from a server without UIDPLUS.

        Raises:
            IMAPProtocolError: it tells of more messages than were asked for.
        """
        most = MAX_UID
        if isinstance(self.messages, SequenceSet) and self.messages.tail is None:
            most = len(self.messages)
        return _copied(self, untagged, status, most)


@dataclass(frozen=True, slots=True)
class Move(Copy):
    """Move messages by number to another mailbox in one step (RFC 6851 §3.1)."""

    name: ClassVar = "MOVE"
    requires: ClassVar = "MOVE"


def _encode(copy: Copy | UidCopy, to: Encoder) -> None:
    for word in copy.name.split():
        to.keyword(word)
    to.message_set(copy.messages).mailbox(copy.mailbox)


def _copied(
    copy: Copy | UidCopy,
    untagged: Sequence[Untagged | Status],
    status: Status,
    most: int,
) -> CopyUidCode | None:
    codes = [
        answer.code
        for answer in (status, *untagged)
        if isinstance(answer, Status) and isinstance(answer.code, CopyUidCode)
    ]
    if not codes:
        return None
    code = _joined(codes)
    if code.count > most:
        raise IMAPProtocolError(f"{copy.name}: COPYUID of other messages")
    return code


def _joined(codes: Sequence[CopyUidCode]) -> CopyUidCode:
    """Return what all say if each is of other messages, else the first.

    A server may move messages by and by (RFC 6851 §3.3), and tell of each part.
    """
    first = codes[0]
    source = tuple(ends for code in codes for ends in code.source)
    whole = replace(
        first,
        source=source,
        destination=tuple(ends for code in codes for ends in code.destination),
    )
    is_disjoint = len(MessageSet.from_ranges(source)) == whole.count
    is_alike = all(code.uidvalidity == first.uidvalidity for code in codes)
    return whole if is_disjoint and is_alike else first
