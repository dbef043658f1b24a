"""APPEND and REPLACE (RFC 9051 §6.3.12, RFC 3502, RFC 8508)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from ...model import Flag
from .._encoder import Encoder
from ..responses import AppendUidCode, Status, Untagged
from ._command import SELECTED, Command
from ._new_message import NewMessage
from ._outcome import append_uid


@dataclass(frozen=True, slots=True)
class Append(Command[AppendUidCode | None]):
    """Add a message to a mailbox.

    Attributes:
        mailbox: to which.
        message: its octets.
        flags: that it has from the beginning.
        internal_date: when it arrived, aware; None for now.
        binary: send it as a literal8, which may hold NUL (RFC 3516 §4.4).
    """

    mailbox: str
    message: bytes = field(repr=False)
    flags: frozenset[Flag] = frozenset()
    internal_date: datetime | None = None
    binary: bool = False

    name: ClassVar = "APPEND"
    changes: ClassVar = True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        return self._new().needs()

    def encode(self, to: Encoder) -> None:
        """Write mailbox, flags, date and the message as a literal."""
        self._new().encode(to.keyword(self.name).mailbox(self.mailbox))

    def _new(self) -> NewMessage:
        return NewMessage(self.message, self.flags, self.internal_date, self.binary)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> AppendUidCode | None:
        """Return APPENDUID; None from a server without UIDPLUS."""
        return append_uid(status)


@dataclass(frozen=True, slots=True)
class MultiAppend(Command[AppendUidCode | None]):
    """Add messages to a mailbox, all or none of them (RFC 3502 §6.3.11).

    Attributes:
        mailbox: to which.
        messages: what to add; at least one. One alone may be made of parts
            (CATENATE) on a server without MULTIAPPEND.
    """

    mailbox: str
    messages: tuple[NewMessage, ...]

    name: ClassVar = "APPEND"
    changes: ClassVar = True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        if len(self.messages) > 1:
            yield ("MULTIAPPEND",)
        for message in self.messages:
            yield from message.needs()

    def encode(self, to: Encoder) -> None:
        """Write the mailbox and each message."""
        if not self.messages:
            raise ValueError("no messages to add")
        to.keyword(self.name).mailbox(self.mailbox)
        for message in self.messages:
            message.encode(to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> AppendUidCode | None:
        """Return APPENDUID with all UIDs in order; None without UIDPLUS."""
        return append_uid(status)


@dataclass(frozen=True, slots=True)
class UidReplace(Command[AppendUidCode | None]):
    """Put a message in the place of another, in one step (RFC 8508 §3.3).

    Attributes:
        uid: of the message that goes, in the selected mailbox.
        mailbox: where the new one comes.
        message: the new one.
    """

    uid: int
    mailbox: str
    message: NewMessage

    name: ClassVar = "UID REPLACE"
    states: ClassVar = SELECTED
    requires: ClassVar = "REPLACE"
    claims: ClassVar = (Status,)
    changes: ClassVar = True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield from self.message.needs()

    def encode(self, to: Encoder) -> None:
        """Write the UID, the mailbox and the message."""
        to.keyword("UID").keyword("REPLACE").uid(self.uid).mailbox(self.mailbox)
        self.message.encode(to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> AppendUidCode | None:
        """Return APPENDUID, told ahead of the EXPUNGE; None without UIDPLUS."""
        return append_uid(status, *untagged)


@dataclass(frozen=True, slots=True)
class Replace(Command[AppendUidCode | None]):
    """Put a message in the place of another by number (RFC 8508 §3.2).

    Attributes:
        number: of the message that goes, in the selected mailbox.
        mailbox: where the new one comes.
        message: the new one.
    """

    number: int
    mailbox: str
    message: NewMessage

    name: ClassVar = "REPLACE"
    states: ClassVar = SELECTED
    requires: ClassVar = "REPLACE"
    claims: ClassVar = (Status,)
    changes: ClassVar = True

    @property
    def uses_numbers(self) -> bool:
        """Whether it names messages by number: always."""
        return True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield from self.message.needs()

    def encode(self, to: Encoder) -> None:
        """Write the number, the mailbox and the message."""
        to.keyword("REPLACE").uid(self.number).mailbox(self.mailbox)
        self.message.encode(to)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> AppendUidCode | None:
        """Return APPENDUID, told ahead of the EXPUNGE; None without UIDPLUS."""
        return append_uid(status, *untagged)
