"""The pool, on both servers: bounds, fairness, cancellation, broken connections."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from aiosage import (
    CircuitOpen,
    ConnectionBudget,
    ConnectionConfig,
    IMAPAuthenticationError,
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPConnectionPool,
    IMAPMailboxError,
    IMAPPoolClosed,
    IMAPPoolTimeout,
    IMAPSearchCriteria,
    Secret,
)
from aiosage.connection import TokenRequest
from aiosage.testing import Stall
from aiosage.wire.commands import UidSearch

from ..client.accounts import OtherClient, config_of, small
from ..client.relay import Relay
from ..conftest import Endpoint
from ..connection.scripted import LOGGED_IN, SELECTED, Peer, scripted
from ..connection.scripted import config as scripted_config


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
async def relay(server: Endpoint) -> AsyncIterator[Relay]:
    async with Relay(server.host, server.port) as relay:
        yield relay


@pytest.fixture
def config(server: Endpoint, relay: Relay) -> ConnectionConfig:
    return config_of(server, port=relay.port)


@asynccontextmanager
async def holding(
    pool: IMAPConnectionPool, count: int
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Have *count* tasks hold a connection each."""
    held, release = asyncio.Semaphore(0), asyncio.Event()

    async def hold() -> None:
        async with pool.connection():
            held.release()
            await release.wait()

    async with asyncio.TaskGroup() as tasks:
        holders = [tasks.create_task(hold()) for _ in range(count)]
        for _ in range(count):
            await held.acquire()
        yield holders
        release.set()


async def turns(count: int = 5) -> None:
    """Let the other tasks go on as far as they can without octets from outside."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what no event tells of."""
    for _ in range(10_000):
        if is_so():
            return
        await asyncio.sleep(0.001)
    pytest.fail("it never was so")


async def use(pool: IMAPConnectionPool) -> None:
    async with pool.connection("INBOX", read_only=True) as connection:
        await connection.noop()


@pytest.mark.parametrize("seed", range(3))
async def test_two_hundred_callers_share_four_connections(
    config: ConnectionConfig, relay: Relay, seed: int
) -> None:
    """With cancellations and cut connections at random, nothing leaks."""
    rng = random.Random(seed)
    served = failed = 0

    async def call() -> None:
        nonlocal served, failed
        try:
            async with pool.connection("INBOX", read_only=True) as connection:
                assert pool.stats().size <= 4
                await connection.noop()
                await asyncio.sleep(0)
                await connection.noop()
        except (IMAPConnectionError, CircuitOpen):
            failed += 1
        else:
            served += 1

    async with IMAPConnectionPool(config, max_size=4) as pool:
        async with asyncio.TaskGroup() as tasks:
            callers = [tasks.create_task(call()) for _ in range(200)]
            for _ in range(60):
                await asyncio.sleep(rng.random() / 1000)
                rng.choice(callers).cancel()
                if rng.random() < 0.1:
                    relay.cut()
        cancelled = sum(caller.cancelled() for caller in callers)

        assert served + failed + cancelled == 200
        assert served > 100
        stats = pool.stats()
        assert (stats.busy, stats.waiting) == (0, 0)
        assert stats.size == stats.idle == stats.opened - stats.closed <= 4
        async with holding(pool, 4):  # every slot is there still
            assert pool.stats().size == 4
    assert pool.stats().size == 0


async def test_there_are_never_more_connections_than_max_size(
    config: ConnectionConfig, relay: Relay
) -> None:
    all_busy = asyncio.Barrier(3)

    async def call() -> None:
        async with pool.connection() as connection:
            await all_busy.wait()
            await connection.noop()

    async with IMAPConnectionPool(config, min_size=2, max_size=3) as pool:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(60):
                tasks.create_task(call())

        assert relay.most == 3
        assert pool.stats().opened == 3


