"""The protocol trace: what goes over a connection, without its secrets.

What is secret is known where it is encoded, so it is left out there and not
looked for afterwards: passwords and tokens (`EncodedCommand.secrets`), both sides
of a SASL exchange. What a server echoes of them, and the keys of URLAUTH
(RFC 4467), which it makes, are blotted out by the connection's `Redactor`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from ..wire import Diverted, Frame, SecretSpan
from ..wire.commands import Authenticate
from ._pending import Pending
from ._redaction import HIDDEN, Redactor

log = logging.getLogger("aiosage.protocol")

_ANNOUNCES: Final = re.compile(rb"\{\d+\+?\}\r\n\Z")
_ANNOUNCEMENT_MAX: Final = 32


class Direction(StrEnum):
    """Who said it."""

    CLIENT = "C"
    SERVER = "S"


@dataclass(frozen=True, slots=True)
class TraceRecord:
    r"""One response, or one flight of a command.

    Attributes:
        connection: its number, the same for all records of one connection and
            for no other of this process.
        time: seconds on the clock of the event loop.
        direction: who said it.
        text: what was said, without the CRLF at its end, secrets as ``***``.
            Octets that are not UTF-8 are surrogate escapes, so
            ``text.encode("utf-8", "surrogateescape")`` gives them back. Contents of
            literals follow their ``{n}\r\n``, or are left out with that CRLF.
        omitted: octets of literals that were left out.
    """

    connection: int
    time: float
    direction: Direction
    text: str
    omitted: int = 0

    def __str__(self) -> str:
        """Return it for people, printable anywhere that takes Unicode."""
        text = self.text.encode("utf-8", "surrogateescape").decode(
            "utf-8", "backslashreplace"
        )
        omitted = f" ({self.omitted} octets left out)" if self.omitted else ""
        return f"{self.time:.3f} #{self.connection} {self.direction}: {text}{omitted}"


Trace: TypeAlias = Callable[[TraceRecord], None]
"""What is told of every record, from within the receive path: it must be quick.

If it raises, that is logged once and the connection is traced no more."""


class Tracer:
    """Tells a `Trace` what goes over one connection.

    Args:
        trace: whom.
        number: of the connection.
        clock: gives the time in seconds.
        redactor: knows what the server must not echo.
        literals: show the contents of literals, too.
    """

    def __init__(
        self,
        trace: Trace,
        number: int,
        clock: Callable[[], float],
        redactor: Redactor,
        *,
        literals: bool,
    ) -> None:
        self._trace: Trace | None = trace
        self._number = number
        self._clock = clock
        self._redactor = redactor
        self._literals = literals
        self._hides_challenges = False

    def sent(self, pending: Pending) -> None:
        """Tell of the flight that *pending* sends next."""
        encoded = pending.encoded
        if pending.flight == 0:
            # A SASL exchange is no secret only to who sees one side of it.
            self._hides_challenges = bool(encoded.secrets) or isinstance(
                pending.command, Authenticate
            )
        secrets = [s for s in encoded.secrets if s.flight == pending.flight]
        before = encoded.flights[pending.flight - 1][-1] if pending.flight else b""
        parts: list[str] = []
        omitted = 0
        in_literal = _announces(before)
        for index, piece in enumerate(encoded.flights[pending.flight]):
            hidden = [secret for secret in secrets if secret.piece == index]
            shown = _text(_without(piece, hidden))
            if not in_literal:
                parts.append(shown if self._literals else shown.removesuffix("\r\n"))
                in_literal = _announces(piece)
                continue
            in_literal = False
            if self._literals or (hidden and index == 0):
                parts.append(shown)
            elif not hidden:
                omitted += len(piece)
        text = "".join(parts).removesuffix("\r\n")
        self._tell(Direction.CLIENT, text, omitted)

    def answered(self, line: bytes) -> None:
        """Tell of an answer in a SASL exchange."""
        is_bare = line in (b"", b"*")  # nothing, or that it is given up
        self._tell(Direction.CLIENT, _text(line) if is_bare else HIDDEN)

    def received(self, frame: Frame) -> None:
        """Tell of a response."""
        if self._hides_challenges and frame[0].startswith(b"+"):
            told = frame[0].rstrip(b" ") != b"+"
            self._tell(Direction.SERVER, "+ ***" if told else _text(frame[0]))
            return
        parts: list[str] = []
        omitted = 0
        for index, part in enumerate(frame):
            if index % 2 == 0:
                parts.append(_text(part))
            elif isinstance(part, Diverted):
                parts.append(f"{{{part.size}}}")
                omitted += part.size
            elif self._literals:
                # Measured as it is shown, so that a transcript stays well-formed.
                content = self._redactor.text(_text(part))
                size = len(content.encode("utf-8", "surrogateescape"))
                parts.append(f"{{{size}}}\r\n{content}")
            else:
                parts.append(f"{{{len(part)}}}")
                omitted += len(part)
        self._tell(Direction.SERVER, "".join(parts), omitted)

    def _tell(self, direction: Direction, text: str, omitted: int = 0) -> None:
        if self._trace is None:
            return
        record = TraceRecord(
            self._number, self._clock(), direction, self._redactor.text(text), omitted
        )
        try:
            self._trace(record)
        except Exception:
            self._trace = None
            log.exception("the trace failed: this connection is traced no more")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def _without(piece: bytes, secrets: Sequence[SecretSpan]) -> bytes:
    for secret in reversed(secrets):
        piece = piece[: secret.start] + HIDDEN.encode() + piece[secret.stop :]
    return piece


def _announces(piece: bytes) -> bool:
    """Return whether a literal follows *piece*, a line."""
    start = max(0, len(piece) - _ANNOUNCEMENT_MAX)
    return _ANNOUNCES.search(piece, start) is not None
