"""Where the parts of a message begin and end (RFC 2046, RFC 5322).

One pass over the octets, iterative, finds every MIME part and remembers only
offsets into the message, so that a section is a slice and a count is exact.
Nesting and the number of parts are capped: what is beyond is not looked into.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ._header import Fields, Parameters, parse_fields, parse_parameterized

MAX_DEPTH: Final = 64
"""Levels of nesting looked into; a multipart deeper down is one octet stream."""

MAX_PARTS: Final = 5_000
"""Parts looked for in one message; the rest stays inside the last of them."""

_TEXT: Final = (b"text", b"plain")
_MESSAGE: Final = (b"message", b"rfc822")
_DASHES: Final = re.compile(rb"^--", re.MULTILINE)


@dataclass(slots=True)
class Part:
    """One MIME part: the message itself, or a part of it.

    Its header is ``raw[start:body]``, the blank line included, and its body
    ``raw[body:end]``.
    """

    raw: bytes = field(repr=False)
    start: int
    body: int
    end: int
    fields: Fields = field(repr=False)
    type: bytes  # as written in Content-Type, like the subtype
    subtype: bytes
    parameters: Parameters
    children: list[Part] = field(default_factory=list["Part"])

    @property
    def is_multipart(self) -> bool:
        """Whether the parts inside are its children (none if it is broken)."""
        return self.type.lower() == b"multipart"

    @property
    def is_message(self) -> bool:
        """Whether the body is a message, which is then the only child."""
        return self.type.lower() == b"message" and self.subtype.lower() == b"rfc822"

    @property
    def is_text(self) -> bool:
        """Whether the body is text, whatever its subtype."""
        return self.type.lower() == b"text"

    @property
    def header(self) -> bytes:
        """The header with the blank line that ends it."""
        return self.raw[self.start : self.body]

    @property
    def content(self) -> bytes:
        """The body, still encoded."""
        return self.raw[self.body : self.end]

    @property
    def size(self) -> int:
        """The body's size in octets."""
        return self.end - self.body

    @property
    def lines(self) -> int:
        """How many line ends the body holds."""
        return self.raw.count(b"\n", self.body, self.end)


@dataclass(slots=True)
class _Open:
    """A part whose end has not been seen, and the boundary its children have."""

    part: Part
    boundary: bytes | None  # None: not a multipart, or in its epilogue
    floor: int  # the body cannot end before this


def parse_message(raw: bytes) -> Part:
    """Return the structure of *raw*; never fails, whatever it holds."""
    return _Scanner(raw).scan()


class _Scanner:
    """The state of the pass: the parts open at a point of the message."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._open: list[_Open] = []
        self._count = 0

    def scan(self) -> Part:
        root, position = self._begin(0, default=_TEXT)
        while self._open:
            delimiter = self._find_delimiter(position)
            if delimiter is None:
                self._close_above(-1, len(self._raw))
                break
            level, line, after, is_final = delimiter
            self._close_above(level, self._end_before(line))
            position = after
            if is_final:
                self._open[level].boundary = None
                self._open[level].floor = after
                continue
            parent = self._open[level].part
            digest = parent.subtype.lower() == b"digest"
            child, position = self._begin(after, default=_MESSAGE if digest else _TEXT)
            parent.children.append(child)
        return root

    def _begin(self, start: int, *, default: tuple[bytes, bytes]) -> tuple[Part, int]:
        """Open the part whose header is at *start*; return it and its body.

        A message inside is begun as well, as its only child.
        """
        first = part = self._open_part(start, default)
        while part.is_message:
            inner = self._open_part(part.body, _TEXT)
            part.children.append(inner)
            part = inner
        return first, part.body

    def _open_part(self, start: int, default: tuple[bytes, bytes]) -> Part:
        part = self._read_header(start, default)
        self._open.append(_Open(part, _boundary(part), part.body))
        return part

    def _read_header(self, start: int, default: tuple[bytes, bytes]) -> Part:
        """Return the part at *start*, its end not yet known.

        A header ends at a blank line, or where a delimiter cuts it short.
        """
        self._count += 1
        cut = self._find_delimiter(start)
        body = _header_end(self._raw, start, len(self._raw) if cut is None else cut[1])
        fields = parse_fields(self._raw, start, body)
        type_, subtype, parameters = _content_type(fields, default)
        part = Part(self._raw, start, body, body, fields, type_, subtype, parameters)
        is_too_much = len(self._open) >= MAX_DEPTH or self._count >= MAX_PARTS
        if is_too_much and (part.is_multipart or part.is_message):
            part.type, part.subtype = b"application", b"octet-stream"
        return part

    def _find_delimiter(self, start: int) -> tuple[int, int, int, bool] | None:
        """Return the next delimiter line of any open multipart.

        As (level of the multipart, start of the line, start of the next line,
        whether it is the closing one). A line matches if it begins with the
        delimiter, the innermost first (RFC 2046 §5.1.1).
        """
        if self._count >= MAX_PARTS:
            return None
        boundaries = [
            (level, entry.boundary)
            for level, entry in enumerate(self._open)
            if entry.boundary is not None
        ]
        if not boundaries:
            return None
        boundaries.reverse()
        for match in _DASHES.finditer(self._raw, start):
            line = match.start()
            for level, boundary in boundaries:
                if self._raw.startswith(boundary, line):
                    rest = line + len(boundary)
                    newline = self._raw.find(b"\n", rest)
                    after = len(self._raw) if newline < 0 else newline + 1
                    return level, line, after, self._raw.startswith(b"--", rest)
        return None

    def _close_above(self, level: int, end: int) -> None:
        """Close the parts opened after *level*; their bodies end at *end*."""
        while len(self._open) > level + 1:
            closed = self._open.pop()
            closed.part.end = max(closed.floor, end)
            if self._open:
                # The line end after a closing delimiter or in a header cut
                # short is part of what holds it, though a delimiter follows.
                holder = self._open[-1]
                holder.floor = max(holder.floor, closed.part.end)

    def _end_before(self, line: int) -> int:
        """Return where a body ends whose delimiter line starts at *line*.

        The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
        """
        if line and self._raw[line - 1] == 0x0A:
            line -= 1
            if line and self._raw[line - 1] == 0x0D:
                line -= 1
        return line


def _header_end(raw: bytes, start: int, stop: int) -> int:
    """Return where the body begins whose header is at *start*, before *stop*."""
    if raw.startswith(b"\r\n", start, stop):
        return start + 2
    blank = raw.find(b"\r\n\r\n", start, stop)
    return stop if blank < 0 else blank + 4


def _content_type(
    fields: Fields, default: tuple[bytes, bytes]
) -> tuple[bytes, bytes, Parameters]:
    value = fields.first(b"content-type")
    if value is None:
        return (*default, ())
    kind, parameters = parse_parameterized(value)
    type_, _, subtype = kind.partition(b"/")
    return type_, subtype, parameters


def _boundary(part: Part) -> bytes | None:
    """Return what a delimiter line of the multipart *part* begins with."""
    if not part.is_multipart:
        return None
    for name, value in part.parameters:
        if name.lower() == b"boundary":
            return b"--" + value
    return None