async def test_callers_are_served_in_the_order_they_came(
    config: ConnectionConfig,
) -> None:
    """Also after some of them have given up waiting."""
    order: list[int] = []

    async def call(number: int) -> None:
        async with pool.connection():
            order.append(number)

    async with IMAPConnectionPool(config, max_size=1) as pool:
        async with holding(pool, 1):
            callers = [asyncio.create_task(call(number)) for number in range(10)]
            await turns()
            assert pool.stats().waiting == 10
            for number in (0, 4, 5):
                callers[number].cancel()
            await turns()
        await asyncio.wait(callers)

    assert order == [1, 2, 3, 6, 7, 8, 9]


async def test_waiting_too_long_is_a_pool_timeout(config: ConnectionConfig) -> None:
    async with IMAPConnectionPool(config, max_size=1, acquire_timeout=0.02) as pool:
        async with holding(pool, 1):
            with pytest.raises(IMAPPoolTimeout, match="raise max_size") as caught:
                await use(pool)
            assert caught.value.seconds == 0.02
        await use(pool)

        assert pool.stats().waiting == 0


async def test_a_connection_that_died_idle_is_replaced_silently(
    config: ConnectionConfig, relay: Relay
) -> None:
    async with IMAPConnectionPool(config, max_size=2) as pool:
        await use(pool)
        relay.cut()
        for _ in range(3):
            await use(pool)

        assert pool.stats().closed == 1
        assert pool.stats().opened == 2


async def test_one_that_no_longer_answers_is_replaced_within_the_check_timeout(
    config: ConnectionConfig, relay: Relay
) -> None:
    """Nothing tells of a connection that a router forgot, but silence."""
    clock = Clock()
    async with IMAPConnectionPool(
        config, max_size=2, clock=clock, check_after=30, check_timeout=0.05
    ) as pool:
        async with holding(pool, 2):
            pass
        assert pool.stats().idle == 2
        clock.now = 31
        relay.freeze()
        caller = asyncio.create_task(use(pool))
        await relay.wait_connections(3)  # both were tried; those froze, too
        assert pool.stats().closed == 2
        relay.thaw()
        await caller

        assert pool.stats().opened == 3


async def test_only_what_was_unused_for_long_is_checked(
    config: ConnectionConfig, relay: Relay
) -> None:
    """The check costs a round trip."""
    clock = Clock()
    async with IMAPConnectionPool(
        config, clock=clock, check_after=30, max_idle=100
    ) as pool:
        async with pool.connection():
            pass
        clock.now = 29
        async with pool.connection():
            pass
        assert relay.commands.count("NOOP") == 0
        clock.now = 29 + 31
        async with pool.connection():
            pass
        assert relay.commands.count("NOOP") == 1


@pytest.mark.parametrize(
    ("settings", "later"),
    [({"max_idle": 50, "max_lifetime": 1e6}, 51), ({"max_lifetime": 50}, 56)],
)
async def test_what_is_too_old_is_not_lent_again(
    config: ConnectionConfig, settings: dict[str, Any], later: float
) -> None:
    """Lifetimes are jittered by a tenth, so that not all end at once."""
    clock = Clock()
    async with IMAPConnectionPool(config, clock=clock, **settings) as pool:
        async with pool.connection() as first:
            pass
        clock.now = 44
        async with pool.connection() as second:
            pass
        assert second is first
        clock.now = 44 + later
        async with pool.connection() as third:
            pass

        assert third is not first
        assert first.is_closed


async def test_connections_opened_at_once_do_not_all_end_at_once(
    config: ConnectionConfig,
) -> None:
    """Or all would log in again at once, an hour later."""
    clock = Clock()
    random.seed(1)
    async with IMAPConnectionPool(
        config, min_size=8, max_size=8, max_lifetime=50, clock=clock
    ) as pool:
        sizes: list[int] = []
        for clock.now in (45, 50, 55):
            await use(pool)
            sizes.append(pool.stats().opened - pool.stats().closed)
        assert sizes[0] == 8
        assert 1 < sizes[1] < 8
        assert sizes[2] == 1


async def test_a_mailbox_that_is_open_is_not_opened_again(
    config: ConnectionConfig, relay: Relay
) -> None:
    async with IMAPConnectionPool(config) as pool:
        for _ in range(3):
            async with pool.connection("INBOX"):
                pass

    assert relay.commands.count("SELECT") == 1
    assert relay.commands.count("NOOP") == 2  # to bring it up to date


