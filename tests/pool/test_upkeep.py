"""Connections that are lost are replaced, up to `min_size`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import anyio
import pytest

from aiosage import ConnectionBudget, IMAPClient, IMAPConnectionPool, Secret
from aiosage.resilience import CircuitRules
from aiosage.testing import MemoryServer, Stall, cancel_at_every_await

from ..client.accounts import config_of
from ..client.relay import Relay
from ..conftest import Endpoint
from .test_circuits import plain
from .test_pool import turns, until, use


@pytest.fixture
async def relay(server: Endpoint) -> AsyncIterator[Relay]:
    async with Relay(server.host, server.port) as relay:
        yield relay


async def test_lost_connections_are_replaced_without_a_caller(
    server: Endpoint, relay: Relay
) -> None:
    config = config_of(server, port=relay.port)
    async with IMAPConnectionPool(config, min_size=2, max_size=3) as pool:
        for number in range(1, 4):
            lost = 2 * number
            relay.cut()
            await until(lambda: pool.stats().closed >= lost)  # noqa: B023  # called at once
            await until(lambda: pool.stats().idle == 2)
            assert pool.stats().opened == 2 + lost
        await use(pool)
        assert not under_way()


def under_way() -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if "Upkeep" in repr(task.get_coro())]


async def test_one_lost_in_use_is_replaced(server: Endpoint, relay: Relay) -> None:
    config = config_of(server, port=relay.port)
    async with IMAPConnectionPool(config) as pool:
        async with pool.connection() as connection:
            connection.abort()
        await until(lambda: pool.stats().idle == 1)
        assert pool.stats().opened == 2


async def test_a_server_that_is_away_is_waited_for(
    server: Endpoint, relay: Relay
) -> None:
    budget = ConnectionBudget(circuit=CircuitRules(1, 0.02, 0.05))
    config = config_of(server, port=relay.port)
    async with IMAPConnectionPool(config, budget=budget) as pool:
        relay.is_open = False
        relay.cut()
        await until(lambda: pool.stats().failures >= 2)
        relay.is_open = True
        await until(lambda: pool.stats().idle == 1)


async def test_closing_ends_it(server: Endpoint, relay: Relay) -> None:
    config = config_of(server, port=relay.port)
    pool = IMAPConnectionPool(config, min_size=2)
    await pool.open()
    relay.freeze()
    relay.cut()
    await until(lambda: pool.stats().opening == 2)  # being opened, in vain
    assert under_way()
    async with asyncio.timeout(5):
        await pool.aclose()
    assert not under_way()
    assert pool.stats().size == 0
    assert pool.stats().waiting == 0


async def test_a_pool_that_was_not_opened_keeps_up_nothing(
    server: Endpoint, relay: Relay
) -> None:
    pool = IMAPConnectionPool(config_of(server, port=relay.port))
    await use(pool)
    relay.cut()
    await until(lambda: pool.stats().idle == 0)
    await turns()
    assert pool.stats().size == 0
    await pool.aclose()


async def test_a_changed_password_is_not_tried_for_ever() -> None:
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        async with (
            Relay(memory.host, memory.port) as relay,
            IMAPConnectionPool(plain(relay.port)) as pool,
        ):
            memory.account("user").password = Secret("another")
            relay.cut()
            await until(lambda: pool.stats().failures == 1)
            await until(lambda: not under_way())
            assert pool.stats().failures == 1


def three(relay: Relay, server: Endpoint) -> IMAPConnectionPool:
    """A pool that keeps three connections."""
    config = config_of(server, port=relay.port)
    return IMAPConnectionPool(config, min_size=3, max_size=4)


async def test_one_of_several_is_replaced_while_the_others_idle(
    server: Endpoint, relay: Relay
) -> None:
    """Those that are left must not pass for those that are missing."""
    async with three(relay, server) as pool:
        async with pool.connection() as connection:
            connection.abort()
        await until(lambda: pool.stats().idle == 3)
        assert pool.stats().opened == 4


async def test_a_client_opens_all_that_its_pool_is_to_have(
    server: Endpoint, relay: Relay
) -> None:
    async with IMAPClient.from_pool(three(relay, server)) as client:
        assert client.stats().size == 3


async def test_a_client_that_is_cancelled_while_it_opens_leaves_nothing(
    server: Endpoint, relay: Relay
) -> None:
    async def open_and_close() -> None:
        async with IMAPClient.from_pool(three(relay, server)):
            pass

    async for _ in cancel_at_every_await(open_and_close):
        async with asyncio.timeout(10):
            await relay.wait_connections(0)


async def test_idle_connections_are_lent_while_others_are_replaced(
    server: Endpoint, relay: Relay
) -> None:
    """A server that takes long to let one in holds up nobody who needs none new."""
    config = config_of(server, port=relay.port)
    async with IMAPConnectionPool(config, min_size=3, max_size=3) as pool:
        relay.faults = (Stall(seconds=60),)
        async with pool.connection() as connection:
            connection.abort()
        await until(lambda: pool.stats().opening == 1)  # in vain
        async with (
            asyncio.timeout(5),
            pool.connection() as one,
            pool.connection() as another,
        ):
            await one.noop()
            await another.noop()
        assert pool.stats().opened == 3


async def test_what_is_lost_again_at_once_is_replaced_ever_later(
    server: Endpoint, relay: Relay
) -> None:
    """A server that lets one in, and hangs up, is not stormed with logins."""
    config = config_of(server, port=relay.port)
    async with IMAPConnectionPool(config) as pool:
        with anyio.move_on_after(1.5):
            while True:
                await until(lambda: pool.stats().idle == 1)
                relay.cut()
                await until(lambda: pool.stats().idle == 0)
        assert 3 <= pool.stats().opened <= 8
        async with asyncio.timeout(5):
            await use(pool)  # which waits for nothing


async def test_a_caller_who_gives_up_leaves_the_replacing_to_the_pool(
    server: Endpoint, relay: Relay
) -> None:
    """What was being opened for it was to make up for the one that is lost."""
    config = config_of(server, port=relay.port)
    async with IMAPConnectionPool(config) as pool:
        async with pool.connection() as connection:
            relay.faults = (Stall(seconds=60),)
            caller = asyncio.create_task(use(pool))
            await until(lambda: pool.stats().opening == 1)  # in vain
            connection.abort()
        await turns()
        relay.faults = ()
        caller.cancel()
        await asyncio.wait([caller])
        relay.cut()
        await until(lambda: pool.stats().idle == 1)
