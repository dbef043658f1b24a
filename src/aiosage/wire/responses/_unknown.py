"""What a server says that aiosage has no type for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """An untagged response aiosage has no type for.

    Attributes:
        raw: as it was sent, without the last CRLF.
    """

    raw: bytes