async def test_a_message_known_when_the_mailbox_was_opened_needs_no_news(
    server: Endpoint, config: ConnectionConfig, relay: Relay
) -> None:
    """A round trip saved for each change to old mail; never for new mail."""
    OtherClient(server).deliver(small(1))
    async with IMAPConnectionPool(config) as pool:
        for known_uid in (1, 1, 1):
            async with pool.connection("INBOX", known_uid=known_uid):
                pass
        assert relay.commands.count("NOOP") == 0
        async with pool.connection("INBOX", known_uid=2):
            pass
        assert relay.commands.count("NOOP") == 1


async def test_a_mailbox_that_cannot_be_opened_costs_no_connection(
    config: ConnectionConfig,
) -> None:
    async with IMAPConnectionPool(config, max_size=1) as pool:
        for _ in range(3):
            with pytest.raises(IMAPMailboxError):
                async with pool.connection("missing"):
                    pytest.fail("there is no such mailbox")
        await use(pool)

        assert pool.stats().opened == 1


async def test_an_error_of_the_caller_gives_the_connection_back(
    config: ConnectionConfig,
) -> None:
    async def fail() -> None:
        async with pool.connection():
            raise KeyError("of the caller")

    async with IMAPConnectionPool(config, max_size=1) as pool:
        with pytest.raises(KeyError):
            await fail()
        await use(pool)

        assert pool.stats().opened == 1


async def test_cancelling_at_any_await_gives_slot_and_connection_back(
    config: ConnectionConfig,
) -> None:
    """While waiting, connecting, logging in, selecting or within the block."""
    async with IMAPConnectionPool(config, min_size=0, max_size=1) as pool:
        for step in range(0, 400, 4):
            task = asyncio.create_task(use(pool))
            for _ in range(step):
                if task.done():
                    break
                await asyncio.sleep(0.0001)
            is_done = task.done()
            task.cancel()
            await asyncio.wait([task])
            assert pool.stats().busy == 0
            if is_done:
                await task
                break
        else:
            pytest.fail("the caller never came to its end")
        async with asyncio.timeout(5):
            async with pool.connection("INBOX") as connection:
                assert (
                    await connection.execute(UidSearch(IMAPSearchCriteria.ALL))
                    is not None
                )


async def test_cancelling_within_an_anyio_scope_gives_everything_back(
    config: ConnectionConfig,
) -> None:
    async with IMAPConnectionPool(config, max_size=1) as pool:
        with anyio.move_on_after(0.01):
            async with pool.connection("INBOX"):
                await anyio.sleep_forever()
        await use(pool)

        assert pool.stats().opened == 1


@pytest.mark.parametrize("count", [1, 2])
async def test_what_was_cancelled_costs_the_next_caller_nothing(
    config: ConnectionConfig, relay: Relay, count: int
) -> None:
    """Not even if the rest of its answer is too long, or too slow, to wait for."""
    async with IMAPConnectionPool(config, max_size=count, check_timeout=0.3) as pool:
        async with holding(pool, count):
            pass
        relay.freeze()
        caller = asyncio.create_task(use(pool))
        await turns()
        assert pool.stats().busy == 1
        caller.cancel()
        await asyncio.wait([caller])
        assert pool.stats().idle == count
        next_caller = asyncio.create_task(use(pool))
        if count == 1:
            await relay.wait_connections(2)
        relay.thaw()
        await next_caller

        assert pool.stats().opened == 2


async def test_what_comes_back_is_for_who_waits_for_a_slow_login(
    config: ConnectionConfig, relay: Relay
) -> None:
    """And what is opened meanwhile is for who comes next."""
    async with IMAPConnectionPool(config, min_size=1, max_size=2) as pool:
        order: list[str] = []

        async def call(name: str) -> None:
            async with pool.connection():
                order.append(name)

        async with asyncio.timeout(10):
            async with pool.connection():
                relay.faults = (Stall(seconds=0.5),)
                first = asyncio.create_task(call("first"))
                await until(lambda: pool.stats().opening == 1)
                second = asyncio.create_task(call("second"))
                await turns()
            await first
            await second
        await until(lambda: pool.stats().idle == 2)
        assert order == ["first", "second"]
        assert (pool.stats().opened, relay.most) == (2, 2)


