"""From received octets to typed responses: framing and parsing at once.

`USUAL_FETCH` finds the end of the line as well as what the line says, so what comes
most is neither cut out of the stream first, nor looked at twice. Everything else goes
through `Framer` and the parser, and both ways give the same.

A usual response whose literal has not come whole is put together first, if the next
piece has the rest of it; if not, it goes through `Framer`, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ._framer import Divert, Frame, Framer, memory_of, memory_of_objects
from ._limits import Limits
from ._parser import parse
from .responses import Response
from .responses._usual_fetch import LONGEST_USUAL, USUAL_DEPTH, USUAL_FETCH, fetch_data

_END: Final = b")\r\n"
_BEGUN: Final = 2**16  # octets that are put together: more would be copied too often


class Receiver:
    """Make responses of received octets; see the module for how.

    Args:
        limits: what is refused.
        parse: makes a response of a frame.
        is_quick: whether what is usual goes the short way, without a frame.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        parse: Callable[[Frame], Response] = parse,
        *,
        is_quick: bool = True,
    ) -> None:
        limits = limits or Limits()
        self._framer = Framer(limits)
        self._parse = parse
        self._is_quick = is_quick and limits.nesting >= USUAL_DEPTH
        self._most = min(limits.line, limits.literal, limits.response)
        self._begun = b""  # a usual response that lacks
        self._missing = 0  # so many octets
        self._frame: Frame = []  # the last response,
        self._usual: re.Match[bytes] | None = None  # or else how it begins,
        self._literal: bytes | None = None  # and the literal in it

    @property
    def is_empty(self) -> bool:
        """Whether nothing of an incomplete response is held."""
        return not self._begun and self._framer.is_empty

    @property
    def divert(self) -> Divert | None:
        """Decides which literals are handed on as they arrive, as `Framer.divert`."""
        return self._framer.divert

    @divert.setter
    def divert(self, divert: Divert | None) -> None:
        self._framer.divert = divert

    def discard(self) -> None:
        """Forget an incomplete response, as when TLS begins."""
        self._begun = b""
        self._framer.discard()

    def feed(self, data: bytes) -> Iterator[Response]:
        """Add received octets; yield the responses they complete, in order.

        What came whole before a violation is yielded before it is raised. Exhaust it
        before feeding more.

        Raises:
            IMAPProtocolError: a response exceeds the limits, or is none. The
                receiver is of no more use then.
        """
        framer, match_usual, most = self._framer, USUAL_FETCH.match, self._most
        for octets, position in self._put_together(data):
            # Only at the beginning may there be the rest of what came before.
            is_quick = self._is_quick and framer.is_empty
            end = len(octets)
            while position < end:
                if is_quick and (usual := match_usual(octets, position)):
                    fields, start = usual.groups(), usual.end()
                    announced, literal, stop = fields[-1], None, start
                    if announced is not None:
                        stop += int(announced)
                        if octets.startswith(_END, stop) and framer.divert is None:
                            literal = octets[start:stop]
                        stop += len(_END)
                    if stop - position <= most and start - position <= LONGEST_USUAL:
                        if announced is None or literal is not None:
                            self._usual, self._literal = usual, literal
                            position = stop
                            yield fetch_data(fields, literal)
                            continue
                        if end < stop <= position + _BEGUN and framer.divert is None:
                            self._begun, self._missing = octets[position:], stop - end
                            return
                frame, position = framer.take(octets, position)
                if frame is not None:
                    is_quick = self._is_quick
                    self._usual, self._frame = None, frame
                    yield self._parse(frame)

    def _put_together(self, data: bytes) -> tuple[tuple[bytes, int], ...]:
        """Return octets to look at, each with where to begin."""
        begun, missing = self._begun, self._missing
        if not begun:
            return ((data, 0),)
        self._begun = b""
        if missing <= len(data):
            return ((begun + data[:missing], 0), (data, missing))
        self._framer.take(begun, 0)  # which completes nothing
        return ((data, 0),)

    @property
    def frame(self) -> Frame:
        """The response that was yielded last, as a frame."""
        if self._usual is None:
            return self._frame
        text = self._usual.string[self._usual.start() : _end_of_text(self._usual)]
        return [text] if self._literal is None else [text, self._literal, b")"]

    @property
    def memory(self) -> int:
        """About how many octets it takes: what `memory_of` tells of its frame."""
        usual, literal = self._usual, self._literal
        if usual is None:
            return memory_of(self._frame)
        start, end = usual.start(), _end_of_text(usual)
        octets = end - start + (0 if literal is None else len(literal) + len(b")"))
        return octets + memory_of_objects(usual.string, start, end)


def _end_of_text(usual: re.Match[bytes]) -> int:
    """Return where the first text of the frame would end."""
    return usual.end() - len(b"\r\n") if usual[10] is None else usual.start(10) - 1
