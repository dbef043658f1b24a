"""Servers and accounts that are left alone after failing again and again."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace

import pytest

from aiosage import (
    CircuitOpen,
    ConnectionBudget,
    ConnectionConfig,
    IMAPAccounts,
    IMAPAuthenticationError,
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPConnectionPool,
    IMAPError,
    IMAPGreetingError,
    IMAPPoolClosed,
    IMAPTimeoutError,
    IMAPTLSError,
    RetryPolicy,
    Secret,
    Security,
)
from aiosage.client._recovery import Recovery
from aiosage.model import Referral
from aiosage.pool._circuits import Fault, fault_of
from aiosage.resilience import CircuitRules, CircuitState
from aiosage.testing import Certificates, DovecotServer, MemoryServer

from ..client.accounts import config_of
from ..client.relay import Relay
from ..conftest import Endpoint
from ..connection.scripted import CAPABILITIES, LOGGED_IN, PASSWORD, Peer, scripted
from ..connection.scripted import config as scripted_config
from ..resilience.instant import run
from .test_load import allowed
from .test_pool import Clock, turns, until, use

RULES = CircuitRules(failures=2, recovery=10.0, longest=40.0)


def plain(port: int) -> ConnectionConfig:
    return ConnectionConfig(
        host="127.0.0.1",
        username="user",
        password=Secret("secret"),
        port=port,
        security=Security.PLAIN,
    )


def referred() -> IMAPConnectError:
    error = IMAPConnectError("elsewhere")
    error.referral = Referral("imap://other.example.org/", "other.example.org")
    return error


def tls_failed(why: OSError) -> IMAPTLSError:
    error = IMAPTLSError("no TLS")
    error.__cause__ = why
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (IMAPConnectError("h:993 refused the connection"), Fault.HOST),
        (IMAPGreetingError("waiting for the greeting of h:993: BYE"), Fault.HOST),
        (IMAPTimeoutError("connecting to h:993 took", seconds=1.0), Fault.HOST),
        (IMAPTimeoutError("logging in to h:993 took", seconds=1.0), Fault.ACCOUNT),
        (IMAPConnectError("logging in to h:993: lost"), Fault.ACCOUNT),
        (IMAPAuthenticationError("wrong"), Fault.ACCOUNT),
        (IMAPAuthenticationError("busy", retryable=True), Fault.ACCOUNT),
        (tls_failed(ssl.SSLCertVerificationError()), Fault.ACCOUNT),
        (tls_failed(ssl.SSLError("no protocols available")), Fault.ACCOUNT),
        (tls_failed(ssl.SSLEOFError()), Fault.HOST),
        (tls_failed(ConnectionResetError()), Fault.HOST),
        (referred(), Fault.ACCOUNT),
        (IMAPConfigurationError(["auth: needs an extra"]), None),
        (OSError("of the token provider"), None),
    ],
)
def test_whose_fault_it_is(error: Exception, fault: Fault | None) -> None:
    assert fault_of(error) is fault


async def test_a_server_that_is_away_is_left_alone_by_all_its_accounts(
    server: Endpoint,
) -> None:
    clock = Clock()
    budget = ConnectionBudget(circuit=RULES, clock=clock)
    async with Relay(server.host, server.port) as relay:
        relay.is_open = False
        one, other = (
            IMAPConnectionPool(config_of(server, port=relay.port), budget=budget)
            for _ in range(2)
        )
        for pool in (one, other):
            with pytest.raises(IMAPGreetingError):
                await use(pool)
        tried = len(relay.sent)
        for pool in (one, other):
            with pytest.raises(CircuitOpen) as caught:
                await use(pool)
            assert caught.value.retry_after == 10.0
            assert isinstance(caught.value.__cause__, IMAPGreetingError)
        assert len(relay.sent) == tried
        (circuit,) = budget.stats().circuits.values()
        assert circuit == one.stats().circuit == other.stats().circuit
        assert circuit.state is CircuitState.OPEN

        relay.is_open = True
        clock.now = 10.0
        await use(one)
        await use(other)
        assert not budget.stats().circuits
        for pool in (one, other):
            assert pool.stats().circuit.state is CircuitState.CLOSED
            await pool.aclose()
    assert budget.stats().held == 0


async def test_a_wrong_password_keeps_out_nobody_else(server: Endpoint) -> None:
    """Not even another entry of the same user, whose password is right."""
    right = config_of(server)
    configs = {"right": right, "wrong": right.with_password("wrong")}
    clock = Clock()
    budget = ConnectionBudget(circuit=RULES, clock=clock)
    async with IMAPAccounts(configs, budget=budget) as accounts:
        wrong = accounts["wrong"]
        for _ in range(2):
            with pytest.raises(IMAPAuthenticationError):
                await wrong.mailbox().search()
        assert accounts.health()["wrong"].circuit.state is CircuitState.OPEN
        with pytest.raises(CircuitOpen):
            await use(wrong.pool)
        # The services tell why, and when it may be tried again.
        with pytest.raises(IMAPAuthenticationError) as caught:
            await wrong.mailbox().search()
        assert caught.value.retry_after == 10.0
        assert wrong.stats().failures == 2
        await accounts["right"].mailbox().search()
        assert accounts.health()["right"].circuit.state is CircuitState.CLOSED


@pytest.mark.parametrize(
    ("asked", "rules", "wait"),
    [
        (300_000, RULES, 300.0),
        (999_999_999, RULES, 3600.0),  # eleven days: hardly
        (300_000, None, None),
    ],
)
async def test_an_account_that_is_told_how_long_to_wait_obeys_at_once(
    asked: int, rules: CircuitRules | None, wait: float | None
) -> None:
    """Whoever comes next must not ask again, as whoever was told does not."""
    throttled = f"""
