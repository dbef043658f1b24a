"""Reading messages in windows, each under way while the one before is read.

`Windows` is the place where the stream stands. It moves on only when a window has
arrived, so after an error or a cancellation the same window can be read again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import anyio

from ..errors import IMAPPoolTimeout
from ..model import FetchedMessage
from ._windows import (
    FIRST_WINDOW,
    MESSAGE_OCTETS,
    TARGET_OCTETS,
    cut_by_size,
    next_window,
    octets_of,
)


class Source(Protocol):
    """Where messages are read from. It holds no connection between calls."""

    @property
    def block(self) -> int | None:
        """How many messages `sizes` is asked about at once.

        None if they are small, so that windows need not be cut by their sizes.
        """

    async def sizes(self, uids: Sequence[int]) -> Mapping[int, int]:
        """Return the octets of those messages of *uids* that are there."""
        ...

    async def read(self, uids: Sequence[int]) -> Sequence[FetchedMessage]:
        """Return those messages of *uids* that are there, in any order."""
        ...


@dataclass(frozen=True, slots=True)
class _Window:
    messages: deque[FetchedMessage]
    octets: int


class Windows:
    """The messages *uids* of *source*, window by window, in this order."""

    def __init__(self, source: Source, uids: Iterator[int]) -> None:
        self._source = source
        self._uids = uids
        self._block: list[int] = []  # not cut into windows yet
        self._cut: deque[tuple[list[int], int]] = deque()  # with expected octets
        self._size = FIRST_WINDOW
        self._per_message = MESSAGE_OCTETS

    async def read(self, room: int | None = None) -> _Window | None:
        """Return the next window; None if there is none, or not of *room* octets."""
        await self._cut_block()
        if not self._cut:
            return None
        uids, expected = self._cut[0]
        if room is not None and expected > room:
            return None
        found = {
            message.uid: message for message in await self._source.read(tuple(uids))
        }
        self._cut.popleft()
        messages = deque(found[uid] for uid in uids if uid in found)
        octets = sum(map(octets_of, messages))
        self._size = next_window(len(uids), octets)
        self._per_message = octets // max(1, len(messages)) or MESSAGE_OCTETS
        return _Window(messages, octets)

    async def _cut_block(self) -> None:
        while not self._cut:
            if not self._block:
                count = self._source.block or self._size
                self._block = list(islice(self._uids, count))
            if not self._block:
                return
            if self._source.block is None:
                expected = len(self._block) * self._per_message
                self._cut.append((self._block, expected))
            elif len(self._block) == 1:  # whatever its size, it goes alone
                self._cut.append((self._block, TARGET_OCTETS))
            else:
                told = await self._source.sizes(tuple(self._block))
                sizes = {uid: told[uid] for uid in self._block if uid in told}
                for uids in cut_by_size(sizes):
                    self._cut.append((uids, sum(sizes[uid] for uid in uids)))
            self._block = []


async def fetch(windows: Windows) -> AsyncGenerator[FetchedMessage]:
    """Yield the messages of *windows*, the next one under way in a task.

    The task ends before the generator does, in whatever way that ends. It holds
    a connection for one window only, so that whoever reads can have it then.
    """
    ahead: asyncio.Task[_Window | None] | None = None
    try:
        while True:
            window = await _arrived(ahead)
            if window is None:
                window = await windows.read()
            if window is None:
                return
            room = TARGET_OCTETS - window.octets
            ahead = asyncio.create_task(windows.read(room))
            while window.messages:
                yield window.messages.popleft()
    finally:
        if ahead is not None:
            await _end(ahead)


async def _arrived(ahead: asyncio.Task[_Window | None] | None) -> _Window | None:
    """Return the window that was read ahead; None if it has to be read now."""
    if ahead is None:
        return None
    try:
        return await ahead
    except IMAPPoolTimeout:
        # Whoever reads has held all connections meanwhile, and perhaps no more.
        return None


async def _end(task: asyncio.Task[_Window | None]) -> None:
    task.cancel()
    with anyio.CancelScope(shield=True):  # else anyio would cancel on and on
        await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # of a window that nobody wants any more
