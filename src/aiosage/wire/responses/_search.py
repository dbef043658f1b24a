"""SEARCH and ESEARCH (RFC 9051 §7.3.4, RFC 3501 §7.2.5, RFC 4731)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from ...model import MessageSet
from .._tokens import Value
from .._values import as_count, as_message_set, as_number, as_text

PLAIN_NUMBERS: Final = re.compile(rb"(?: *+\d{1,18}+(?= |\Z))*+ *+")
"""Pattern of a SEARCH answer that holds nothing but numbers."""


@dataclass(frozen=True, slots=True)
class SearchData:
    """The answer to SEARCH (RFC 3501 §7.2.5): numbers or UIDs, as asked."""

    numbers: tuple[int, ...]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class ESearchData:
    """The answer to SEARCH RETURN (RFC 9051 §7.3.4); None for what it lacks."""

    tag: str | None
    uid: bool
    all: MessageSet | None = None
    count: int | None = None
    min: int | None = None
    max: int | None = None
    modseq: int | None = None


def parse_search(values: list[Value]) -> SearchData:
    modseq = None
    if values and isinstance(values[-1], list):  # (MODSEQ n), RFC 7162 §3.1.5
        modseq = as_count(values[-1][-1]) if values[-1] else None
        values = values[:-1]
    return SearchData(tuple([as_number(value) for value in values]), modseq)


def parse_numbers(text: bytes) -> SearchData:
    """Return a plain SEARCH answer: no tokens for a million UIDs."""
    try:
        # Nothing else in Python reads numbers as fast.
        numbers = json.loads(b"[%b]" % text.strip().replace(b" ", b","))
    except ValueError:  # two spaces, or zeros before a number
        numbers = map(int, text.split())
    found = tuple(numbers)
    return SearchData(() if found == (0,) else found)  # 0 is no message: none found


def parse_esearch(values: list[Value]) -> ESearchData:
    tag = None
    position = 0
    if values and isinstance(values[0], list):  # (TAG "A1")
        correlator = values[0]
        tag = as_text(correlator[1]) if len(correlator) > 1 else None
        position = 1
    uid = position < len(values) and values[position] in ("UID", "uid")
    items = values[position + uid :]
    found = {
        as_text(name).upper(): value
        for name, value in zip(items[::2], items[1::2], strict=False)
    }

    def number(name: str) -> int | None:
        return as_number(found[name]) if name in found else None

    return ESearchData(
        tag,
        uid,
        all=as_message_set(found["ALL"]) if "ALL" in found else None,
        count=number("COUNT"),
        min=number("MIN"),
        max=number("MAX"),
        modseq=number("MODSEQ"),
    )
