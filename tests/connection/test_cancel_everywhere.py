"""Every operation of a connection cancelled at every await, on real servers."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.errors import IMAPConnectionLost, IMAPMailboxError
from aiosage.model import IMAPSearchCriteria, MessageSet, Secret
from aiosage.testing import cancel_at_every_await
from aiosage.wire.commands import (
    Append,
    Create,
    Delete,
    Enable,
    GetStatus,
    Rename,
    UidMove,
    UidSearch,
)

from ..conftest import Endpoint
from .operations import ALL, BODIES, OPERATIONS, fetch


def config_of(server: Endpoint) -> ConnectionConfig:
    """Return how to log in to *server* in the clear."""
    return ConnectionConfig(
        host=server.host,
        port=server.port,
        username=server.username,
        password=Secret(server.password),
        security=Security.PLAIN,
    )


@pytest.fixture
async def account(server: Endpoint) -> ConnectionConfig:
    """An account with three messages in INBOX, and a mailbox ``other``."""
    config = config_of(server)
    async with await IMAPConnection.open(config) as connection:
        await connection.execute(Create("other"))
        for body in BODIES.values():
            await connection.execute(Append("INBOX", body))
    return config


class Survivor:
    """A connection that is cancelled in the middle of things, or its successor."""

    def __init__(self, config: ConnectionConfig) -> None:
        self._config = config
        self.connection: IMAPConnection
        self.lost = 0

    async def begin(self) -> None:
        """Have a connection with INBOX open, a new one if the last was lost."""
        if not hasattr(self, "connection") or self.connection.is_closed:
            self.connection = await IMAPConnection.open(self._config)
        await self.connection.select("INBOX")

    async def check(self) -> None:
        """Let the connection answer rightly, or say that it is closed."""
        connection = self.connection
        if connection.is_closed:
            self.lost += 1
            with pytest.raises(IMAPConnectionLost, match="half sent"):
                await connection.noop()
            await self.begin()
            return
        async with asyncio.timeout(10.0):
            assert (await connection.select("INBOX")).mailbox == "INBOX"
            assert await fetch(connection) == BODIES
            status = await connection.execute(GetStatus("INBOX", ("MESSAGES",)))
        assert (status.mailbox, status.items) == ("INBOX", {"MESSAGES": 3})
        assert connection.is_quiet


@pytest.mark.parametrize("name", OPERATIONS)
async def test_the_next_command_gets_its_own_answer(
    name: str, account: ConnectionConfig
) -> None:
    """Or the connection says that it is closed; and then with good reason."""
    survivor = Survivor(account)
    await survivor.begin()
    cancelled = 0

    async for cancellation in cancel_at_every_await(
        lambda: OPERATIONS[name](survivor.connection)
    ):
        cancelled += cancellation.is_cancelled
        await survivor.check()

    assert cancelled >= 2
    assert survivor.lost <= (name in ("append", "search by literal"))
    await survivor.connection.aclose()


async def test_a_cancelled_move_loses_no_message(account: ConnectionConfig) -> None:
    """Each is in one mailbox or the other, and the connection tells which."""
    survivor = Survivor(account)
    await survivor.begin()

    async def move() -> None:
        connection = survivor.connection
        await connection.select("INBOX")
        there = await connection.execute(UidSearch(IMAPSearchCriteria()))
        await connection.execute(UidMove(there, "other"))

    async for _ in cancel_at_every_await(move):
        connection = survivor.connection
        counts: list[int] = []
        for name in ("INBOX", "other"):
            await connection.reselect(name)
            there = await connection.execute(UidSearch(IMAPSearchCriteria()))
            counts.append(len(there))
            if name == "other" and there:
                await connection.execute(UidMove(there, "INBOX"))
        assert counts in ([3, 0], [0, 3])
    await survivor.connection.aclose()


async def test_cancelled_changes_of_mailboxes_leave_the_connection_right(
    account: ConnectionConfig,
) -> None:
    """Made, renamed or removed or not: what is answered next is about now."""
    survivor = Survivor(account)
    await survivor.begin()

    async def change() -> None:
        await survivor.connection.execute(Create("a"))
        await survivor.connection.execute(Rename("a", "b"))
        await survivor.connection.execute(Delete("b"))

    async for _ in cancel_at_every_await(change):
        await survivor.check()
        for name in "ab":
            with suppress(IMAPMailboxError):  # it is not there
                await survivor.connection.execute(Delete(name))
    await survivor.connection.aclose()


async def test_a_cancelled_enable_is_drained(account: ConnectionConfig) -> None:
    async with await IMAPConnection.open(account) as connection:
        async for _ in cancel_at_every_await(
            lambda: connection.execute(Enable(("CONDSTORE",)))
        ):
            status = await connection.execute(GetStatus("other", ("MESSAGES",)))
            assert status.items == {"MESSAGES": 0}


async def wait_descriptors(at_most: int) -> None:
    """Wait until this process has no more descriptors than that."""
    async with asyncio.timeout(5.0):
        while len(os.listdir("/proc/self/fd")) > at_most:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("auth", ["auto", "PLAIN", "LOGIN"])
@pytest.mark.parametrize("security", Security)
async def test_a_cancelled_open_leaves_no_socket(
    server: Endpoint, security: Security, auth: str
) -> None:
    """Whatever it waits for: TCP, TLS, greeting, STARTTLS, login, capabilities."""
    config = ConnectionConfig(
        host=server.host,
        port=server.tls_port if security is Security.TLS else server.port,
        username=server.username,
        password=Secret(server.password),
        security=security,
        auth=auth,
        ssl_context=None if security is Security.PLAIN else server.ssl_context,
    )
    opened: list[IMAPConnection] = []

    async def open_one() -> None:
        opened.append(await IMAPConnection.open(config))

    before = len(os.listdir("/proc/self/fd"))
    cancelled = 0
    async for cancellation in cancel_at_every_await(open_one):
        cancelled += cancellation.is_cancelled
        # Late or early, what came about must not be lost.
        assert bool(opened) is not cancellation.is_cancelled
        while opened:
            await opened.pop().aclose()
        await wait_descriptors(at_most=before)
    assert cancelled >= 6


async def test_a_cancelled_close_has_closed(account: ConnectionConfig) -> None:
    before = len(os.listdir("/proc/self/fd"))
    connections: list[IMAPConnection] = []

    async def open_and_close() -> None:
        connections.append(await IMAPConnection.open(account))
        await connections[-1].aclose()

    async for _ in cancel_at_every_await(open_and_close):
        for connection in connections:
            assert connection.is_closed
        await wait_descriptors(at_most=before)
    assert len(connections) >= 4


async def test_only_who_is_cancelled_goes_without_an_answer(
    account: ConnectionConfig,
) -> None:
    """Others that wait on the same connection, behind or beside, are not harmed."""
    async with await IMAPConnection.open(account) as connection:
        await connection.select("INBOX")

        async def one(uid: int) -> None:
            found = await connection.execute(
                UidSearch(IMAPSearchCriteria.uid(MessageSet([uid])))
            )
            assert list(found) == [uid]

        for victim in range(3):
            tasks = [asyncio.ensure_future(one(uid)) for uid in ALL]
            await asyncio.sleep(0)
            tasks[victim].cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            expected: list[object] = [None, None, None]
            assert isinstance(results[victim], asyncio.CancelledError)
            results[victim] = None
            assert results == expected
