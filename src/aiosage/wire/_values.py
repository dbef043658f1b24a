"""Reading parsed tokens as what the grammar says they are."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ..errors import IMAPProtocolError
from ..model import MAX_UID, Flag, MessageSet
from ._dialect import Dialect
from ._mailbox_name import decode_mailbox_name
from ._tokens import Value, tokenize

MAX_NUMBER64: Final = 2**63 - 1
"""The largest number64 (RFC 9051 §9)."""

_OUT_OF_RANGE: Final = re.compile(rb"-\d{1,20}|\d{19,20}")
_CACHED_FLAGS: Final = 256  # octets: a hostile list must not stay in the cache


def as_list(value: Value) -> list[Value]:
    """Return a list; NIL, and an empty string for it, is the empty list."""
    if isinstance(value, list):
        return value
    if not value:
        return []
    raise IMAPProtocolError(f"expected a list, got {_excerpt(value)}")


def as_octets(value: Value) -> bytes | None:
    """Return a string's octets; None for NIL."""
    if isinstance(value, str):
        return value.encode("latin-1")
    if isinstance(value, list):
        raise IMAPProtocolError("expected a string, got a list")
    return value


def as_text(value: Value) -> str:
    """Return an atom or string as text: UTF-8, odd octets as surrogates."""
    octets = as_octets(value)
    return (octets or b"").decode("utf-8", "surrogateescape")


def as_mailbox(value: Value, dialect: Dialect) -> str:
    """Return a mailbox name; ``INBOX`` in its one true spelling."""
    name = decode_mailbox_name(as_octets(value) or b"", utf8=dialect.utf8)
    # Only ASCII letters have no case here: "\u0131".upper() is "I", too.
    return "INBOX" if name.isascii() and name.upper() == "INBOX" else name


def as_number(value: Value) -> int:
    """Return a number of up to 63 bits (RFC 9051 §9, number64)."""
    if isinstance(value, list) and len(value) == 1:  # MODSEQ (n)
        value = value[0]
    text = value if isinstance(value, str) else as_text(value)
    if text.isascii() and text.isdigit() and len(text) <= 19:
        number = int(text)
        if number <= MAX_NUMBER64:
            return number
    raise IMAPProtocolError(f"expected a number, got {_excerpt(value)}")


def as_count(value: Value) -> int | None:
    """Return a number; None for NIL, and for what is below 0 or above 63 bits.

    For what a message can do without: servers say -1 where they do not know.
    """
    if isinstance(value, list) and len(value) == 1:  # MODSEQ (n)
        value = value[0]
    try:
        return None if value is None else as_number(value)
    except IMAPProtocolError:
        if _OUT_OF_RANGE.fullmatch(as_octets(value) or b""):
            return None
        raise


def as_uid(value: Value) -> int:
    """Return a UID or UIDVALIDITY: 1 to 2^32-1 (RFC 9051 §9, uniqueid)."""
    number = as_number(value)
    if not 1 <= number <= MAX_UID:
        raise IMAPProtocolError(f"expected a UID, got {number}")
    return number


def as_message_set(value: Value) -> MessageSet:
    """Return a set of UIDs; commas too many in it do not matter."""
    text = as_text(value)
    if "*" in text:  # which only clients may say
        raise IMAPProtocolError(f"not a set of messages: {_excerpt(value)}")
    if text.startswith(",") or text.endswith(",") or ",," in text:
        text = ",".join(filter(None, text.split(",")))
    try:
        return MessageSet.parse(text)
    except ValueError as error:
        raise IMAPProtocolError(str(error)) from None


def as_atoms(values: list[Value]) -> list[str]:
    """Return what are all atoms or strings as text."""
    return [as_text(value) for value in values]


def as_flags(value: Value) -> frozenset[Flag]:
    """Return a parenthesised list of flags; the parentheses of one may be missing."""
    if isinstance(value, str):
        value = [value]
    names = tuple(as_atoms(as_list(value)))
    if sum(map(len, names)) > _CACHED_FLAGS:
        return frozenset(map(Flag.from_wire, names))
    return _flags(names)


def flags_from(octets: bytes) -> frozenset[Flag]:
    """Return the flags in a list that holds no other list, string or bracket."""
    if len(octets) > _CACHED_FLAGS:
        return as_flags(tokenize([octets], nesting=0))
    return _flags_of(octets)


# Equal flag lists are one object: mailboxes repeat a few.


@lru_cache(maxsize=1024)
def _flags(names: tuple[str, ...]) -> frozenset[Flag]:
    return frozenset(map(Flag.from_wire, names))


@lru_cache(maxsize=1024)
def _flags_of(octets: bytes) -> frozenset[Flag]:
    return as_flags(tokenize([octets], nesting=0))


def as_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Return a UID set in the order it was sent, as COPYUID needs it.

    A range is ascending however it was written (RFC 4315 §3).
    """
    ranges: list[tuple[int, int]] = []
    for item in text.split(","):
        first, colon, last = item.partition(":")
        start = as_uid(first)
        end = as_uid(last) if colon else start
        ranges.append((min(start, end), max(start, end)))
    return tuple(ranges)


def _excerpt(value: Value) -> str:
    return f"{value!r:.40}" if not isinstance(value, bytes) else "a string"
