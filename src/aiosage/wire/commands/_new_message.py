"""A message that is to be added to a mailbox (RFC 9051 §6.3.12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from ...model import Flag, Secret
from .._encoder import Encoder


@dataclass(frozen=True, slots=True)
class TextPart:
    """Octets that become part of a message (RFC 4469 §3)."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UrlPart:
    """What an IMAP URL names, copied by the server (RFC 4469 §3).

    Attributes:
        url: a `Secret` if it is authorized (RFC 4467).
    """

    url: str | Secret


Catenated: TypeAlias = tuple[TextPart | UrlPart, ...]
"""Parts that the server makes a message of, in order; at least one."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to add.

    Attributes:
        content: its octets, or the parts it is made of (RFC 4469).
        flags: that it has from the beginning.
        internal_date: when it arrived, aware; None for now.
        binary: send octets as a literal8, which may hold NUL (RFC 3516 §4.4).
    """

    content: bytes | Catenated = field(repr=False)
    flags: frozenset[Flag] = frozenset()
    internal_date: datetime | None = None
    binary: bool = False

    def needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer."""
        if not isinstance(self.content, bytes):
            yield ("CATENATE",)
        elif self.binary:
            yield ("BINARY",)

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
        elif _must_say_utf8(self.content, to):
            to.keyword("UTF8").open().literal8(self.content).close()
        elif self.binary:
            to.literal8(self.content)
        else:
            to.literal(self.content)


def _encode_parts(parts: Catenated, to: Encoder) -> None:
    if not parts:
        raise ValueError("a message cannot be made of no parts")
    to.keyword("CATENATE").open()
    for part in parts:
        if isinstance(part, UrlPart):
            to.keyword("URL").astring(part.url)
        elif _must_say_utf8(part.octets, to):
            to.keyword("UTF8").open().literal8(part.octets).close()
        else:
            to.keyword("TEXT").literal(part.octets)
    to.close()


def _must_say_utf8(message: bytes, to: Encoder) -> bool:
    """Return whether the header of *message* is UTF-8 and must be said to be.

    So it must with UTF8=ACCEPT enabled (RFC 6855 §4). In IMAP4rev2 alone there is
    no such word.
    """
    if not to.dialect.utf8_accept:
        return False
    end = message.find(b"\r\n\r\n")
    header = message if end < 0 else message[:end]
    try:
        return not header.isascii() and bool(header.decode("utf-8"))
    except UnicodeDecodeError:
        return False  # of another charset: that is not what UTF8 stands for
