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
        """Write mailbox, flags, date and the message.

        With UTF8=ACCEPT enabled, a message whose header has UTF-8 must be said
        to have it (RFC 6855 §4). In IMAP4rev2 alone there is no such word.
        """
        to.keyword(self.name).mailbox(self.mailbox)
        if self.flags:
            to.flags(self.flags)
        if self.internal_date is not None:
            to.date_time(self.internal_date)
        if to.dialect.utf8_accept and has_utf8_header(self.message):
            to.keyword("UTF8").open().literal8(self.message).close()
        else:
            to.literal(self.message)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> AppendUidCode | None:
        """Return APPENDUID; None from a server without UIDPLUS."""
        return status.code if isinstance(status.code, AppendUidCode) else None


def has_utf8_header(message: bytes) -> bool:
    """Return whether UTF-8 that is not ASCII stands before the first empty line."""
    end = message.find(b"\r\n\r\n")
    header = message if end < 0 else message[:end]
    try:
        return not header.isascii() and bool(header.decode("utf-8"))
    except UnicodeDecodeError:
        return False  # of another charset: that is not what UTF8 stands for
