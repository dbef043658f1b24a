"""How cost grows, measured so that a busy machine does not matter."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

ROUNDS = 5


@contextmanager
def without_collector() -> Iterator[None]:
    """Keep the garbage collector, which looks at everything, out of a measurement."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def growth(seconds: Callable[[int], float], small: int, large: int) -> float:
    """Return how many times as long *large* takes as *small*.

    Each is measured several times, by turns, and the best counts: what else the
    machine does only adds.
    """
    with without_collector():
        rounds = [(seconds(small), seconds(large)) for _ in range(ROUNDS)]
    return min(long for _, long in rounds) / min(short for short, _ in rounds)


async def async_growth(
    seconds: Callable[[int], Awaitable[float]], small: int, large: int
) -> float:
    """The same of what is awaited."""
    with without_collector():
        rounds = [(await seconds(small), await seconds(large)) for _ in range(ROUNDS)]
    return min(long for _, long in rounds) / min(short for short, _ in rounds)