async def test_a_login_that_nobody_waits_for_is_ended(
    config: ConnectionConfig, relay: Relay
) -> None:
    """Else a server that is silent would hold up who comes when it is well again."""
    async with IMAPConnectionPool(config, min_size=0, max_size=1) as pool:
        relay.faults = (Stall(seconds=60),)
        caller = asyncio.create_task(use(pool))
        await relay.wait_connections(1)
        caller.cancel()
        await asyncio.wait([caller])
        relay.faults = ()
        async with asyncio.timeout(5):
            await use(pool)
        assert pool.stats().opened == 1


async def test_who_waits_while_one_is_opened_for_it_is_not_told_of_the_timeout(
    config: ConnectionConfig, relay: Relay
) -> None:
    """Connecting has time limits of its own; who is behind it waits no longer."""
    relay.faults = (Stall(seconds=0.3),)
    pool = IMAPConnectionPool(config, min_size=0, max_size=1, acquire_timeout=0.1)
    async with pool:
        first = asyncio.create_task(use(pool))
        await turns()
        with pytest.raises(IMAPPoolTimeout):
            await use(pool)
        await first


async def test_opening_counts_what_callers_open_meanwhile(
    config: ConnectionConfig, relay: Relay
) -> None:
    pool = IMAPConnectionPool(config, min_size=1, max_size=1)
    await asyncio.gather(pool.open(), use(pool), use(pool))
    assert (pool.stats().size, pool.stats().opened) == (1, 1)
    await pool.aclose()
    assert relay.most == 1


