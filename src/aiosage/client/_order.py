"""In which order messages are fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from ..model import MessageSet


class FetchOrder(Enum):
    """The order in which ``fetch`` yields messages."""

    ASCENDING = "ascending"
    """By UID, which is the order in which they came into the mailbox."""

    NEWEST_FIRST = "newest first"
    """By UID, the largest first."""

    AS_GIVEN = "as given"
    """As the caller names them, such as sorted or by priority."""


def in_order(messages: MessageSet | Iterable[int], order: FetchOrder) -> Iterator[int]:
    """Yield each UID of *messages* once, in *order*. No range is expanded."""
    if order is FetchOrder.AS_GIVEN and not isinstance(messages, MessageSet):
        return iter(dict.fromkeys(messages))
    owned = messages if isinstance(messages, MessageSet) else MessageSet(messages)
    return reversed(owned) if order is FetchOrder.NEWEST_FIRST else iter(owned)
