"""NAMESPACE (RFC 9051 §7.3.7, RFC 2342 §5)."""

from __future__ import annotations

from dataclasses import dataclass

from .._dialect import Dialect
from .._tokens import Value
from .._values import as_list, as_mailbox, as_text


@dataclass(frozen=True, slots=True)
class NamespaceData:
    """Prefixes and delimiters: own, other users', shared (RFC 2342 §5)."""

    personal: tuple[tuple[str, str | None], ...]
    other_users: tuple[tuple[str, str | None], ...]
    shared: tuple[tuple[str, str | None], ...]


def parse_namespace(values: list[Value], dialect: Dialect) -> NamespaceData:
    def prefixes(value: Value) -> tuple[tuple[str, str | None], ...]:
        return tuple(
            (as_mailbox(entry[0], dialect), as_text(entry[1]) if entry[1] else None)
            for entry in as_list(value)
            if isinstance(entry, list) and len(entry) > 1
        )

    personal, others, shared = (*values, None, None, None)[:3]
    return NamespaceData(prefixes(personal), prefixes(others), prefixes(shared))
