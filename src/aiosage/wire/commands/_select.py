"""Opening and leaving a mailbox (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from ...model import Flag, MessageSet, SequenceSet
from .._encoder import Encoder
from ..responses import (
    Code,
    ExistsData,
    FetchData,
    FlagsData,
    MailboxIdCode,
    NumberCode,
    PermanentFlagsCode,
    RecentData,
    Status,
    Untagged,
    VanishedData,
)
from ._command import SELECTED, Command, SimpleCommand
from ._outcome import CONDSTORE

_NONE: Final = MessageSet()


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
        mailbox_id: that stays when the mailbox is renamed (RFC 8474 §4).
        uids_persist: false if UIDs are others next time (UIDNOTSTICKY).
        changed: what QRESYNC told of messages that have changed.
        vanished: what QRESYNC told is gone since.
    """

    mailbox: str
    read_only: bool
    exists: int
    uidvalidity: int | None
    uidnext: int | None
    highest_modseq: int | None
    flags: frozenset[Flag]
    permanent_flags: frozenset[Flag] | None
    mailbox_id: str | None = None
    uids_persist: bool = True
    changed: tuple[FetchData, ...] = ()
    vanished: MessageSet = _NONE


@dataclass(frozen=True, slots=True)
class QResync:
    """What is known of a mailbox from before (RFC 7162 §3.2.5).

    Attributes:
        uidvalidity: as it was; if it is another now, the server tells no changes.
        modseq: the highest mod-sequence then.
        known_uids: messages that are known; None for all.
        known_sequence: numbers and UIDs of some messages, as many of each, so that
            a server that forgot what vanished need not tell all that might have.

    Raises:
        ValueError: *known_sequence* holds ``*``, nothing, or does not match.
    """

    uidvalidity: int
    modseq: int
    known_uids: MessageSet | None = None
    known_sequence: tuple[SequenceSet, MessageSet] | None = None

    def __post_init__(self) -> None:
        if self.known_sequence is None:
            return
        numbers, uids = self.known_sequence
        if not numbers or numbers.tail is not None or len(numbers) != len(uids):
            raise ValueError("each known number goes with a known UID")

    def encode(self, to: Encoder) -> None:
        """Write the parameter."""
        to.keyword("QRESYNC").open().uid(self.uidvalidity).number(self.modseq)
        if self.known_uids is not None:
            to.message_set(self.known_uids)
        if self.known_sequence is not None:
            numbers, uids = self.known_sequence
            to.open().message_set(numbers).message_set(uids).close()
        to.close()


@dataclass(frozen=True, slots=True)
class Select(Command[SelectResult]):
    """Open a mailbox, to change it (SELECT) or only to read (EXAMINE).

    Attributes:
        mailbox: which.
        read_only: open it by EXAMINE.
        condstore: tell mod-sequences from now on (RFC 7162 §3.1.8).
        qresync: tell what has changed since. QRESYNC must be enabled.
    """

    mailbox: str
    read_only: bool = False
    condstore: bool = False
    qresync: QResync | None = None

    name: ClassVar = "SELECT"
    claims: ClassVar = (
        *(ExistsData, FlagsData, RecentData, Status),
        *(FetchData, VanishedData),
    )
    exclusive: ClassVar = True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer for the arguments."""
        if self.condstore:
            yield CONDSTORE
        if self.qresync is not None:
            yield ("QRESYNC",)

    def encode(self, to: Encoder) -> None:
        """Write the mailbox and the parameters."""
        to.keyword("EXAMINE" if self.read_only else "SELECT").mailbox(self.mailbox)
        if not self.condstore and self.qresync is None:
            return
        to.open()
        if self.condstore:
            to.keyword("CONDSTORE")
        if self.qresync is not None:
            self.qresync.encode(to)
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> SelectResult:
        """Return what was told since the mailbox that was open before closed."""
        exists = 0
        flags: frozenset[Flag] = frozenset()
        permanent: frozenset[Flag] | None = None
        numbers: dict[str, int] = {}
        mailbox_id: str | None = None
        uids_persist = True
        changed: list[FetchData] = []
        vanished: list[tuple[int, int]] = []
        for data in _since_closed(untagged):
            match data:
                case ExistsData(count):
                    exists = count
                case FlagsData(names):
                    flags = names
                case FetchData():
                    changed.append(data)
                case VanishedData(uids):
                    vanished.extend(uids.ranges)
                case Status(code=PermanentFlagsCode(flags=names)):
                    permanent = names
                case Status(code=NumberCode(name=name, value=value)):
                    numbers[name] = value
                case Status(code=MailboxIdCode(mailbox_id=object_id)):
                    mailbox_id = object_id
                case Status(code=Code(name="UIDNOTSTICKY")):
                    uids_persist = False
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
            mailbox_id,
            uids_persist,
            tuple(changed),
            MessageSet.from_ranges(vanished),
        )


def _since_closed(
    untagged: Sequence[Untagged | Status],
) -> Sequence[Untagged | Status]:
    """Return what is not about the mailbox before (RFC 7162 §3.2.11)."""
    for index in range(len(untagged) - 1, -1, -1):
        data = untagged[index]
        if isinstance(data, Status) and data.code and data.code.name == "CLOSED":
            return untagged[index + 1 :]
    return untagged


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
