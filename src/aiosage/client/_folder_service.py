"""The mailboxes of an account."""

from __future__ import annotations

from ..model import MailboxInfo, MailboxStatus
from ..pool import IMAPConnectionPool
from ..wire.commands import (
    Create,
    Delete,
    ListMailboxes,
    ListReturn,
    Rename,
    Subscribe,
    Unsubscribe,
)
from ..wire.commands import MailboxStatus as StatusCommand


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
                # Servers tell children unasked, but not where RETURN stands.
                ListMailboxes(
                    pattern,
                    reference,
                    returns=frozenset({ListReturn.CHILDREN, ListReturn.SPECIAL_USE})
                    if special
                    else frozenset(),
                )
            )
        return tuple(
            sorted(
                (
                    MailboxInfo(
                        listed.data.name, listed.data.delimiter, listed.data.attributes
                    )
                    for listed in found
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
            messages=data.messages,
            unseen=data.unseen,
            uidnext=data.uidnext,
            uidvalidity=data.uidvalidity,
            highest_modseq=data.highest_modseq,
            size=data.size,
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
