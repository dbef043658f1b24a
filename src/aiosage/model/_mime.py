"""The MIME tree of a raw message, found in one pass (RFC 2046 §5.1).

The scanner walks over the lines that begin with ``--`` once, in order, with a
stack of the multiparts that are open. It knows a delimiter by one look into a
dict of their boundaries. So time is linear in the size of the message, however
its parts nest and whatever they lack.

A message in the message is a leaf: what it holds is found by parsing it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ._body_structure import BodyStructure
from ._body_structure_raw import MAX_DEPTH
from ._charset import Report, ignore
from ._headers import Headers
from ._parameters import parse_value

MAX_PARTS: Final = 20_000
"""Further parts of one message are left in the last, and reported."""

_DELIMITER: Final = re.compile(rb"\n--([^\r\n]*+)(?=\r?\n|\r?\Z)")
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_CONTENT_TYPE: Final = re.compile(r"([!-.0-~]+)/([!-.0-~]+)")


@dataclass(frozen=True, slots=True)
class MimeTree:
    """The parts of a raw message, and where their content is.

    Attributes:
        root: the tree.
        ranges: where the content of the part of a section begins and ends.
    """

    root: BodyStructure
    ranges: dict[str, tuple[int, int]]


def parse_mime(raw: bytes, report: Report = ignore) -> MimeTree:
    """Return the parts of the message *raw*. Never raises.

    A multipart in which no delimiter is found has one part: all of it, as text.
    """
    return _Scanner(raw, report).scan()


@dataclass(slots=True)
class _Head:
    """What the header of a part says."""

    type: str
    subtype: str
    params: dict[str, str]
    headers: Headers
    number: str  # its part number; "" for the message itself


@dataclass(slots=True)
class _Multipart:
    """A multipart whose end is not found yet."""

    head: _Head
    boundary: bytes
    body_start: int
    outer: int | None  # the open multipart that has the same boundary
    parts: list[BodyStructure] = field(default_factory=list[BodyStructure])


class _Scanner:
    """The state between two delimiters.

    A part is first a header (``_header``: where it begins), then a multipart on
    the stack or a leaf (``_leaf``: its header, and where its body begins).
    """

    def __init__(self, raw: bytes, report: Report) -> None:
        self._raw = raw
        self._report = report
        self._root: BodyStructure | None = None
        self._ranges: dict[str, tuple[int, int]] = {}
        self._open: list[_Multipart] = []
        self._boundaries: dict[bytes, int] = {}  # to the index in _open
        self._count = 0
        self._header: int | None = None
        self._body = 0  # where the body after _header begins
        self._leaf: tuple[_Head, int] | None = None
        self._blank = (-1, 0)  # the last empty line looked for

    def scan(self) -> MimeTree:
        self._begin_header(0)
        for match in _DELIMITER.finditer(self._raw):
            if self._header is not None and match.start() + 1 >= self._body:
                self._begin_body(self._body)
            index, is_last = self._owner(match[1].rstrip(b" \t"))
            if index is None:
                continue
            if self._count == MAX_PARTS:
                self._report(f"more than {MAX_PARTS} parts")
                break
            if self._header is not None:  # a header without an empty line
                self._begin_body(match.start() + 1)
            self._end_leaf(match.start())
            self._close(index + (not is_last), match.start())
            if not is_last:
                newline = self._raw.find(b"\n", match.end())
                self._begin_header(newline + 1 if newline >= 0 else len(self._raw))
        if self._header is not None:
            self._begin_body(self._body)
        self._end_leaf(len(self._raw))
        if self._open:
            self._report("a multipart is not closed")
        self._close(0, len(self._raw))
        assert self._root is not None, "the first header begins the root"
        return MimeTree(self._root, self._ranges)

    def _owner(self, line: bytes) -> tuple[int | None, bool]:
        """Return which open multipart a line after ``--`` delimits, and if it ends."""
        index = self._boundaries.get(line)
        if index is None and line.endswith(b"--"):
            return self._boundaries.get(line[:-2]), True
        return index, False

    def _begin_header(self, start: int) -> None:
        self._count += 1
        self._header = start
        if self._raw.startswith((b"\n", b"\r\n"), start):
            self._body = self._raw.index(b"\n", start) + 1
            return
        # Starts only grow, so no octet is searched twice for an empty line.
        if self._blank[0] < start:
            match = _BLANK_LINE.search(self._raw, start)
            self._blank = match.span() if match else (len(self._raw), len(self._raw))
        self._body = self._blank[1]

    def _begin_body(self, start: int) -> None:
        """Read the header that ends at *start*, and see what it heads."""
        assert self._header is not None
        headers = Headers(self._raw[self._header : start], report=self._report)
        self._header = None
        head = self._read_head(headers)
        if head.type == "multipart":
            boundary = head.params.get("boundary", "").rstrip().encode()
            if len(self._open) < MAX_DEPTH:
                outer = self._boundaries.get(boundary)
                if boundary:
                    self._boundaries[boundary] = len(self._open)
                self._open.append(_Multipart(head, boundary, start, outer))
                return
            self._report(f"parts nest deeper than {MAX_DEPTH}")
        self._leaf = head, start

    def _read_head(self, headers: Headers) -> _Head:
        number = ""
        default = "text/plain"
        if self._open:
            top = self._open[-1]
            number = f"{top.head.number}.".lstrip(".") + str(len(top.parts) + 1)
            if top.head.subtype == "digest":  # RFC 2046 §5.1.5
                default = "message/rfc822"
        content_type, params = self._value(headers, "content-type")
        match = _CONTENT_TYPE.fullmatch(content_type or default)
        if match is None:  # RFC 2045 §5.2
            self._report(f"not a content type: {content_type[:40]!r}")
            return _Head("text", "plain", params, headers, number)
        return _Head(match[1], match[2], params, headers, number)

    def _value(self, headers: Headers, name: str) -> tuple[str, dict[str, str]]:
        for body in headers.raw(name):
            return parse_value(body, self._report)
        return "", {}

    def _end_leaf(self, end: int) -> None:
        if self._leaf is None:
            return
        head, start = self._leaf
        self._leaf = None
        self._add(self._leaf_part(head, head.number or "1", start, end))

    def _leaf_part(
        self, head: _Head, section: str, start: int, end: int
    ) -> BodyStructure:
        """Return the part whose content ends before the line break at *end*."""
        if end < len(self._raw) and self._raw[end - 1 : end] == b"\r":
            end -= 1
        end = max(start, end)
        self._ranges[section] = start, end
        headers = head.headers
        disposition, disposition_params = self._value(headers, "content-disposition")
        return BodyStructure(
            type=head.type,
            subtype=head.subtype,
            section=section,
            params=head.params,
            content_id=headers.get("content-id", "").strip("<>") or None,
            description=headers.get("content-description") or None,
            encoding=self._value(headers, "content-transfer-encoding")[0] or "7bit",
            size=end - start,
            disposition=disposition or None,
            disposition_params=disposition_params,
        )

    def _close(self, level: int, end: int) -> None:
        """End the open multiparts from *level* up, innermost first."""
        while len(self._open) > level:
            multipart = self._open.pop()
            if multipart.outer is not None:
                self._boundaries[multipart.boundary] = multipart.outer
            else:
                self._boundaries.pop(multipart.boundary, None)
            head = multipart.head
            if not multipart.parts:
                self._report("a multipart without parts")
                section = f"{head.number}.1".lstrip(".")
                text = _Head("text", "plain", {}, Headers(b""), section)
                multipart.parts.append(
                    self._leaf_part(text, section, multipart.body_start, end)
                )
            self._add(
                BodyStructure(
                    type=head.type,
                    subtype=head.subtype,
                    section=head.number or "TEXT",
                    params=head.params,
                    parts=tuple(multipart.parts),
                )
            )

    def _add(self, part: BodyStructure) -> None:
        if self._open:
            self._open[-1].parts.append(part)
        else:
            self._root = part
