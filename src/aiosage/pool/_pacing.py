"""Holding the commands of a pool to a rate that learns how the server takes them."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

from ..errors import IMAPConnectionError, IMAPOperationError, IMAPTimeoutError
from ..resilience import RateLimiter

_TOO_MANY: Final = frozenset({"LIMIT", "UNAVAILABLE", "INUSE", "THROTTLED"})


def is_too_many(error: IMAPOperationError | IMAPConnectionError) -> bool:
    """Return whether *error* of a command says that the server wants fewer."""
    if error.retry_after is not None or isinstance(error, IMAPTimeoutError):
        return True
    return isinstance(error, IMAPOperationError) and error.code in _TOO_MANY


@asynccontextmanager
async def paced(
    limiter: RateLimiter, clock: Callable[[], float] = time.monotonic
) -> AsyncGenerator[None]:
    """Wait until a command may go, and let *limiter* learn from what becomes of it.

    A refusal for another reason is an answer like any other. A connection that is
    lost, or a caller who is cancelled, says nothing of the rate.
    """
    await limiter.acquire()
    began = clock()
    try:
        yield
    except (IMAPOperationError, IMAPConnectionError) as error:
        if is_too_many(error):
            limiter.learn(clock() - began, error)
        elif isinstance(error, IMAPOperationError):
            limiter.learn(clock() - began)
        raise
    limiter.learn(clock() - began)
