"""FETCH responses (RFC 9051 §7.5.2)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from ..errors import IMAPProtocolError
from ._responses import FetchData, Value
from ._values import MONTHS, as_flags, as_list, as_number, as_octets, as_text, as_uid

_DATE: Final = re.compile(
    r" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
)


def parse_fetch(seq: int, values: list[Value]) -> FetchData:
    """Return what the response about message *seq* says.

    Raises:
        IMAPProtocolError: it is not a list of names and values.
    """
    items = as_list(values[0]) if values else []
    if len(items) % 2:
        raise IMAPProtocolError("FETCH with an item that has no value")
    uid: int | None = None
    flags = internal_date = size = modseq = envelope = body_structure = None
    sections: dict[str, bytes | None] = {}
    others: dict[str, Value] = {}
    pairs = iter(items)
    for name, value in zip(pairs, pairs, strict=True):
        key = name.upper() if isinstance(name, str) else as_text(name).upper()
        if key == "UID":
            uid = as_uid(value)
        elif key == "FLAGS":
            flags = as_flags(value)
        elif key == "INTERNALDATE":
            internal_date = parse_date_time(as_text(value))
        elif key == "RFC822.SIZE":
            size = as_number(value)
        elif key == "MODSEQ":
            modseq = as_number(value)
        elif key == "ENVELOPE":
            envelope = as_list(value)
        elif key == "BODYSTRUCTURE" or key == "BODY":
            body_structure = as_list(value)
        elif key.startswith("BODY["):
            sections[key] = as_octets(value)
        else:
            others[key] = value
    return FetchData(
        seq,
        uid,
        flags,
        internal_date,
        size,
        modseq,
        envelope,
        body_structure,
        sections,
        others,
    )


def parse_date_time(text: str) -> datetime | None:
    """Return an INTERNALDATE as an aware datetime; None if it is not one."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    try:
        return datetime(
            int(year),
            MONTHS.index(month.capitalize()) + 1,
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),  # a leap second is not a datetime
            tzinfo=timezone(-offset if sign == "-" else offset),
        )
    except ValueError:
        return None
