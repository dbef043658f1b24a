"""Not asking more often than a server takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import anyio
from aiolimiter import AsyncLimiter

from ._observer import tell

_LONGEST: Final = 3600.0
"""Seconds that an error lets all wait, at most; the next may say so again."""


@dataclass(frozen=True, slots=True)
class RateSnapshot:
    """How a rate limiter stands.

    Attributes:
        rate: calls per second that are let through.
        waiting: calls that wait.
        admitted: calls let through so far.
        pause: seconds for which none is let through.
    """

    rate: float
    waiting: int
    admitted: int
    pause: float


class RateLimiter:
    """Lets so many calls through per second, in the order they came.

    ::

        limiter = RateLimiter(10.0, burst=20)
        await limiter.acquire()

    The bucket is aiolimiter's; this keeps the order, which that does not. Safe to
    cancel: who does not wait any more takes nothing.

    Args:
        rate: calls per second, in the long run.
        burst: calls at once, after a time without any.
        on_change: told how it stands when the rate or the pause changes. What it
            raises is logged.
        clock: seconds, never going back.

    Raises:
        ValueError: a number makes no sense.
    """

    def __init__(
        self,
        rate: float,
        *,
        burst: int = 1,
        on_change: Callable[[RateSnapshot], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0 < rate < math.inf:
            raise ValueError(f"rate: {rate!r} is not a positive number")
        if burst < 1:
            raise ValueError(f"burst: {burst} is less than 1")
        self._rate = rate
        self._on_change = on_change
        self._clock = clock
        self._bucket = AsyncLimiter(burst, burst / rate)
        self._turn = anyio.Lock(fast_acquire=True)
        self._waiting = 0
        self._admitted = 0
        self._resume_at = -math.inf

    async def acquire(self) -> None:
        """Wait until a call may go."""
        self._waiting += 1
        try:
            async with self._turn:
                await self._wait_out()
                await self._bucket.acquire()
                await self._wait_out()  # it may have begun meanwhile
                self._admitted += 1
                await self._refit()
        finally:
            self._waiting -= 1

    async def _wait_out(self) -> None:
        while self._pause() > 0:  # noqa: ASYNC110  # it may grow meanwhile
            await anyio.sleep(self._pause())

    async def _refit(self) -> None:
        """Hook of what changes its rate. Must not wait."""

    def learn(self, seconds: float, error: Exception | None = None) -> None:
        """Take note of a call that was let through.

        What *error* has as ``retry_after`` is obeyed: none goes for so long, but for
        an hour at most.

        Args:
            seconds: that it took.
            error: it failed, since there were too many; None if it did not.
        """
        if error is not None and (delay := _retry_after(error)) is not None:
            self.pause(delay)

    def pause(self, seconds: float) -> None:
        """Let nothing through for *seconds*, as a server may ask for."""
        resume_at = self._clock() + seconds
        if resume_at > self._resume_at:
            self._resume_at = resume_at
            self._tell()

    def snapshot(self) -> RateSnapshot:
        """Return how it stands."""
        return RateSnapshot(self._rate, self._waiting, self._admitted, self._pause())

    def _pause(self) -> float:
        return max(0.0, self._resume_at - self._clock())

    def _tell(self) -> None:
        tell(self._on_change, self.snapshot())


@dataclass(frozen=True, slots=True)
class AdaptiveRate:
    """A rate that follows what the server takes: up by steps, down by halves (AIMD).

    Attributes:
        rate: calls per second now.
        lowest: it never falls below.
        highest: it never rises above.
        step: calls per second that it rises in a second of good answers.
        slow: seconds; an answer that takes longer is a sign of too many.
        lowered_at: when it fell last.
    """

    rate: float
    lowest: float
    highest: float
    step: float
    slow: float
    lowered_at: float = -math.inf

    def answered(self, started: float, now: float) -> AdaptiveRate:
        """Return the rate after a call that *started* then was answered well."""
        if now - started > self.slow:
            return self.refused(started, now)
        # At this rate a second has so many answers; together they make a step. Where
        # it is low, one answer stands for many seconds, but says little of more.
        raised = min(self.highest, self.rate + self.step / self.rate, self.rate * 2)
        return replace(self, rate=raised)

    def refused(self, started: float, now: float) -> AdaptiveRate:
        """Return the rate after a call that *started* then was too many.

        Those that were under way when it fell say nothing of the rate since.
        """
        if started < self.lowered_at:
            return self
        return replace(self, rate=max(self.lowest, self.rate / 2), lowered_at=now)


def _retry_after(error: Exception) -> float | None:
    delay: object = getattr(error, "retry_after", None)
    return min(delay, _LONGEST) if isinstance(delay, int | float) else None


class AdaptiveRateLimiter(RateLimiter):
    """Finds out how many calls per second the server takes.

    ::

        limiter = AdaptiveRateLimiter(10.0, is_throttled=is_too_many)
        await limiter.acquire()
        with limiter.watching():
            await call()

    Args:
        rate: calls per second to begin with.
        lowest: never fewer.
        highest: never more.
        step: calls per second more after each second of good answers, of which none
            more than doubles the rate.
        slow: seconds; an answer that takes longer counts as one too many.
        is_throttled: whether an error says that there were too many calls.
        delay_of: seconds that an error asks all to wait; None if it does not. As
            a rule what it has as ``retry_after``, up to an hour.
        on_change: as for `RateLimiter`.
        clock: likewise.

    Raises:
        ValueError: a number makes no sense.
    """

    def __init__(
        self,
        rate: float,
        *,
        lowest: float = 0.1,
        highest: float = 1000.0,
        step: float = 1.0,
        slow: float = 5.0,
        is_throttled: Callable[[Exception], bool] = lambda error: True,
        delay_of: Callable[[Exception], float | None] = _retry_after,
        on_change: Callable[[RateSnapshot], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(rate, on_change=on_change, clock=clock)
        if not 0 < lowest <= rate <= highest < math.inf:
            raise ValueError(f"rate: {rate:g} is not in {lowest:g}..{highest:g}")
        if not (step > 0 and slow > 0):
            raise ValueError("step and slow must be positive")
        self._adaptive = AdaptiveRate(rate, lowest, highest, step, slow)
        self._is_throttled = is_throttled
        self._delay_of = delay_of

    @contextmanager
    def watching(self) -> Generator[None]:
        """Learn from how the block ends, and how long it takes.

        Cancellation tells nothing.
        """
        started = self._clock()
        try:
            yield
        except Exception as error:
            self.learn(self._clock() - started, error)
            raise
        else:
            self.learn(self._clock() - started)

    def learn(self, seconds: float, error: Exception | None = None) -> None:
        """Take note of a call, and adapt; an error that is none of that is nothing."""
        now = self._clock()
        if error is None:
            self._become(self._adaptive.answered(now - seconds, now))
        elif self._is_throttled(error):
            self._become(self._adaptive.refused(now - seconds, now))
            if (delay := self._delay_of(error)) is not None:
                self.pause(delay)

    def _become(self, adaptive: AdaptiveRate) -> None:
        self._adaptive = adaptive
        if adaptive.rate != self._rate:
            self._rate = adaptive.rate
            self._tell()

    async def _refit(self) -> None:
        if self._bucket.time_period != 1 / self._rate:
            self._bucket = AsyncLimiter(1, 1 / self._rate)
            # It is empty, so this does not wait; the call just let through fills it.
            await self._bucket.acquire()
