"""Something of all messages that a search finds, with few round trips."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from ..connection import IMAPConnection
from ..model import (
    FetchedMessage,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    SavedResult,
)
from ..wire import SET_OCTETS, to_message
from ..wire.commands import (
    FetchResult,
    SearchOptions,
    SearchResult,
    UidFetch,
    UidSearchReturn,
)
from ._access import MailboxAccess
from ._fetching import Windows, fetch
from ._items import ItemSource
from ._reading import is_there
from ._searching import find
from ._server import trusted
from ._together import execute_all
from ._windows import LARGEST_WINDOW


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found.

    Attributes:
        messages: all of them.
        told: what was asked about them, if it is known already.
    """

    messages: MessageSet
    told: FetchResult | None = None


async def find_to_read(
    access: MailboxAccess,
    connection: IMAPConnection,
    criteria: IMAPSearchCriteria,
    parts: tuple[MessagePart, ...],
) -> Found:
    """Search for messages of which *parts* are to be read.

    A server that remembers what it finds (RFC 5182) is asked for both at once if
    the mailbox is no larger than what is fetched at once anyway.
    """
    selected = connection.selected
    if (
        {"SEARCHRES", "ESEARCH"} <= trusted(connection)
        and selected is not None
        and selected.exists <= LARGEST_WINDOW
        and len(list(criteria.split(SET_OCTETS))) == 1
    ):
        options = SearchOptions(save=True, all=True)
        search = UidSearchReturn(criteria, options, criteria.needs_charset)
        found, told = await execute_all(
            connection, [search, UidFetch(SavedResult(), parts)]
        )
        if (
            isinstance(found, SearchResult)
            and isinstance(told, FetchResult)
            and found.limit is told.limit is None
        ):
            messages = found.messages or MessageSet()
            return Found(access.bound(messages, connection), told)
    return Found(access.bound(await find(connection, criteria), connection))


async def read(
    access: MailboxAccess, found: Found, parts: tuple[MessagePart, ...]
) -> AsyncGenerator[tuple[int, FetchedMessage]]:
    """Yield the messages that are there still, by UID, with *parts* of them.

    No connection may be held: what is not known yet is fetched in windows.
    """
    if found.told is not None:
        for data in found.told:
            uid = data.uid
            if uid is not None and uid in found.messages and is_there(data, parts):
                yield uid, to_message(data, access.mailbox, found.messages.uidvalidity)
        return
    source = ItemSource(access, found.messages, parts)
    windows = Windows(source, iter(found.messages))
    async with aclosing(fetch(windows)) as messages:
        async for message in messages:
            yield message.uid, message
