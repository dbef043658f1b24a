"""Logins to one host, not more often than it takes."""

from __future__ import annotations

import asyncio
import time

import pytest

from aiosage import (
    ConnectionBudget,
    IMAPAuthenticationError,
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPConnectionPool,
)
from aiosage.pool._refusals import is_throttled
from aiosage.testing import MemoryServer

from ..connection.scripted import CAPABILITIES, PASSWORD, config, scripted
from .test_circuits import plain
from .test_pool import holding, use


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
