"""The calls of aioimaplib's clients that are one command within one timeout.

The base wraps each in ``asyncio.wait_for``, which in Python 3.11 loses a
cancellation that meets the answer: the caller would go on.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

import async_timeout
from aioimaplib import aioimaplib

T = TypeVar("T")


class TimedCalls(aioimaplib.IMAP4):
    """``aioimaplib.IMAP4`` whose calls are cancelled when they are told to be.

    Each returns aioimaplib's ``Response``, and raises ``TimeoutError`` after
    ``timeout`` seconds and ``aioimaplib.Abort`` when the session has ended.
    """

    protocol: Any  # `LegacyProtocol`; the base says None

    async def _within_timeout(self, call: Awaitable[T]) -> T:
        async with async_timeout.timeout(self.timeout):
            return await call

    async def login(self, user: str, password: str) -> Any:
        """Log in with a password."""
        return await self._within_timeout(self.protocol.login(user, password))

    async def xoauth2(self, user: str, token: str | bytes) -> Any:
        """Log in by XOAUTH2."""
        return await self._within_timeout(self.protocol.xoauth2(user, token))

    async def select(self, mailbox: str = "INBOX") -> Any:
        """Open a mailbox."""
        return await self._within_timeout(self.protocol.select(mailbox))

    async def examine(self, mailbox: str = "INBOX") -> Any:
        """Open a mailbox to read only."""
        return await self._within_timeout(
            self.protocol.simple_command("EXAMINE", mailbox)
        )

    async def close(self) -> Any:
        """Expunge and close the mailbox; the connection stays."""
        return await self._within_timeout(self.protocol.close())

    async def search(self, *criteria: str, charset: str | None = "utf-8") -> Any:
        """Search; what is found is in the first line, by sequence numbers."""
        return await self._within_timeout(
            self.protocol.search(*criteria, charset=charset)
        )

    async def uid_search(self, *criteria: str, charset: str | None = "utf-8") -> Any:
        """Search; what is found is in the first line, by UIDs."""
        return await self._within_timeout(
            self.protocol.search(*criteria, by_uid=True, charset=charset)
        )

    async def store(self, *criteria: str) -> Any:
        """Change flags."""
        return await self._within_timeout(self.protocol.store(*criteria))

    async def copy(self, *criteria: str) -> Any:
        """Copy messages."""
        return await self._within_timeout(self.protocol.copy(*criteria))

    async def move(self, uid_set: str, mailbox: str) -> Any:
        """Move messages, which are sequence numbers in spite of the name."""
        return await self._within_timeout(self.protocol.move(uid_set, mailbox))

    async def expunge(self) -> Any:
        """Remove what is marked as deleted."""
        return await self._within_timeout(self.protocol.expunge())

    async def id(self, **kwargs: Any) -> Any:
        """Tell who the client is, hear who the server is."""
        return await self._within_timeout(self.protocol.id(**kwargs))

    async def namespace(self) -> Any:
        """Ask where mailboxes live."""
        return await self._within_timeout(self.protocol.namespace())

    async def noop(self) -> Any:
        """Ask for news."""
        return await self._within_timeout(self.protocol.simple_command("NOOP"))

    async def check(self) -> Any:
        """Ask for a checkpoint."""
        return await self._within_timeout(self.protocol.simple_command("CHECK"))

    async def status(self, mailbox: str, names: str) -> Any:
        """Ask about a mailbox without opening it."""
        return await self._within_timeout(
            self.protocol.simple_command("STATUS", mailbox, names)
        )

    async def subscribe(self, mailbox: str) -> Any:
        """Subscribe to a mailbox."""
        return await self._within_timeout(
            self.protocol.simple_command("SUBSCRIBE", mailbox)
        )

    async def unsubscribe(self, mailbox: str) -> Any:
        """End a subscription."""
        return await self._within_timeout(
            self.protocol.simple_command("UNSUBSCRIBE", mailbox)
        )

    async def list(self, reference_name: str, mailbox_pattern: str) -> Any:
        """List mailboxes."""
        return await self._within_timeout(
            self.protocol.simple_command("LIST", reference_name, mailbox_pattern)
        )

    async def lsub(self, reference_name: str, mailbox_name: str) -> Any:
        """List subscriptions."""
        return await self._within_timeout(
            self.protocol.simple_command("LSUB", reference_name, mailbox_name)
        )

    async def create(self, mailbox_name: str) -> Any:
        """Create a mailbox."""
        return await self._within_timeout(
            self.protocol.simple_command("CREATE", mailbox_name)
        )

    async def delete(self, mailbox_name: str) -> Any:
        """Delete a mailbox."""
        return await self._within_timeout(
            self.protocol.simple_command("DELETE", mailbox_name)
        )

    async def rename(self, old_mailbox_name: str, new_mailbox_name: str) -> Any:
        """Rename a mailbox."""
        return await self._within_timeout(
            self.protocol.simple_command("RENAME", old_mailbox_name, new_mailbox_name)
        )

    async def enable(self, capability: str) -> Any:
        """Turn an extension on.

        Raises:
            aioimaplib.Abort: the server has no ENABLE.
        """
        if not self.has_capability("ENABLE"):
            raise aioimaplib.Abort("server has not ENABLE capability")
        return await self._within_timeout(
            self.protocol.simple_command("ENABLE", capability)
        )

    async def getquotaroot(self, mailbox_name: str) -> Any:
        """Ask for the quotas of a mailbox."""
        command = aioimaplib.Command(
            "GETQUOTAROOT",
            self.protocol.new_tag(),
            mailbox_name,
            untagged_resp_name="QUOTA",
        )
        return await self._within_timeout(self.protocol.execute(command))
