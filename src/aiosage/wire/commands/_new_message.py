"""A message that is to be added to a mailbox (RFC 9051 §6.3.12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from ...model import Flag
from .._encoder import Encoder


class MessageForm(Enum):
    """How the octets of a message are sent."""

    LITERAL = "literal"
    """As mail is: without NUL."""
    LITERAL8 = "literal8"
    """With NUL, perhaps (RFC 3516 §4.4). Needs BINARY."""
    UTF8 = "UTF8"
    """With UTF-8 in its header (RFC 6855 §4). Needs UTF8=ACCEPT, enabled."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """Octets that become part of a message (RFC 4469 §3)."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UrlPart:
    """What an IMAP URL names, copied by the server (RFC 4469 §3)."""

    url: str


Catenated: TypeAlias = tuple[TextPart | UrlPart, ...]
"""Parts that the server makes a message of, in order; at least one."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to add.

    Attributes:
        content: its octets, or the parts it is made of (RFC 4469).
        flags: that it has from the beginning.
        internal_date: when it arrived, aware; None for now.
        form: how octets are sent; parts are always sent as they are.
    """

    content: bytes | Catenated = field(repr=False)
    flags: frozenset[Flag] = frozenset()
    internal_date: datetime | None = None
    form: MessageForm = MessageForm.LITERAL

    def needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must announce."""
        if not isinstance(self.content, bytes):
            yield ("CATENATE",)
        elif self.form is MessageForm.LITERAL8:
            yield ("BINARY",)
        elif self.form is MessageForm.UTF8:
            yield ("UTF8=ACCEPT", "UTF8=ONLY")

    def encode(self, to: Encoder) -> None:
        """Write flags, date and content.

        Raises:
            ValueError: there are no parts, or NUL is where it cannot be.
        """
        if self.flags:
            to.flags(self.flags)
        if self.internal_date is not None:
            to.date_time(self.internal_date)
        if not isinstance(self.content, bytes):
            _encode_parts(self.content, to)
        elif to.dialect.utf8_accept and has_utf8_header(self.content):
            to.keyword("UTF8").open().literal8(self.content).close()
        elif self.form is MessageForm.LITERAL:
            to.literal(self.content)
        elif self.form is MessageForm.LITERAL8:
            to.literal8(self.content)
        else:
            to.keyword("UTF8").open().literal8(self.content).close()


def _encode_parts(parts: Catenated, to: Encoder) -> None:
    if not parts:
        raise ValueError("a message cannot be made of no parts")
    to.keyword("CATENATE").open()
    for part in parts:
        if isinstance(part, TextPart):
            to.keyword("TEXT").literal(part.octets)
        else:
            to.keyword("URL").astring(part.url)
    to.close()


def has_utf8_header(message: bytes) -> bool:
    """Return whether UTF-8 that is not ASCII stands before the first empty line."""
    end = message.find(b"\r\n\r\n")
    header = message if end < 0 else message[:end]
    try:
        return not header.isascii() and bool(header.decode("utf-8"))
    except UnicodeDecodeError:
        return False  # of another charset: that is not what UTF8 stands for
