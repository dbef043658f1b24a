"""Trying again: how often, how long, after which wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import pairwise

import pytest
import stamina

from aiosage.resilience import RetryAttempt, RetryPolicy, retry

from .instant import now, run


class Flaky:
    """Fails some times, and notes when it was asked."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.left = failures
        self.error = error or OSError("flaky")
        self.times: list[float] = []

    async def __call__(self) -> str:
        """Fail, or not."""
        self.times.append(now())
        if self.left:
            self.left -= 1
            raise self.error
        return "done"

    @property
    def waits(self) -> list[float]:
        """The seconds between attempts."""
        return [b - a for a, b in pairwise(self.times)]


def always(error: Exception) -> bool:
    return True


def test_it_is_tried_until_it_works() -> None:
    work = Flaky(3)
    assert run(retry(work, RetryPolicy(attempts=4), on=always)) == "done"
    assert len(work.times) == 4


def test_attempts_are_bounded_and_the_last_error_is_raised_as_it_is() -> None:
    work = Flaky(99)
    with pytest.raises(OSError, match="flaky") as caught:
        run(retry(work, RetryPolicy(attempts=3, timeout=1e9), on=always))
    assert caught.value is work.error
    assert len(work.times) == 3


def test_waits_grow_up_to_the_longest_with_at_most_half_off() -> None:
    work = Flaky(6)
    policy = RetryPolicy(attempts=9, timeout=1e9, first_wait=1.0, longest_wait=10.0)
    run(retry(work, policy, on=always))
    for wait, whole in zip(work.waits, [1, 2, 4, 8, 10, 10], strict=True):
        assert whole / 2 <= wait <= whole + 1e-3


def test_waits_are_not_all_alike() -> None:
    """Or all clients of a server that was restarted would come back at once."""
    waits: set[float] = set()
    for _ in range(5):
        work = Flaky(1)
        run(retry(work, RetryPolicy(), on=always))
        waits.add(work.waits[0])
    assert len(waits) == 5


def test_what_the_server_asks_for_is_waited() -> None:
    work = Flaky(1)
    run(retry(work, RetryPolicy(timeout=60.0), on=lambda error: 30.0))
    assert work.waits == [pytest.approx(30.0, abs=1e-3)]


def test_a_server_that_asks_for_little_does_not_shorten_the_wait() -> None:
    work = Flaky(1)
    run(retry(work, RetryPolicy(first_wait=8.0), on=lambda error: 0.0))
    assert work.waits[0] >= 4.0


def test_a_wait_beyond_the_timeout_is_not_begun() -> None:
    """An hour's wait that ends in giving up would be an hour lost."""

    async def measure() -> float:
        began = now()
        loop = asyncio.get_running_loop()
        policy = RetryPolicy(timeout=60.0)
        with pytest.raises(OSError, match="flaky"):
            await retry(Flaky(1), policy, on=lambda error: 3600.0, clock=loop.time)
        return now() - began

    assert run(measure()) == pytest.approx(0.0, abs=0.1)


def test_the_time_is_bounded() -> None:
    work = Flaky(10**6)

    async def measure() -> float:
        began = now()
        loop = asyncio.get_running_loop()
        policy = RetryPolicy(attempts=10**6, timeout=60.0, longest_wait=5.0)
        with pytest.raises(OSError, match="flaky"):
            await retry(work, policy, on=always, clock=loop.time)
        return now() - began

    assert 50.0 <= run(measure()) <= 60.1


def test_what_is_not_worth_it_is_not_tried_again() -> None:
    work = Flaky(1, ValueError("a mistake"))
    with pytest.raises(ValueError, match="a mistake"):
        run(retry(work, RetryPolicy(), on=lambda e: isinstance(e, OSError)))
    assert len(work.times) == 1


def test_what_moves_on_is_never_given_up() -> None:
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done < 50:
            raise OSError

    run(retry(work, RetryPolicy(attempts=1), on=always, progress=lambda: done))
    assert done == 50


def test_attempts_count_again_after_progress() -> None:
    """Two steps forward, then stuck: the attempts are those since the last step."""
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        raise OSError("stuck")

    with pytest.raises(OSError, match="stuck"):
        run(retry(work, RetryPolicy(attempts=3), on=always, progress=lambda: calls > 2))
    assert calls == 6  # two, the one that moved on, and three in a row


def test_each_attempt_is_told_before_its_wait() -> None:
    told: list[RetryAttempt] = []
    work = Flaky(2)
    run(retry(work, RetryPolicy(on_retry=told.append), on=always))
    assert [attempt.number for attempt in told] == [1, 2]
    assert [attempt.error for attempt in told] == [work.error] * 2
    assert [attempt.wait for attempt in told] == pytest.approx(work.waits, abs=1e-3)


def test_cancellation_passes_at_once_and_is_no_attempt() -> None:
    told: list[RetryAttempt] = []

    async def work() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        policy = RetryPolicy(on_retry=told.append)
        task = asyncio.ensure_future(retry(work, policy, on=always))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert not told


def test_cancellation_ends_the_wait_between_attempts() -> None:
    work = Flaky(1)

    async def main() -> None:
        task = asyncio.ensure_future(
            retry(work, RetryPolicy(timeout=1e9), on=lambda error: 1e6)
        )
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert now() < 2000

    run(main())
    assert len(work.times) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: RetryPolicy(attempts=0),
        lambda: RetryPolicy(timeout=-1.0),
        lambda: RetryPolicy(first_wait=0.0),
        lambda: RetryPolicy(longest_wait=float("nan")),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    make: Callable[[], RetryPolicy],
) -> None:
    with pytest.raises(ValueError, match="is not positive"):
        make()


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Python prints warnings that nobody handles; a library must not print."""
    caplog.set_level(logging.DEBUG)
    run(retry(Flaky(3), RetryPolicy(), on=always))
    assert [one.name for one in caplog.records if one.name != "asyncio"] == []


def test_staminas_switches_are_heeded() -> None:
    work = Flaky(3)
    with stamina.set_testing(True):
        run(retry(work, RetryPolicy(first_wait=9.0), on=always))
    assert work.waits == pytest.approx([0.0] * 3, abs=1e-3)
    stamina.set_active(False)
    try:
        with pytest.raises(OSError, match="flaky"):
            run(retry(Flaky(1), RetryPolicy(), on=always))
    finally:
        stamina.set_active(True)
