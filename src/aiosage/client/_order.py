"""In which order messages are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from ._messages import Named


class FetchOrder(Enum):
    """The order in which ``fetch`` yields messages."""

    ASCENDING = "ascending"
    """By UID, which is the order in which they came into the mailbox."""

    NEWEST_FIRST = "newest first"
    """By UID, the largest first."""

    AS_GIVEN = "as given"
    """As the caller names them, such as by priority."""


def in_order(named: Named, order: FetchOrder | None) -> Iterator[int]:
    """Yield each UID of *named* once, in *order*. No range is expanded.

    Args:
        named: the messages.
        order: None for the one they were sorted in, or else ascending.
    """
    if order is None:
        order = FetchOrder.AS_GIVEN if named.is_sorted else FetchOrder.ASCENDING
    if order is FetchOrder.AS_GIVEN and named.uids is not None:
        return iter(named.uids)
    messages = named.messages
    return reversed(messages) if order is FetchOrder.NEWEST_FIRST else iter(messages)
