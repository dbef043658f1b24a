"""Values of a server's response, read without trust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, TypeGuard

from ._charset import decode_unlabelled
from ._encoded_words import decode_field

RawValue: TypeAlias = bytes | str | int | Sequence["RawValue"] | None
"""What a response is made of: string, atom, number, NIL or list."""


def is_list(value: RawValue) -> TypeGuard[Sequence[RawValue]]:
    """Whether *value* is a list, not a string."""
    return isinstance(value, (list, tuple))


def octets(value: RawValue) -> bytes | None:
    """Return a string, or an atom in its place; None for what is neither."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return value if isinstance(value, bytes) else None


def text(value: RawValue) -> str:
    """Return a string that is plain; "" for what is none."""
    return decode_unlabelled(octets(value) or b"").strip()


def decoded(value: RawValue) -> str | None:
    """Return a string with its encoded words decoded; None for none or empty."""
    return decode_field(octets(value) or b"") or None


def number(value: RawValue) -> int | None:
    """Return a number; None for what is none."""
    if isinstance(value, int):
        return value
    digits = octets(value) or b""
    return int(digits) if digits.isdigit() and len(digits) <= 19 else None
