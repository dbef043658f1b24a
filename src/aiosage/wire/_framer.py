r"""Cutting the stream into responses, without I/O.

A response is a line, or lines joined by literals: ``{n}`` before CRLF announces
n octets that belong to it (RFC 9051 §4.3). The framer is in one of two states,

    LINE     looking for CRLF          -> response done, or LITERAL
    LITERAL  counting n octets down    -> LINE

and holds the start of the line or literal that is not complete yet, so that
each octet is looked at once however the stream is split. A literal that is
diverted is not held: its octets go to a sink as they come.

``{n}`` at the end of a line announces a literal only where the grammar allows
one. In what ends with text for humans (``* OK ...``, ``+ ...``, tagged lines)
it is just text: a server may greet with ``* OK beware of {3}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final, TypeAlias

from ..errors import IMAPProtocolError
from ._limits import Limits

Frame: TypeAlias = list[bytes]
"""One response: text, then literal and text by turns.

Texts stand at even indices, without CRLF and without the ``{n}`` that announced
the literal after them. A literal that was diverted is `Diverted`.
"""

Sink: TypeAlias = Callable[[bytes], object]
"""Takes octets as they arrive. It must not raise."""

Divert: TypeAlias = Callable[[Frame, int], Sink | None]
"""Decides by what came before a literal, and its size in octets, where it goes.

