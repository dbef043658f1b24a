"""The mailboxes of an account."""

from __future__ import annotations

from typing import Final

from ..model import MailboxInfo, MailboxStatus
from ..pool import IMAPConnectionPool
from ..wire.commands import (
    Create,
    Delete,
    ListMailboxes,
    Rename,
    Subscribe,
    Unsubscribe,
)
from ..wire.commands import MailboxStatus as StatusCommand

_STATUS_FIELDS: Final = {
    "MESSAGES": "messages",
    "UNSEEN": "unseen",
    "UIDNEXT": "uidnext",
    "UIDVALIDITY": "uidvalidity",
    "HIGHESTMODSEQ": "highest_modseq",
    "SIZE": "size",
}


class IMAPFolderService:
    """List, make, rename and remove mailboxes. Names are `str`, of any letters.

    Every method may raise `IMAPMailboxError` if the server refuses, and
    `IMAPConnectionError` if the session ends.
    """

    def __init__(self, pool: IMAPConnectionPool) -> None:
        self._pool = pool

    async def list(
        self, pattern: str = "*", *, reference: str = ""
    ) -> tuple[MailboxInfo, ...]:
        """Return the mailboxes whose names match, ordered by name.

        Args:
            pattern: ``*`` stands for anything, ``%`` for anything but the
                delimiter of levels.
            reference: a name, with its delimiter, to look below.
        """
        async with self._pool.connection() as connection:
            special = connection.supports("SPECIAL-USE") and connection.supports(
                "LIST-EXTENDED"
            )
            found = await connection.execute(
                ListMailboxes(pattern, reference, special_use=special)
            )
        return tuple(
            sorted(
                (
                    MailboxInfo(data.name, data.delimiter, data.attributes)
                    for data, _ in found
                ),
                key=lambda mailbox: (mailbox.name != "INBOX", mailbox.name),
            )
        )

    async def status(self, mailbox: str) -> MailboxStatus:
        """Return how *mailbox* stands, without opening it."""
        async with self._pool.connection() as connection:
            items = ["MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY"]
            if connection.supports("CONDSTORE"):
                items.append("HIGHESTMODSEQ")
            if connection.supports("STATUS=SIZE"):
                items.append("SIZE")
            data = await connection.execute(StatusCommand(mailbox, tuple(items)))
        return MailboxStatus(
            **{
                field: value
                for item, field in _STATUS_FIELDS.items()
                if isinstance(value := data.items.get(item), int)
            }
        )

    async def create(self, mailbox: str) -> None:
        """Make *mailbox*, and the levels above it that are missing."""
        async with self._pool.connection() as connection:
            await connection.execute(Create(mailbox))

    async def delete(self, mailbox: str) -> None:
        """Remove *mailbox* and the messages in it; mailboxes below it stay."""
        async with self._pool.connection() as connection:
            # Servers end sessions in a mailbox that goes, or one below it.
            await connection.unselect()
            await connection.execute(Delete(mailbox))

    async def rename(self, mailbox: str, to_name: str) -> None:
        """Give *mailbox*, and those below it, another name."""
        async with self._pool.connection() as connection:
            # Servers end sessions in a mailbox that goes, or one below it.
            await connection.unselect()
            await connection.execute(Rename(mailbox, to_name))

    async def subscribe(self, mailbox: str) -> None:
        """Put *mailbox* on the account's list of subscribed ones."""
        async with self._pool.connection() as connection:
            await connection.execute(Subscribe(mailbox))

    async def unsubscribe(self, mailbox: str) -> None:
        """Take *mailbox* off the account's list of subscribed ones."""
        async with self._pool.connection() as connection:
            await connection.execute(Unsubscribe(mailbox))