S: * OK [CAPABILITY {CAPABILITIES}] ready
C: T0 LOGIN joe {PASSWORD}
S: T0 NO Request is throttled. Suggested Backoff Time: {asked} milliseconds
"""
    logins = 0

    async def serve(peer: Peer) -> None:
        nonlocal logins
        logins += 1
        await peer.play(throttled if logins == 1 else LOGGED_IN)

    async with scripted(serve) as port:
        clock = Clock()
        budget = ConnectionBudget(circuit=rules, clock=clock)
        pool = IMAPConnectionPool(scripted_config(port), budget=budget, close_grace=0)
        with pytest.raises(IMAPAuthenticationError):
            await use(pool)
        if wait is not None:
            with pytest.raises(CircuitOpen) as caught:
                await use(pool)
            assert caught.value.retry_after == wait
            assert not budget.stats().circuits  # the server's is as it was
            clock.now = wait
        async with pool.connection():
            assert logins == 2
        pool.drain()
        await pool.aclose()


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_a_setting_that_cannot_work_keeps_out_nobody_else(
    security: Security,
) -> None:
    """Such as TLS on a port that has none; or STARTTLS where it is not offered."""
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        right = plain(memory.port)
        wrong = replace(right, security=security)
        budget = ConnectionBudget(circuit=RULES)
        configs = {"right": right, "wrong": wrong}
        async with IMAPAccounts(configs, budget=budget) as accounts:
            for _ in range(3):
                with pytest.raises(IMAPError):
                    await use(accounts["wrong"].pool)
            await use(accounts["right"].pool)


async def test_a_tls_port_is_silent_to_a_plain_client_alone(
    certificates: Certificates, dovecot: DovecotServer
) -> None:
    right = replace(
        allowed(dovecot),
        port=dovecot.tls_port,
        security=Security.TLS,
        ca_file=str(certificates.ca_file),
    )
    wrong = replace(right, security=Security.PLAIN, ca_file=None, connect_timeout=0.05)
    budget = ConnectionBudget(circuit=RULES)
    configs = {"right": right, "wrong": wrong}
    async with IMAPAccounts(configs, budget=budget) as accounts:
        for _ in range(3):
            with pytest.raises(IMAPError):
                await use(accounts["wrong"].pool)
        await use(accounts["right"].pool)


async def test_one_caller_probes_and_the_others_are_told_to_wait() -> None:
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        async with Relay(memory.host, memory.port) as relay:
            clock = Clock()
            budget = ConnectionBudget(circuit=RULES, clock=clock)
            pool = IMAPConnectionPool(
                plain(relay.port),
                max_size=8,
                acquire_timeout=0.5,
                budget=budget,
                clock=clock,
            )
            relay.is_open = False
            for _ in range(2):
                with pytest.raises(IMAPGreetingError):
                    await use(pool)
            relay.is_open = True
            relay.freeze()
            clock.now = 10.0
            before = len(relay.sent)
            tasks = [asyncio.ensure_future(use(pool)) for _ in range(8)]
            await until(lambda: sum(task.done() for task in tasks) == 7)
            assert pool.stats().circuit.state is CircuitState.HALF_OPEN
            probe = next(task for task in tasks if not task.done())
            probe.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert sum(isinstance(one, CircuitOpen) for one in results) == 7
            assert len(relay.sent) - before <= 1
            relay.thaw()
            await use(pool)  # the cancelled probe has left its place to this one
            assert pool.stats().circuit.state is CircuitState.CLOSED
            assert pool.stats().size == 1
            await pool.aclose()


async def test_a_server_that_is_soon_back_is_waited_for() -> None:
    """The caller hears of nothing, and nobody connects meanwhile."""
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        async with Relay(memory.host, memory.port) as relay:
            budget = ConnectionBudget(circuit=CircuitRules(1, 0.2))
            async with IMAPConnectionPool(
                plain(relay.port), min_size=0, budget=budget
            ) as pool:
                relay.is_open = False
                with pytest.raises(IMAPGreetingError):
                    await use(pool)
                tried = len(relay.sent)
                callers = [asyncio.ensure_future(use(pool)) for _ in range(9)]
                await turns()
                assert len(relay.sent) == tried
                relay.is_open = True
                await asyncio.gather(*callers)


async def test_who_waits_for_the_server_gets_what_comes_back_meanwhile() -> None:
    """In order: nobody who comes later may have it."""
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        async with Relay(memory.host, memory.port) as relay:
            budget = ConnectionBudget(circuit=CircuitRules(1, 4.0))
            pool = IMAPConnectionPool(
                plain(relay.port), min_size=0, max_size=2, budget=budget
            )
            served: list[int] = []

            async def call(number: int) -> None:
                async with pool.connection():
                    served.append(number)

            async with pool:
                async with pool.connection():
                    relay.is_open = False
                    with pytest.raises(IMAPGreetingError):
                        await use(pool)
                    callers = []
                    for number in range(3):
                        callers.append(asyncio.ensure_future(call(number)))
                        await turns()
                    assert pool.stats().waiting == 3
                async with asyncio.timeout(2.0):  # sooner than it is tried again
                    await asyncio.gather(*callers)
            assert served == [0, 1, 2]


async def test_all_may_connect_as_soon_as_the_probe_has() -> None:
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        async with Relay(memory.host, memory.port) as relay:
            budget = ConnectionBudget(circuit=CircuitRules(1, 0.1))
            async with IMAPConnectionPool(
                plain(relay.port), min_size=0, max_size=2, budget=budget
            ) as pool:
                relay.is_open = False
                with pytest.raises(IMAPGreetingError):
                    await use(pool)
                relay.is_open = True
                both = asyncio.Barrier(2)

                async def call() -> None:
                    async with pool.connection():
                        await both.wait()

                async with asyncio.timeout(0.8):  # sooner than a probe is asked about
                    await asyncio.gather(call(), call())


async def test_closing_the_pool_ends_that_wait() -> None:
    pool = IMAPConnectionPool(
        plain(1), budget=ConnectionBudget(circuit=CircuitRules(1, 4.0))
    )
    with pytest.raises(IMAPConnectError):
        await use(pool)
    caller = asyncio.ensure_future(use(pool))
    await turns()
    assert not caller.done()
    await pool.aclose()
    with pytest.raises(IMAPPoolClosed):
        await asyncio.wait_for(caller, 1.0)


@pytest.mark.parametrize(
    ("retry_after", "why", "attempts"),
    [
        (9.0, IMAPConnectError("away"), 3),
        (9.0, None, 3),
        (11.0, IMAPConnectError("away"), 1),  # than the longest wait
        (9.0, IMAPAuthenticationError("wrong"), 1),
    ],
)
def test_the_services_wait_if_it_fits_and_tell_why(
    retry_after: float, why: IMAPError | None, attempts: int
) -> None:
    times = 0

    async def work() -> None:
        nonlocal times
        times += 1
        raise CircuitOpen("h:993", retry_after=retry_after) from why

    policy = RetryPolicy(attempts=3, longest_wait=10.0)
    with pytest.raises(IMAPError) as caught:
        run(Recovery(policy).persist(work))
    assert times == attempts
    assert type(caught.value) is type(why or CircuitOpen("", retry_after=0.0))
    assert caught.value.retry_after == retry_after
    assert why is None or why.retry_after is None


async def test_without_rules_it_is_always_tried(server: Endpoint) -> None:
    wrong = config_of(server).with_password("wrong")
    pool = IMAPConnectionPool(wrong, budget=ConnectionBudget(circuit=None))
    for _ in range(7):
        with pytest.raises(IMAPAuthenticationError):
            await use(pool)
    assert pool.stats().circuit.state is CircuitState.CLOSED
    await pool.aclose()


async def test_who_is_left_alone_leaks_no_slot() -> None:
    pool = IMAPConnectionPool(
        plain(1), max_size=2, budget=ConnectionBudget(circuit=CircuitRules(1, 60.0))
    )
    with pytest.raises(IMAPConnectError):
        await use(pool)
    callers = [asyncio.ensure_future(use(pool)) for _ in range(20)]
    await turns()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(one, CircuitOpen) for one in results)
    stats = pool.stats()
    assert (stats.size, stats.busy, stats.waiting) == (0, 0, 0)
    await pool.aclose()
