"""Whether messages have arrived in a mailbox since it was looked at.

That is how one finds out whether a lost APPEND or COPY was carried out: what it adds
has UIDs from the UIDNEXT before on, and the Message-IDs of what was to be added.
SEARCH would tell in one command, but from an index that may lag behind.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..connection import IMAPConnection
from ..errors import IMAPOperationError
from ..model import MAX_UID, MessagePart, MessageSet
from ..wire.commands import GetStatus, StatusItem, UidFetch
from ._results import AppendResult

MOST: Final = 1000
"""Mailboxes that are remembered; who adds to more is asked for how they stand."""

OLDEST: Final = 60.0
"""Seconds after which a mailbox is looked at anew."""

_MESSAGE_ID: Final = MessagePart.header_fields("Message-ID")
_FIELD: Final = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a mailbox stood.

    Attributes:
        uidvalidity: the life it was in.
        uidnext: the next message got this UID, or a higher one.
    """

    uidvalidity: int
    uidnext: int


class Baselines:
    """How mailboxes stood when something was last added to each.

    It costs a round trip for the first: from then on the answers to what is added
    tell (UIDPLUS). It is looked at anew when that is some time ago, since somebody
    else may add the same messages.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._known: dict[str, tuple[Baseline, float]] = {}
        self._clock = clock

    async def of(self, connection: IMAPConnection, mailbox: str) -> Baseline | None:
        """Return how *mailbox* stands, or stood lately; None if nobody tells."""
        known = self._recent(mailbox)
        if known is not None:
            return known
        items = (StatusItem.UIDNEXT, StatusItem.UIDVALIDITY)
        try:
            now = await connection.execute(GetStatus(mailbox, items))
        except IMAPOperationError:
            return None  # what is to be done there will tell why
        if now.uidnext is None or now.uidvalidity is None:
            return None
        return self._keep(mailbox, Baseline(now.uidvalidity, now.uidnext))

    def note(self, mailbox: str, uidvalidity: int, uids: Iterable[int]) -> None:
        """Remember that *uids* have been given to messages in *mailbox*."""
        last = max(uids, default=0)
        known = self._recent(mailbox)
        if known is not None and known.uidvalidity == uidvalidity:
            last = max(last, known.uidnext - 1)
        self._keep(mailbox, Baseline(uidvalidity, last + 1))

    def note_append(self, result: AppendResult) -> None:
        """Remember where a message was added; if nobody told, to look anew."""
        if result.uid is None or result.uidvalidity is None:
            self.forget(result.mailbox)
        else:
            self.note(result.mailbox, result.uidvalidity, [result.uid])

    def forget(self, mailbox: str) -> None:
        """Look anew the next time."""
        self._known.pop(mailbox, None)

    def _keep(self, mailbox: str, baseline: Baseline) -> Baseline:
        if mailbox not in self._known and len(self._known) >= MOST:
            self._known.clear()
        self._known[mailbox] = (baseline, self._clock())
        return baseline

    def _recent(self, mailbox: str) -> Baseline | None:
        known, at = self._known.get(mailbox, (None, 0.0))
        return known if self._clock() - at < OLDEST else None


async def arrived_since(
    connection: IMAPConnection, baseline: Baseline
) -> dict[bytes, list[int]] | None:
    """Return what is in the open mailbox since *baseline*, by Message-ID.

    Returns:
        The UIDs, ascending, for each Message-ID; None if the mailbox has begun
        another life, so that nothing can be known of it.
    """
    selected = connection.selected
    if selected is None or selected.uidvalidity != baseline.uidvalidity:
        return None
    found: dict[bytes, list[int]] = {}
    for uid, name in (
        await message_ids(connection, MessageSet.from_range(baseline.uidnext, MAX_UID))
    ).items():
        if name is not None and uid >= baseline.uidnext:
            found.setdefault(name, []).append(uid)
    return found


async def message_ids(
    connection: IMAPConnection, messages: MessageSet
) -> dict[int, bytes | None]:
    """Return the Message-IDs of *messages*, by UID, ascending; None without one."""
    fetched = await connection.execute(UidFetch(messages, (_MESSAGE_ID,)))
    found = {
        data.uid: message_id(next(iter(data.sections.values())) or b"")
        for data in fetched
        if data.uid is not None and data.sections
    }
    return dict(sorted(found.items()))


def message_id(header: bytes) -> bytes | None:
    """Return the Message-ID in *header*, as it stands there."""
    found = _FIELD.search(header)
    return found[1] if found else None


def pair_up(
    source: Mapping[int, bytes | None], arrived: Mapping[bytes, list[int]] | None
) -> dict[int, int] | None:
    """Return where the messages of *source* are among those that have *arrived*.

    Args:
        source: the Message-IDs of what was copied, by UID, ascending.
        arrived: the UIDs in the target, by Message-ID, ascending; None if nothing
            can be known of it.

    Returns:
        The UID there by the UID in *source*; empty if none is there. None if it
        cannot be told: not all are there, or more than were copied, or there is
        one without Message-ID.
    """
    if arrived is None:
        return None
    wanted: dict[bytes, list[int]] = {}
    for uid, name in source.items():
        if name is None:
            return None
        wanted.setdefault(name, []).append(uid)
    pairs: dict[int, int] = {}
    for name, uids in wanted.items():
        there = arrived.get(name, ())
        if there and len(there) != len(uids):
            return None
        pairs.update(zip(uids, there, strict=False))
    return None if pairs and len(pairs) != len(source) else pairs
