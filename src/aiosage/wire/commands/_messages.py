"""Commands about messages, always by UID (RFC 9051 §6.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ...errors import IMAPProtocolError
from ...model import Flag, MessagePart, MessageSet
from .._encoder import Encoder
from ..responses import CopyUidCode, FetchData, Status, Untagged
from ._command import SELECTED, Command, SimpleCommand


@dataclass(frozen=True, slots=True)
class UidFetch(Command[tuple[FetchData, ...]]):
    """Read *items* of messages (RFC 9051 §6.4.5)."""

    messages: MessageSet
    items: tuple[MessagePart, ...]

    name: ClassVar = "UID FETCH"
    states: ClassVar = SELECTED
    claims: ClassVar = (FetchData,)

    def encode(self, to: Encoder) -> None:
        """Write the set and the items; UID comes without asking."""
        to.keyword("UID").keyword("FETCH").message_set(self.messages).open()
        for item in self.items:
            to.verbatim(item.wire)
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[FetchData, ...]:
        """Return one value per message asked for, in the order they came.

        The answer about a message may come in pieces, and other clients' flag
        changes arrive among them, about this message or another.
        """
        found: dict[int, FetchData] = {}
        for data in untagged:
            if not isinstance(data, FetchData):
                continue
            uid = data.uid
            if uid is None or uid not in self.messages:
                continue
            found[uid] = merge(found[uid], data) if uid in found else data
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class UidScan(SimpleCommand):
    """Let the server tell UID and flags of messages to whoever listens.

    Nothing is claimed, so a mailbox of any size costs no memory here.
    """

    messages: MessageSet

    name: ClassVar = "UID FETCH"
    states: ClassVar = SELECTED

    def encode(self, to: Encoder) -> None:
        """Write the set and FLAGS."""
        to.keyword("UID").keyword("FETCH").message_set(self.messages)
        to.open().keyword("FLAGS").close()


def merge(earlier: FetchData, later: FetchData) -> FetchData:
    """Return what two responses about one message say together."""
    known = earlier._asdict()
    known.update(
        (name, value) for name, value in later._asdict().items() if value is not None
    )
    known.update(
        sections={**earlier.sections, **later.sections},
        others={**earlier.others, **later.others},
    )
    return FetchData(**known)


class StoreMode(StrEnum):
    """How STORE treats the flags a message has."""

    ADD = "+FLAGS"
    REMOVE = "-FLAGS"
    REPLACE = "FLAGS"


@dataclass(frozen=True, slots=True)
class UidStore(Command[dict[int, frozenset[Flag]]]):
    """Change flags (RFC 9051 §6.4.6)."""

    messages: MessageSet
    mode: StoreMode
    flags: frozenset[Flag]

    name: ClassVar = "UID STORE"
    states: ClassVar = SELECTED
    claims: ClassVar = (FetchData,)

    def encode(self, to: Encoder) -> None:
        """Write the set, the mode and the flags."""
        to.keyword("UID").keyword("STORE").message_set(self.messages)
        to.keyword(self.mode.value).flags(self.flags)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> dict[int, frozenset[Flag]]:
        """Return the flags each message has now, by UID."""
        return {
            data.uid: data.flags
            for data in untagged
            if isinstance(data, FetchData)
            and data.uid is not None
            and data.flags is not None
            and data.uid in self.messages
        }


@dataclass(frozen=True, slots=True)
class UidCopy(Command[CopyUidCode | None]):
    """Copy messages to another mailbox (RFC 9051 §6.4.7)."""

    messages: MessageSet
    mailbox: str

    name: ClassVar = "UID COPY"
    states: ClassVar = SELECTED
    claims: ClassVar = (Status,)
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the set and the destination."""
        _, verb = self.name.split()
        to.keyword("UID").keyword(verb).message_set(self.messages)
        to.mailbox(self.mailbox)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> CopyUidCode | None:
        """Return COPYUID; None from a server without UIDPLUS.

        COPY says it in the tagged OK, MOVE in an untagged one (RFC 6851 §4.3).

        Raises:
            IMAPProtocolError: it tells of more messages than were asked for.
        """
        for answer in (status, *untagged):
            if isinstance(answer, Status) and isinstance(answer.code, CopyUidCode):
                if answer.code.count > len(self.messages):
                    raise IMAPProtocolError(f"{self.name}: COPYUID of other messages")
                return answer.code
        return None


@dataclass(frozen=True, slots=True)
class UidMove(UidCopy):
    """Move messages to another mailbox in one step (RFC 6851 §3.2)."""

    name: ClassVar = "UID MOVE"
    requires: ClassVar = "MOVE"


@dataclass(frozen=True, slots=True)
class UidExpunge(Command[None]):
    r"""Remove those of *messages* that are \Deleted, no others (RFC 4315 §2.1)."""

    messages: MessageSet

    name: ClassVar = "UID EXPUNGE"
    states: ClassVar = SELECTED
    requires: ClassVar = "UIDPLUS"

    def encode(self, to: Encoder) -> None:
        """Write the set."""
        to.keyword("UID").keyword("EXPUNGE").message_set(self.messages)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none: EXPUNGE responses reach the mailbox's listeners."""
