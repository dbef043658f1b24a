"""What a server told that no command has claimed."""

from __future__ import annotations

import logging
from collections import deque
from typing import Final

from ._legacy_command import Lines

log = logging.getLogger("aiosage.protocol")

_COST: Final = 256  # octets any of it takes, however short


class News:
    """Responses, as lines, in the order they came; the oldest go when it is full.

    Args:
        max_size: octets held, each response counted as 256 more than it has.
    """

    def __init__(self, max_size: int = 4 * 2**20) -> None:
        self._max_size = max_size
        self._responses: deque[Lines] = deque()
        self._size = 0

    def __bool__(self) -> bool:
        return bool(self._responses)

    def keep(self, lines: Lines) -> None:
        """Add the lines of one response."""
        self._responses.append(lines)
        self._size += _cost(lines)
        while self._size > self._max_size:
            self._size -= _cost(self._responses.popleft())
            log.warning("news that nobody has asked for is dropped: send NOOP at times")

    def take(self) -> Lines:
        """Return all lines, and forget them."""
        lines = [line for response in self._responses for line in response]
        self.clear()
        return lines

    def clear(self) -> None:
        """Forget all of it, as when the mailbox it is about is closed."""
        self._responses.clear()
        self._size = 0


def _cost(lines: Lines) -> int:
    return _COST + sum(map(len, lines))
