"""SEARCH and ESEARCH (RFC 9051 §7.3.4, RFC 3501 §7.2.5, RFC 4731)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from ...errors import IMAPProtocolError
from ...model import PartialRange
from .._dialect import Dialect
from .._tokens import Value
from .._values import (
    as_count,
    as_list,
    as_mailbox,
    as_number,
    as_ranges,
    as_text,
    as_uid,
)

PLAIN_NUMBERS: Final = re.compile(rb"(?: *+\d{1,18}+(?= |\Z))*+ *+")
"""Pattern of a SEARCH answer that holds nothing but numbers."""

Found: TypeAlias = tuple[tuple[int, int], ...]
"""Inclusive ranges of numbers or UIDs, in the order the server told them."""


@dataclass(frozen=True, slots=True)
class SearchData:
    """The answer to SEARCH (RFC 3501 §7.2.5): numbers or UIDs, as asked.

    Attributes:
        numbers: in the order they came.
        modseq: the highest of any message found (RFC 7162 §3.1.5).
    """

    numbers: tuple[int, ...]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class PartialResult:
    """The part of a result that was asked for (RFC 9394 §3.1, RFC 5267 §4.4).

    Attributes:
        range: which part it is.
        found: what is in it; empty if the result ends before it.
    """

    range: PartialRange
    found: Found


@dataclass(frozen=True, slots=True)
class ContextUpdate:
    """What has come to a result, or has left it (RFC 5267 §4.3.3, §4.3.4).

    Attributes:
        position: where in the result, from 1; 0 for wherever mailbox order says.
        found: which messages.
    """

    position: int
    found: Found


@dataclass(frozen=True, slots=True)
class ESearchData:
    """The answer to SEARCH RETURN (RFC 9051 §7.3.4); None for what it lacks.

    Attributes:
        tag: of the command it is about.
        uid: it tells UIDs, not message numbers.
        all: what was found, in the order of SORT if that was asked.
        count: how many.
        min: the first of them.
        max: the last of them.
        modseq: the highest of any of them (RFC 7162 §3.1.10).
        partial: the part that was asked for.
        relevancy: a score from 1 to 100 for each found (RFC 6203 §4).
        add_to: what has come to the result since (RFC 5267 §4.3.3).
        remove_from: what has left it since (RFC 5267 §4.3.4).
        mailbox: which was searched, if several were (RFC 7377 §2.1).
        uidvalidity: of that mailbox.
    """

    tag: str | None
    uid: bool
    all: Found | None = None
    count: int | None = None
    min: int | None = None
    max: int | None = None
    modseq: int | None = None
    partial: PartialResult | None = None
    relevancy: tuple[int, ...] | None = None
    add_to: tuple[ContextUpdate, ...] = ()
    remove_from: tuple[ContextUpdate, ...] = ()
    mailbox: str | None = None
    uidvalidity: int | None = None


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


def parse_esearch(values: list[Value], dialect: Dialect) -> ESearchData:
    correlators: dict[str, Value] = {}
    position = 0
    if values and isinstance(values[0], list):  # (TAG "A1")
        correlators = _items(values[0])
        position = 1
    uid = position < len(values) and values[position] in ("UID", "uid")
    items = values[position + uid :]
    found = _items(items)

    def number(name: str) -> int | None:
        return as_number(found[name]) if name in found else None

    tag, mailbox = correlators.get("TAG"), correlators.get("MAILBOX")
    uidvalidity = correlators.get("UIDVALIDITY")
    return ESearchData(
        None if tag is None else as_text(tag),
        uid,
        all=_found(found["ALL"]) if "ALL" in found else None,
        count=number("COUNT"),
        min=number("MIN"),
        max=number("MAX"),
        modseq=number("MODSEQ"),
        partial=_partial(found["PARTIAL"]) if "PARTIAL" in found else None,
        relevancy=tuple(map(as_number, as_list(found["RELEVANCY"])))
        if "RELEVANCY" in found
        else None,
        add_to=_updates("ADDTO", items),
        remove_from=_updates("REMOVEFROM", items),
        mailbox=None if mailbox is None else as_mailbox(mailbox, dialect),
        uidvalidity=None if uidvalidity is None else as_uid(uidvalidity),
    )


def _items(values: list[Value]) -> dict[str, Value]:
    pairs = zip(values[::2], values[1::2], strict=False)
    return {as_text(name).upper(): value for name, value in pairs}


def _found(value: Value) -> Found:
    """Return a sequence-set in the order it was sent; NIL is the empty one."""
    text = as_text(value)
    return as_ranges(text) if text else ()


def _partial(value: Value) -> PartialResult:
    fields = as_list(value)
    if len(fields) != 2:
        raise IMAPProtocolError("PARTIAL has two arguments")
    try:
        return PartialResult(PartialRange.parse(as_text(fields[0])), _found(fields[1]))
    except ValueError as error:
        raise IMAPProtocolError(str(error)) from None


def _updates(name: str, items: list[Value]) -> tuple[ContextUpdate, ...]:
    """Return all updates called *name*: the item may be repeated."""
    updates: list[ContextUpdate] = []
    for key, value in zip(items[::2], items[1::2], strict=False):
        if as_text(key).upper() == name:
            fields = as_list(value)
            updates.extend(
                ContextUpdate(as_number(position), _found(found))
                for position, found in zip(fields[::2], fields[1::2], strict=False)
            )
    return tuple(updates)
