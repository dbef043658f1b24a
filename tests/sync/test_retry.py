from __future__ import annotations

import pytest

from aiosage import (
    IMAPAuthenticationError,
    IMAPConnectionLost,
    IMAPMailboxError,
    IMAPPoolTimeout,
    UIDValidityChanged,
)
from aiosage.sync._retry import retrying

LOST = IMAPConnectionLost("the server closed the connection")


class Work:
    """Fails with each of *errors* in turn, then succeeds."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> int:
        """Return how often it was called."""
        self.calls += 1
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return self.calls


@pytest.mark.parametrize(
    "error",
    [
        LOST,
        IMAPPoolTimeout("none came free", seconds=1),
        IMAPAuthenticationError("later", retryable=True),
        UIDValidityChanged("INBOX", 1, 2),
    ],
)
async def test_what_may_work_later_is_tried_again(error: Exception) -> None:
    assert await retrying(Work(error, error), attempts=3) == 3


@pytest.mark.parametrize(
    "error",
    [
        IMAPAuthenticationError("wrong password"),
        IMAPMailboxError("EXAMINE", "NO", "NONEXISTENT", "no such mailbox"),
        ValueError("a mistake"),
    ],
)
async def test_what_will_not_is_raised_at_once(error: Exception) -> None:
    work = Work(error)

    with pytest.raises(type(error)):
        await retrying(work, attempts=3)

    assert work.calls == 1


async def test_failures_in_a_row_are_counted() -> None:
    work = Work(*[LOST] * 9)

    with pytest.raises(IMAPConnectionLost):
        await retrying(work, attempts=4)

    assert work.calls == 4


async def test_what_moves_on_is_never_given_up() -> None:
    work = Work(*[LOST] * 9)

    done = await retrying(work, attempts=1, moved=lambda: work.calls)

    assert done == 10


async def test_failures_before_a_move_do_not_count_after_it() -> None:
    work = Work(*[LOST] * 8)

    def moved() -> int:
        return int(work.calls > 1)

    with pytest.raises(IMAPConnectionLost):
        await retrying(work, attempts=4, moved=moved)

    assert work.calls == 6  # one, the one that moved, and four in a row
