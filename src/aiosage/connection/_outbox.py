"""What is to be written, kept until the transport has room for it.

asyncio copies what it is given and the socket does not take at once. A large
literal is therefore given in slices, each when the one before has left.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

SLICE: Final = 64 * 1024
"""Most octets given to the transport at once; small pieces are joined up to it."""


class Outbox:
    """Octets on their way to a transport, in order."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._pieces: deque[memoryview] = deque()
        self._size = 0  # octets of them
        self._is_full = False
        self._is_last = False

    def get_write_buffer_size(self) -> int:
        """Return how many octets have not been written to the socket yet."""
        if self._transport is None:
            return 0
        return self._size + self._transport.get_write_buffer_size()

    def attach(self, transport: asyncio.WriteTransport) -> None:
        """Write to *transport* from now on."""
        self._transport = transport
        self._is_full = False

    def send(self, pieces: Iterable[bytes]) -> None:
        """Write *pieces*, now or when there is room; they are not copied."""
        for piece in pieces:
            self._pieces.append(memoryview(piece))
            self._size += len(piece)
        self._write()

    def pause(self) -> None:
        """Note that the transport has enough."""
        self._is_full = True

    def resume(self) -> None:
        """Note that it takes more."""
        self._is_full = False
        self._write()

    def finish(self) -> None:
        """Close the transport once everything is written."""
        self._is_last = True
        if self._transport is not None:
            self._write()

    def close(self) -> None:
        """Forget what is not written."""
        self._pieces.clear()
        self._size = 0

    def _write(self) -> None:
        assert self._transport is not None
        while self._pieces and not self._is_full:
            octets = self._next()
            self._size -= len(octets)
            self._transport.write(octets)
        if self._is_last and not self._pieces:
            self._transport.close()

    def _next(self) -> bytes | memoryview:
        """Take a slice of a large piece, or some small ones as one."""
        first = self._pieces.popleft()
        if len(first) > SLICE:
            self._pieces.appendleft(first[SLICE:])
            return first[:SLICE]
        joined, size = [first], len(first)
        while self._pieces and size + len(self._pieces[0]) <= SLICE:
            joined.append(self._pieces.popleft())
            size += len(joined[-1])
        return first if len(joined) == 1 else b"".join(joined)
