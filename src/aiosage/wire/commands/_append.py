"""APPEND (RFC 9051 §6.3.12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from ...model import Flag
from .._encoder import Encoder
from ..responses import AppendUidCode, Status, Untagged
from ._command import Command


@dataclass(frozen=True, slots=True)
class Append(Command[AppendUidCode | None]):
    """Add a message to a mailbox."""

    mailbox: str
    message: bytes = field(repr=False)
    flags: frozenset[Flag] = frozenset()
    internal_date: datetime | None = None

    name: ClassVar = "APPEND"
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write mailbox, flags, date and the message as a literal."""
        to.keyword(self.name).mailbox(self.mailbox)
        if self.flags:
            to.flags(self.flags)
        if self.internal_date is not None:
            to.date_time(self.internal_date)
        to.literal(self.message)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> AppendUidCode | None:
        """Return APPENDUID; None from a server without UIDPLUS."""
        return status.code if isinstance(status.code, AppendUidCode) else None
