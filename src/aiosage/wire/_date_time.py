"""INTERNALDATE: date-time of RFC 9051 §9."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_DATE: Final = re.compile(
    rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})"
)
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
"""As IMAP writes them (RFC 9051 §9, date-month)."""

_MONTHS: Final = {
    name.lower().encode(): number for number, name in enumerate(MONTHS, start=1)
}


def parse_date_time(octets: bytes) -> datetime | None:
    """Return an INTERNALDATE as an aware datetime; None if it is not one."""
    match = _DATE.fullmatch(octets)
    if match is None:
        return None
    day, month, year, hour, minute, second, zone = match.groups()
    try:
        return datetime(
            int(year),
            _MONTHS.get(month.lower(), 0),
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),  # a leap second is not a datetime
            tzinfo=_zone(zone),
        )
    except ValueError:
        return None


@lru_cache(maxsize=128)
def _zone(zone: bytes) -> timezone:
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return timezone(-offset if zone.startswith(b"-") else offset)
