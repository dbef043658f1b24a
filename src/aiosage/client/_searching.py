"""Searching one mailbox."""

from __future__ import annotations

from ..connection import IMAPConnection
from ..errors import IMAPSearchError
from ..model import IMAPSearchCriteria, MessageSet
from ..wire.commands import UidSearch
from ._access import MailboxAccess


async def search(access: MailboxAccess, criteria: IMAPSearchCriteria) -> MessageSet:
    """Return the messages that match *criteria*."""

    async def look(connection: IMAPConnection) -> MessageSet:
        esearch = connection.supports("ESEARCH")
        charset = criteria.needs_charset
        try:
            found = await connection.execute(UidSearch(criteria, esearch, charset))
        except IMAPSearchError as error:
            if error.code != "BADCHARSET":
                raise
            # Some servers take UTF-8 only if it is not announced.
            found = await connection.execute(UidSearch(criteria, esearch))
        return access.bound(found, connection)

    return await access.run(look, read_only=True)
