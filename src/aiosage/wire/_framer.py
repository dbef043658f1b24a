r"""Cutting the stream into responses, without I/O.

A response is a line, or lines joined by literals: ``{n}`` before CRLF announces
n octets that belong to it (RFC 9051 §4.3). The framer is in one of two states,

    LINE     looking for CRLF          -> response done, or LITERAL
    LITERAL  counting n octets down    -> LINE

and holds the pieces of the line or literal that is not complete yet, so that
each octet is looked at once however the stream is split.

``{n}`` at the end of a line announces a literal only where the grammar allows
one. In what ends with text for humans (``* OK ...``, ``+ ...``, tagged lines)
it is just text: a server may greet with ``* OK beware of {3}``.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from ..errors import IMAPProtocolError
from ._limits import Limits

Frame: TypeAlias = list[bytes]
"""One response: text, then literal and text by turns.

Texts stand at even indices, without CRLF and without the ``{n}`` that announced
the literal after them.
"""

_LITERAL: Final = re.compile(rb"~?\{(\d{1,20})\+?\}\Z")
_LITERAL_MAX: Final = len(b"~{+}") + 20
_HUMAN: Final = re.compile(
    rb"\+|\* +(?:OK|NO|BAD|BYE|PREAUTH)(?= |\Z)|(?!\*)[^ ]+ +(?:OK|NO|BAD)(?= |\Z)",
    re.IGNORECASE,
)


class Framer:
    """Cut received octets into responses; see the module for how.

    Args:
        limits: what is refused.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._frame: Frame = []
        self._size = 0  # octets of the frame's finished parts
        self._pieces: list[bytes] = []  # of the current line or literal
        self._held = 0  # octets in the pieces
        self._missing = -1  # octets the current literal lacks; -1 in a line

    @property
    def is_empty(self) -> bool:
        """Whether nothing of an incomplete response is held."""
        return not (self._frame or self._pieces)

    def discard(self) -> None:
        """Forget an incomplete response, as when TLS begins."""
        self._reset()
        self._pieces, self._held = [], 0

    def feed(self, data: bytes) -> list[Frame]:
        """Add received octets; return the responses they complete, in order.

        Raises:
            IMAPProtocolError: a response exceeds the limits. The framer is of
                no more use then: where the next response starts is unknown.
        """
        frames: list[Frame] = []
        position, end = 0, len(data)
        while position < end:
            if self._missing >= 0:
                position = self._take_literal(data, position)
                continue
            if position == 0 and data[0] == 10 and self._ends_with_cr():
                line_end, position = -1, 1
            else:
                line_end = data.find(b"\r\n", position)
                if line_end < 0:
                    self._hold(data[position:] if position else data)
                    break
            line = self._finish_line(data, position, line_end)
            position = position if line_end < 0 else line_end + 2
            announced = None
            if line.endswith(b"}"):
                announced = _LITERAL.search(line, max(0, len(line) - _LITERAL_MAX))
                if announced and not self._frame and _HUMAN.match(line):
                    announced = None
            if announced is None:
                self._frame.append(line)
                frames.append(self._frame)
                self._reset()
            else:
                self._frame.append(line[: announced.start()])
                self._begin_literal(int(announced[1]))
        return frames

    def _ends_with_cr(self) -> bool:
        return bool(self._pieces) and self._pieces[-1].endswith(b"\r")

    def _finish_line(self, data: bytes, start: int, end: int) -> bytes:
        """Return the line up to *end*; -1 says its CR is the last octet held."""
        if end < 0:
            line = b"".join(self._pieces)[:-1]
        elif self._pieces:
            line = b"".join([*self._pieces, data[start:end]])
        else:
            line = data[start:end]
        self._pieces, self._held = [], 0
        if len(line) > self._limits.line:
            raise self._too_large("line", self._limits.line)
        self._grow(len(line))
        return line

    def _hold(self, piece: bytes) -> None:
        """Keep the start of a line whose end has not arrived."""
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > self._limits.line:
            raise self._too_large("line", self._limits.line)

    def _begin_literal(self, size: int) -> None:
        if size > self._limits.literal:
            raise self._too_large(f"literal of {size} octets", self._limits.literal)
        self._grow(size)
        self._missing = size
        if size == 0:
            self._end_literal()

    def _take_literal(self, data: bytes, position: int) -> int:
        """Move octets of the literal out of *data*; return where they end."""
        end = min(len(data), position + self._missing)
        whole = position == 0 and end == len(data)
        self._pieces.append(data if whole else data[position:end])
        self._missing -= end - position
        if not self._missing:
            self._end_literal()
        return end

    def _end_literal(self) -> None:
        pieces = self._pieces
        self._frame.append(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        self._pieces, self._held = [], 0
        self._missing = -1

    def _grow(self, octets: int) -> None:
        self._size += octets
        if self._size > self._limits.response:
            raise self._too_large("response", self._limits.response)

    def _reset(self) -> None:
        self._frame = []
        self._size = 0
        self._missing = -1

    def _too_large(self, what: str, limit: int) -> IMAPProtocolError:
        return IMAPProtocolError(
            f"the server sent a {what}, more than the {limit} octets allowed",
            offset=self._size,
            hint="Raise the connection's limits if this server is to be trusted.",
        )
