"""Trying again: how often, how long, and after which wait."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import anyio
import stamina

from ._backoff import backoff
from ._observer import tell

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryAttempt:
    """An attempt that failed, and will be followed by another.

    Attributes:
        number: of attempts that failed in a row, from 1; 0 if this one came
            further than those before it.
        error: what it failed with.
        wait: seconds until the next attempt.
    """

    number: int
    error: Exception
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often to try, and how long.

    Waits double from *first_wait* to *longest_wait*, with up to half of each taken
    off at random, so that many clients of one server do not come back at once.

    Attributes:
        attempts: in all, that may fail in a row without progress.
        timeout: seconds in which another attempt may begin, counted from the first
            of the row. One that would begin later is not waited for.
        first_wait: seconds to wait after the first attempt, at most.
        longest_wait: seconds to wait after any, unless the server asks for more.
        on_retry: told of each attempt that failed, before the wait. What it raises
            is logged.

    Raises:
        ValueError: a number is not positive.
    """

    attempts: int = 5
    timeout: float = 60.0
    first_wait: float = 0.1
    longest_wait: float = 10.0
    on_retry: Callable[[RetryAttempt], object] | None = field(
        default=None, compare=False
    )

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("attempts", "timeout", "first_wait", "longest_wait"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: {getattr(self, name)!r} is not positive")


async def retry(
    work: Callable[[], Awaitable[T]],
    policy: RetryPolicy,
    *,
    on: Callable[[Exception], bool | float],
    progress: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """Return what *work* returns, trying again where *on* says so.

    The last error is raised as it is. Cancellation passes at once, in an attempt
    and in between. ``stamina.set_active(False)`` and ``stamina.set_testing`` are
    heeded, but the loop is not stamina's, whose hooks log each attempt as a warning:
    a library must not print.

    Args:
        work: done anew each time.
        policy: how often, and how long.
        on: says of an error whether to try again. A number says so, too: the
            seconds to wait at least, as a server may ask for.
        progress: another value when an attempt came further than those before it.
            What moves on is never given up, however bad the network.
        clock: seconds, never going back.
    """
    reached = progress()
    started = clock()
    failures = 0

    def wait_after(error: Exception) -> float | None:
        nonlocal reached, started, failures
        if (now_reached := progress()) != reached:
            reached, started, failures = now_reached, clock(), 0
        else:
            failures += 1
        answer = on(error)
        if answer is False or failures >= policy.attempts or not stamina.is_active():
            return None
        wait = backoff(
            max(1, failures), first=policy.first_wait, longest=policy.longest_wait
        )
        if answer is not True:
            wait = max(wait, answer)
        if stamina.is_testing():
            wait = 0.0
        if clock() - started + wait > policy.timeout:
            return None
        tell(policy.on_retry, RetryAttempt(failures, error, wait))
        return wait

    while True:
        try:
            return await work()
        except Exception as error:
            wait = wait_after(error)
            if wait is None:
                raise
        await anyio.sleep(wait)
