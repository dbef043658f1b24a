"""Having connections opened that nobody waits for yet."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from ..errors import CircuitOpen, IMAPConnectionError, IMAPError, IMAPPoolTimeout
from ..resilience import backoff

log = logging.getLogger("aiosage.pool")

_STEADY: Final = 10.0
"""Seconds that connections must last, or opening them has been in vain."""


class Upkeep:
    """Opens again what was lost, ever later if it is lost again at once.

    Args:
        is_short: whether there are too few connections.
        warm_up: opens what is missing.

    Attributes:
        is_wanted: it is to do so from now on.
    """

    def __init__(
        self, is_short: Callable[[], bool], warm_up: Callable[[], Awaitable[None]]
    ) -> None:
        self.is_wanted = False
        self._is_short = is_short
        self._warm_up = warm_up
        self._task: asyncio.Task[None] | None = None
        self._tries = 0  # in a row, of which came nothing that lasted
        self._ended_at = -math.inf

    def start(self) -> None:
        """Begin, if there is a need to and it has not begun. Cannot wait."""
        if self.is_wanted and self._task is None and self._is_short():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        asked = None
        if time.monotonic() - self._ended_at > _STEADY:
            self._tries = 0
        try:
            while True:
                await anyio.sleep(max(backoff(self._tries), asked or 0.0))
                if not self._is_short():
                    return
                self._tries += 1
                asked = None
                try:
                    await self._warm_up()
                # Whatever it is, the next caller gets it, too, and can do something.
                except Exception as error:
                    if not _is_passing(error):
                        log.info("a lost connection is not replaced: %s", error)
                        return
                    asked = error.retry_after if isinstance(error, IMAPError) else None
                if not self._is_short():  # others may have been lost meanwhile
                    return
        finally:
            self._task = None
            self._ended_at = time.monotonic()

    def end(self) -> None:
        """Begin no more, and end what has begun. Cannot wait."""
        self.is_wanted = False
        if self._task is not None:
            self._task.cancel()

    async def wait_ended(self) -> None:
        """Wait until nothing is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])


def _is_passing(error: Exception) -> bool:
    """Return whether it may work by itself, later."""
    if isinstance(error, CircuitOpen) and isinstance(error.__cause__, IMAPError):
        error = error.__cause__
    return isinstance(error, IMAPConnectionError | IMAPPoolTimeout | CircuitOpen)
