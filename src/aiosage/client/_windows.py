"""How many messages to ask for at once, as pure functions.

What grows with the message is asked for in windows cut by the sizes, which are
asked for first: a large message may follow any number of small ones. The rest is
small, and a window follows from the one before. Two windows are held at once, one
that is read by the caller and one on its way, so each has half of the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ..model import EmailMessage, MessagePart

FIRST_WINDOW: Final = 16
LARGEST_WINDOW: Final = 2000
TARGET_OCTETS: Final = 4 * 2**20
"""Octets of messages held at once."""
WINDOW_OCTETS: Final = TARGET_OCTETS // 2
MESSAGE_OCTETS: Final = 1024
"""What a message without content is taken for."""


def is_content(item: MessagePart) -> bool:
    """Return whether the answer to *item* grows with the message."""
    if item.of is None:
        return item.item in ("RFC822", "RFC822.TEXT")
    return item.item != "BINARY.SIZE" and not (
        item.fields or item.of.endswith(("HEADER", "MIME"))
    )


def octets_of(message: EmailMessage) -> int:
    """Return about how much memory *message* takes."""
    octets = MESSAGE_OCTETS + len(message.raw or b"") + len(message.header or b"")
    return octets + sum(map(len, message.sections.values()))


def content_octets(size: int | None, content: Iterable[MessagePart]) -> int:
    """Return the most that *content* of a message of *size* octets can be.

    A size that was not told counts as `TARGET_OCTETS`.
    """
    whole = TARGET_OCTETS if size is None else size
    return sum(
        whole if item.window is None else min(whole, item.window[1]) for item in content
    )


def cut_by_size(
    sizes: Mapping[int, int], target: int = WINDOW_OCTETS
) -> Iterator[list[int]]:
    """Yield the UIDs of *sizes*, in order, in windows of at most *target* octets.

    A message that is larger has a window of its own.
    """
    window: list[int] = []
    octets = 0
    for uid, size in sizes.items():
        if window and octets + size > target:
            yield window
            window, octets = [], 0
        window.append(uid)
        octets += size
    if window:
        yield window


def next_window(window: int, octets: int) -> int:
    """Return the size of the window after one of *window* messages, *octets* long.

    It grows while windows are small, since each costs a round trip, and shrinks
    when they are large, since each is held in memory.
    """
    if octets > WINDOW_OCTETS:
        return max(1, window * WINDOW_OCTETS // (2 * octets))
    fitting = window * WINDOW_OCTETS // max(octets, 1)
    return max(1, min(4 * window, fitting, LARGEST_WINDOW))
