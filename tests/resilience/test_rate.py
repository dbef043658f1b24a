"""Rates: in order, never more than allowed, and as much as the server takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.resilience import AdaptiveRateLimiter, RateLimiter, RateSnapshot
from aiosage.resilience._rate import AdaptiveRate

from .instant import now, run


class Throttled(Exception):
    """What a server says to too many."""

    def __init__(self, retry_after: float | None = None) -> None:
        self.retry_after = retry_after


async def take(limiter: RateLimiter, count: int) -> list[float]:
    """Return when each of *count* callers at once may go, in the order they came."""
    began = now()

    async def one() -> float:
        await limiter.acquire()
        return now() - began

    return await asyncio.gather(*(one() for _ in range(count)))


def test_calls_are_spread_evenly_and_go_in_the_order_they_came() -> None:
    async def main() -> list[float]:
        return await take(RateLimiter(10.0), 5)

    assert run(main()) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4], abs=1e-3)


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    async def main() -> list[float]:
        return await take(RateLimiter(2.0, burst=3), 5)

    assert run(main()) == pytest.approx([0.0, 0.0, 0.0, 0.5, 1.0], abs=1e-3)


def test_nobody_barges_in() -> None:
    """One who comes when a place is free, but others wait, waits behind them."""

    async def main() -> list[int]:
        limiter = RateLimiter(1.0)
        order: list[int] = []

        async def one(number: int) -> None:
            await limiter.acquire()
            order.append(number)

        async def late() -> None:
            for number in range(10, 14):
                await asyncio.sleep(1.0)
                await one(number)

        await asyncio.gather(*(one(number) for number in range(5)), late())
        return order

    assert run(main()) == [0, 1, 2, 3, 4, 10, 11, 12, 13]


@pytest.mark.parametrize("gone", [1, 2])
def test_who_is_cancelled_takes_nothing(gone: int) -> None:
    """The one at the head of the queue, or behind it."""

    async def main() -> float:
        limiter = RateLimiter(1.0)
        await limiter.acquire()
        tasks = [asyncio.ensure_future(limiter.acquire()) for _ in range(3)]
        await asyncio.sleep(0.5)
        tasks[gone - 1].cancel()
        await asyncio.wait(tasks)
        assert limiter.snapshot().waiting == 0
        assert limiter.snapshot().admitted == 3
        return now() - 1000.0

    assert run(main()) == pytest.approx(2.0, abs=1e-3)


def test_a_pause_holds_everybody_and_only_grows() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        limiter = RateLimiter(1000.0, clock=loop.time)
        limiter.pause(30.0)
        limiter.pause(5.0)
        assert limiter.snapshot().pause == pytest.approx(30.0)
        loop.call_later(10.0, limiter.pause, 50.0)
        return await take(limiter, 1)

    assert run(main()) == pytest.approx([60.0], abs=1e-3)


def test_a_pause_holds_who_waits_for_the_rate_already() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        limiter = RateLimiter(0.1, clock=loop.time)
        await limiter.acquire()
        loop.call_later(5.0, limiter.pause, 60.0)
        return await take(limiter, 1)

    assert run(main()) == pytest.approx([65.0], abs=1e-3)


def test_one_good_answer_doubles_a_low_rate_at_most() -> None:
    """A step for each second that it took would be a hundred times as much."""
    limiter = AdaptiveRateLimiter(0.2, step=10.0, clock=lambda: 0.0)
    limiter.learn(0.1)
    assert limiter.snapshot().rate == pytest.approx(0.4)


def test_an_adaptive_rate_finds_what_the_server_takes() -> None:
    """One that takes 20 per second, and refuses what is beyond."""

    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        limiter = AdaptiveRateLimiter(2.0, step=1.0, clock=loop.time)
        taken: list[float] = []
        refused = 0
        while now() < 1000.0 + 300.0:
            await limiter.acquire()
            try:
                with limiter.watching():
                    taken = [at for at in taken if at > now() - 1.0]
                    taken.append(now())
                    if len(taken) > 20:
                        raise Throttled
            except Throttled:
                refused += 1
        admitted = limiter.snapshot().admitted
        return admitted / 300.0, refused / admitted

    rate, refused = run(main())
    assert 12.0 <= rate <= 21.0
    assert refused < 0.05


def test_a_rate_that_changes_lets_no_burst_through() -> None:
    """Each call that is admitted is a rate apart from the one before."""

    async def main() -> list[float]:
        limiter = AdaptiveRateLimiter(1.0, step=10.0)
        times: list[float] = []
        for _ in range(20):
            await limiter.acquire()
            times.append(now())
            with limiter.watching():
                pass
        return times

    times = run(main())
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps[0] == pytest.approx(1.0, abs=1e-3)
    assert min(gaps) > 0.02
    assert all(a >= b - 1e-4 for a, b in pairwise(gaps))


def test_what_the_server_asks_for_is_obeyed() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        limiter = AdaptiveRateLimiter(10.0, clock=loop.time)
        with pytest.raises(Throttled), limiter.watching():
            raise Throttled(retry_after=120.0)
        await limiter.acquire()
        return now() - 1000.0

    assert run(main()) == pytest.approx(120.0, abs=1e-3)


def test_other_errors_and_cancellation_do_not_slow_it() -> None:
    limiter = AdaptiveRateLimiter(
        10.0, is_throttled=lambda error: isinstance(error, Throttled)
    )
    for error in (ValueError(), asyncio.CancelledError()):
        with pytest.raises(type(error)), limiter.watching():
            raise error
    assert limiter.snapshot().rate == 10.0


def test_changes_are_told() -> None:
    told: list[RateSnapshot] = []
    limiter = AdaptiveRateLimiter(10.0, on_change=told.append, clock=lambda: 5.0)
    with pytest.raises(Throttled), limiter.watching():
        raise Throttled(retry_after=2.0)
    assert [(one.rate, one.pause) for one in told] == [(5.0, 0.0), (5.0, 2.0)]


START = AdaptiveRate(rate=8.0, lowest=1.0, highest=10.0, step=1.0, slow=2.0)


def test_a_slow_answer_counts_as_one_too_many() -> None:
    assert START.answered(0.0, 3.0).rate == 4.0


def test_what_was_under_way_when_it_fell_does_not_lower_it_again() -> None:
    """A hundred calls refused together are one sign."""
    rate = START
    for _ in range(100):
        rate = rate.refused(started=0.0, now=1.0)
    assert rate.rate == 4.0
    assert rate.refused(started=1.5, now=2.0).rate == 2.0


def test_a_second_of_good_answers_is_one_step() -> None:
    rate = AdaptiveRate(rate=100.0, lowest=1.0, highest=1000.0, step=5.0, slow=2.0)
    for _ in range(100):
        rate = rate.answered(0.0, 0.0)
    assert rate.rate == pytest.approx(105.0, abs=0.2)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5)), max_size=200))
def test_it_stays_within_its_bounds(answers: list[tuple[bool, float]]) -> None:
    rate, now = START, 0.0
    for is_good, seconds in answers:
        started, now = now, now + seconds
        change = rate.answered if is_good else rate.refused
        rate = change(started, now)
        assert rate.lowest <= rate.rate <= rate.highest


@pytest.mark.parametrize(
    "make",
    [
        lambda: RateLimiter(0.0),
        lambda: RateLimiter(1.0, burst=0),
        lambda: AdaptiveRateLimiter(5.0, highest=1.0),
        lambda: AdaptiveRateLimiter(5.0, step=0.0),
    ],
)
def test_what_makes_no_sense_is_refused(make: Callable[[], RateLimiter]) -> None:
    with pytest.raises(ValueError, match=r"rate|burst|step"):
        make()
