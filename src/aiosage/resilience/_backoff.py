"""How long to wait before trying again, for loops that never give up."""

from __future__ import annotations

import random
from collections.abc import Callable


def backoff(
    failures: int,
    *,
    first: float = 0.1,
    longest: float = 60.0,
    rng: Callable[[], float] = random.random,
) -> float:
    """Return the seconds to wait after *failures* in a row, the first is 1.

    Doubles with each failure up to *longest*, and takes a random half off, so
    that many clients of one server that went away do not all come back at once.
    """
    if failures < 1:
        return 0.0
    whole = min(longest, first * 2.0 ** min(failures - 1, 64))
    return whole * (0.5 + rng() / 2)
