"""What to do to a mirror, and in which portions, as pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..model import MAX_UID, Flag, MessageSet

Flags: TypeAlias = frozenset[Flag]

BATCH_OCTETS: Final = 4 * 2**20
BATCH_MESSAGES: Final = 500

_RECENT: Final = frozenset({Flag.RECENT})


@dataclass(frozen=True, slots=True)
class MailboxDiff:
    """How the messages of a mailbox differ from those of its mirror.

    Attributes:
        new: on the server, not in the mirror.
        vanished: in the mirror, no longer on the server.
        flags_changed: the flags on the server of messages in both, by UID,
            where the mirror has others.
    """

    new: MessageSet
    vanished: MessageSet
    flags_changed: Mapping[int, Flags]


def diff(
    known: Mapping[int, Flags], remote: MessageSet, told: Mapping[int, Flags]
) -> MailboxDiff:
    r"""Return what makes the mirror like the mailbox.

    Args:
        known: UIDs and flags in the mirror.
        remote: the UIDs on the server.
        told: the flags the server told, of all of *remote* or of those that
            may have changed. ``\Recent`` is left out: it is about sessions, not
            about messages (RFC 3501 §2.3.2).
    """
    mirrored = MessageSet(known)
    changed: dict[int, Flags] = {}
    for uid, flags in told.items():
        if uid in known and uid in remote:
            lasting = lasting_flags(flags)
            if lasting != known[uid]:
                changed[uid] = lasting
    return MailboxDiff(remote - mirrored, mirrored - remote, changed)


def lasting_flags(flags: Flags) -> Flags:
    r"""Return *flags* without ``\Recent``, which only a session sees."""
    return flags - _RECENT


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
