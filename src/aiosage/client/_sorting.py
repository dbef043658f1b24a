"""Messages of one mailbox in order."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from anyio import to_thread

from ..connection import IMAPConnection
from ..errors import IMAPProtocolError, IMAPSearchError
from ..model import (
    Descending,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    SortKey,
    in_order,
    key_of,
    sort_values,
)
from ..wire.commands import SearchOptions, UidSort
from ._access import MailboxAccess, uidvalidity_of
from ._found import Found, find_to_read, read
from ._results import SortResult
from ._search_plan import SearchPlan, fetched_instead, plan_sort
from ._searching import find, is_bad_charset
from ._server import trusted

log = logging.getLogger("aiosage.client")

_PARTS: Final = {
    SortKey.ARRIVAL: (MessagePart.INTERNAL_DATE,),
    SortKey.DATE: (MessagePart.ENVELOPE, MessagePart.INTERNAL_DATE),
    SortKey.SIZE: (MessagePart.SIZE,),
}
"""What a key is about; the others are about the envelope."""


async def sort(
    access: MailboxAccess,
    criteria: IMAPSearchCriteria,
    order: tuple[SortKey | Descending, ...],
) -> SortResult:
    """Return the messages that match *criteria* in *order*."""
    parts = _parts(order)

    async def look(connection: IMAPConnection) -> SortResult | tuple[Found, SearchPlan]:
        plan = plan_sort(trusted(connection), criteria, order)
        log.debug("%s", plan)
        if not plan.is_here:
            try:
                uids = await _sort_there(connection, criteria, order, plan)
            except IMAPSearchError as error:
                if not is_bad_charset(error):
                    raise
                plan = fetched_instead(plan, "refused the charset")
            else:
                if uids is not None:
                    uidvalidity = uidvalidity_of(connection)
                    return SortResult(access.mailbox, uidvalidity, uids, plan)
                plan = fetched_instead(plan, "sorts only some messages at once")
        return await find_to_read(access, connection, criteria, parts), plan

    seen = await access.run(look, read_only=True)
    if isinstance(seen, SortResult):
        return seen
    found, plan = seen
    async with aclosing(read(access, found, parts)) as messages:
        try:
            values = [
                (uid, sort_values(message, order)) async for uid, message in messages
            ]
        except LookupError as error:
            raise IMAPProtocolError(f"the server told too little: {error}") from None
    uids = await to_thread.run_sync(in_order, values, order)
    return SortResult(access.mailbox, found.messages.uidvalidity, uids, plan)


async def _sort_there(
    connection: IMAPConnection,
    criteria: IMAPSearchCriteria,
    order: tuple[SortKey | Descending, ...],
    plan: SearchPlan,
) -> tuple[int, ...] | None:
    """Return what the server has sorted; None if it left some messages out."""
    charset = "UTF-8" if criteria.needs_charset else "US-ASCII"
    options = SearchOptions(all=True) if "ESORT" in trusted(connection) else None
    if plan.searches == 1:
        command = UidSort(order, criteria, options, charset)
        result = await connection.execute(command)
        return (result.messages or ()) if result.limit is None else None
    found = await find(connection, criteria)
    if not found:
        return ()
    assert found.first is not None
    assert found.last is not None
    # The criteria do not fit; all messages between the ends of what they find do.
    between = IMAPSearchCriteria.uid(MessageSet.from_range(found.first, found.last))
    ordered = await connection.execute(UidSort(order, between, options, charset))
    if ordered.limit is not None:  # MESSAGELIMIT (RFC 9738 §3.1)
        return None
    return tuple(uid for uid in ordered.messages or () if uid in found)


def _parts(order: Sequence[SortKey | Descending]) -> tuple[MessagePart, ...]:
    """Return what is to be read to sort by *order*."""
    return tuple(
        dict.fromkeys(
            part
            for term in order
            for part in _PARTS.get(key_of(term), (MessagePart.ENVELOPE,))
        )
    )
