"""In which portions to work on a mirror, as pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..model import MAX_UID, MessageSet

BATCH_OCTETS: Final = 4 * 2**20
BATCH_MESSAGES: Final = 500


def cut_uids(known: MessageSet, size: int) -> Iterator[MessageSet]:
    """Cut all possible UIDs into ranges with at most *size* of *known* in each.

    Together the ranges are every UID there can be, each once, ascending. So a
    comparison range by range misses nothing and holds little at a time.
    """
    first = 1
    for batch in known.iter_batches(size):
        last = batch.last or first
        yield MessageSet.from_range(first, last)
        first = last + 1
    if first <= MAX_UID:
        yield MessageSet.from_range(first, MAX_UID)


def cut_sizes(
    sizes: Mapping[int, int],
    *,
    octets: int = BATCH_OCTETS,
    messages: int = BATCH_MESSAGES,
) -> Iterator[tuple[int, ...]]:
    """Cut messages into batches to be held in memory, ascending by UID.

    Args:
        sizes: octets of each message, by UID.
        octets: most in a batch; a larger message is a batch of its own.
        messages: most in a batch.
    """
    batch: list[int] = []
    held = 0
    for uid in sorted(sizes):
        if batch and (held + sizes[uid] > octets or len(batch) >= messages):
            yield tuple(batch)
            batch, held = [], 0
        batch.append(uid)
        held += sizes[uid]
    if batch:
        yield tuple(batch)
