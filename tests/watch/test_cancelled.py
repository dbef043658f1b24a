"""Watches that are cancelled at any await."""

from __future__ import annotations

import asyncio

from aiosage import NewMessage
from aiosage.testing import cancel_at_every_await

from ..client.accounts import OtherClient, client_of, small
from ..conftest import Endpoint


async def test_a_watch_cancelled_at_any_await_gives_its_connection_back(
    server: Endpoint, other: OtherClient
) -> None:
    """And what comes next is heard."""
    other.create("A")
    number = 0
    async with client_of(server, max_connections=1, poll_interval=0.05) as client:

        async def operation() -> None:
            nonlocal number
            async with client.watch("INBOX", "A", queue_size=1) as events:
                number += 1
                other.deliver(small(number))
                while not isinstance(await events.get(), NewMessage):
                    pass

        async for _ in cancel_at_every_await(operation):
            assert client.stats().busy == 0
            async with asyncio.timeout(10):
                assert len(await client.mailbox().search()) == number
