"""A watched mailbox as it is known between two looks at it."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Flags
from ..wire import StatusData
from ..wire.commands import SelectResult
from ._cursor import MailboxCursor

Marks = tuple[int | None, ...]
"""Numbers that differ after most changes: what STATUS tells."""


class WatchedMailbox:
    """What the server has told of a mailbox, wherever it was told.

    Attributes:
        name: now.
        is_known: the rest means something: it was looked at, now or by whoever
            saved the cursor.
        uidvalidity: of its UIDs.
        modseq: nothing the server counts up to here is missing.
        flags: of each message, by UID.
        marks: how it stood just before it was last looked at.
        looked_at: when that was, in seconds of the loop's clock.
    """

    __slots__ = (
        *("flags", "is_known", "looked_at", "marks", "modseq", "name", "uidvalidity"),
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_known = False
        self.uidvalidity: int | None = None
        self.modseq: int | None = None
        self.flags: dict[int, Flags] = {}
        self.marks: Marks | None = None
        self.looked_at = float("-inf")

    def resume(self, cursor: MailboxCursor) -> None:
        """Go on from what is known by *cursor*."""
        self.is_known = True
        self.uidvalidity, self.modseq = cursor.uidvalidity, cursor.modseq
        self.flags = cursor.flags()

    def cursor(self, flags: Mapping[int, Flags] | None = None) -> MailboxCursor:
        """Return what is known, or was when the flags were *flags*."""
        known = self.flags if flags is None else flags
        return MailboxCursor.of(self.uidvalidity, self.modseq, known)


def marks_of(data: StatusData) -> Marks:
    """Return what in *data* shows whether anything has happened."""
    return (
        data.uidvalidity,
        data.uidnext,
        data.messages,
        data.unseen,
        data.highest_modseq,
    )


def tells_all(marks: Marks) -> bool:
    """Return whether nothing can happen without *marks* becoming others."""
    return marks[-1] is not None


def knows_since(selected: SelectResult, modseq: int) -> bool:
    """Return whether the server knows what has changed since *modseq*.

    It does not if it counts anew, as with an index that was lost, or from a backup.
    """
    return selected.highest_modseq is not None and selected.highest_modseq >= modseq
