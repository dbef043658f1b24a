"""What a store of mirrored mail is, and what it holds.

A store knows accounts by text, ``user@host:port`` as
`aiosage.ConnectionConfig.account` gives it, and mailboxes by name within one.
Nothing secret is kept. A mailbox in it has one UIDVALIDITY; the UIDs of its
messages are the checkpoint a synchronisation resumes from, so messages and
checkpoint cannot disagree.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ..model import Flag, MessageSet


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMailbox:
    """A mailbox in a store.

    Attributes:
        account: whose it is.
        name: of the mailbox, as people write it.
        uidvalidity: what its UIDs belong to.
        uidnext: UIDNEXT when it was last in sync; None before, or if not told.
        highest_modseq: HIGHESTMODSEQ then (RFC 7162); None likewise.
        synced_at: when that was, in UTC; None if it never was.
    """

    account: str
    name: str
    uidvalidity: int
    uidnext: int | None = None
    highest_modseq: int | None = None
    synced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    r"""What a store tells of a message without its octets.

    Texts are decoded, and cut at 10,000 characters.

    Attributes:
        uid: in its mailbox.
        flags: without ``\Recent``.
        internal_date: when the server received it, in UTC.
        size: octets as the server counts them, which need not be exact.
        subject: None if absent.
        sender: the addresses of From.
        recipients: the addresses of To.
        date: the Date field, in UTC; None if it is none.
        message_id: the Message-ID, angle brackets included.
        sha256: of the whole message, in hexadecimal.
    """

    uid: int
    flags: frozenset[Flag]
    internal_date: datetime | None
    size: int
    subject: str | None
    sender: str
    recipients: str
    date: datetime | None
    message_id: str | None
    sha256: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How the mailbox stood on the server when the mirror was found complete."""

    uidnext: int | None
    highest_modseq: int | None
    synced_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one transaction does to a mailbox: all of it, or nothing.

    Attributes:
        new: messages, each with all its octets. One that is there is kept.
        vanished: UIDs to remove.
        flags: to replace those of messages, by UID.
        checkpoint: set once everything up to it is in the store.
    """

    new: Sequence[tuple[StoredMessage, bytes]] = ()
    vanished: MessageSet = field(default_factory=MessageSet)
    flags: Mapping[int, frozenset[Flag]] = field(
        default_factory=dict[int, frozenset[Flag]]
    )
    checkpoint: Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class OpenedMailbox:
    """A mailbox that is about to be synchronised.

    Attributes:
        known: the messages of it in the store.
        dropped: how many messages of an earlier UIDVALIDITY were removed.
    """

    known: MessageSet
    dropped: int


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """How much is in a store; *octets* are those of the messages."""

    accounts: int
    mailboxes: int
    messages: int
    octets: int


class Store(Protocol):
    """Where mirrored mail is kept.

    Every method is one transaction: cancelled or killed at any instant, it is
    done or not done. Any number of tasks may call any of them at once.

    All may raise `StoreError`.
    """

    # What a synchronisation does.

    async def open_mailbox(
        self, account: str, mailbox: str, uidvalidity: int
    ) -> OpenedMailbox:
        """Make *mailbox* known; drop its messages if its UIDVALIDITY was another."""
        ...

    async def flags(
        self, account: str, mailbox: str, messages: MessageSet
    ) -> dict[int, frozenset[Flag]]:
        """Return UID and flags of those of *messages* that are in the store."""
        ...

    async def commit(
        self, account: str, mailbox: str, uidvalidity: int, changes: Changes
    ) -> None:
        """Apply *changes*.

        Raises:
            UIDValidityChanged: the store has the mailbox under another
                UIDVALIDITY, or no longer. Nothing was applied.
        """
        ...

    async def remove_mailbox(self, account: str, mailbox: str) -> None:
        """Forget *mailbox* and its messages."""
        ...

    # What a reader asks.

    async def accounts(self) -> tuple[str, ...]:
        """Return the accounts, in order."""
        ...

    async def mailboxes(self, account: str) -> tuple[StoredMailbox, ...]:
        """Return the mailboxes of *account*, by name; none of an unknown one."""
        ...

    def messages(self, account: str, mailbox: str) -> AsyncIterator[StoredMessage]:
        """Yield the messages of *mailbox*, ascending by UID.

        Nothing is held between two of them, so the loop may take its time; what
        is committed meanwhile may show.
        """
        ...

    async def raw(self, account: str, mailbox: str, uid: int) -> bytes | None:
        """Return all octets of a message; None if it is not there."""
        ...

    async def counts(self) -> StoreCounts:
        """Return how much there is."""
        ...
