"""Cancelling an operation wherever it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from aiosage.testing import Cancellation, cancel_at_every_await


async def run_all(operation: Callable[[], Awaitable[object]]) -> None:
    """Cancel *operation* everywhere."""
    async for _ in cancel_at_every_await(operation):
        pass


async def test_each_suspension_is_cancelled_early_and_late() -> None:
    """Late, what it waits for has come: here one who waits has been told."""
    done: list[str] = []

    async def operation() -> None:
        done.clear()
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, None)
        future.add_done_callback(lambda _: done.append("came"))
        await future
        done.append("first")
        await asyncio.sleep(0)
        done.append("second")

    went = [
        (cancellation, list(done))
        async for cancellation in cancel_at_every_await(operation)
    ]

    assert went == [
        (Cancellation(1, late=False, is_cancelled=True), ["came"]),  # as cancelled
        (Cancellation(2, late=False, is_cancelled=True), ["came", "first"]),
        (Cancellation(3, late=False, is_cancelled=False), ["came", "first", "second"]),
        (Cancellation(1, late=True, is_cancelled=True), ["came"]),
        (Cancellation(2, late=True, is_cancelled=True), ["came", "first"]),
        (Cancellation(3, late=True, is_cancelled=False), ["came", "first", "second"]),
    ]


async def test_late_is_when_the_result_is_there_and_not_taken() -> None:
    """Which is when a lock or a connection is lost, if it can be."""
    future: asyncio.Future[None]

    async def operation() -> None:
        nonlocal future
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        timer = loop.call_later(0.001, future.set_result, None)
        try:
            await future
        finally:
            timer.cancel()

    states = [
        (cancellation.late, future.cancelled())
        async for cancellation in cancel_at_every_await(operation)
        if cancellation.is_cancelled
    ]

    assert states == [(False, True), (True, False)]


async def test_an_operation_that_swallows_cancellation_is_found_out() -> None:
    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)

    with pytest.raises(AssertionError, match="suspension 1 was swallowed"):
        await run_all(deaf)


async def test_an_error_of_the_operation_comes_through() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await run_all(fails)


async def test_cancelling_the_test_cancels_the_operation() -> None:
    """A deadline around the loop leaves no task behind."""
    before = asyncio.all_tasks()

    async def forever() -> None:
        await asyncio.sleep(0)
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(run_all(forever), 0.05)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
