"""Trying again what a lost connection interrupted."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ..errors import (
    CircuitOpen,
    IMAPAuthenticationError,
    IMAPConnectionError,
    IMAPError,
    IMAPOperationError,
    IMAPPoolTimeout,
    UIDValidityChanged,
)
from ..resilience import RetryPolicy, retry

log = logging.getLogger("aiosage.sync")

T = TypeVar("T")


def is_transient(error: Exception) -> bool:
    """Return whether the same may work on another connection, or later.

    Another process may have moved the mirror on to a new UIDVALIDITY, which we
    then learn by opening the mailbox anew.
    """
    if isinstance(error, IMAPAuthenticationError | IMAPOperationError):
        return error.retryable
    if isinstance(error, CircuitOpen):
        return not isinstance(error.__cause__, Exception) or is_transient(
            error.__cause__
        )
    return isinstance(error, IMAPConnectionError | IMAPPoolTimeout | UIDValidityChanged)


async def retrying(
    work: Callable[[], Awaitable[T]],
    *,
    attempts: int,
    moved: Callable[[], int] = lambda: 0,
) -> T:
    """Return what *work* returns, trying again after transient errors.

    Waits between attempts grow exponentially, with jitter; what the server asks
    for is obeyed.

    Args:
        work: done anew each time; it continues where the last attempt ended.
        attempts: that may fail in a row, without progress, before the error is
            raised. So what moves on is never given up, however bad the network.
        moved: a number that is another one when progress was made.
    """

    def answer(error: Exception) -> bool | float:
        if not is_transient(error):
            return False
        log.info("attempt failed: %s", error)
        asked = error.retry_after if isinstance(error, IMAPError) else None
        return True if asked is None else asked

    policy = RetryPolicy(attempts=attempts, timeout=3600.0)
    return await retry(work, policy, on=answer, progress=moved)
