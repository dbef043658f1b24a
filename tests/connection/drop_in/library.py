"""The two implementations that a test is run on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aioimaplib import aioimaplib

from aiosage.connection import IMAP4, IMAP4_SSL
from aiosage.connection._legacy_protocol import LegacyProtocol

from ..scripted import Script, scripted

CAPABILITY = "IMAP4rev1 IDLE UIDPLUS MOVE"
# The base asks for capabilities whatever the greeting says, so it says none.
HELLO = f"""
S: * OK hi
C: T1 CAPABILITY
S: * CAPABILITY {CAPABILITY}
S: T1 OK done
"""
LOGIN = f"""{HELLO}
C: T1 LOGIN joe "secret"
S: * CAPABILITY {CAPABILITY}
S: T1 OK in
"""
SELECTED = f"""{LOGIN}
C: T1 SELECT INBOX
S: * 3 EXISTS
S: T1 OK [READ-WRITE] selected
"""


@dataclass(frozen=True)
class Library:
    """An implementation of aioimaplib's classes.

    Attributes:
        patience: seconds after which a test believes that nothing will come. For
            the base a short time, as it is known to hang.
    """

    name: str
    IMAP4: Any  # both have the same calls, but no common type that says so
    IMAP4_SSL: Any
    Protocol: Any
    patience: float

    @asynccontextmanager
    async def connected(self, *scripts: Script, **options: Any) -> AsyncIterator[Any]:
        """Give a client of a server that plays *scripts*."""
        async with scripted(*scripts) as port:
            options = {"timeout": self.patience, **options}
            client = self.IMAP4("127.0.0.1", port, **options)
            # In the base a task that waits for an answer holds a lock, without which
            # whoever waits for the greeting cannot even be cancelled.
            stuck = client.protocol.tasks
            rescue = asyncio.get_running_loop().call_later(
                2 * self.patience, lambda: [task.cancel() for task in stuck]
            )
            try:
                yield client
            finally:
                rescue.cancel()
                await self.close(client)

    @asynccontextmanager
    async def greeted(self, *scripts: Script, **options: Any) -> AsyncIterator[Any]:
        """Give a client that has been greeted."""
        async with self.connected(*scripts, **options) as client:
            await client.wait_hello_from_server()
            yield client

    @asynccontextmanager
    async def selected(self, *scripts: Script, **options: Any) -> AsyncIterator[Any]:
        """Give a client with INBOX open."""
        async with self.greeted(SELECTED, *scripts, **options) as client:
            assert (await client.login("joe", "secret")).result == "OK"
            assert (await client.select()).result == "OK"
            yield client

    async def close(self, client: Any) -> None:
        """Close the socket, for which the base has no call."""
        if isinstance(client, IMAP4):
            await client.aclose()
            return
        client._client_task.cancel()
        for task in client.protocol.tasks:
            task.cancel()
        if client.protocol.transport is not None:
            client.protocol.transport.abort()
        await asyncio.sleep(0)

    @property
    def within(self) -> asyncio.Timeout:
        """The time in which something must have happened."""
        return asyncio.timeout(self.patience)


OURS = Library("aiosage", IMAP4, IMAP4_SSL, LegacyProtocol, patience=5.0)
BASE = Library(
    "aioimaplib",
    aioimaplib.IMAP4,
    aioimaplib.IMAP4_SSL,
    aioimaplib.IMAP4ClientProtocol,
    patience=0.15,
)

SWAPPED = Library(
    "aioimaplib-over-our-protocol",
    aioimaplib.IMAP4,
    aioimaplib.IMAP4_SSL,
    LegacyProtocol,
    patience=5.0,
)
