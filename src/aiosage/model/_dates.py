"""Dates of mail (RFC 5322 §3.3, §4.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final

# No date is longer; what is longer is not worth parsing.
_LONGEST: Final = 200


def parse_date(text: str) -> datetime | None:
    """Return the date that a Date field tells, aware; None if it tells none.

    A date without zone, or with one that cannot be, is taken as UTC.
    """
    if not text or len(text) > _LONGEST:
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


def _zone(offset: int | None) -> timezone:
    if not offset or abs(offset) >= 24 * 60 * 60:
        return UTC
    return timezone(timedelta(seconds=offset))
