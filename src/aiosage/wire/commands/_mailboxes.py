"""Commands about mailboxes, from outside (RFC 9051 §6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .._encoder import Encoder
from .._mailbox_name import with_inbox
from ..responses import ListData, Status, StatusData, Untagged
from ._command import Command


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
class Create(_MailboxCommand):
    """Make a mailbox (RFC 9051 §6.3.4)."""

    name: ClassVar = "CREATE"


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


@dataclass(frozen=True, slots=True)
class ListMailboxes(Command[tuple[tuple[ListData, StatusData | None], ...]]):
    """List mailboxes (RFC 9051 §6.3.9).

    Attributes:
        pattern: ``*`` stands for anything, ``%`` for anything on one level.
        reference: the level the pattern starts at.
        special_use: ask for special-use attributes (RFC 6154 §2).
        status: STATUS items wanted with each mailbox (RFC 5819 §2).
    """

    pattern: str = "*"
    reference: str = ""
    special_use: bool = False
    status: tuple[str, ...] = ()

    name: ClassVar = "LIST"
    claims: ClassVar = (ListData, StatusData)

    def encode(self, to: Encoder) -> None:
        """Write reference, pattern and return options."""
        to.keyword(self.name).pattern(self.reference).pattern(self.pattern)
        if self.special_use or self.status:
            to.keyword("RETURN").open()
            if self.special_use:
                # Servers tell children unasked, but not where RETURN stands.
                to.keyword("CHILDREN").keyword("SPECIAL-USE")
            if self.status:
                to.keyword("STATUS").open()
                for item in self.status:
                    to.keyword(item)
                to.close()
            to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[tuple[ListData, StatusData | None], ...]:
        """Return each mailbox once, with its STATUS if the server sent one."""
        found = {
            data.name: data
            for data in untagged
            if isinstance(data, ListData) and not data.subscribed_only
        }
        statuses = {
            data.mailbox: data for data in untagged if isinstance(data, StatusData)
        }
        return tuple((data, statuses.get(name)) for name, data in found.items())


@dataclass(frozen=True, slots=True)
class MailboxStatus(Command[StatusData]):
    """Ask about a mailbox without selecting it (RFC 9051 §6.3.11)."""

    mailbox: str
    items: tuple[str, ...]

    name: ClassVar = "STATUS"
    claims: ClassVar = (StatusData,)

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
        found = {
            with_inbox(data.mailbox): data
            for data in untagged
            if isinstance(data, StatusData)
        }
        return found.get(with_inbox(self.mailbox)) or StatusData(self.mailbox, {})
