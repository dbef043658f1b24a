"""What a pool complains about, in words that say what to do."""

from __future__ import annotations

import asyncio

from ..errors import IMAPConfigurationError, IMAPPoolClosed, IMAPPoolTimeout
from ._stats import PoolStats


def check_sizes(min_size: int, max_size: int) -> None:
    """Check the sizes of a pool.

    Raises:
        IMAPConfigurationError: they cannot be.
    """
    mistakes: list[str] = []
    if max_size < 1:
        mistakes.append(f"max_size: {max_size} is less than 1")
    if not 0 <= min_size <= max(max_size, 0):
        mistakes.append(f"min_size: {min_size} is not in 0..max_size")
    if mistakes:
        raise IMAPConfigurationError(mistakes)


def pool_closed(account: str) -> IMAPPoolClosed:
    """Return the error of who uses the pool of *account* after it was closed."""
    return IMAPPoolClosed(f"the pool of {account} is closed")


def in_another_loop(account: str, loop: asyncio.AbstractEventLoop) -> IMAPPoolClosed:
    """Return the error of who uses the pool of *account*, which belongs to *loop*."""
    if not loop.is_closed():
        return IMAPPoolClosed(f"the pool of {account} is in use in another event loop")
    return IMAPPoolClosed(
        f"the pool of {account} was in use in an event loop that has ended",
        hint="Close it in that loop, and make another for the next.",
    )


def pool_timeout(
    account: str, seconds: float, stats: PoolStats, why_full: str
) -> IMAPPoolTimeout:
    """Return the error of a caller who has waited for *seconds*.

    Args:
        account: whose pool it is.
        seconds: how long was waited.
        stats: how the pool stands.
        why_full: what the budget says.
    """
    if stats.busy + stats.opening >= stats.max_size:
        hint = (
            f"All {stats.max_size} are in use: raise max_size, or hold them for"
            " less long."
        )
    else:
        hint = f"{why_full} Hold them for less long.".strip()
    return IMAPPoolTimeout(
        f"no connection to {account} came free within {seconds:g} s:"
        f" {stats.busy} of {stats.max_size} busy, {stats.opening} being opened,"
        f" {stats.waiting} more callers waiting",
        seconds=seconds,
        size=stats.size,
        busy=stats.busy,
        waiting=stats.waiting,
        hint=hint,
    )