async def test_a_server_that_hangs_up_at_once_is_told_to_who_is_first() -> None:
    """What was opened is handed over, dead or not: another may fare no better."""
    logins = 0

    async def serve(peer: Peer) -> None:
        nonlocal logins
        logins += 1
        peer.send(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        await peer.line()
        peer.send(b"T0 OK [CAPABILITY IMAP4rev1] in\r\n* BYE not now\r\n")

    async with scripted(serve) as port:
        pool = IMAPConnectionPool(scripted_config(port), min_size=0)
        async with pool, asyncio.timeout(5):
            with pytest.raises(IMAPConnectionError):
                await use(pool)
        assert logins == 1


class Panic(BaseException):
    """What no program expects, as of an extension module."""


@pytest.mark.parametrize("error", [asyncio.CancelledError, Panic])
async def test_what_ends_a_token_provider_is_told_once(
    error: type[BaseException],
) -> None:
    """A provider may wait for a task of its own, and that may be cancelled."""
    asked = 0

    async def token(request: TokenRequest) -> Secret:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        raise error

    config = ConnectionConfig(host="127.0.0.1", username="joe", token=token)
    pool = IMAPConnectionPool(config, min_size=0)
    caller = asyncio.create_task(use(pool))
    async with asyncio.timeout(5):
        await asyncio.wait([caller])
    with pytest.raises(error):
        await caller
    assert asked == 1
    await pool.aclose()


async def test_one_that_died_in_use_is_replaced_for_who_waited_for_it() -> None:
    """Though it was opened while that one waited: others have had it since."""
    logins = 0

    async def serve(peer: Peer) -> None:
        nonlocal logins
        logins += 1
        if logins == 1:
            await peer.play(f"{LOGGED_IN}C: T1 SELECT INBOX\nS: * BYE restarting")
            await peer.gone()
        await peer.play(f"{SELECTED}C: T2 NOOP\nS: T2 OK\nC: T3 LOGOUT\nS: T3 OK")

    async with scripted(serve) as port:
        pool = IMAPConnectionPool(scripted_config(port), min_size=0, max_size=1)
        async with pool:
            first = asyncio.create_task(_hold_for(pool, 0.05))
            await turns()
            second = asyncio.create_task(_select(pool))
            await asyncio.gather(first, second)
        assert logins == 2


async def _hold_for(pool: IMAPConnectionPool, seconds: float) -> None:
    async with pool.connection():
        await asyncio.sleep(seconds)


async def _select(pool: IMAPConnectionPool) -> None:
    async with pool.connection("INBOX") as connection:
        await connection.noop()


@pytest.mark.parametrize("min_size", [0, 2])
@pytest.mark.parametrize("name", ["max_idle", "max_lifetime"])
async def test_connections_that_are_not_kept_are_lent_all_the_same(
    config: ConnectionConfig, name: str, min_size: int
) -> None:
    settings: Any = {name: 0.0}
    pool = IMAPConnectionPool(config, min_size=min_size, **settings)
    async with asyncio.timeout(5), pool:
        await use(pool)
        assert pool.stats().opened <= min_size + 1


async def test_a_server_that_takes_one_session_is_not_stormed() -> None:
    """It ends the one before, so there are never as many as there should be."""
    logins = 0
    last: Peer | None = None

    async def serve(peer: Peer) -> None:
        nonlocal logins, last
        logins += 1
        await peer.play(LOGGED_IN)
        if last is not None:
            last.send(b"* BYE there is another\r\n")
        last = peer
        await peer.play("C: T1 LOGOUT\nS: * BYE\nS: T1 OK")

    async with scripted(serve) as port:
        pool = IMAPConnectionPool(scripted_config(port), min_size=2)
        async with asyncio.timeout(5):
            await pool.open()
            await until(lambda: pool.stats().closed >= 1)
        assert logins <= 3
        await pool.aclose()


@pytest.mark.parametrize("pools", [1, 2])
async def test_a_budget_with_no_room_for_min_size_is_no_storm(
    config: ConnectionConfig, pools: int
) -> None:
    """Each new connection costs an idle one."""
    budget = ConnectionBudget(total=pools)
    both = [IMAPConnectionPool(config, min_size=2, budget=budget) for _ in range(pools)]
    async with asyncio.timeout(5):
        await asyncio.gather(*(pool.open() for pool in both))
    assert sum(pool.stats().opened for pool in both) <= 2 * pools
    for pool in both:
        await pool.aclose()


async def test_open_shows_a_wrong_password_and_closes_everything(
    server: Endpoint, config: ConnectionConfig, relay: Relay
) -> None:
    with pytest.raises(IMAPAuthenticationError):
        async with IMAPConnectionPool(config.with_password("wrong"), min_size=2):
            pytest.fail("it cannot be opened")
    with pytest.raises(IMAPConnectError, match="refused"):
        async with IMAPConnectionPool(config_of(server, port=_closed_port())):
            pytest.fail("it cannot be opened")
    await relay.wait_connections(0)


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def test_closing_fails_who_waits_and_waits_for_who_works(
    config: ConnectionConfig,
) -> None:
    pool = IMAPConnectionPool(config, max_size=1)
    await pool.open()
    async with holding(pool, 1):
        waiters = [asyncio.create_task(use(pool)) for _ in range(3)]
        await turns()
        closing = asyncio.create_task(pool.aclose())
        await asyncio.wait(waiters, timeout=1)
        for waiter in waiters:
            assert isinstance(waiter.exception(), IMAPPoolClosed)
        assert not closing.done()
    async with asyncio.timeout(1):
        await closing

    assert pool.stats().size == 0
    with pytest.raises(IMAPPoolClosed):
        await use(pool)
    with pytest.raises(IMAPPoolClosed):
        await pool.open()
    async with asyncio.timeout(1):
        await pool.aclose()  # again


async def test_a_cancelled_close_cuts_the_connections_in_use(
    config: ConnectionConfig,
) -> None:
    """Who uses one learns it at once, and does not wait for an answer."""
    pool = IMAPConnectionPool(config, max_size=2)
    await pool.open()
    async with pool.connection() as connection:
        with anyio.move_on_after(0.01):
            await pool.aclose()
        with pytest.raises(IMAPConnectionLost):
            await connection.noop()

    assert pool.stats().size == 0


async def test_a_connection_that_is_being_opened_when_the_pool_closes_is_not_lent(
    config: ConnectionConfig, relay: Relay
) -> None:
    pool = IMAPConnectionPool(config, min_size=0)
    relay.freeze()
    caller = asyncio.create_task(use(pool))
    await relay.wait_connections(1)
    with anyio.move_on_after(0.01):
        await pool.aclose()
    relay.thaw()
    with pytest.raises(IMAPPoolClosed):
        await caller

    assert pool.stats().size == 0
    await relay.wait_connections(0)


async def test_closing_waits_for_nobody_who_opens_a_connection(
    config: ConnectionConfig, relay: Relay
) -> None:
    """Nobody has got it yet, so there is nothing to finish."""
    pool = IMAPConnectionPool(config, min_size=0, close_grace=60)
    relay.freeze()
    caller = asyncio.create_task(use(pool))
    await relay.wait_connections(1)
    async with asyncio.timeout(5):
        await pool.aclose()
        with pytest.raises(IMAPPoolClosed):
            await caller
        await relay.wait_connections(0)
    assert pool.stats().size == 0


async def test_a_refusal_while_the_pool_closes_ends_the_close_at_once() -> None:
    """Nobody holds a connection any more, though others may end."""
    greeted = asyncio.Event()
    is_first = True

    async def serve(peer: Peer) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            await peer.play(LOGGED_IN)
            await peer.play("C: T1 LOGOUT\nS: * BYE\nS: T1 OK")
            return
        await greeted.wait()
        peer.send(b"* BYE Too many connections\r\n")

    async with scripted(serve) as port:
        budget = ConnectionBudget()
        pool = IMAPConnectionPool(scripted_config(port), budget=budget, min_size=0)
        other = IMAPConnectionPool(scripted_config(port), budget=budget, min_size=0)
        async with other.connection():
            caller = asyncio.create_task(use(pool))
            await until(lambda: budget.stats().held == 2)
            closing = asyncio.create_task(pool.aclose())
            await turns()
            greeted.set()
            async with asyncio.timeout(3):
                await closing
            with pytest.raises(IMAPPoolClosed):
                await caller
        await other.aclose()


def test_sizes_that_cannot_be_are_told_at_once() -> None:
    config = ConnectionConfig(host="imap.example.org", username="jane")
    with pytest.raises(IMAPConfigurationError) as caught:
        IMAPConnectionPool(config, min_size=5, max_size=0)

    assert len(caught.value.mistakes) == 2


async def test_a_larger_pool_serves_who_waits_at_once(
    config: ConnectionConfig, relay: Relay
) -> None:
    async with IMAPConnectionPool(config, max_size=1) as pool:
        async with holding(pool, 1):
            waiters = [asyncio.create_task(use(pool)) for _ in range(2)]
            await turns()
            assert pool.stats().waiting == 2
            await pool.resize(max_size=3)
            await asyncio.wait(waiters, timeout=5)
            assert [waiter.exception() for waiter in waiters] == [None, None]
        await pool.resize(min_size=3)
        assert pool.stats().idle == 3

    assert relay.most == 3


async def test_a_smaller_pool_takes_back_what_is_lent_and_closes_the_rest(
    config: ConnectionConfig, relay: Relay
) -> None:
    async with IMAPConnectionPool(config, max_size=4) as pool:
        async with holding(pool, 3):
            await pool.resize(max_size=1)
            assert pool.stats().busy == 3  # nothing is taken from anybody
            waiter = asyncio.create_task(use(pool))
            await turns()
        await waiter

        assert (pool.stats().size, pool.stats().closed) == (1, 2)
        with pytest.raises(IMAPConfigurationError):
            await pool.resize(max_size=0)
        assert pool.stats().max_size == 1


async def test_a_smaller_pool_opens_no_more_than_it_may_keep(
    config: ConnectionConfig, relay: Relay
) -> None:
    """Else who waits would wait for the last of them: the others are too many."""
    relay.faults = (Stall(seconds=0.3),)
    async with IMAPConnectionPool(config, min_size=0, max_size=4) as pool:
        callers = [asyncio.create_task(use(pool)) for _ in range(4)]
        await relay.wait_connections(4)
        await pool.resize(max_size=1)
        await asyncio.gather(*callers)
        assert pool.stats().opened == 1


async def test_a_drained_pool_replaces_every_connection(
    config: ConnectionConfig,
) -> None:
    async with IMAPConnectionPool(config, min_size=2, max_size=2) as pool:
        async with pool.connection() as lent:
            pool.drain()
            assert pool.stats().idle == 0
            await lent.noop()  # who has one may go on
        assert lent.is_closed
        await use(pool)

        assert (pool.stats().opened, pool.stats().size) == (3, 1)


async def test_connections_are_opened_together_at_the_beginning(
    config: ConnectionConfig, relay: Relay
) -> None:
    """Logging in takes several round trips; they need not be made one by one."""
    relay.freeze()
    pool = IMAPConnectionPool(config, min_size=3)
    opening = asyncio.create_task(pool.open())
    await relay.wait_connections(3)
    relay.thaw()
    await opening
    assert pool.stats().idle == 3
    await pool.aclose()


async def test_what_nobody_uses_is_closed_though_nobody_comes(
    config: ConnectionConfig, relay: Relay
) -> None:
    async with IMAPConnectionPool(config, min_size=2, max_idle=0.05) as pool:
        assert pool.stats().idle == 2
        await relay.wait_connections(0)

        assert (pool.stats().size, pool.stats().closed) == (0, 2)


async def test_an_idle_connection_that_is_lost_leaves_at_once(
    config: ConnectionConfig, relay: Relay
) -> None:
    """Not only when the next caller comes: it may count for others."""
    async with IMAPConnectionPool(config, min_size=0) as pool:
        async with holding(pool, 2):
            pass
        relay.cut()
        await relay.wait_connections(0)
        await until(lambda: pool.stats().size == 0)

        assert pool.stats().closed == 2


async def test_a_timeout_tells_how_the_pool_stands(config: ConnectionConfig) -> None:
    async with IMAPConnectionPool(config, max_size=2, acquire_timeout=0.02) as pool:
        async with holding(pool, 2):
            first, second = asyncio.create_task(use(pool)), use(pool)
            with pytest.raises(IMAPPoolTimeout, match="2 of 2 busy") as caught:
                await second
            await asyncio.wait([first])
        assert isinstance(first.exception(), IMAPPoolTimeout)
        assert (caught.value.size, caught.value.busy) == (2, 2)
        stats = pool.stats()
        assert stats.timeouts == 2
        assert stats.waited >= stats.longest_wait >= 0.02
        assert stats.served == 2


async def test_the_grace_of_a_closing_pool_can_be_chosen(
    config: ConnectionConfig,
) -> None:
    pool = IMAPConnectionPool(config, close_grace=0.01)
    await pool.open()
    async with pool.connection() as connection:
        await pool.aclose()
        assert connection.is_closed


async def test_failures_are_counted_until_one_succeeds(
    config: ConnectionConfig, relay: Relay
) -> None:
    async with IMAPConnectionPool(config, min_size=0) as pool:
        relay.is_open = False
        for count in (1, 2):
            with pytest.raises(IMAPConnectionError):
                await use(pool)
            assert pool.stats().failures == count
        assert isinstance(pool.last_error, IMAPConnectionError)
        relay.is_open = True
        await use(pool)

        assert pool.stats().failures == 0
        assert repr(pool.last_error) == "None"


async def test_a_mailbox_that_two_sessions_open_as_the_first_is_opened() -> None:
    """Dovecot makes INBOX then, and tells one of them that it exists already."""
    script = f"""{LOGGED_IN}
C: T1 SELECT INBOX
S: T1 NO [ALREADYEXISTS] Mailbox already exists
C: T2 SELECT INBOX
S: * 0 EXISTS
S: T2 OK [READ-WRITE] selected
C: T3 LOGOUT
S: * BYE bye
S: T3 OK bye
"""
    async with (
        scripted(script) as port,
        IMAPConnectionPool(scripted_config(port), min_size=0) as pool,
        pool.connection("INBOX") as connection,
    ):
        assert connection.selected is not None
        assert connection.selected.mailbox == "INBOX"
