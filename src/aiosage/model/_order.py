"""The order of messages (RFC 5256 §3, RFC 5957)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ._address import EmailAddress
from ._base_subject import base_subject, collation_key
from ._message import EmailMessage

SortValue: TypeAlias = tuple[float, str]
"""What messages are compared by for one key: a number or a text, the other empty."""

EARLIEST = float("-inf")
"""The time of a message that has none."""


class SortKey(StrEnum):
    """What messages are sorted by (RFC 5256 §3)."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    FROM = "FROM"
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"
    DISPLAY_FROM = "DISPLAYFROM"
    DISPLAY_TO = "DISPLAYTO"
    RELEVANCY = "RELEVANCY"

    @property
    def descending(self) -> Descending:
        """The same key, from the largest to the smallest."""
        return Descending(self)


@dataclass(frozen=True, slots=True)
class Descending:
    """A key by which messages are sorted from the largest to the smallest."""

    key: SortKey


def key_of(term: SortKey | Descending) -> SortKey:
    """Return the key of *term*, whatever its direction."""
    return term.key if isinstance(term, Descending) else term


def sort_values(
    message: EmailMessage, order: Iterable[SortKey | Descending]
) -> tuple[SortValue, ...]:
    """Return what *message* is compared by in *order*, one value for each key.

    Raises:
        LookupError: only the server knows, as for RELEVANCY, or SIZE of a message
            whose size was not fetched.
    """
    return tuple(_value(message, key_of(term)) for term in order)


def in_order(
    values: Iterable[tuple[int, tuple[SortValue, ...]]],
    order: Sequence[SortKey | Descending],
) -> tuple[int, ...]:
    """Return messages sorted by *order*, the most important key first.

    Where all keys are equal the smaller number comes first, also for keys that
    are descending (RFC 5256 §3).

    Args:
        values: the number or UID of each message, and its `sort_values`.
        order: the keys.
    """
    ranked = sorted(values, key=lambda item: item[0])
    for index in reversed(range(len(order))):
        ranked.sort(
            key=_at(index), reverse=isinstance(order[index], Descending)
        )  # stable, also in reverse
    return tuple(number for number, _ in ranked)


def _at(index: int) -> Callable[[tuple[int, tuple[SortValue, ...]]], SortValue]:
    return lambda item: item[1][index]


def arrival_time(message: EmailMessage) -> float:
    """Return the INTERNALDATE of *message*, in seconds since 1970."""
    arrived = message.internal_date
    return EARLIEST if arrived is None else arrived.timestamp()


def sent_time(message: EmailMessage) -> float:
    """Return the sent date of *message*, in seconds since 1970 (RFC 5256 §2.2)."""
    sent = message.date
    return arrival_time(message) if sent is None else sent.timestamp()


def _value(message: EmailMessage, key: SortKey) -> SortValue:
    match key:
        case SortKey.ARRIVAL:
            return arrival_time(message), ""
        case SortKey.DATE:
            return sent_time(message), ""
        case SortKey.SIZE:
            if message.size is None:
                raise LookupError("sorting by SIZE needs MessagePart.SIZE")
            return message.size, ""
        case SortKey.SUBJECT:
            text = base_subject(message.subject or "").text
        case SortKey.FROM:
            text = _mailbox(message.from_)
        case SortKey.TO:
            text = _mailbox(message.to)
        case SortKey.CC:
            text = _mailbox(message.cc)
        case SortKey.DISPLAY_FROM:
            text = _display(message.from_)
        case SortKey.DISPLAY_TO:
            text = _display(message.to)
        case SortKey.RELEVANCY:
            raise LookupError("only the server knows how relevant a message is")
    return 0, collation_key(text)


def _mailbox(addresses: tuple[EmailAddress, ...]) -> str:
    """Return the addr-mailbox of the first address."""
    if not addresses:
        return ""
    first = addresses[0]
    # ENVELOPE has the name of a group there (RFC 9051 §7.5.2).
    return (first.mailbox if first.group is None else first.group) or ""


def _display(addresses: tuple[EmailAddress, ...]) -> str:
    """Return the name of the first address, or else the address (RFC 5957 §3)."""
    if not addresses:
        return ""
    first = addresses[0]
    if first.group is not None:
        return first.group
    if first.name:
        return first.name
    mailbox = first.mailbox or ""
    return f"{mailbox}@{first.host}" if mailbox and first.host else mailbox
