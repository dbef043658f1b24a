"""Circuit breakers around what waits, fails and is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from aiosage import CircuitOpen
from aiosage.resilience import CircuitBreaker, CircuitSnapshot, CircuitState


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def fail(breaker: CircuitBreaker[str], times: int = 1, key: str = "host") -> None:
    for _ in range(times):
        with suppress(OSError), breaker.calling(key):
            raise OSError


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker[str]:
    return CircuitBreaker(failures=3, recovery=10.0, clock=clock)


def test_it_opens_after_failures_in_a_row(
    breaker: CircuitBreaker[str], clock: Clock
) -> None:
    fail(breaker, 2)
    with breaker.calling("host"):
        pass  # it works again
    fail(breaker, 2)
    assert breaker.snapshot("host").state is CircuitState.CLOSED
    fail(breaker)
    clock.now = 4.0
    with pytest.raises(CircuitOpen) as caught, breaker.calling("host"):
        pytest.fail("it was called")
    assert caught.value.key == "host"
    assert caught.value.retry_after == pytest.approx(6.0)


def test_keys_do_not_know_of_each_other(breaker: CircuitBreaker[str]) -> None:
    fail(breaker, 3, "one")
    with breaker.calling("other"):
        pass
    assert set(breaker.snapshots()) == {"one"}


async def test_half_open_lets_one_of_many_through(
    breaker: CircuitBreaker[str], clock: Clock
) -> None:
    """Fifty at once would be the login storm that gets accounts locked."""
    fail(breaker, 3)
    clock.now = 11.0
    go = asyncio.Event()
    inside = 0

    async def call() -> None:
        nonlocal inside
        with breaker.calling("host"):
            inside += 1
            await go.wait()

    tasks = [asyncio.ensure_future(call()) for _ in range(50)]
    await asyncio.sleep(0)
    assert inside == 1
    assert breaker.snapshot("host").state is CircuitState.HALF_OPEN
    go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, CircuitOpen) for result in results) == 49
    assert breaker.snapshot("host").state is CircuitState.CLOSED


async def test_a_cancelled_probe_is_given_back(
    breaker: CircuitBreaker[str], clock: Clock
) -> None:
    fail(breaker, 3)
    clock.now = 11.0

    async def call() -> None:
        with breaker.calling("host"):
            await asyncio.Event().wait()

    for _ in range(3):
        task = asyncio.ensure_future(call())
        await asyncio.sleep(0)
        with pytest.raises(CircuitOpen), breaker.calling("host"):
            pytest.fail("two probes at once")
        task.cancel()
        await asyncio.wait([task])
    with breaker.calling("host"):
        pass
    assert breaker.snapshot("host").state is CircuitState.CLOSED


async def test_cancellation_is_no_failure(breaker: CircuitBreaker[str]) -> None:
    for _ in range(10):
        with pytest.raises(asyncio.CancelledError), breaker.calling("host"):
            raise asyncio.CancelledError
    assert not breaker.snapshots()


def test_a_probe_that_fails_keeps_it_open_for_longer(
    breaker: CircuitBreaker[str], clock: Clock
) -> None:
    fail(breaker, 3)
    clock.now = 10.0
    fail(breaker)
    assert breaker.snapshot("host").retry_after == pytest.approx(20.0)


def test_an_error_that_is_an_answer_closes_it(clock: Clock) -> None:
    """A server that refuses a mailbox is there."""
    breaker = CircuitBreaker[str](
        failures=1, counts=lambda error: isinstance(error, OSError), clock=clock
    )
    fail(breaker)
    clock.now = 100.0
    with pytest.raises(ValueError, match="no"), breaker.calling("host"):
        raise ValueError("no")
    assert breaker.snapshot("host").state is CircuitState.CLOSED


def test_a_call_that_hung_since_before_it_opened_tells_nothing(
    breaker: CircuitBreaker[str], clock: Clock
) -> None:
    """Neither its success closes the circuit, nor does its failure open it anew."""
    slow = breaker.calling("host")
    slower = breaker.calling("host")
    slow.__enter__()
    slower.__enter__()
    fail(breaker, 3)
    slow.__exit__(None, None, None)
    clock.now = 5.0
    assert breaker.snapshot("host").state is CircuitState.OPEN
    slower.__exit__(OSError, OSError(), None)
    assert breaker.snapshot("host").retry_after == pytest.approx(5.0)


def test_every_change_is_told_once(clock: Clock) -> None:
    told: list[CircuitState] = []

    def note(key: str, snapshot: CircuitSnapshot) -> None:
        assert key == "host"
        told.append(snapshot.state)

    breaker = CircuitBreaker[str](
        failures=2, recovery=10.0, on_change=note, clock=clock
    )
    fail(breaker, 2)
    for _ in range(3):
        with suppress(CircuitOpen), breaker.calling("host"):
            pass
    clock.now = 10.0
    fail(breaker)
    clock.now = 30.0
    with breaker.calling("host"):
        pass
    assert told == ["open", "half-open", "open", "half-open", "closed"]


def test_it_can_be_closed_by_hand(breaker: CircuitBreaker[str]) -> None:
    fail(breaker, 3)
    breaker.reset("host")
    with breaker.calling("host"):
        pass


def test_keys_that_do_not_fail_take_no_memory(breaker: CircuitBreaker[str]) -> None:
    for number in range(1000):
        with breaker.calling(str(number)):
            pass
    fail(breaker, 1, "once")
    with breaker.calling("once"):
        pass
    assert not breaker.snapshots()


@pytest.mark.parametrize(
    "make",
    [
        lambda: CircuitBreaker[str](failures=0),
        lambda: CircuitBreaker[str](recovery=0.0),
        lambda: CircuitBreaker[str](recovery=10.0, longest=1.0),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    make: Callable[[], CircuitBreaker[str]],
) -> None:
    with pytest.raises(ValueError, match=r"failures|recovery"):
        make()


def test_an_observer_that_raises_disturbs_nothing(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*args: object) -> None:
        raise ZeroDivisionError

    breaker = CircuitBreaker[str](
        failures=1, recovery=10.0, on_change=break_down, clock=clock
    )
    fail(breaker)
    clock.now = 10.0
    with breaker.calling("host"):
        pass
    assert breaker.snapshot("host").state is CircuitState.CLOSED
    assert len(caplog.records) == 3  # opened, half-open, closed


def test_a_callback_that_raises_takes_no_probe_with_it(clock: Clock) -> None:
    """Else nobody would ever probe again."""
    is_broken = False

    def count(error: Exception) -> bool:
        if is_broken:
            raise ZeroDivisionError
        return True

    breaker = CircuitBreaker[str](failures=1, recovery=10.0, counts=count, clock=clock)
    fail(breaker)
    clock.now = 10.0
    with suppress(ZeroDivisionError), breaker.calling("host"):
        is_broken = True
        raise OSError
    is_broken = False
    with breaker.calling("host"):
        pass
    assert breaker.snapshot("host").state is CircuitState.CLOSED
