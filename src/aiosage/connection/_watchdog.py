"""Telling a slow server from a silent one.

A deadline on a whole command would fail long answers, so the deadline is on
progress: an octet received, or one written by the socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class WriteBuffer(Protocol):
    """Where octets are until the socket has taken them."""

    def get_write_buffer_size(self) -> int:
        """Return how many there are."""
        ...


class Watchdog:
    """Calls back when nothing has moved for too long while something should.

    Args:
        loop: the running loop.
        timeout: seconds without progress.
        is_needed: whether progress is to be expected now.
        on_silence: called once, with the seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        timeout: float,
        is_needed: Callable[[], bool],
        on_silence: Callable[[float], None],
    ) -> None:
        self._loop = loop
        self._timeout = timeout
        self._is_needed = is_needed
        self._on_silence = on_silence
        self._buffer: WriteBuffer | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._moved_at = 0.0
        self._unwritten = 0  # octets not written by then

    def watch(self, buffer: WriteBuffer) -> None:
        """Look at what is written from *buffer* from now on."""
        self._buffer = buffer

    def note_progress(self) -> None:
        """Note that octets have moved just now."""
        self._moved_at = self._loop.time()
        self._unwritten = self._write_buffer()

    def arm(self) -> None:
        """Begin to watch, if that is needed and not done already."""
        if self._timer is None and self._is_needed():
            self._timer = self._loop.call_later(self._timeout, self._look)

    def stop(self) -> None:
        """Do not call back any more, until armed again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _write_buffer(self) -> int:
        return self._buffer.get_write_buffer_size() if self._buffer else 0

    def _look(self) -> None:
        self._timer = None
        if not self._is_needed():
            return
        if self._write_buffer() < self._unwritten:
            self.note_progress()
        left = self._moved_at + self._timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._on_silence(self._timeout)
