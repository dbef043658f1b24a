"""IDLE as aioimaplib has it: what the server pushes goes to a queue, in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aioimaplib import aioimaplib

from ..errors import IMAPConnectionError
from ..wire import Continuation, Limits, Status
from ._legacy_command import LegacyPending
from ._legacy_engine import LegacyEngine
from ._legacy_pushes import Pushes
from ._pending import Pending


class LegacyIdle(LegacyEngine):
    """`LegacyEngine` with IDLE.

    Each read of the socket makes one batch of lines. The server is read no faster
    than the program takes them.
    """

    idle_queue: asyncio.Queue[Any]

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: Callable[[Exception | None], None] | None = None,
        *,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(loop, conn_lost_cb, limits=limits)
        self.idle_queue = self._pushes = Pushes(self._follow_reader)

    async def idle(self, begun: asyncio.Event | None = None) -> Any:
        """Be in IDLE until `idle_done`.

        Args:
            begun: set when the server has entered it, before which another may end.

        Raises:
            aioimaplib.Abort: the server has no IDLE, or the session ended.
        """
        if "IDLE" not in self.capabilities:
            raise aioimaplib.Abort("server has not IDLE capability")
        self._idle_event.clear()
        command = aioimaplib.IdleCommand(
            self.new_tag(), self.idle_queue, loop=self._running
        )
        return await self.execute(command, begun=begun)

    def has_pending_idle_command(self) -> bool:
        """Return whether the session is in IDLE."""
        return self._idle() is not None

    def idle_done(self) -> None:
        """End IDLE."""
        if (idle := self._idle()) is not None:
            self.release(idle)

    def release(self, pending: Pending) -> None:
        """Let IDLE send DONE, and hear the answer to it."""
        super().release(pending)
        if self._pushes.is_full:
            self._follow_reader()

    def data_received(self, d: bytes) -> None:
        """Take octets, and hand on what IDLE heard as one batch."""
        super().data_received(d)
        if (idle := self._idle()) is not None:
            self._flush(idle)

    def fail(self, error: IMAPConnectionError) -> None:
        """End the session; whoever waits for a push is told, too."""
        if self.cause is not None:
            return
        if (idle := self._idle()) is not None:
            self._flush(idle)  # what came with the end
        super().fail(error)
        self._pushes.put_nowait(error)

    def _take_continuation(self, response: Continuation) -> None:
        if self._news and (idle := self._idle()) is not None:
            idle.give(self._news.take())
        super()._take_continuation(response)

    def _follow(self, pending: Pending, status: Status) -> None:
        super()._follow(pending, status)
        if isinstance(pending, LegacyPending) and pending.legacy.name == "IDLE":
            self._flush(pending)

    def _idle(self) -> LegacyPending | None:
        for pending in self._queue.under_way.values():
            if isinstance(pending, LegacyPending) and pending.legacy.name == "IDLE":
                return pending
        return None

    def _flush(self, idle: LegacyPending) -> None:
        if idle.held:
            idle.kept = 0  # the queue says when it is too much
        idle.legacy.flush()

    def _follow_reader(self) -> None:
        """Read no more than the program does, as long as it is in IDLE."""
        if self._out is None or self.cause is not None:
            return
        idle = self._idle()
        if self._pushes.is_full and idle is not None and idle.held:
            self._channel.pause()
        else:
            self._channel.resume()
