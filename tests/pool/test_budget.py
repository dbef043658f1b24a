"""Several pools under one budget, on real servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from aiosage import (
    ConnectionBudget,
    ConnectionConfig,
    IMAPAuthenticationError,
    IMAPClient,
    IMAPConfigurationError,
    IMAPConnectionError,
    IMAPConnectionPool,
    IMAPPoolTimeout,
    Secret,
    Security,
)
from aiosage.model import profile_of
from aiosage.testing import Certificates, DovecotServer, MemoryServer

from ..client.relay import Relay
from ..connection.scripted import CAPABILITIES, LOGGED_IN, PASSWORD, Peer, scripted
from ..connection.scripted import config as scripted_config
from .test_load import allowed, most_sessions
from .test_pool import Clock, holding, turns, until, use


@pytest.fixture
async def memory() -> AsyncIterator[MemoryServer]:
    async with MemoryServer() as server:
        for number in range(10):
            server.add_account(f"user{number}", "secret")
        yield server


@pytest.fixture
async def relay(memory: MemoryServer) -> AsyncIterator[Relay]:
    async with Relay(memory.host, memory.port) as relay:
        yield relay


def account(port: int, number: int = 0) -> ConnectionConfig:
    return ConnectionConfig(
        host="127.0.0.1",
        port=port,
        username=f"user{number}",
        password=Secret("secret"),
        security=Security.PLAIN,
    )


async def test_pools_of_one_budget_never_have_more_than_its_total(
    certificates: Certificates, dovecot: DovecotServer
) -> None:
    """As counted by the server."""
    with DovecotServer(certificates=certificates) as own:
        budget = ConnectionBudget(total=3)
        async with AsyncExitStack() as stack:
            pools = [
                IMAPConnectionPool(allowed(own), min_size=0, budget=budget)
                for _ in range(10)
            ]
            for pool in pools:
                await stack.enter_async_context(pool)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(10):
                    for pool in pools:
                        tasks.create_task(use(pool))
            assert [pool.stats().served for pool in pools] == [10] * 10
            assert budget.stats().held == sum(pool.stats().size for pool in pools) == 3
            assert budget.stats().waiting == 0
        assert budget.stats().held == 0
        assert most_sessions(own.log_tail(100_000)) == 3


async def test_a_connection_nobody_uses_makes_room_for_another_account(
    relay: Relay,
) -> None:
    budget = ConnectionBudget(total=1)
    async with (
        IMAPConnectionPool(account(relay.port, 1), budget=budget) as one,
        IMAPConnectionPool(account(relay.port, 2), min_size=0, budget=budget) as two,
    ):
        assert one.stats().idle == 1
        await use(two)
        assert (one.stats().size, two.stats().size) == (0, 1)
        await use(one)
        assert (one.stats().size, two.stats().size) == (1, 0)


async def test_a_busy_account_lets_others_in(relay: Relay) -> None:
    """It never has fewer callers waiting than it has connections."""
    clock = Clock()
    budget = ConnectionBudget(total=1, clock=clock)
    async with (
        IMAPConnectionPool(account(relay.port, 1), budget=budget) as busy,
        IMAPConnectionPool(account(relay.port, 2), min_size=0, budget=budget) as other,
    ):
        async with holding(busy, 1):
            callers = [asyncio.create_task(use(busy)) for _ in range(20)]
            await turns()
            guest = asyncio.create_task(use(other))
            await turns()
            clock.now = 2
        await guest
        assert not all(caller.done() for caller in callers)
        assert busy.stats().waiting > 0
        await asyncio.wait(callers)
        assert [caller.exception() for caller in callers] == [None] * 20


async def test_a_watch_takes_its_connection_from_the_budget(
    memory: MemoryServer,
) -> None:
    budget = ConnectionBudget(per_account=1)
    config = account(memory.port)
    pool = IMAPConnectionPool(config, budget=budget)
    other = IMAPConnectionPool(config, min_size=0, acquire_timeout=0.05, budget=budget)
    async with IMAPClient.from_pool(pool) as client, other:
        async with client.watch("INBOX"):
            assert budget.stats().held == 1
            with pytest.raises(IMAPPoolTimeout, match="The budget allows 1 for this"):
                async with other.connection():
                    pass
            await client.mailbox("INBOX").search()  # to which the watch lends it
        async with other.connection():
            pass


async def test_a_server_that_allows_fewer_teaches_so(
    certificates: Certificates, dovecot: DovecotServer
) -> None:
    """Nobody gets an error: callers wait for the connections there may be."""
    with DovecotServer(
        certificates=certificates, extra_config="mail_max_userip_connections = 3"
    ) as strict:
        config = allowed(strict)
        clock = Clock()
        budget = ConnectionBudget(recovery=60, clock=clock)
        async with IMAPConnectionPool(config, max_size=8, budget=budget) as pool:
            learned = {f"{config.username}@127.0.0.1": 3}

            async def be_refused() -> None:
                """Have callers come while the three are held."""
                failures = pool.stats().failures
                async with asyncio.TaskGroup() as tasks, holding(pool, 3):
                    for _ in range(40):
                        tasks.create_task(use(pool))
                    await until(lambda: pool.stats().failures > failures)
                    await until(lambda: pool.stats().busy == 3)

            await be_refused()
            assert budget.stats().learned == learned
            assert pool.stats().served == 3 + 40
            assert pool.stats().size == 3
            clock.now = 60  # a fourth is tried again; and refused again
            await be_refused()
            assert budget.stats().learned == learned
            clock.now = 3 * 60
            assert list(budget.stats().learned.values()) == [5]

            async with holding(pool, 3):  # nothing to wait for: the error tells
                other = IMAPConnectionPool(config, min_size=0)
                with pytest.raises(IMAPAuthenticationError, match="Maximum number"):
                    await use(other)
                await other.aclose()


async def test_who_waits_is_served_when_what_was_learned_grows() -> None:
    """Though nobody gives anything back meanwhile."""
    logins = 0

    async def serve(peer: Peer) -> None:
        nonlocal logins
        logins += 1
        if logins == 2:
            await peer.play(REFUSED)
        else:
            await peer.play(LOGGED_IN)
            await peer.play("C: T1 LOGOUT\nS: * BYE\nS: T1 OK")

    async with scripted(serve) as port:
        budget = ConnectionBudget(recovery=0.1)
        pool = IMAPConnectionPool(scripted_config(port), budget=budget)
        async with holding(pool, 1), asyncio.timeout(5), pool.connection():
            assert logins == 3
        await pool.aclose()


REFUSED = f"""
S: * OK [CAPABILITY {CAPABILITIES}] ready
C: T0 LOGIN joe {PASSWORD}
S: T0 NO Too many connections
"""


async def test_a_pool_being_closed_has_no_more_to_give(
    memory: MemoryServer, relay: Relay
) -> None:
    """Its idle connections say goodbye, and count until they are gone."""
    budget = ConnectionBudget(total=1)
    one = IMAPConnectionPool(account(relay.port, 1), budget=budget)
    await one.open()
    async with IMAPConnectionPool(
        account(memory.port, 2), min_size=0, budget=budget
    ) as other:
        relay.freeze()
        closing = asyncio.create_task(one.aclose())
        await turns()
        waiter = asyncio.create_task(use(other))
        await turns()
        assert budget.stats().waiting == 1
        relay.thaw()
        await closing
        await waiter


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_pools_do_to_each_other_nothing_leaks(
    relay: Relay, seed: int
) -> None:
    """Cancelled callers, lost, old and reclaimed connections, in any order."""
    rng = random.Random(seed)
    mishaps: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: mishaps.append(context))
    budget = ConnectionBudget(total=4, per_account=3)
    served = 0

    async def call(pool: IMAPConnectionPool) -> None:
        nonlocal served
        try:
            async with pool.connection("INBOX", read_only=True) as connection:
                assert budget.stats().held <= 4
                await connection.noop()
                served += 1
        except IMAPConnectionError:
            pass  # it was cut

    async with AsyncExitStack() as stack:
        pools = [
            await stack.enter_async_context(
                IMAPConnectionPool(
                    account(relay.port, number // 2),  # two pools to an account
                    min_size=0,
                    max_size=1 + number,
                    max_idle=0.02,
                    max_lifetime=0.1,
                    budget=budget,
                )
            )
            for number in range(4)
        ]
        callers: list[asyncio.Task[None]] = []
        for _ in range(60):
            pool = rng.choice(pools)
            callers += [asyncio.create_task(call(pool)) for _ in range(6)]
            await asyncio.sleep(rng.random() / 200)
            rng.choice(callers).cancel()
            match rng.randrange(12):
                case 0:
                    relay.cut()
                case 1:
                    pool.drain()
                case 2:
                    await pool.resize(max_size=rng.randrange(1, 5))
        async with asyncio.timeout(30):
            await asyncio.wait(callers)
        assert [
            c.exception() for c in callers if not c.cancelled() and c.exception()
        ] == []
        assert served > 100
        assert budget.stats().held == sum(pool.stats().size for pool in pools)
        assert budget.stats().waiting == 0
        assert all(pool.stats().busy == pool.stats().waiting == 0 for pool in pools)
    assert budget.stats().held == budget.stats().idle == 0
    assert not mishaps


async def test_closing_one_pool_gives_its_part_to_the_others(relay: Relay) -> None:
    budget = ConnectionBudget(total=1)
    one = IMAPConnectionPool(account(relay.port, 1), budget=budget, close_grace=0.01)
    async with IMAPConnectionPool(
        account(relay.port, 2), min_size=0, budget=budget
    ) as other:
        async with one.connection():
            waiter = asyncio.create_task(use(other))
            await turns()
            assert budget.stats().waiting == 1
            await one.aclose()
        await waiter


async def test_who_gives_up_waiting_for_the_budget_leaves_nothing(
    relay: Relay,
) -> None:
    budget = ConnectionBudget(total=1)
    async with (
        IMAPConnectionPool(account(relay.port, 1), budget=budget) as one,
        IMAPConnectionPool(account(relay.port, 2), min_size=0, budget=budget) as two,
        IMAPConnectionPool(account(relay.port, 3), min_size=0, budget=budget) as three,
    ):
        async with holding(one, 1):
            waiters = [asyncio.create_task(use(pool)) for pool in (two, three)]
            await turns()
            assert budget.stats().waiting == 2
            waiters[0].cancel()
            await turns()
            assert budget.stats().waiting == 1
        waiters[1].cancel()  # just as it is handed the permit
        await asyncio.wait(waiters)
        await use(two)

        assert budget.stats().held == 1


async def test_a_budget_of_an_account_bounds_the_warm_up(relay: Relay) -> None:
    """Else opening the pool would wait for what cannot come."""
    budget = ConnectionBudget(per_account=2)
    async with IMAPConnectionPool(
        account(relay.port), min_size=4, max_size=4, budget=budget
    ) as pool:
        assert pool.stats().idle == 2


def test_what_providers_allow_is_known() -> None:
    assert profile_of("imap.gmail.com").max_connections == 15
    assert profile_of("outlook.office365.com").max_connections == 20
    assert profile_of("imap.mail.yahoo.com").max_connections == 5
    assert profile_of("imap.example.org").max_connections is None


def test_bounds_that_cannot_be_are_told_at_once() -> None:
    with pytest.raises(IMAPConfigurationError) as caught:
        ConnectionBudget(total=0, per_host=0, per_account=-1, recovery=0)

    assert len(caught.value.mistakes) == 4
