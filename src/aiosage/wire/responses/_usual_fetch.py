"""FETCH responses as servers usually write them, by one expression.

They are what comes most, and by far. Anything else goes the long way by tokens, and
so could these: both ways give the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias, cast

from ...model import BodyStructure, Envelope
from .._body_structure import body_structure_from
from .._date_time import parse_date_time
from .._envelope import envelope_from
from .._framer import Frame
from .._tokens import LIST, LIST_DEPTH
from .._values import flags_from
from ._fetch import NO_OTHERS, NO_SECTIONS, FetchData

USUAL_FETCH: Final = re.compile(
    rb"\* (\d{1,10}+) FETCH \((?:(?:"
    rb"UID ([1-9]\d{0,8}+|[1-3]\d{9})"
    rb'|FLAGS \(([^()"\[\x00\r]*+)\)'
    rb'|INTERNALDATE "([^"\\\r]{0,40}+)"'
    rb"|RFC822\.SIZE (\d{1,18}+)"
    rb"|MODSEQ \((\d{1,18}+)\)"
    rb"|ENVELOPE (" + LIST + rb")"
    rb'|BODYSTRUCTURE (?=\([("])(' + LIST + rb")"
    rb")(?: |(?=\))))*"
    rb"(?:\)|(BODY\[[^\[\]\r]*+\](?:<\d{1,10}+>)?+) \{(\d{1,18}+)\})\r\n",
    re.DOTALL,
)
"""The first line of one, which is all, or all but a literal of so many octets as the
last group tells, and ``)`` CRLF. It never looks behind the first CR, so it may be
matched on a stream. Each item, once begun, can only match in one way.
"""

LONGEST_USUAL: Final = 2**16
"""Octets of the longest first line that is read this way."""

USUAL_DEPTH: Final = 1 + LIST_DEPTH
"""How deep they may nest."""

_ALL: Final = b"BODY[]"

_Make: TypeAlias = "Callable[[type[FetchData], tuple[object, ...]], FetchData]"
# Past the constructor, which takes twice as long for the same. The stub of tuple
# leaves open what it holds.
_new = cast("_Make", tuple.__new__)  # pyright: ignore[reportUnknownMemberType]


def parse_usual_fetch(frame: Frame, nesting: int) -> FetchData | None:
    """Return what *frame* says; None if it is no FETCH of the usual kind.

    It is the same as `parse_fetch` would return.

    Args:
        frame: a response.
        nesting: deepest parentheses accepted.
    """
    head, literal = frame[0], None
    if len(frame) == 3 and frame[2] == b")":
        head, literal = head + b"{0}", frame[1]
    elif len(frame) > 1:
        return None
    if len(head) > LONGEST_USUAL or nesting < USUAL_DEPTH:
        return None
    match = USUAL_FETCH.match(head + b"\r\n")
    if match is None or (match[10] is None) is not (literal is None):
        return None
    return fetch_data(match.groups(), literal)


def fetch_data(fields: tuple[bytes | None, ...], literal: bytes | None) -> FetchData:
    """Return what a response says that begins with what `USUAL_FETCH` matched.

    Args:
        fields: the groups that matched.
        literal: what follows; None if nothing does.
    """
    seq, uid, flags, date, size, modseq, envelope, structure, section, _ = fields
    assert seq is not None
    return _new(
        FetchData,
        (
            int(seq),
            None if uid is None else int(uid),
            None if flags is None else flags_from(flags),
            None if date is None else parse_date_time(date),
            None if size is None else int(size),
            None if modseq is None else int(modseq),
            None
            if envelope is None
            else Envelope.deferred(partial(envelope_from, envelope)),
            None
            if structure is None
            else BodyStructure.deferred(partial(body_structure_from, structure)),
            NO_SECTIONS
            if section is None
            else {
                "BODY[]"
                if section == _ALL
                else str(section, "latin-1").upper(): literal
            },
            NO_OTHERS,
        ),
    )
