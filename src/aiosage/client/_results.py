"""What happened, by UID."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model import MessageSet


@dataclass(frozen=True, slots=True)
class AppendResult:
    """Where an appended message is.

    Attributes:
        mailbox: its name.
        uidvalidity: of the mailbox; None from a server without UIDPLUS.
        uid: of the message; None likewise.
    """

    mailbox: str
    uidvalidity: int | None
    uid: int | None


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What a copy or move did.

    Attributes:
        mailbox: where the messages are now.
        uidvalidity: of that mailbox; None from a server without UIDPLUS.
        uids: from each UID before to the UID there; empty without UIDPLUS, and
            without messages that were gone already.
    """

    mailbox: str
    uidvalidity: int | None
    uids: Mapping[int, int]

    @property
    def messages(self) -> MessageSet:
        """The messages where they are now."""
        return MessageSet(
            self.uids.values(), mailbox=self.mailbox, uidvalidity=self.uidvalidity
        )
