"""Patterns of names of mailboxes, as LIST takes them (RFC 9051 §6.3.9)."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable
from typing import Final

_WILDCARDS: Final = ("*", "%")


def is_pattern(name: str) -> bool:
    """Return whether *name* stands for any number of mailboxes."""
    return "*" in name or "%" in name


def fits(name: str, pattern: str, delimiters: Container[str] = ()) -> bool:
    """Return whether LIST *pattern* may tell of the mailbox *name*.

    In doubt it may: servers differ in how they compare letters, and it is for them
    to say what there is.

    Args:
        name: of one mailbox.
        pattern: with ``*`` for anything, and ``%`` for anything on one level.
        delimiters: between two levels; none if they are not known.
    """
    pattern = _folded(pattern)
    at = _from(pattern, [0])  # all places in the pattern where one can be by now
    for character in _folded(name):
        after: list[int] = []
        for place in at:
            wanted = pattern[place : place + 1]
            if wanted == "*" or (wanted == "%" and character not in delimiters):
                after.append(place)
            elif wanted == character:
                after.append(place + 1)
        at = _from(pattern, after)
    return len(pattern) in at


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _from(pattern: str, places: Iterable[int]) -> list[int]:
    """Return *places* and those after wildcards, which may stand for nothing."""
    reached: dict[int, None] = {}
    for first in places:
        place = first
        while place not in reached:
            reached[place] = None
            if pattern[place : place + 1] in _WILDCARDS:
                place += 1
    return list(reached)
