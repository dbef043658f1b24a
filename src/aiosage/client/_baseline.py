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
from datetime import datetime
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
_FIELD: Final = re.compile(
    rb"^message-id:((?:[^\r\n]|\r?\n[ \t])*+)", re.IGNORECASE | re.MULTILINE
)
_HEADER_END: Final = re.compile(rb"(?:\A|\n)\r?\n")


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a mailbox stood.

    Attributes:
        uidvalidity: the life it was in.
        uidnext: the next message got this UID, or a higher one.
    """

    uidvalidity: int
    uidnext: int

    @property
    def later(self) -> MessageSet:
        """The UIDs that messages may have which came later."""
        return MessageSet.from_range(min(self.uidnext, MAX_UID), MAX_UID)


async def stand(connection: IMAPConnection, mailbox: str) -> Baseline | None:
    """Return how *mailbox* stands; None if nobody tells."""
    items = (StatusItem.UIDNEXT, StatusItem.UIDVALIDITY)
    try:
        now = await connection.execute(GetStatus(mailbox, items))
    except IMAPOperationError:
        return None  # what is to be done there will tell why
    if not (now.uidnext and now.uidvalidity):
        return None  # some servers say 0 for what they do not know
    return Baseline(now.uidvalidity, now.uidnext)


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
        known = self.known(mailbox)
        if known is not None:
            return known
        now = await stand(connection, mailbox)
        if now is None:
            return None
        # Another task may have added something meanwhile.
        return self.note(mailbox, now.uidvalidity, [now.uidnext - 1])

    def note(self, mailbox: str, uidvalidity: int, uids: Iterable[int]) -> Baseline:
        """Remember that *uids*, one at least, have been given in *mailbox*."""
        uidnext = max(uids) + 1
        known = self.known(mailbox)
        if known is not None and known.uidvalidity == uidvalidity:
            uidnext = max(uidnext, known.uidnext)
        return self._keep(mailbox, Baseline(uidvalidity, uidnext))

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

    def known(self, mailbox: str) -> Baseline | None:
        """Return what is remembered of *mailbox*, if it is recent enough."""
        known, at = self._known.get(mailbox, (None, 0.0))
        return known if self._clock() - at < OLDEST else None


async def arrived_since(
    connection: IMAPConnection, baseline: Baseline
) -> dict[bytes | None, list[int]] | None:
    """Return what is in the mailbox, just opened, since *baseline*, by Message-ID.

    Returns:
        The UIDs, ascending, for each Message-ID. There is None among these if
        something has come that may have had any: it has none, or is gone again.
        None if the mailbox has begun another life, so that nothing can be known.
    """
    selected = connection.selected
    if selected is None or selected.uidvalidity != baseline.uidvalidity:
        return None
    found: dict[bytes | None, list[int]] = {}
    seen, uidnext = 0, selected.uidnext or 0
    for uid, name in (await message_ids(connection, baseline.later)).items():
        if uid >= baseline.uidnext:
            found.setdefault(name, []).append(uid)
            seen, uidnext = seen + 1, max(uidnext, uid + 1)
    if uidnext - baseline.uidnext > seen:
        found.setdefault(None, [])
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


async def message_looks(
    connection: IMAPConnection, messages: MessageSet
) -> dict[int, tuple[int, datetime]]:
    """Return the sizes of *messages* in octets and when they arrived, by UID.

    Both are what a copy has, too (RFC 9051 §6.4.7). What is not told is left out.
    """
    parts = MessagePart.SIZE, MessagePart.INTERNAL_DATE
    fetched = await connection.execute(UidFetch(messages, parts))
    return {
        data.uid: (data.size, data.internal_date)
        for data in fetched
        if data.uid is not None
        and data.size is not None
        and data.internal_date is not None
    }


def message_id(octets: bytes) -> bytes | None:
    """Return the Message-ID in the header that *octets* begin with.

    As it stands there, but with each run of white space as one space; None without
    one, or if it is empty.
    """
    end = _HEADER_END.search(octets)
    found = _FIELD.search(octets, 0, end.start() if end else len(octets))
    return (b" ".join(found[1].split()) or None) if found else None


def pair_up(
    source: Mapping[int, bytes | None],
    arrived: Mapping[bytes | None, list[int]] | None,
    *,
    partly: bool = False,
) -> dict[int, int] | None:
    """Return where the messages of *source* are among those that have *arrived*.

    Args:
        source: the Message-IDs of what was copied, by UID, ascending.
        arrived: what has come to the target, as `arrived_since` returns it.
        partly: it may be that some were copied, and others were not.

    Returns:
        The UID there by the UID in *source*, in that order; empty if none is
        there. None if it cannot be told: not all are there, or more than were
        copied, or one may be there that has no Message-ID, or others came and went.
    """
    if not arrived:
        return None if arrived is None else {}
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
    if len(pairs) == len(source) or (partly and None not in arrived):
        return dict(sorted(pairs.items()))
    return None if pairs or None in arrived else {}
