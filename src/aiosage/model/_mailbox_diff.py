"""How the messages of a mailbox differ from those known of it, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from ._flags import Flag
from ._message_set import MessageSet

Flags: TypeAlias = frozenset[Flag]

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


def mailbox_diff(
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
    return flags - _RECENT if Flag.RECENT in flags else flags
