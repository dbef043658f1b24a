"""What some servers get wrong in a response, put right before it is read.

Each repair leaves alone what is right, and what it cannot be sure about: that
stays for the reader to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Final

from ._framer import Frame
from ._tokens import Value
from ._values import as_octets, as_text

_LISTS: Final = frozenset({b"LIST", b"LSUB", b"XLIST"})
_BARE_BACKSLASH: Final = re.compile(rb'(\* +[A-Za-z]+ +\([^()"]*+\) +)"\\"(?= )')
_SPLIT_SECTION: Final = re.compile(r"(?:BODY|BINARY)[A-Z.]*\[[^\]]*", re.IGNORECASE)
_SPAN: Final = re.compile(r"<(\d+)\.\d+>\Z")


def repaired_frame(frame: Frame, name: bytes) -> Frame:
    r"""Return the frame of a response with this name, to be cut into tokens.

    The delimiter ``"\"`` of LIST should have been ``"\\"``: as it stands, the
    string does not end there.
    """
    if name in _LISTS and (bare := _BARE_BACKSLASH.match(frame[0])):
        return [bare[1] + rb'"\\"' + frame[0][bare.end() :], *frame[1:]]
    return frame


def repaired_fetch(values: list[Value], frame: Frame) -> list[Value]:
    """Return one list of items, though the parentheses end early or are missing."""
    if not values or values == [None]:
        return []
    first, *others = values
    items = [*first, *others] if isinstance(first, list) else values
    # A section is in pieces only if there is a literal in its brackets.
    return [_with_whole_sections(items) if len(frame) > 1 else items]


def _with_whole_sections(items: list[Value]) -> list[Value]:
    """Return *items* with sections such as ``BODY[HEADER.FIELDS ({1}...)]`` whole."""
    whole: list[Value] = []
    each = iter(items)
    for item in each:
        if isinstance(item, str) and _SPLIT_SECTION.fullmatch(item):
            pieces = [item]
            for piece in each:
                if not isinstance(piece, list):
                    pieces.append(as_text(piece))
                    break
                pieces.append(f" ({' '.join(as_text(name) for name in piece)})")
            item = "".join(pieces)
        whole.append(item)
    return whole


def section_name(name: str) -> str:
    """Return the name of a section as it should be: without PEEK and length."""
    return _SPAN.sub(r"<\1>", name.replace(".PEEK[", "[", 1))


def _words(values: Sequence[Value]) -> Value:
    """Return a mailbox name of which the quotes are missing."""
    if len(values) == 1 and values[0] is not None:
        return values[0]
    return b" ".join(as_octets(value) or b"NIL" for value in values)


def _list(values: list[Value]) -> list[Value]:
    """Return attributes, delimiter, the name as one value, and what else there is."""
    name = list(takewhile(lambda value: not isinstance(value, list), values[2:]))
    if not name:
        return values
    return [*values[:2], _words(name), *values[2 + len(name) :]]


def _status(values: list[Value]) -> list[Value]:
    """Return the name as one value, and the items as one list."""
    if len(values) < 2:
        return values
    if isinstance(values[-1], list):
        return [_words(values[:-1]), values[-1]]
    return [values[0], values[1:]] if len(values) % 2 else values


def _namespace(values: list[Value]) -> list[Value]:
    """Return lists of namespaces, each with a delimiter."""
    return [
        [
            [*entry, None] if isinstance(entry, list) and len(entry) == 1 else entry
            for entry in ([value] if value and _is_flat(value[:2]) else value)
        ]
        if isinstance(value, list)
        else value
        for value in values
    ]


def _is_flat(values: list[Value]) -> bool:
    return not any(isinstance(value, list) for value in values)


def _flags(values: list[Value]) -> list[Value]:
    """Return flags as a list."""
    return [values] if values and _is_flat(values) and values != [None] else values


def _id(values: list[Value]) -> list[Value]:
    """Return pairs as one list, in which what is no string is NIL."""
    pairs = values[0] if values and isinstance(values[0], list) else values
    return [[None if isinstance(value, list) else value for value in pairs]]


def _search(values: list[Value]) -> list[Value]:
    """Return numbers, then MODSEQ in parentheses."""
    modseq: list[Value] = []
    if len(values) > 1 and _atom(values[-2]) == "MODSEQ":
        modseq = [values[-2:]]
        values = values[:-2]
    return [value for value in values if value is not None] + modseq


def _vanished(values: list[Value]) -> list[Value]:
    """Return EARLIER as a list, if it is there, and the UIDs as one set."""
    start: list[Value] = []
    if values and (isinstance(values[0], list) or _atom(values[0]) == "EARLIER"):
        start = [values[0] if isinstance(values[0], list) else values[:1]]
        values = values[1:]
    return [*start, b",".join(as_octets(value) or b"" for value in values)]


def _atom(value: Value) -> str | None:
    """Return an atom in upper case; None for what is none."""
    return value.upper() if isinstance(value, str) else None


REPAIRS: Final[dict[bytes, Callable[[list[Value]], list[Value]]]] = {
    b"FLAGS": _flags,
    b"ID": _id,
    b"LIST": _list,
    b"LSUB": _list,
    b"NAMESPACE": _namespace,
    b"SEARCH": _search,
    b"STATUS": _status,
    b"VANISHED": _vanished,
    b"XLIST": _list,
}
"""By name of a response, what is done to its tokens before they are read."""
