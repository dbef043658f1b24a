"""What changes in the mailbox that is open (RFC 9051 §7.3.5, §7.4, §7.5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import Flag, MessageSet
from .._tokens import Value
from .._values import as_flags, as_message_set


@dataclass(frozen=True, slots=True)
class FlagsData:
    """Flags that exist in the mailbox (RFC 9051 §7.3.5)."""

    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class ExistsData:
    """How many messages the mailbox has (RFC 9051 §7.4.1)."""

    count: int


@dataclass(frozen=True, slots=True)
class RecentData:
    """How many messages are recent (RFC 3501 §7.3.2)."""

    count: int


@dataclass(frozen=True, slots=True)
class ExpungeData:
    """The message with this number is gone, those above move down one."""

    seq: int


@dataclass(frozen=True, slots=True)
class VanishedData:
    """These UIDs are gone (RFC 7162 §3.2.10).

    Attributes:
        uids: what is gone.
        earlier: they went before now, so message numbers do not change.
    """

    uids: MessageSet
    earlier: bool


def parse_flags(values: list[Value]) -> FlagsData:
    return FlagsData(as_flags(values[0] if values else None))


def parse_vanished(values: list[Value]) -> VanishedData:
    earlier = bool(values) and isinstance(values[0], list)
    uids = values[1:] if earlier else values
    return VanishedData(as_message_set(uids[0] if uids else ""), earlier)
