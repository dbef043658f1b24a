"""BODYSTRUCTURE: from octets to a tree (RFC 9051 §7.5.2).

Mailers make a few kinds of part, again and again, that differ in their size, or
in the boundary of a multipart. One expression finds the parts that are written
as servers usually do, and what is common to their kind is parsed once, by the
long way, and remembered. Any structure with something else in it, such as a
message or a literal, goes the long way as a whole; both give the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ..model import BodyStructure
from ._tokens import NSTRING, QUOTED, read_list

_LIST: Final = rb"\(" + QUOTED + b"(?: " + QUOTED + rb")*\)"
_PARAMS: Final = b"(?:NIL|" + _LIST + b")"
# Extension data: MD5, disposition, languages, location.
_EXTENSION: Final = (
    rb"(?: (?:" + NSTRING + b"|" + _LIST + rb"|\(" + QUOTED + b" " + _PARAMS + rb"\)))*"
)
_PIECE: Final = re.compile(
    # A part that has no parts: all up to its size, the size, lines, the rest.
    rb"\((%(s)s %(s)s %(p)s %(n)s %(n)s %(s)s) (\d{1,18})(?: (\d{1,18}))?(%(e)s)\)"
    # The start of a multipart, and its end: subtype, boundary, the rest.
    rb"|(\()(?=\()"
    rb'| (%(s)s)(?: \("(?i:boundary)" "([A-Za-z0-9\'+_,./:=-]++)"\))?(%(e)s)\)'
    % {b"s": QUOTED, b"n": NSTRING, b"p": _PARAMS, b"e": _EXTENSION},
    re.DOTALL,
)
_CACHED: Final = 300  # octets: nothing of hostile size must stay in the cache


def body_structure_from(octets: bytes) -> BodyStructure:
    """Return the structure that *octets* say, matched by `LIST` and not empty."""
    return _by_kinds(octets) or _by_tokens(octets)


def _by_tokens(octets: bytes) -> BodyStructure:
    return BodyStructure.from_raw(read_list(octets))


def _by_kinds(octets: bytes) -> BodyStructure | None:
    """Return the structure if it is made of usual parts only."""
    position = 0
    parts: list[BodyStructure] = []
    # Of the multiparts that are open: the parts before, and the own section.
    stack: list[tuple[list[BodyStructure], str]] = []
    section = ""  # of the innermost
    while piece := _PIECE.match(octets, position):
        position = piece.end()
        head, size, lines, rest, start, subtype, boundary, extension = piece.groups()
        number = f"{section}.{len(parts) + 1}" if section else str(len(parts) + 1)
        if start:
            stack.append((parts, section))
            parts, section = [], number if len(stack) > 1 else ""
            continue
        if head:
            part = _leaf(head, size, lines, rest, number)
            if part is None:
                return None
        elif stack and parts:
            part = _multipart(
                subtype, boundary, extension, section or "TEXT", tuple(parts)
            )
            parts, section = stack.pop()
        else:
            return None
        if not stack:
            return part if position == len(octets) else None
        parts.append(part)
    return None


def _leaf(
    head: bytes, size: bytes, lines: bytes | None, rest: bytes, section: str
) -> BodyStructure | None:
    octets = b"(%b 0%b%b)" % (head, b" 0" if lines else b"", rest)
    kind = _kind(octets) if len(octets) <= _CACHED else _by_tokens(octets)
    if kind.type == "message" or (lines and kind.lines is None):
        return None  # its fields are others than they seem
    return BodyStructure(
        type=kind.type,
        subtype=kind.subtype,
        section=section,
        params=kind.params,
        content_id=kind.content_id,
        description=kind.description,
        encoding=kind.encoding,
        size=int(size),
        lines=int(lines) if lines else kind.lines,
        md5=kind.md5,
        disposition=kind.disposition,
        disposition_params=kind.disposition_params,
        language=kind.language,
        location=kind.location,
    )


def _multipart(
    subtype: bytes,
    boundary: bytes | None,
    extension: bytes,
    section: str,
    parts: tuple[BodyStructure, ...],
) -> BodyStructure:
    octets = b"(() %b%b%b)" % (subtype, b" NIL" if boundary else b"", extension)
    kind = _kind(octets) if len(octets) <= _CACHED else _by_tokens(octets)
    params = {"boundary": boundary.decode("ascii")} if boundary else kind.params
    return BodyStructure(
        type=kind.type,
        subtype=kind.subtype,
        section=section,
        params=params,
        disposition=kind.disposition,
        disposition_params=kind.disposition_params,
        language=kind.language,
        location=kind.location,
        parts=parts,
    )


_kind = lru_cache(maxsize=1024)(_by_tokens)
