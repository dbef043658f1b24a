"""Values as a server writes them (RFC 9051 §4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

# What a quoted string may hold: no NUL, CR, LF and nothing with the 8th bit.
_QUOTABLE: Final = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
_SPECIAL: Final = re.compile(rb'(["\\])')


def string(value: bytes) -> bytes:
    """Return *value* as a quoted string, or as a literal if it must be one."""
    if _QUOTABLE.fullmatch(value) and len(value) <= 1000:
        return b'"' + _SPECIAL.sub(rb"\\\1", value) + b'"'
    return literal(value)


def nstring(value: bytes | None) -> bytes:
    """Return *value* as a string, None as NIL."""
    return b"NIL" if value is None else string(value)


def literal(value: bytes) -> bytes:
    """Return *value* as a literal."""
    return b"{%d}\r\n%b" % (len(value), value)


def astring(value: bytes) -> bytes:
    """Return *value* as an atom where it can be one, else as a string."""
    if _ATOM.fullmatch(value) and value.upper() != b"NIL":
        return value
    return string(value)


def parenthesized(items: Iterable[bytes]) -> bytes:
    """Return *items* as a list."""
    return b"(" + b" ".join(items) + b")"


def number_set(numbers: Iterable[int]) -> bytes:
    """Return ascending *numbers* as a sequence set, with ranges (``1:3,7``)."""
    pieces: list[bytes] = []
    first = last = 0
    for number in numbers:
        if number != last + 1 or not first:
            if first:
                pieces.append(_range(first, last))
            first = number
        last = number
    if first:
        pieces.append(_range(first, last))
    return b",".join(pieces)


def _range(first: int, last: int) -> bytes:
    return b"%d" % first if first == last else b"%d:%d" % (first, last)
