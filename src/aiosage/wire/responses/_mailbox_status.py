"""STATUS (RFC 9051 §7.3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import IMAPProtocolError
from .._dialect import Dialect
from .._tokens import Value
from .._values import as_list, as_mailbox, as_text


@dataclass(frozen=True, slots=True)
class StatusData:
    """The answer to STATUS: item names in upper case (RFC 9051 §7.3.4)."""

    mailbox: str
    items: Mapping[str, int | str]


def parse_status_data(values: list[Value], dialect: Dialect) -> StatusData:
    if len(values) < 2:
        raise IMAPProtocolError("STATUS without a mailbox and items")
    items = as_list(values[1])
    pairs: dict[str, int | str] = {}
    for name, value in zip(items[::2], items[1::2], strict=False):
        if isinstance(value, list):  # MAILBOXID (id)
            value = value[0] if value else None
        text = as_text(value)
        pairs[as_text(name).upper()] = (
            int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
        )
    return StatusData(as_mailbox(values[0], dialect), pairs)
