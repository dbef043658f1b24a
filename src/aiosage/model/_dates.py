"""Dates of mail (RFC 5322 §3.3, §4.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from functools import lru_cache
from typing import Final

# How nearly all are written; anything else is for the standard library to read.
_USUAL: Final = re.compile(
    r"(?:[A-Za-z]{3}, )?(\d\d?) ([A-Z][a-z][a-z]) ([1-9]\d{3})"
    r" (\d\d):(\d\d):(\d\d) ([+-]\d{4})(?: \([A-Z]{1,5}\))?",
    re.ASCII,
)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
# No date is longer; what is longer is not worth parsing.
_LONGEST: Final = 200


def parse_date(text: str) -> datetime | None:
    """Return the date that a Date field tells, aware; None if it tells none.

    A date without zone, or with one that cannot be, is taken as UTC.
    """
    if not text or len(text) > _LONGEST:
        return None
    match = _USUAL.fullmatch(text)
    if match is not None and (month := _MONTHS.find(match[2]) // 3 + 1):
        day, _, year, hour, minute, second, zone = match.groups()
        try:
            return datetime(
                int(year),
                month,
                int(day),
                int(hour),
                int(minute),
                min(int(second), 59),
                tzinfo=_named_zone(zone),
            )
        except ValueError:
            return None
    try:
        parsed = parsedate_tz(text)
        if parsed is None:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        # A leap second is no time that datetime knows.
        date = datetime(year, month, day, hour, minute, min(second, 59))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=_zone(parsed[9]))


@lru_cache(maxsize=256)
def _named_zone(zone: str) -> timezone:
    offset = int(zone[1:3]) * 3600 + int(zone[3:]) * 60
    return _zone(-offset if zone.startswith("-") else offset)


def _zone(offset: int | None) -> timezone:
    if not offset or abs(offset) >= 24 * 60 * 60:
        return UTC
    return timezone(timedelta(seconds=offset))
