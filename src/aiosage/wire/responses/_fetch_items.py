"""FETCH items of extensions, read when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ...errors import IMAPProtocolError
from .._date_time import parse_date_time
from .._mailbox_name import decode_mailbox_name
from .._tokens import Value
from .._values import as_number, as_octets, as_text

_BINARY_SIZE: Final = "BINARY.SIZE["
_LARGEST_GMAIL_ID: Final = 2**64 - 1


def object_id(value: Value) -> str | None:
    """Return what ``(M6d99ac3275bb4e)`` holds; None for NIL (RFC 8474 §5)."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return as_text(value) if isinstance(value, str) else None


def text(value: Value) -> str | None:
    """Return a string; None for NIL and for a list."""
    return None if value is None or isinstance(value, list) else as_text(value)


def date_time(value: Value) -> datetime | None:
    """Return a date-time; None for NIL and for what is none."""
    return parse_date_time(as_octets(value) or b"") if _is_string(value) else None


def gmail_id(value: Value) -> int | None:
    """Return an unsigned number of 64 bits; None for what is none."""
    digits = text(value) or ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        return None
    number = int(digits)
    return number if number <= _LARGEST_GMAIL_ID else None


def labels(value: Value) -> tuple[str, ...] | None:
    """Return Gmail's labels, which are written as mailbox names are."""
    if not isinstance(value, list):
        return None
    return tuple(
        decode_mailbox_name(as_octets(label) or b"")
        for label in value
        if _is_string(label)
    )


def binary_sizes(items: Mapping[str, Value]) -> dict[str, int]:
    """Return the decoded size in octets by section (RFC 3516 §4.3)."""
    sizes: dict[str, int] = {}
    for key, value in items.items():
        if key.startswith(_BINARY_SIZE) and key.endswith("]"):
            try:
                sizes[key[len(_BINARY_SIZE) : -1]] = as_number(value)
            except IMAPProtocolError:
                continue  # NIL: the server cannot decode the part
    return sizes


def _is_string(value: Value) -> bool:
    return not isinstance(value, list)
