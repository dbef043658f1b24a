"""How many messages to ask for at once, as a pure function of what came."""

from __future__ import annotations

from typing import Final

FIRST_WINDOW: Final = 16
LARGEST_WINDOW: Final = 2000
TARGET_OCTETS: Final = 4 * 2**20


def next_window(window: int, octets: int) -> int:
    """Return the size of the window after one of *window* messages, *octets* long.

    It grows while windows are small, since each costs a round trip, and shrinks
    when they are large, since each is held in memory. A mailbox of small
    messages ends at `LARGEST_WINDOW`; one of 20 MiB messages at one message.
    """
    if octets > TARGET_OCTETS:
        return max(1, window * TARGET_OCTETS // (2 * octets))
    fitting = window * TARGET_OCTETS // max(octets, 1)
    return max(1, min(4 * window, fitting, LARGEST_WINDOW))
