"""Cancelling an operation at each place where it waits, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, Final

_SUSPENSIONS_MAX: Final = 10_000  # an operation that waits more often never ends


@dataclass(frozen=True, slots=True)
class Cancellation:
    """How one run of an operation went.

    Attributes:
        at: the suspension at which it was cancelled, from 1.
        late: whether what it waited for had come by then, and it had not seen it.
        is_cancelled: False for a run that came to its end before.
    """

    at: int
    late: bool
    is_cancelled: bool


async def cancel_at_every_await(
    operation: Callable[[], Awaitable[object]],
) -> AsyncGenerator[Cancellation]:
    """Run *operation* again and again, cancelled one suspension later each time.

    Twice for each: as soon as it waits, and when what it waits for is there but
    the operation has not seen it, which is when results get lost::

        async for cancellation in cancel_at_every_await(connection.noop):
            async with asyncio.timeout(5):
                assert await connection.execute(command) == its_own_answer

    The last run of each comes to its end. An error of *operation* ends it all.

    Args:
        operation: begins a new run, each in a task of its own.

    Raises:
        AssertionError: a run swallowed its cancellation, or waited without end.
    """
    for late in (False, True):
        for at in range(1, _SUSPENSIONS_MAX):
            steps = _Steps(operation(), at, late=late)
            task = asyncio.ensure_future(_run(steps))
            try:
                await asyncio.wait([task])
            finally:
                task.cancel()
            is_cancelled = task.cancelled()
            if not is_cancelled:
                task.result()
                if steps.count >= at:
                    raise AssertionError(f"cancelling suspension {at} was swallowed")
            yield Cancellation(at, late, is_cancelled)
            if not is_cancelled:
                break
        else:
            raise AssertionError(f"it waits more than {_SUSPENSIONS_MAX} times")


async def _run(steps: _Steps) -> object:
    return await steps


class _Steps:
    """Awaits *awaitable*, and cancels the task at its suspension number *at*."""

    def __init__(self, awaitable: Awaitable[object], at: int, *, late: bool) -> None:
        self._awaitable = awaitable
        self._at = at
        self._late = late
        self.count = 0

    # What a coroutine yields is between it and the event loop.
    def __await__(self) -> Generator[Any, Any, object]:
        inner = self._awaitable.__await__()
        thrown: BaseException | None = None
        while True:
            try:
                waits_for = next(inner) if thrown is None else inner.throw(thrown)
            except StopIteration as stop:
                return stop.value
            self.count += 1
            if self.count == self._at:
                self._cancel(waits_for)
            try:
                yield waits_for
                thrown = None
            except BaseException as error:
                thrown = error

    def _cancel(self, waits_for: asyncio.Future[object] | None) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._late and waits_for is not None:  # None is asyncio.sleep(0)
            # Called before what wakes the task, which is added after this.
            waits_for.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()
