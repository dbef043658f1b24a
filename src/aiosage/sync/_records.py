"""From what a server sent to what a store keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from ..model import EmailAddress, EmailMessage, lasting_flags
from ..wire import FetchData
from ._store import StoredMessage

_LONGEST_TEXT: Final = 10_000
_WHOLE: Final = "BODY[]"


def whole_message(data: FetchData) -> bytes | None:
    """Return all octets of a message; None if the server did not send them."""
    return data.sections.get(_WHOLE)


def is_withheld(data: FetchData) -> bool:
    """Return whether the server sent NIL for the message."""
    return data.sections.get(_WHOLE, b"") is None


def to_record(data: FetchData, raw: bytes) -> StoredMessage:
    """Return what a store tells of the message *raw*, of which *data* came.

    Never raises on odd mail: what cannot be read is absent.
    """
    # Of the header alone: what is read is cached in a cycle of objects, which may
    # take a while to be collected, and shall not hold the whole message.
    message = EmailMessage(header=EmailMessage(raw=raw).header_bytes)
    return StoredMessage(
        uid=data.uid or 0,
        flags=lasting_flags(data.flags or frozenset()),
        internal_date=_utc(data.internal_date),
        size=len(raw) if data.size is None else data.size,
        subject=_text(message.subject),
        sender=_addresses(message.from_),
        recipients=_addresses(message.to),
        date=_utc(message.date),
        message_id=_text(message.message_id),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _addresses(addresses: Iterable[EmailAddress]) -> str:
    return _text(", ".join(map(str, addresses))) or ""


def _text(text: str | None) -> str | None:
    """Return *text* as every database takes it: no NUL, no lone surrogates."""
    if text is None:
        return None
    text = text[:_LONGEST_TEXT].replace("\0", "")
    return text.encode("utf-8", "replace").decode("utf-8")


def _utc(date: datetime | None) -> datetime | None:
    if date is None:
        return None
    try:
        return date.astimezone(UTC)
    except OverflowError:  # within a day of the end of time
        return None
