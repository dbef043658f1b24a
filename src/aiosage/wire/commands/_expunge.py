r"""Removing messages that are \Deleted (RFC 9051 §6.4.1, §6.4.3, §6.4.9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...model import MessageSet, SavedResult
from .._encoder import Encoder
from ..responses import MessageLimitCode, Status, Untagged
from ._command import SELECTED, Command, SimpleCommand
from ._outcome import highest_modseq, limit_of, saved


@dataclass(frozen=True, slots=True)
class ExpungeResult:
    """What is known after an expunge; what went, the mailbox's listeners hear.

    Attributes:
        highest_modseq: of the mailbox now; None if not told (RFC 7162 §3.2.5.1).
        limit: MESSAGELIMIT, if the server left messages (RFC 9738 §3.1).
    """

    highest_modseq: int | None = None
    limit: MessageLimitCode | None = None


@dataclass(frozen=True, slots=True)
class UidExpunge(Command[ExpungeResult]):
    r"""Remove those of *messages* that are \Deleted, no others (RFC 4315 §2.1)."""

    messages: MessageSet | SavedResult

    name: ClassVar = "UID EXPUNGE"
    states: ClassVar = SELECTED
    requires: ClassVar = "UIDPLUS"

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        yield from saved(self.messages)

    def encode(self, to: Encoder) -> None:
        """Write the set."""
        to.keyword("UID").keyword("EXPUNGE").message_set(self.messages)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> ExpungeResult:
        """Return what the tagged OK says."""
        return ExpungeResult(highest_modseq(status), limit_of(status))


@dataclass(frozen=True, slots=True)
class Expunge(Command[ExpungeResult]):
    r"""Remove every message that is \Deleted (RFC 9051 §6.4.3).

    Whoever marked it: `UidExpunge` removes only what one names.
    """

    name: ClassVar = "EXPUNGE"
    states: ClassVar = SELECTED
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the name."""
        to.keyword("EXPUNGE")

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> ExpungeResult:
        """Return what the tagged OK says."""
        return ExpungeResult(highest_modseq(status), limit_of(status))


@dataclass(frozen=True, slots=True)
class Close(SimpleCommand):
    r"""Leave the mailbox and remove every message that is \Deleted, untold.

    Whoever marked it: `Unselect` leaves and removes nothing (RFC 9051 §6.4.1).
    """

    name: ClassVar = "CLOSE"
    states: ClassVar = SELECTED
    exclusive: ClassVar = True
    changes: ClassVar = True


@dataclass(frozen=True, slots=True)
class Check(SimpleCommand):
    """Ask for a checkpoint of the mailbox (RFC 3501 §6.4.1; not in IMAP4rev2)."""

    name: ClassVar = "CHECK"
    states: ClassVar = SELECTED
