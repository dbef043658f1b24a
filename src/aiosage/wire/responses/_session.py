"""What a server is and can do (RFC 9051 §7.2, RFC 2971)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .._tokens import Value
from .._values import as_atoms, as_list, as_text


@dataclass(frozen=True, slots=True)
class CapabilityData:
    """What the server can do, in upper case (RFC 9051 §7.2.2)."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class EnabledData:
    """What ENABLE turned on (RFC 9051 §7.2.1)."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class IdData:
    """What the server says it is (RFC 2971 §3.2)."""

    fields: Mapping[str, str | None]


def parse_capability(values: list[Value]) -> CapabilityData:
    return CapabilityData(frozenset(name.upper() for name in as_atoms(values)))


def parse_enabled(values: list[Value]) -> EnabledData:
    return EnabledData(frozenset(name.upper() for name in as_atoms(values)))


def parse_id(values: list[Value]) -> IdData:
    items = as_list(values[0] if values else None)
    return IdData(
        {
            as_text(name).lower(): None if value is None else as_text(value)
            for name, value in zip(items[::2], items[1::2], strict=False)
        }
    )
