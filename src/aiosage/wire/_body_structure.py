"""BODYSTRUCTURE: from octets to a tree (RFC 9051 §7.5.2).

Mailers make a few kinds of part, again and again, that differ in their size, or
in the boundary of a multipart. One expression finds the pieces of a structure
that is written as servers usually do, and what is common to a kind is parsed
once, by the long way, and remembered. A structure with anything else in it goes
the long way as a whole; both give the same.

A piece is a part without parts, or the start or the end of one that has some.
What is open stands on a stack, so depth costs no recursion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from ..model import BodyStructure, Envelope
from ._envelope import envelope_from
from ._tokens import NSTRING, QUOTED, list_pattern, read_list

_STRINGS: Final = rb"\(" + QUOTED + b"(?: " + QUOTED + rb")*\)"
_PARAMS: Final = b"(?:NIL|" + _STRINGS + b")"
_BOUNDARY: Final = rb'\("(?i:boundary)" "([A-Za-z0-9+_,./:=-]++)"\)'
# MD5, disposition, languages, location, in any number.
_REST: Final = rb"((?: (?:%b|%b|\(%b %b\)))*)" % (NSTRING, _STRINGS, QUOTED, _PARAMS)
_BEGIN: Final = re.compile(
    # All of a part up to its size, and its size. Then either lines and the rest,
    # or the envelope of a message, and its body begins.
    rb"\((%(s)s %(s)s %(p)s %(n)s %(n)s %(s)s) (\d{1,18})"
    rb"(?:(?: (\d{1,18}))?%(rest)s\)| (%(envelope)s) (?=\())"
    # Or a multipart begins.
    rb"|\((?=\()"
    % {
        b"s": QUOTED,
        b"n": NSTRING,
        b"p": _PARAMS,
        b"rest": _REST,
        b"envelope": list_pattern(3),
    },
    re.DOTALL,
)
_END: Final = re.compile(
    # Of a multipart: subtype, boundary, the rest. Of a message: lines, the rest.
    rb" (?:(%b)(?: %b)?|(\d{1,18}))%b\)" % (QUOTED, _BOUNDARY, _REST),
    re.DOTALL,
)
_CACHED: Final = 300  # octets: nothing of hostile size must stay in the cache


@dataclass(slots=True)
class _Open:
    """A part of which the end has not been seen.

    Attributes:
        section: its own.
        prefix: of the sections of its parts.
        message: what came before its body; None for a multipart.
        parts: those that were seen.
    """

    section: str
    prefix: str
    message: tuple[bytes, bytes, bytes] | None = None
    parts: list[BodyStructure] = field(default_factory=list[BodyStructure])

    @property
    def next_section(self) -> str:
        """The section of the next part."""
        number = str(len(self.parts) + 1)
        return f"{self.prefix}.{number}" if self.prefix else number

    @property
    def text_section(self) -> str:
        """The section of a multipart that is all of the body of a message."""
        return f"{self.prefix}.TEXT" if self.prefix else "TEXT"


def body_structure_from(octets: bytes) -> BodyStructure:
    """Return the structure that *octets* say, matched by `LIST` and not empty."""
    return _by_kinds(octets) or _by_tokens(octets)


def _by_tokens(octets: bytes) -> BodyStructure:
    return BodyStructure.from_raw(read_list(octets))


def _by_kinds(octets: bytes) -> BodyStructure | None:
    """Return the structure if it is made of usual pieces only."""
    position = 0
    stack = [_Open("", "", (b"", b"", b""))]  # the message that has the structure
    while True:
        inner = stack[-1]
        part: BodyStructure | None
        if piece := _BEGIN.match(octets, position):
            head, size, lines, rest, envelope = piece.groups()
            section = inner.next_section
            position = piece.end()
            if not head:
                if inner.message:  # a multipart that is all of a message's body
                    stack.append(_Open(inner.text_section, inner.prefix))
                else:
                    stack.append(_Open(section, section))
                continue
            if envelope:
                stack.append(_Open(section, section, (head, size, envelope)))
                continue
            part = _leaf(head, size, lines, rest, section)
        elif len(stack) > 1 and (piece := _END.match(octets, position)):
            subtype, boundary, lines, rest = piece.groups()
            position = piece.end()
            if inner.message:
                part = _message(inner, lines, rest) if lines else None
            else:
                part = _multipart(inner, subtype, boundary, rest) if subtype else None
            stack.pop()
        else:
            return None
        if part is None:
            return None
        if len(stack) == 1:
            return part if position == len(octets) else None
        stack[-1].parts.append(part)


def _leaf(
    head: bytes, size: bytes, lines: bytes | None, rest: bytes, section: str
) -> BodyStructure | None:
    kind = _kind(b"(%b 0%b%b)" % (head, b" 0" if lines else b"", rest))
    if kind.type == "message" or (lines and kind.lines is None):
        return None  # its fields are others than they seem
    return _like(
        kind,
        section,
        size=int(size),
        lines=int(lines) if lines else kind.lines,
    )


def _multipart(
    inner: _Open, subtype: bytes, boundary: bytes | None, rest: bytes
) -> BodyStructure:
    kind = _kind(b"(() %b%b%b)" % (subtype, b" NIL" if boundary else b"", rest))
    return _like(
        kind,
        inner.section,
        params={"boundary": boundary.decode("ascii")} if boundary else None,
        parts=tuple(inner.parts),
    )


def _message(inner: _Open, lines: bytes, rest: bytes) -> BodyStructure | None:
    assert inner.message is not None
    head, size, envelope = inner.message
    kind = _kind(b"(%b 0 NIL (NIL) 0%b)" % (head, rest))
    if kind.body is None or len(inner.parts) != 1:
        return None
    return _like(
        kind,
        inner.section,
        size=int(size),
        lines=int(lines),
        envelope=envelope_from(envelope),
        body=inner.parts[0],
    )


def _like(
    kind: BodyStructure,
    section: str,
    *,
    params: dict[str, str] | None = None,
    size: int | None = None,
    lines: int | None = None,
    envelope: Envelope | None = None,
    body: BodyStructure | None = None,
    parts: tuple[BodyStructure, ...] = (),
) -> BodyStructure:
    """Return a part of this kind: `dataclasses.replace` takes far longer."""
    return BodyStructure(
        type=kind.type,
        subtype=kind.subtype,
        section=section,
        params=kind.params if params is None else params,
        content_id=kind.content_id,
        description=kind.description,
        encoding=kind.encoding,
        size=size,
        lines=lines,
        md5=kind.md5,
        disposition=kind.disposition,
        disposition_params=kind.disposition_params,
        language=kind.language,
        location=kind.location,
        envelope=envelope,
        body=body,
        parts=parts,
    )


def _kind(octets: bytes) -> BodyStructure:
    """Return a structure that others like it are made of."""
    return _few(octets) if len(octets) <= _CACHED else _by_tokens(octets)


_few = lru_cache(maxsize=1024)(_by_tokens)
