"""Whether a refused mailbox is missing, where the server has no code to say so."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from ..errors import IMAPError, IMAPMailboxError
from ..pool import IMAPConnectionPool
from ._listing import find

OPENING: Final = frozenset({"SELECT", "EXAMINE"})
ABOUT_IT: Final = frozenset({"STATUS", "DELETE", "RENAME", "SUBSCRIBE"})


@asynccontextmanager
async def finding_missing(
    pool: IMAPConnectionPool, mailbox: str, commands: frozenset[str]
) -> AsyncGenerator[None]:
    """Let errors of the block tell whether *mailbox* is missing (``is_missing``).

    The block borrows a connection itself, if any, so that this one can, too.

    Args:
        pool: of the account.
        mailbox: its name.
        commands: those that are about this mailbox, and no other.
    """
    try:
        yield
    except IMAPMailboxError as error:
        if error.is_missing is None and error.command in commands:
            error.is_missing = await _is_missing(pool, mailbox)
        raise


async def _is_missing(pool: IMAPConnectionPool, mailbox: str) -> bool | None:
    try:
        async with pool.connection() as connection:
            return await find(connection, mailbox) is None
    except IMAPError:
        return None  # the first error is the one to tell
