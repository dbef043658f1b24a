"""What a server pushes in IDLE, between being heard and being asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from ..errors import IMAPConnectionError
from ._pending import again

_COST: Final = 256  # octets any line takes, however short
_HIGH: Final = 4 * 2**20
_LOW: Final = 1 * 2**20


class Pushes(asyncio.Queue[Any]):
    """Batches of lines, as a queue that programs of aioimaplib read for themselves.

    The end of the session is the last item, and whoever asks for it gets it
    raised, every time. While more octets wait than *high*, nothing should be
    read from the server.

    Args:
        on_change: called when `is_full` changes.
        high: octets at which the queue becomes full.
        low: octets at which it ceases to be.
    """

    def __init__(
        self, on_change: Callable[[], None], *, high: int = _HIGH, low: int = _LOW
    ) -> None:
        super().__init__()
        self._on_change = on_change
        self._high = high
        self._low = low
        self._octets = 0
        self.is_full = False

    def put_nowait(self, item: Any) -> None:
        """Add a batch of lines, the error that ended the session, or anything."""
        super().put_nowait(item)
        self._weigh(_octets(item))

    def get_nowait(self) -> Any:
        """Return the next batch; ``get`` waits, and then calls this.

        Raises:
            IMAPConnectionError: the session ended, and there is no more.
            asyncio.QueueEmpty: there is none yet.
        """
        item = super().get_nowait()
        if isinstance(item, IMAPConnectionError):
            super().put_nowait(item)  # for the next who asks
            raise again(item, maybe_executed=False)
        self._weigh(-_octets(item))
        return item

    def _weigh(self, octets: int) -> None:
        self._octets += octets
        limit = self._low if self.is_full else self._high
        if (self._octets > limit) is not self.is_full:
            self.is_full = not self.is_full
            self._on_change()


def _octets(item: Any) -> int:
    if not isinstance(item, list):  # the end, or what a program has put there
        return 0
    return sum(_COST + len(line) for line in cast("list[bytes]", item))
