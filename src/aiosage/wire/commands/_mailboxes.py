"""Commands about mailboxes, from outside (RFC 9051 §6.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from ...model import SpecialUse
from .._encoder import Encoder
from .._mailbox_name import with_inbox
from ..responses import MailboxIdCode, Status, StatusData, Untagged
from ._command import Command, of_kind


@dataclass(frozen=True, slots=True)
class _MailboxCommand(Command[None]):
    """A command whose only argument is a mailbox."""

    mailbox: str

    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the name of the mailbox."""
        to.keyword(self.name).mailbox(self.mailbox)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class Create(Command[str | None]):
    """Make a mailbox (RFC 9051 §6.3.4).

    Attributes:
        mailbox: its name.
        use: what it is for, which needs CREATE-SPECIAL-USE (RFC 6154 §3).
    """

    mailbox: str
    use: frozenset[SpecialUse] = frozenset()

    name: ClassVar = "CREATE"
    changes: ClassVar = True

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield CREATE-SPECIAL-USE if a use is told."""
        if self.use:
            yield ("CREATE-SPECIAL-USE",)

    def encode(self, to: Encoder) -> None:
        """Write the name of the mailbox, and its uses."""
        to.keyword(self.name).mailbox(self.mailbox)
        if self.use:
            to.open().keyword("USE").open()
            for use in sorted(self.use):
                to.verbatim(SpecialUse(use).encode("ascii"))
            to.close().close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> str | None:
        """Return MAILBOXID (RFC 8474 §4.1); None from a server without OBJECTID."""
        code = status.code
        return code.mailbox_id if isinstance(code, MailboxIdCode) else None


@dataclass(frozen=True, slots=True)
class Delete(_MailboxCommand):
    """Remove a mailbox and its messages (RFC 9051 §6.3.5)."""

    name: ClassVar = "DELETE"


@dataclass(frozen=True, slots=True)
class Subscribe(_MailboxCommand):
    """Put a mailbox on the list of subscribed ones (RFC 9051 §6.3.7)."""

    name: ClassVar = "SUBSCRIBE"


@dataclass(frozen=True, slots=True)
class Unsubscribe(_MailboxCommand):
    """Take a mailbox off the list of subscribed ones (RFC 9051 §6.3.8)."""

    name: ClassVar = "UNSUBSCRIBE"


@dataclass(frozen=True, slots=True)
class Rename(Command[None]):
    """Give a mailbox, and all below it, another name (RFC 9051 §6.3.6)."""

    mailbox: str
    to_name: str

    name: ClassVar = "RENAME"
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the old and the new name."""
        to.keyword(self.name).mailbox(self.mailbox).mailbox(self.to_name)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


class StatusItem(StrEnum):
    """What STATUS tells (RFC 9051 §6.3.11), and the capability it needs if any.

    The attributes of `StatusData` say what each one means.
    """

    MESSAGES = "MESSAGES"
    RECENT = "RECENT"
    UNSEEN = "UNSEEN"
    UIDNEXT = "UIDNEXT"
    UIDVALIDITY = "UIDVALIDITY"
    DELETED = "DELETED"  # IMAP4rev2 or QUOTA=RES-MESSAGE
    SIZE = "SIZE"  # STATUS=SIZE
    HIGHESTMODSEQ = "HIGHESTMODSEQ"  # CONDSTORE
    APPENDLIMIT = "APPENDLIMIT"  # APPENDLIMIT
    MAILBOXID = "MAILBOXID"  # OBJECTID
    DELETED_STORAGE = "DELETED-STORAGE"  # QUOTA=RES-STORAGE


@dataclass(frozen=True, slots=True)
class GetStatus(Command[StatusData]):
    """Ask about a mailbox without selecting it (RFC 9051 §6.3.11).

    Attributes:
        mailbox: its name.
        items: a `StatusItem` each, or the name of one it does not have.
    """

    mailbox: str
    items: tuple[str, ...]

    name: ClassVar = "STATUS"
    claims: ClassVar = (StatusData,)

    @property
    def subject(self) -> str:
        """The mailbox, which the answer names."""
        return with_inbox(self.mailbox)

    def takes(self, response: Untagged | Status) -> bool:
        """Return whether *response* is about the mailbox."""
        return (
            isinstance(response, StatusData)
            and with_inbox(response.mailbox) == self.subject
        )

    def encode(self, to: Encoder) -> None:
        """Write the mailbox and the items."""
        to.keyword(self.name).mailbox(self.mailbox).open()
        for item in self.items:
            to.keyword(item)
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> StatusData:
        """Return the items; empty if the server answered for no mailbox.

        Servers may tell of other mailboxes unasked (RFC 5465 §4).
        """
        name = with_inbox(self.mailbox)
        found = [
            data
            for data in statuses(untagged).values()
            if with_inbox(data.mailbox) == name
        ]
        return found[-1] if found else StatusData(self.mailbox, {})


def statuses(untagged: Sequence[Untagged | Status]) -> dict[str, StatusData]:
    """Return what was told of each mailbox, the newest of each item.

    What is told unasked has not all items that were asked for (RFC 5465 §5.2).
    """
    items: dict[str, dict[str, int | str | None]] = {}
    for data in of_kind(StatusData, untagged):
        items.setdefault(data.mailbox, {}).update(data.items)
    return {mailbox: StatusData(mailbox, told) for mailbox, told in items.items()}
