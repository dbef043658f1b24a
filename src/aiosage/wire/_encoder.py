"""From typed arguments to the octets of a command (RFC 9051 §4, §9).

A command is sent in flights. Between two flights the server must say ``+``: a
synchronizing literal, an IDLE and a SASL exchange all wait that way. Arguments
are encoded by type, so none of them can end a line or begin another command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from ..model import MAX_UID, Flag, MessageSet, SavedResult, Secret, SequenceSet
from ._date_time import MONTHS
from ._dialect import Dialect
from ._mailbox_name import encode_mailbox_name

Flight: TypeAlias = list[bytes]
"""Octets sent in one go, in pieces so that literals are not copied."""

_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
_PATTERN: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){\"\\]+")
_QUOTABLE: Final = re.compile(rb"[^\x00\r\n\x80-\xff]*")
_QUOTABLE_UTF8: Final = re.compile(rb"[^\x00\r\n]*")
_LARGEST: Final = 2**63 - 1
_QUOTED_MAX: Final = 1000  # longer strings go as literals: line limits are unknown


class SecretSpan(NamedTuple):
    """Where a secret stands: octets *start* to *stop* of one piece of a flight."""

    flight: int
    piece: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class EncodedCommand:
    """A command as it goes on the wire.

    Attributes:
        flights: what is sent, in order, each after the server's ``+``.
        shown: the command for logs, without secrets and literals.
        secrets: what of the flights nobody must see, in their order.
    """

    flights: tuple[Flight, ...] = field(repr=False)  # passwords are in them
    shown: str
    secrets: tuple[SecretSpan, ...] = ()


class Encoder:
    """Builds one command.

    Args:
        tag: of the command.
        non_sync_max: largest literal that may be sent without asking first:
            0 without LITERAL+ and LITERAL-, 4096 with LITERAL- (RFC 7888 §5),
            None for any.
        dialect: of the session.
    """

    def __init__(
        self,
        tag: str,
        *,
        non_sync_max: int | None = 0,
        dialect: Dialect = Dialect(),  # noqa: B008 - it is frozen
    ) -> None:
        self.dialect = dialect
        self._non_sync_max = non_sync_max
        self._flights: list[Flight] = []
        self._pieces: Flight = []
        self._line = bytearray(tag.encode("ascii"))
        self._shown: list[str] = [tag]
        self._secrets: list[SecretSpan] = []
        self._glue = False  # the next item follows without a space

    def _put(self, octets: bytes, shown: str | None = None) -> Encoder:
        text = octets.decode("ascii", "replace") if shown is None else shown
        if self._glue:
            self._glue = False
        else:
            self._line += b" "
            self._shown.append(" ")
        self._line += octets
        self._shown.append(text)
        return self

    def keyword(self, text: str) -> Encoder:
        """Add a word of the protocol, written as *text*.

        Raises:
            ValueError: it is not an atom.
        """
        octets = text.encode("ascii")
        if not _ATOM.fullmatch(octets):
            raise ValueError(f"not a word of IMAP: {text[:80]!r}")
        return self._put(octets)

    def verbatim(self, octets: bytes) -> Encoder:
        """Add *octets* that a typed value has encoded and checked already."""
        if b"\r" in octets or b"\n" in octets or b"\0" in octets:
            raise ValueError("NUL, CR and LF cannot stand in a command")
        return self._put(octets)

    def number(self, value: int) -> Encoder:
        """Add a number.

        Raises:
            ValueError: it is not a number64 (RFC 9051 §9).
        """
        if not 0 <= value <= _LARGEST:
            raise ValueError(f"not in 0..2^63-1: {value}")
        return self._put(b"%d" % value)

    def uid(self, value: int) -> Encoder:
        """Add a UID, a message number or a UIDVALIDITY.

        Raises:
            ValueError: it is not in 1..2^32-1.
        """
        if not 1 <= value <= MAX_UID:
            raise ValueError(f"not in 1..2^32-1: {value}")
        return self._put(b"%d" % value)

    def message_set(self, messages: MessageSet | SequenceSet | SavedResult) -> Encoder:
        """Add a sequence-set, or ``$``.

        Raises:
            ValueError: it is empty, which IMAP cannot say.
        """
        if not messages:
            raise ValueError("an empty message set cannot be sent")
        return self.verbatim(str(messages).encode("ascii"))

    def open(self) -> Encoder:
        """Add an opening parenthesis."""
        self._put(b"(")
        self._glue = True
        return self

    def close(self) -> Encoder:
        """Add a closing parenthesis."""
        self._glue = True
        return self._put(b")")

    def flags(self, flags: Iterable[Flag]) -> Encoder:
        """Add a parenthesised list of flags."""
        self.open()
        for flag in sorted(flags):
            self.verbatim(Flag(flag).encode("ascii"))
        return self.close()

    def mailbox(self, name: str) -> Encoder:
        """Add a mailbox name, encoded as the session has it.

        Raises:
            ValueError: it is empty or holds NUL, CR or LF.
        """
        if not name:
            raise ValueError("a mailbox name cannot be empty")
        return self._string(self._name(name), atom=_ATOM)

    def pattern(self, pattern: str) -> Encoder:
        """Add a LIST pattern or reference: ``*`` and ``%`` keep their meaning."""
        return self._string(self._name(pattern), atom=_PATTERN)

    def _name(self, name: str) -> bytes:
        return encode_mailbox_name(name, utf8=self.dialect.utf8)

    def string(self, value: str | bytes | Secret) -> Encoder:
        """Add a string, quoted or as a literal, whichever can hold it."""
        return self._string(value, atom=None)

    def astring(self, value: str | bytes | Secret) -> Encoder:
        """Add a string, as an atom if it can be one."""
        return self._string(value, atom=_ATOM)

    def date_time(self, when: datetime) -> Encoder:
        """Add an INTERNALDATE (RFC 9051 §9, date-time).

        Raises:
            ValueError: *when* has no time zone.
        """
        if when.utcoffset() is None:
            raise ValueError("a naive datetime: give it a tzinfo")
        text = (
            f'"{when.day:2d}-{MONTHS[when.month - 1]}-{when.year:04d}'
            f' {when:%H:%M:%S} {when:%z}"'
        )
        # %z shows seconds of odd historical zones; IMAP has no room for them.
        return self._put(re.sub(r'([+-]\d{4})[\d.]+"$', r'\1"', text).encode("ascii"))

    def literal(self, data: bytes) -> Encoder:
        """Add *data* as a literal, however short.

        Raises:
            ValueError: it holds NUL.
        """
        return self._literal(data)

    def literal8(self, data: bytes) -> Encoder:
        """Add *data* as a literal8, which may hold NUL (RFC 3516 §4.4).

        Only where the server has BINARY or UTF8=ACCEPT, and the grammar has a
        literal8: for the message of APPEND, for one (RFC 9051 §9).
        """
        return self._literal(data, prefix=b"~")

    def answer(self, octets: bytes, shown: str) -> Encoder:
        """Begin a flight with *octets*: the answer to the server's ``+``."""
        self._end_line()
        self._end_flight()
        self._line += octets
        self._shown.append(f" + {shown}")
        return self

    def finish(self) -> EncodedCommand:
        """Return the command."""
        self._end_line()
        self._end_flight()
        return EncodedCommand(
            tuple(self._flights), "".join(self._shown), tuple(self._secrets)
        )

    def _string(
        self, value: str | bytes | Secret, atom: re.Pattern[bytes] | None
    ) -> Encoder:
        shown = None
        if isinstance(value, Secret):
            value, shown = value.reveal(), "***"
        octets = value.encode("utf-8") if isinstance(value, str) else value
        if atom and atom.fullmatch(octets) and octets.upper() != b"NIL":
            return self._word(octets, shown)
        if len(octets) <= _QUOTED_MAX and self._is_quotable(octets):
            escaped = octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            return self._word(b'"' + escaped + b'"', shown)
        return self._literal(octets, shown)

    def _is_quotable(self, octets: bytes) -> bool:
        if not self.dialect.utf8:
            return _QUOTABLE.fullmatch(octets) is not None
        try:
            octets.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return _QUOTABLE_UTF8.fullmatch(octets) is not None

    def _word(self, octets: bytes, secret: str | None) -> Encoder:
        """Add *octets*, shown as *secret* unless that is None."""
        self._put(octets, secret)
        if secret is not None:
            end = len(self._line)
            self._hide(end - len(octets), end)
        return self

    def _hide(self, start: int, stop: int) -> None:
        """Note a secret in the piece that is being written."""
        self._secrets.append(
            SecretSpan(len(self._flights), len(self._pieces), start, stop)
        )

    def _literal(
        self, data: bytes, shown: str | None = None, *, prefix: bytes = b""
    ) -> Encoder:
        if not prefix and b"\0" in data:
            raise ValueError("NUL can only stand in a literal8 (RFC 9051 §4.3)")
        waits = self._non_sync_max is not None and len(data) > self._non_sync_max
        announced = b"%b{%d%b}" % (prefix, len(data), b"" if waits else b"+")
        if shown is None:
            self._put(announced, f"{prefix.decode()}{{{len(data)}}}")
        else:
            self._word(announced, shown)
        self._end_line()
        if waits:
            self._end_flight()
        if shown is not None:
            self._hide(0, len(data))
        self._pieces.append(data)
        return self

    def _end_line(self) -> None:
        self._pieces.append(bytes(self._line + b"\r\n"))
        self._line = bytearray()

    def _end_flight(self) -> None:
        self._flights.append(self._pieces)
        self._pieces = []
