"""Searching one mailbox."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final, TypeVar

from ..connection import IMAPConnection
from ..errors import IMAPOperationError, IMAPSearchError, refusal
from ..model import (
    MAX_UID,
    Descending,
    IMAPSearchCriteria,
    MessageSet,
    PartialRange,
    SortKey,
    ThreadAlgorithm,
)
from ..wire import SET_OCTETS
from ..wire.commands import (
    Command,
    SearchOptions,
    SearchResult,
    UidSearch,
    UidSearchReturn,
)
from ._access import MailboxAccess
from ._search_plan import SearchPlan, plan_search, plan_sort, plan_thread
from ._server import trusted
from ._together import execute_all

R = TypeVar("R")

log = logging.getLogger("aiosage.client")

# A page asks for more than the one before, so that there are few: a server may
# search all of the mailbox for each.
_GROWTH: Final = 8
_LARGEST_PAGE: Final = 100_000


async def search(
    access: MailboxAccess, criteria: IMAPSearchCriteria, of: MessageSet | None = None
) -> MessageSet:
    """Return the messages that match *criteria*.

    Args:
        access: the mailbox.
        criteria: what to look for.
        of: messages whose UIDs the criteria name, so that these must be good.
    """

    async def look(connection: IMAPConnection) -> MessageSet:
        return access.bound(await find(connection, criteria), connection)

    return await access.run(look, of, read_only=True)


async def search_batches(
    access: MailboxAccess, criteria: IMAPSearchCriteria, batch_size: int
) -> AsyncGenerator[MessageSet]:
    """Yield the messages that match *criteria*, *batch_size* at a time.

    Where the server tells parts of a result, the next part is what comes after
    the last UID, not after a number of messages: these may go meanwhile.
    """
    page = batch_size
    batch: MessageSet | None = None

    async def look(connection: IMAPConnection) -> tuple[MessageSet, bool]:
        rest = criteria
        if batch is not None and batch.last is not None:
            rest &= IMAPSearchCriteria.uid(
                MessageSet.from_range(batch.last + 1, MAX_UID)
            )
        found = await _find_some(connection, rest, page)
        is_all = found is None
        if found is None:
            found = await find(connection, rest)
        return access.bound(found, connection), is_all

    while True:
        found, is_all = await access.run(look, batch, read_only=True)
        for batch in found.iter_batches(batch_size):
            yield batch
        if is_all or len(found) < page or found.last == MAX_UID:
            return
        page = max(batch_size, min(_GROWTH * page, _LARGEST_PAGE))
        page -= page % batch_size  # else a batch in the middle would be smaller


async def count(access: MailboxAccess, criteria: IMAPSearchCriteria) -> int:
    """Return how many messages match *criteria*."""

    async def look(connection: IMAPConnection) -> int:
        told = await _tell(connection, criteria, SearchOptions(count=True))
        if told is not None and told.count is not None:
            return told.count
        return len(await find(connection, criteria))

    return await access.run(look, read_only=True)


async def first(access: MailboxAccess, criteria: IMAPSearchCriteria) -> int | None:
    """Return the smallest UID of those that match *criteria*."""

    async def look(connection: IMAPConnection) -> int | None:
        told = await _tell(connection, criteria, SearchOptions(min=True))
        return told.min if told else (await find(connection, criteria)).first

    return await access.run(look, read_only=True)


async def last(access: MailboxAccess, criteria: IMAPSearchCriteria) -> int | None:
    """Return the largest UID of those that match *criteria*."""

    async def look(connection: IMAPConnection) -> int | None:
        told = await _tell(connection, criteria, SearchOptions(max=True))
        return told.max if told else (await find(connection, criteria)).last

    return await access.run(look, read_only=True)


async def explain(
    access: MailboxAccess,
    criteria: IMAPSearchCriteria,
    order: Sequence[SortKey | Descending],
    algorithm: ThreadAlgorithm | None,
) -> SearchPlan:
    """Return how a search, a sort or threads would be done."""
    if order and algorithm is not None:
        raise ValueError("messages are sorted or threaded, not both")
    async with access.pool.connection() as connection:
        offered = trusted(connection)
    if algorithm is not None:
        return plan_thread(offered, criteria, algorithm)
    if order:
        return plan_sort(offered, criteria, order)
    return plan_search(offered, criteria)


async def find(connection: IMAPConnection, criteria: IMAPSearchCriteria) -> MessageSet:
    """Return the UIDs of the messages that match *criteria*."""
    plan = plan_search(trusted(connection), criteria)
    log.debug("%s", plan)
    if plan.searches == 1:
        return await _find_all(connection, criteria)
    esearch = "ESEARCH" in trusted(connection)
    pieces = list(criteria.split(SET_OCTETS))
    commands = [UidSearch(piece, esearch, criteria.needs_charset) for piece in pieces]
    ranges: list[tuple[int, int]] = []
    results = await execute_all(connection, commands)
    for piece, found in zip(pieces, results, strict=True):
        if isinstance(found, IMAPOperationError):  # one at a time it may work
            found = await _find_all(connection, piece)
        ranges.extend(found.ranges)
    return MessageSet.from_ranges(ranges)


async def _find_all(
    connection: IMAPConnection, criteria: IMAPSearchCriteria
) -> MessageSet:
    """Return what one search finds, and goes on where the server stops (RFC 9738)."""
    if "ESEARCH" not in trusted(connection):
        return await with_charset(
            connection, criteria, lambda charset: UidSearch(criteria, False, charset)
        )
    found = MessageSet()
    below = MAX_UID + 1
    rest = criteria
    while True:
        result = await _search_return(connection, rest, SearchOptions(all=True))
        found |= result.messages or MessageSet()
        if result.limit is None or result.limit.last == 1:
            return found
        if result.limit.last is None or result.limit.last >= below:
            raise refusal("UID SEARCH", "OK", "MESSAGELIMIT", "nothing was searched")
        below = result.limit.last
        rest = criteria & IMAPSearchCriteria.uid(MessageSet.from_range(1, below - 1))


async def _find_some(
    connection: IMAPConnection, criteria: IMAPSearchCriteria, count: int
) -> MessageSet | None:
    """Return the first *count* that match, or None if the server cannot tell them."""
    offered = trusted(connection)
    if offered.isdisjoint(("PARTIAL", "CONTEXT=SEARCH")):
        return None
    part = SearchOptions(partial=PartialRange(1, min(count, MAX_UID)))
    told = await _tell(connection, criteria, part)
    if told is None or told.partial is None:
        return None
    return MessageSet.from_ranges(told.partial.found)


async def _tell(
    connection: IMAPConnection, criteria: IMAPSearchCriteria, options: SearchOptions
) -> SearchResult[MessageSet] | None:
    """Return what *options* ask for, or None if one command cannot tell it."""
    offered = trusted(connection)
    plan = plan_search(offered, criteria)
    if "ESEARCH" not in offered or plan.searches > 1:
        return None
    result = await _search_return(connection, criteria, options)
    # Who tells all messages, which was not asked, has not understood RETURN.
    is_answer = result.limit is None and result.messages is None
    return result if is_answer else None


async def _search_return(
    connection: IMAPConnection, criteria: IMAPSearchCriteria, options: SearchOptions
) -> SearchResult[MessageSet]:
    return await with_charset(
        connection,
        criteria,
        lambda charset: UidSearchReturn(criteria, options, charset),
    )


async def with_charset(
    connection: IMAPConnection,
    criteria: IMAPSearchCriteria,
    command: Callable[[bool], Command[R]],
) -> R:
    """Execute the *command* that names a charset if *criteria* need one.

    Some servers take UTF-8 only if it is not announced.
    """
    needed = criteria.needs_charset
    try:
        return await connection.execute(command(needed))
    except IMAPSearchError as error:
        if not (needed and is_bad_charset(error)):
            raise
        return await connection.execute(command(False))


def is_bad_charset(error: IMAPOperationError) -> bool:
    """Return whether the server does not know the charset (RFC 9051 §7.1)."""
    return error.code == "BADCHARSET"