None to have it held. What came before is a frame that ends with the text before
the literal; it must not be changed.
"""


class Diverted(bytes):
    """Stands for a literal that went to a sink: no octets, but their number.

    Attributes:
        size: of the literal, in octets.
    """

    size: int

    def __new__(cls, size: int) -> Diverted:
        """Return what stands for *size* octets."""
        self = super().__new__(cls)
        self.size = size
        return self

    def __repr__(self) -> str:
        return f"Diverted({self.size})"


_LITERAL: Final = re.compile(rb"~?\{(\d{1,20})\+?\}\Z")
_LITERAL_MAX: Final = len(b"~{+}") + 20
_AHEAD: Final = 2**20  # octets of memory taken for a literal before they are there
_HUMAN: Final = re.compile(
    rb"\+|\* +(?:OK|NO|BAD|BYE|PREAUTH)(?= |\Z)|(?!\*)[^ ]+ +(?:OK|NO|BAD)(?= |\Z)",
    re.IGNORECASE,
)


_LEAST: Final = 256  # octets of memory that any response takes
_PER_LIST: Final = 64
_PER_ATOM: Final = 16  # and string: there are more spaces than these
_PER_RANGE: Final = 64  # of a set of UIDs


def memory_of(frame: Frame) -> int:
    """Return about how many octets of memory a response takes once it is parsed.

    That is its own and those of the objects in it: ``()`` is two octets on the
    line, and a list of more than sixty.
    """
    text = frame[0]
    octets = len(text)
    if len(frame) > 1:
        octets = sum(map(len, frame))
        text = b"".join(frame[::2])
    return octets + memory_of_objects(text, 0, len(text))


def memory_of_objects(text: bytes, start: int, end: int) -> int:
    """Return about how many octets the objects take that are made of some of *text*."""
    objects = (
        _PER_LIST * text.count(b"(", start, end)
        + _PER_ATOM * text.count(b" ", start, end)
        + _PER_RANGE * text.count(b",", start, end)
    )
    return objects if objects > _LEAST else _LEAST


class Framer:
    """Cut received octets into responses; see the module for how.

    Args:
        limits: what is refused.

    Attributes:
        divert: decides which literals are handed on as they arrive; None to hold
            them all. It may be changed at any time, and counts for literals that
            are announced from then on.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._shortest = min(self._limits.line, self._limits.response)
        self._frame: Frame = []
        self._size = 0  # octets of the frame's finished parts
        self._held = bytearray()  # of the current line
        self._missing = -1  # octets the current literal lacks; -1 in a line
        self._literal: BytesIO | None = None  # what is there of it, if not all is
        self._sink: Sink | None = None  # where it goes instead
        self._diverted: Diverted | None = None  # what stands for it then
        self.divert: Divert | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing of an incomplete response is held."""
        return not (self._frame or self._held)

    def discard(self) -> None:
        """Forget an incomplete response, as when TLS begins."""
        self._reset()
        self._held.clear()
        self._literal = self._sink = self._diverted = None

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Add received octets; yield the responses they complete, in order.

        What came whole before a violation is yielded before it is raised, so
        how the stream was cut makes no difference. Exhaust it before feeding
        more.

        Raises:
            IMAPProtocolError: a response exceeds the limits. The framer is of
                no more use then: where the next response starts is unknown.
        """
        position, end = 0, len(data)
        while position < end:
            frame, position = self.take(data, position)
            if frame is not None:
                yield frame

    def take(self, data: bytes, position: int) -> tuple[Frame | None, int]:
        """Add octets of *data*, from *position* to where they complete a response.

        Returns:
            The response, or None if that needs more; where what is left begins.

        Raises:
            IMAPProtocolError: as in `feed`.
        """
        end = len(data)
        while position < end:
            if self._missing >= 0:
                position = self._take_literal(data, position)
                continue
            if self._held and data[position] == 10 and self._held.endswith(b"\r"):
                self._held.pop()
                line, position = self._finish_line(b""), position + 1
            else:
                crlf = data.find(b"\r\n", position)
                if crlf < 0:
                    self._hold(data[position:] if position else data)
                    return None, end
                line, position = data[position:crlf], crlf + 2
                if not (
                    line.endswith(b"}")
                    or self._frame
                    or self._held
                    or len(line) > self._shortest
                ):  # a response of one line
                    return [line], position
                line = self._finish_line(line)
            announced = None
            if line.endswith(b"}"):
                announced = _LITERAL.search(line, max(0, len(line) - _LITERAL_MAX))
                if announced and not self._frame and _HUMAN.match(line):
                    announced = None
            if announced is not None:
                if len(self._frame) >= 2 * self._limits.tokens:
                    raise self._too_large("response", self._limits.tokens, "literals")
                self._frame.append(line[: announced.start()])
                self._begin_literal(int(announced[1]))
                continue
            self._frame.append(line)
            frame = self._frame
            self._reset()
            return frame, position
        return None, end

    def _finish_line(self, rest: bytes) -> bytes:
        """Return the line that ends with *rest*."""
        line = rest
        if self._held:
            line = bytes(self._held) + rest
            self._held.clear()
        if len(line) > self._limits.line:
            raise self._too_large("line", self._limits.line)
        self._grow(len(line))
        return line

    def _hold(self, piece: bytes) -> None:
        """Keep the start of a line whose end has not arrived."""
        self._held += piece
        # One more octet may be the CR of a line that fits.
        if len(self._held) > self._limits.line + 1:
            raise self._too_large("line", self._limits.line)

    def _begin_literal(self, size: int) -> None:
        sink = self.divert(self._frame, size) if self.divert is not None else None
        limit = self._limits.literal if sink is None else self._limits.diverted
        if size > limit:
            raise self._too_large(f"literal of {size} octets", limit)
        if sink is None:
            self._grow(size)
        else:
            self._sink, self._diverted = sink, Diverted(size)
        self._missing = size
        if size == 0:
            self._end_literal(b"")

    def _take_literal(self, data: bytes, position: int) -> int:
        """Move octets of the literal out of *data*; return where they end."""
        end = min(len(data), position + self._missing)
        self._missing -= end - position
        piece = data[position:end]  # no copy, if it is all of *data*
        if self._sink is not None:
            self._sink(piece)
            piece = b""
        elif self._missing or self._literal is not None:
            if self._literal is None:
                size = len(piece) + self._missing
                self._literal = BytesIO(bytes(min(size, _AHEAD)))
            self._literal.write(piece)
            if not self._missing:
                piece = self._literal.getvalue()  # of one that is full: no copy
                self._literal = None
        if not self._missing:
            self._end_literal(piece)
        return end

    def _end_literal(self, literal: bytes) -> None:
        if self._diverted is not None:
            literal = self._diverted
            self._sink = self._diverted = None
        self._frame.append(literal)
        self._missing = -1

    def _grow(self, octets: int) -> None:
        self._size += octets
        if self._size > self._limits.response:
            raise self._too_large("response", self._limits.response)

    def _reset(self) -> None:
        self._frame = []
        self._size = 0
        self._missing = -1

    def _too_large(
        self, what: str, limit: int, unit: str = "octets"
    ) -> IMAPProtocolError:
        return IMAPProtocolError(
            f"the server sent a {what}, more than the {limit} {unit} allowed",
            offset=self._size,
            hint="Raise the connection's limits if this server is to be trusted.",
        )
