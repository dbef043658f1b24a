"""JMAPACCESS (RFC 9698 §4)."""

from __future__ import annotations

from dataclasses import dataclass

from .._tokens import Value
from .._values import as_text


@dataclass(frozen=True, slots=True)
class JmapAccessData:
    """Where the same mail can be had by JMAP.

    Attributes:
        url: of the session resource (RFC 8620 §2).
    """

    url: str


def parse_jmap_access(values: list[Value]) -> JmapAccessData:
    return JmapAccessData(as_text(values[0] if values else None))
