"""Searching one mailbox."""

from __future__ import annotations

from ..errors import IMAPSearchError
from ..model import IMAPSearchCriteria, MessageSet
from ..wire.commands import UidSearch
from ._access import MailboxAccess, uidvalidity_of


async def search(access: MailboxAccess, criteria: IMAPSearchCriteria) -> MessageSet:
    """Return the messages that match *criteria*."""
    async with access.connection(read_only=True) as connection:
        esearch = connection.supports("ESEARCH")
        charset = criteria.needs_charset
        try:
            found = await connection.execute(UidSearch(criteria, esearch, charset))
        except IMAPSearchError as error:
            if error.code != "BADCHARSET":
                raise
            # Some servers take UTF-8 only if it is not announced.
            found = await connection.execute(UidSearch(criteria, esearch))
        return found.bound_to(access.mailbox, uidvalidity_of(connection))
