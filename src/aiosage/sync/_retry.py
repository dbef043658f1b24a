"""Trying again what a lost connection interrupted."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
import stamina

from ..errors import (
    IMAPAuthenticationError,
    IMAPConnectionError,
    IMAPOperationError,
    IMAPPoolTimeout,
    UIDValidityChanged,
)
from ..resilience import backoff

log = logging.getLogger("aiosage.sync")

T = TypeVar("T")


def is_transient(error: Exception) -> bool:
    """Return whether the same may work on another connection, or later.

    Another process may have moved the mirror on to a new UIDVALIDITY, which we
    then learn by opening the mailbox anew.
    """
    if isinstance(error, IMAPAuthenticationError | IMAPOperationError):
        return error.retryable
    return isinstance(error, IMAPConnectionError | IMAPPoolTimeout | UIDValidityChanged)


async def retrying(
    work: Callable[[], Awaitable[T]],
    *,
    attempts: int,
    moved: Callable[[], int] = lambda: 0,
) -> T:
    """Return what *work* returns, trying again after transient errors.

    Waits between attempts grow exponentially, with jitter.

    Args:
        work: done anew each time; it continues where the last attempt ended.
        attempts: that may fail in a row, without progress, before the error is
            raised. So what moves on is never given up, however bad the network.
        moved: a number that is another one when progress was made.
    """
    while True:
        before = moved()

        def is_stuck(error: Exception, before: int = before) -> bool:
            if is_transient(error):
                log.warning("attempt failed: %s", error)
            return is_transient(error) and moved() == before

        try:
            async for attempt in stamina.retry_context(
                on=is_stuck, attempts=attempts, timeout=None
            ):
                with attempt:
                    return await work()
        except Exception as error:
            if not is_transient(error) or moved() == before:
                raise
            await anyio.sleep(backoff(1))
