"""Something to be done at a time that may come to be earlier."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls *function* once it is time, and then no more until it is set again.

    Args:
        function: called by the loop; cannot wait.
        clock: seconds, never going back.
    """

    def __init__(
        self, function: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self._function = function
        self._clock = clock
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, when: float) -> None:
        """Have it go off at *when*, if not before."""
        if self._timer is not None:
            if self._due <= when:
                return
            self._timer.cancel()
        self._due = when
        delay = max(0.0, when - self._clock())
        self._timer = asyncio.get_running_loop().call_later(delay, self._go_off)

    def _go_off(self) -> None:
        self._timer = None
        self._function()

    def cancel(self) -> None:
        """Have it not go off."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
