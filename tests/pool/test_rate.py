"""Logins to one host, not more often than it takes."""

from __future__ import annotations

import asyncio
import time

import pytest

from aiosage import (
    CircuitOpen,
    ConnectionBudget,
    IMAPAuthenticationError,
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPConnectionPool,
)
from aiosage.pool._refusals import is_throttled
from aiosage.resilience import CircuitRules
from aiosage.testing import MemoryServer

from ..connection.scripted import (
    CAPABILITIES,
    PASSWORD,
    Peer,
    config,
    scripted,
)
from .test_circuits import plain
from .test_pool import holding, turns, use


async def test_logins_are_paced_over_all_pools_of_a_budget() -> None:
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        budget = ConnectionBudget(rate=20.0)
        pools = [
            IMAPConnectionPool(plain(memory.port), budget=budget) for _ in range(2)
        ]
        began = time.monotonic()
        async with holding(pools[0], 2), holding(pools[1], 2):
            assert time.monotonic() - began >= 3 / 20.0 - 0.01
        (rate,) = budget.stats().rates.values()
        assert (rate.rate, rate.admitted) == (20.0, 4)
        for pool in pools:
            await pool.aclose()


async def test_a_host_that_says_too_fast_is_asked_less_often() -> None:
    refused = f"""
S: * OK [CAPABILITY {CAPABILITIES}] ready
C: T0 LOGIN joe {PASSWORD}
S: T0 NO [LIMIT] LOGIN Rate limit hit.
"""
    async with scripted(refused) as port:
        budget = ConnectionBudget(rate=1000.0)
        pool = IMAPConnectionPool(config(port), budget=budget)
        with pytest.raises(IMAPAuthenticationError, match="Rate limit"):
            await use(pool)
        (rate,) = budget.stats().rates.values()
        assert rate.rate == 500.0
        await pool.aclose()


async def test_who_is_cancelled_while_it_waits_leaks_nothing() -> None:
    async with MemoryServer() as memory:
        memory.add_account("user", "secret")
        budget = ConnectionBudget(rate=0.01)
        pool = IMAPConnectionPool(plain(memory.port), budget=budget)
        async with holding(pool, 1):
            waiting = asyncio.ensure_future(use(pool))
            await asyncio.sleep(0.02)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert budget.stats().held == pool.stats().size == 1
        await pool.aclose()


async def test_what_is_asked_of_one_account_delays_no_other() -> None:
    refused = f"""
S: * OK [CAPABILITY {CAPABILITIES}] ready
C: T0 LOGIN joe {PASSWORD}
S: T0 NO Request is throttled. Suggested Backoff Time: 300000 milliseconds
"""
    async with scripted(refused) as port:
        budget = ConnectionBudget(rate=1000.0)
        pool = IMAPConnectionPool(config(port), budget=budget)
        with pytest.raises(IMAPAuthenticationError) as caught:
            await use(pool)
        assert caught.value.retry_after == 300.0
        (rate,) = budget.stats().rates.values()
        assert (rate.rate, rate.pause) == (500.0, 0.0)
        await pool.aclose()


async def test_what_a_host_asks_before_it_knows_who_it_is_all_obey() -> None:
    busy = "S: * BYE Suggested Backoff Time: 300000 milliseconds"
    async with scripted(busy) as port:
        budget = ConnectionBudget(rate=1000.0)
        pool = IMAPConnectionPool(config(port), budget=budget)
        with pytest.raises(IMAPConnectError):
            await use(pool)
        (rate,) = budget.stats().rates.values()
        assert rate.pause > 299.0
        await pool.aclose()


async def test_who_waits_for_its_turn_while_the_host_goes_away_does_not_try() -> None:
    """A thousand that wait would else try in vain, one after the other."""
    attempts = 0

    async def hang_up(peer: Peer) -> None:
        nonlocal attempts
        attempts += 1
        peer.send(b"* BYE\r\n")

    async with scripted(hang_up) as port:
        budget = ConnectionBudget(rate=10.0, circuit=CircuitRules(2, 60.0, 60.0))
        pools = [IMAPConnectionPool(config(port), budget=budget) for _ in range(9)]
        found = await asyncio.gather(*map(use, pools), return_exceptions=True)
        assert attempts == 2
        assert sum(isinstance(one, CircuitOpen) for one in found) == 7
        assert budget.stats().held == 0
        for pool in pools:
            await pool.aclose()


async def test_who_probes_has_had_its_turn_before() -> None:
    """Else the others would wait as long as it waits for the rate."""
    async with scripted("S: * BYE") as port:
        budget = ConnectionBudget(rate=1.0, circuit=CircuitRules(1, 0.01, 0.01))
        pool = IMAPConnectionPool(config(port), budget=budget)
        with pytest.raises(IMAPConnectError):
            await use(pool)
        await asyncio.sleep(0.01)
        waiting = asyncio.ensure_future(use(pool))
        await turns()
        assert budget.stats().rates[config(port).address].waiting == 1
        with budget.circuits(config(port)).connecting():
            pass  # it was not refused
        waiting.cancel()
        await asyncio.wait([waiting])
        await pool.aclose()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (IMAPAuthenticationError("no", code="LIMIT"), True),
        (IMAPAuthenticationError("no", text="Too many connections"), True),
        (IMAPAuthenticationError("no", code="AUTHENTICATIONFAILED"), False),
        (IMAPConnectError("h refused the connection"), False),
        (OSError(), False),
    ],
)
def test_what_says_that_logins_come_too_fast(error: Exception, expected: bool) -> None:
    assert is_throttled(error) is expected


def test_a_rate_is_positive() -> None:
    with pytest.raises(IMAPConfigurationError, match="rate"):
        ConnectionBudget(rate=0.0)
