"""Messages of one mailbox in threads."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import Final

from anyio import to_thread

from ..connection import IMAPConnection
from ..errors import IMAPSearchError
from ..model import (
    IMAPSearchCriteria,
    MessagePart,
    ThreadAlgorithm,
    ThreadItem,
    threads_of,
)
from ..wire.commands import UidThread
from ._access import MailboxAccess, uidvalidity_of
from ._found import Found, find_to_read, read
from ._results import ThreadResult
from ._search_plan import SearchPlan, fetched_instead, plan_thread
from ._searching import is_bad_charset
from ._server import trusted

log = logging.getLogger("aiosage.client")

_PARTS: Final = (
    MessagePart.INTERNAL_DATE,
    MessagePart.header_fields(
        "Date", "In-Reply-To", "Message-ID", "References", "Subject"
    ),
)


async def thread(
    access: MailboxAccess, criteria: IMAPSearchCriteria, algorithm: ThreadAlgorithm
) -> ThreadResult:
    """Return the messages that match *criteria* in threads."""

    async def look(
        connection: IMAPConnection,
    ) -> ThreadResult | tuple[Found, SearchPlan]:
        plan = plan_thread(trusted(connection), criteria, algorithm)
        log.debug("%s", plan)
        if not plan.is_here:
            charset = "UTF-8" if criteria.needs_charset else "US-ASCII"
            try:
                threads = await connection.execute(
                    UidThread(algorithm, criteria, charset)
                )
            except IMAPSearchError as error:
                if is_bad_charset(error):
                    plan = fetched_instead(plan, "refused the charset")
                elif error.code == "MESSAGELIMIT":  # RFC 9738 §3.1
                    plan = fetched_instead(plan, "threads only some messages at once")
                else:
                    raise
            else:
                uidvalidity = uidvalidity_of(connection)
                return ThreadResult(access.mailbox, uidvalidity, threads, plan)
        return await find_to_read(access, connection, criteria, _PARTS), plan

    seen = await access.run(look, read_only=True)
    if isinstance(seen, ThreadResult):
        return seen
    found, plan = seen
    async with aclosing(read(access, found, _PARTS)) as messages:
        items = [
            ThreadItem.from_message(uid, message) async for uid, message in messages
        ]
    threads = await to_thread.run_sync(threads_of, items, algorithm)
    return ThreadResult(access.mailbox, found.messages.uidvalidity, threads, plan)
