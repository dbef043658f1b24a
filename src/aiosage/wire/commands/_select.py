"""Opening and leaving a mailbox (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...model import Flag
from .._encoder import Encoder
from ..responses import (
    ExistsData,
    FlagsData,
    NumberCode,
    PermanentFlagsCode,
    RecentData,
    Status,
    Untagged,
)
from ._command import SELECTED, Command, SimpleCommand


@dataclass(frozen=True, slots=True)
class SelectResult:
    """What a server tells when a mailbox is opened.

    Attributes:
        mailbox: its name.
        read_only: nothing can be changed in it.
        exists: how many messages it has.
        uidvalidity: None from a server without persistent UIDs.
        uidnext: a UID above all given so far; None if not told.
        highest_modseq: None without CONDSTORE (RFC 7162 §3.1.2).
        flags: that exist in the mailbox.
        permanent_flags: that can be changed for good; None if not told.
    """

    mailbox: str
    read_only: bool
    exists: int
    uidvalidity: int | None
    uidnext: int | None
    highest_modseq: int | None
    flags: frozenset[Flag]
    permanent_flags: frozenset[Flag] | None


@dataclass(frozen=True, slots=True)
class Select(Command[SelectResult]):
    """Open a mailbox, to change it (SELECT) or only to read (EXAMINE)."""

    mailbox: str
    read_only: bool = False

    name: ClassVar = "SELECT"
    claims: ClassVar = (ExistsData, FlagsData, RecentData, Status)
    exclusive: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the mailbox."""
        to.keyword("EXAMINE" if self.read_only else "SELECT").mailbox(self.mailbox)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> SelectResult:
        """Return what was told since the mailbox that was open before closed."""
        exists = 0
        flags: frozenset[Flag] = frozenset()
        permanent: frozenset[Flag] | None = None
        numbers: dict[str, int] = {}
        for data in untagged:
            match data:
                case ExistsData(count):
                    exists = count
                case FlagsData(names):
                    flags = names
                case Status(code=PermanentFlagsCode(flags=names)):
                    permanent = names
                case Status(code=NumberCode(name=name, value=value)):
                    numbers[name] = value
                case Status(code=code) if code and code.name == "CLOSED":
                    exists, flags, permanent = 0, frozenset[Flag](), None
                    numbers.clear()
                case _:
                    pass
        read_only = status.code is not None and status.code.name == "READ-ONLY"
        return SelectResult(
            self.mailbox,
            self.read_only or read_only,
            exists,
            numbers.get("UIDVALIDITY"),
            numbers.get("UIDNEXT"),
            numbers.get("HIGHESTMODSEQ") or None,
            flags,
            permanent,
        )


@dataclass(frozen=True, slots=True)
class Unselect(SimpleCommand):
    """Leave the mailbox; nothing is expunged (RFC 9051 §6.4.2)."""

    name: ClassVar = "UNSELECT"
    states: ClassVar = SELECTED
    requires: ClassVar = "UNSELECT"
    exclusive: ClassVar = True


@dataclass(frozen=True, slots=True)
class Idle(SimpleCommand):
    """Wait for news; DONE, the second flight, ends it (RFC 2177)."""

    name: ClassVar = "IDLE"
    requires: ClassVar = "IDLE"
    exclusive: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the command, and DONE for when it shall end."""
        to.keyword(self.name).answer(b"DONE", "DONE")
