"""How long a watch waits before it connects again."""

from __future__ import annotations

import pytest

from aiosage.resilience import backoff
from aiosage.watch._watch import failures_after


@pytest.mark.parametrize(
    ("failures", "lasted", "after"),
    [
        (0, None, 1),
        (9, None, 10),
        (9, 60.0, 1),
        (0, 0.0, 1),
        (3, 0.1, 4),
        (9, 0.1, 6),
    ],
)
def test_what_was_heard_for_a_moment_is_less_of_a_failure(
    failures: int, lasted: float | None, after: int
) -> None:
    """Nothing must be hammered, but a network that often fails is no broken one."""
    assert failures_after(failures, lasted) == after


def test_on_a_network_that_often_fails_events_come_within_seconds() -> None:
    """Not a minute after each of the connections that are lost."""
    failures = 0
    for _ in range(100):
        failures = failures_after(failures, 0.1)

    assert backoff(failures, rng=lambda: 1.0) < 4.0
