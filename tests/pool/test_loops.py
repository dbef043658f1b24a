"""A pool and event loops: one that ends too soon, and another after it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from contextvars import ContextVar
from typing import TypeVar

import pytest

from aiosage import (
    ConnectionBudget,
    ConnectionConfig,
    IMAPConnectionPool,
    IMAPPoolClosed,
)
from aiosage.testing import DovecotServer

from ..client.accounts import config_of
from ..conftest import Endpoint
from .test_load import allowed
from .test_pool import use

T = TypeVar("T")


@pytest.fixture
def config(dovecot: DovecotServer) -> ConnectionConfig:
    return allowed(dovecot)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Have the transports that nobody closed gone before the test ends."""
    yield
    gc.collect()


def run(coroutine: Coroutine[object, object, T]) -> T:
    """Run *coroutine* in a loop of its own."""
    with asyncio.Runner() as runner:
        return runner.run(coroutine)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_pool_left_open_says_so_in_the_next_loop(config: ConnectionConfig) -> None:
    pool = IMAPConnectionPool(config)
    run(use(pool))
    with pytest.raises(IMAPPoolClosed, match="loop that has ended"):
        run(use(pool))
    with pytest.raises(IMAPPoolClosed, match="loop that has ended"):
        run(pool.open())
    run(pool.aclose())
    run(pool.aclose())
    assert (pool.stats().size, pool.stats().closed) == (0, 1)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_what_is_left_open_makes_room_for_others(config: ConnectionConfig) -> None:
    budget = ConnectionBudget(total=1)
    run(use(IMAPConnectionPool(config, budget=budget)))

    async def use_another() -> None:
        async with IMAPConnectionPool(config, min_size=0, budget=budget) as another:
            await use(another)

    run(use_another())
    assert budget.stats().held == 0


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_closing_what_was_left_open_gives_its_part_back(
    config: ConnectionConfig,
) -> None:
    budget = ConnectionBudget()
    pool = IMAPConnectionPool(config, budget=budget)
    run(use(pool))
    assert budget.stats().held == 1
    run(pool.aclose())
    assert budget.stats().held == 0


async def test_a_pool_of_a_loop_that_runs_is_not_for_another(
    config: ConnectionConfig,
) -> None:
    async with IMAPConnectionPool(config) as pool:
        for attempt in (use, IMAPConnectionPool.aclose):
            with pytest.raises(IMAPPoolClosed, match="in another event loop"):
                await asyncio.to_thread(lambda: run(attempt(pool)))  # noqa: B023
        await use(pool)


async def test_opening_runs_in_the_context_that_the_pool_was_made_in(
    server: Endpoint,
) -> None:
    """Not in that of whoever happens to be served."""
    whose = ContextVar("whose", default="nobody's")
    seen: list[str] = []

    def prepare(config: ConnectionConfig) -> ConnectionConfig:
        seen.append(whose.get())
        return config.prepared()

    async def call() -> None:
        whose.set("the caller's")
        async with pool.connection():
            pass

    whose.set("the maker's")
    async with IMAPConnectionPool(
        config_of(server), min_size=0, prepare=prepare
    ) as pool:
        await asyncio.create_task(call())
    assert seen == ["the maker's"]
