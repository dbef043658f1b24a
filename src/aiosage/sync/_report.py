"""What a synchronisation tells: while it runs, and at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ..model import MessageSet


class SyncPhase(StrEnum):
    """What a mailbox is at."""

    COMPARING = "comparing"
    """Messages of the mirror are compared; they are what *done* and *total* count."""
    FETCHING = "fetching"
    """New messages are fetched; they are what *done* and *total* count."""
    FINISHED = "finished"
    """The mirror is complete; *done* and *total* count the new messages."""
    FAILED = "failed"
    """It was given up; the report will tell why."""


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a mailbox is.

    Attributes:
        account: whose it is, as `ConnectionConfig.account` tells it apart.
        mailbox: its name.
        phase: what it is at.
        done: messages done in this phase.
        total: messages there are to do in this phase.
        octets: of messages stored in this run.
    """

    account: str
    mailbox: str
    phase: SyncPhase
    done: int
    total: int
    octets: int


ProgressCallback: TypeAlias = Callable[[SyncProgress], object]
"""Told of progress. It is called on the event loop, so it must be quick.

What it raises ends the mailbox it was told of, and is in the report.
"""


@dataclass(frozen=True, slots=True)
class MailboxReport:
    """What was done to the mirror of one mailbox.

    Attributes:
        mailbox: its name.
        new: messages stored.
        vanished: messages removed, those of an earlier UIDVALIDITY among them.
        flags_changed: messages whose flags were replaced.
        octets: of the messages stored.
        seconds: it took, waits between attempts included.
        retries: attempts that came after a lost connection.
        unreadable: messages that the server lists but refuses to send. They are
            asked for again next time.
        error: why the mirror is not complete; None if it is.
    """

    mailbox: str
    new: int
    vanished: int
    flags_changed: int
    octets: int
    seconds: float
    retries: int
    unreadable: MessageSet
    error: Exception | None

    @property
    def ok(self) -> bool:
        """Whether the mirror is complete."""
        return self.error is None and not self.unreadable


@dataclass(frozen=True, slots=True)
class AccountReport:
    """What was done to the mirror of one account.

    Attributes:
        account: as `ConnectionConfig.account` tells it apart.
        mailboxes: those that were begun, by name.
        removed: mailboxes that are no longer on the server, nor in the mirror.
        seconds: it took, waits between its turns not included.
        error: why the account as a whole was given up; None if it was not.
            Mailboxes under way then carry it too.
    """

    account: str
    mailboxes: tuple[MailboxReport, ...]
    removed: tuple[str, ...]
    seconds: float
    error: Exception | None

    @property
    def ok(self) -> bool:
        """Whether the mirror is complete."""
        return self.error is None and all(mailbox.ok for mailbox in self.mailboxes)

    @property
    def new(self) -> int:
        """Messages stored."""
        return sum(mailbox.new for mailbox in self.mailboxes)

    @property
    def vanished(self) -> int:
        """Messages removed, those of removed mailboxes not counted."""
        return sum(mailbox.vanished for mailbox in self.mailboxes)

    @property
    def flags_changed(self) -> int:
        """Messages whose flags were replaced."""
        return sum(mailbox.flags_changed for mailbox in self.mailboxes)

    @property
    def octets(self) -> int:
        """Of the messages stored."""
        return sum(mailbox.octets for mailbox in self.mailboxes)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What was done to the mirror of several accounts.

    Attributes:
        accounts: in the order they were given.
        seconds: it took.
    """

    accounts: tuple[AccountReport, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the mirror of every account is complete."""
        return all(account.ok for account in self.accounts)

    @property
    def new(self) -> int:
        """Messages stored."""
        return sum(account.new for account in self.accounts)

    @property
    def vanished(self) -> int:
        """Messages removed, those of removed mailboxes not counted."""
        return sum(account.vanished for account in self.accounts)

    @property
    def flags_changed(self) -> int:
        """Messages whose flags were replaced."""
        return sum(account.flags_changed for account in self.accounts)

    @property
    def octets(self) -> int:
        """Of the messages stored."""
        return sum(account.octets for account in self.accounts)
