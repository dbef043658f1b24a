"""A watch and commands on one connection: it is given back, and nothing is missed."""

from __future__ import annotations

import asyncio

import pytest

from aiosage import (
    Flag,
    IMAPConnectionPool,
    IMAPPoolTimeout,
    NewMessage,
)

from ..client.accounts import OtherClient, client_of, config_of, small
from ..conftest import Endpoint
from ..pool.test_pool import turns
from .mirror import Mirror, take


async def test_commands_work_beside_a_watch_on_the_only_connection(
    server: Endpoint, other: OtherClient
) -> None:
    other.deliver(small(1))
    async with (
        client_of(server, max_connections=1) as client,
        client.watch("INBOX") as events,
    ):
        inbox = client.mailbox()
        assert list(await inbox.search()) == [1]
        for number in range(2, 6):
            # One while it watches, one while it is away, and our own.
            other.deliver(small(number))
            assert number in await inbox.search()
            other.add_flag(number, Flag.FLAGGED)
            await inbox.add_flags([number], Flag.SEEN)
        other.expunge(1)
        await inbox.search()
        mirror = Mirror({1: frozenset()})
        both = frozenset({Flag.FLAGGED, Flag.SEEN})
        await mirror.follow(events, dict.fromkeys(range(2, 6), both))
        assert not mirror.states
        assert client.stats().opened == 1


async def test_what_happens_while_it_is_away_is_told_once(
    server: Endpoint, other: OtherClient
) -> None:
    async with (
        client_of(server, max_connections=1) as client,
        client.watch("INBOX") as events,
    ):
        async with client.pool.connection():
            other.deliver(small(1), small(2))
        first, second = await take(events, 2)
        assert isinstance(first, NewMessage)
        assert isinstance(second, NewMessage)
        assert (first.uid, second.uid) == (1, 2)
        await client.mailbox().search()
        other.deliver(small(3))
        (third,) = await take(events, 1)
        assert isinstance(third, NewMessage)
        assert third.uid == 3
        assert events.empty()


async def test_many_commands_at_once_wait_for_one_pause_of_the_watch(
    server: Endpoint,
) -> None:
    async with (
        client_of(server, max_connections=1) as client,
        client.watch("INBOX"),
    ):
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            for _ in range(50):
                tasks.create_task(client.mailbox().search())
        assert client.stats().opened == 1


async def test_two_watches_do_not_ask_each_other(server: Endpoint) -> None:
    """They would hand the connection to and fro for ever."""
    pool = IMAPConnectionPool(config_of(server), max_size=1, acquire_timeout=0.1)
    asked = False

    def ask() -> None:
        nonlocal asked
        asked = True

    async with pool, pool.connection(on_wanted=ask):
        with pytest.raises(IMAPPoolTimeout):
            async with pool.connection(on_wanted=lambda: None):
                pass
        assert not asked


async def test_nobody_is_asked_while_another_connection_will_come_back(
    server: Endpoint,
) -> None:
    pool = IMAPConnectionPool(config_of(server), max_size=2)
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1

    async def use() -> None:
        async with pool.connection():
            pass

    async with pool, pool.connection(on_wanted=ask):
        async with pool.connection():
            waiting = asyncio.ensure_future(use())
            await turns()
            assert not waiting.done()
        await waiting
        assert not asked


async def test_the_first_holder_is_asked_once_for_all_who_wait(
    server: Endpoint,
) -> None:
    pool = IMAPConnectionPool(config_of(server), max_size=2)
    asked: list[str] = []

    async def use() -> None:
        async with pool.connection():
            pass

    async with pool:
        second = pool.connection(on_wanted=lambda: asked.append("second"))
        async with pool.connection(on_wanted=lambda: asked.append("first")):
            await second.__aenter__()
            callers = [asyncio.ensure_future(use()) for _ in range(9)]
            await turns()
            assert asked == ["first"]
        await asyncio.gather(*callers)
        assert asked == ["first"]
        await second.__aexit__(None, None, None)


async def test_who_stops_waiting_leaves_the_watch_as_it_was(server: Endpoint) -> None:
    """Cancelled after the watch was asked: the connection goes back to the watch."""
    async with (
        client_of(server, max_connections=1) as client,
        client.watch("INBOX") as events,
    ):
        for _ in range(5):
            caller = asyncio.ensure_future(client.mailbox().search())
            await turns()
            caller.cancel()
            await asyncio.wait([caller])
        await client.mailbox().append(small(1))
        assert isinstance((await take(events, 1))[0], NewMessage)
        assert client.stats().size == 1
