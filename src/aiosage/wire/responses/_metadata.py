"""METADATA (RFC 5464 §4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...errors import IMAPProtocolError
from .._dialect import Dialect
from .._tokens import Value
from .._values import as_mailbox, as_octets, as_text


@dataclass(frozen=True, slots=True)
class MetadataData:
    """Annotations of a mailbox, asked for (RFC 5464 §4.4.1).

    Attributes:
        mailbox: its name; empty for the server's own.
        values: octets by entry name in lower case; None where there is none.
    """

    mailbox: str
    values: Mapping[str, bytes | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MetadataChangedData:
    """Somebody has changed annotations, told unasked (RFC 5464 §4.4.2).

    Attributes:
        mailbox: its name; empty for the server's own.
        entries: names in lower case of what has changed or is gone.
    """

    mailbox: str
    entries: tuple[str, ...]


def parse_metadata(
    values: list[Value], dialect: Dialect
) -> MetadataData | MetadataChangedData:
    if not values:
        raise IMAPProtocolError("METADATA without a mailbox")
    mailbox = as_mailbox(values[0], dialect)
    if len(values) == 2 and isinstance(items := values[1], list):
        pairs = zip(items[::2], items[1::2], strict=False)
        return MetadataData(
            mailbox, {_entry(name): as_octets(value) for name, value in pairs}
        )
    return MetadataChangedData(mailbox, tuple(map(_entry, values[1:])))


def _entry(value: Value) -> str:
    """Return the name of an entry, in which case does not count (RFC 5464 §3.2)."""
    return as_text(value).lower()
