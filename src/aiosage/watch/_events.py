"""What can happen in watched mailboxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ..model import FetchedMessage, Flag


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message has arrived.

    Attributes:
        mailbox: where.
        uidvalidity: of its UID; None from a server without persistent UIDs.
        uid: its UID.
        flags: its flags as far as they are known now.
        message: what the watch was asked to fetch of it; None if nothing was, or
            if it is gone again or cannot be read.
    """

    mailbox: str
    uidvalidity: int | None
    uid: int
    flags: frozenset[Flag]
    message: FetchedMessage | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MessageExpunged:
    """A message is gone: expunged, or moved elsewhere."""

    mailbox: str
    uidvalidity: int | None
    uid: int


@dataclass(frozen=True, slots=True)
class FlagsChanged:
    """A message has other flags than before: *flags* is all it has now."""

    mailbox: str
    uidvalidity: int | None
    uid: int
    flags: frozenset[Flag]


@dataclass(frozen=True, slots=True)
class MailboxReset:
    """The mailbox was made anew: its old UIDs mean nothing now.

    A `NewMessage` for each message that is in it follows.
    """

    mailbox: str
    uidvalidity: int | None


@dataclass(frozen=True, slots=True)
class MailboxCreated:
    """There is one more mailbox that a watched pattern fits.

    A `NewMessage` for each message that is in it follows.
    """

    mailbox: str


@dataclass(frozen=True, slots=True)
class MailboxRenamed:
    """A mailbox has another name; its messages are what they were."""

    mailbox: str
    old_name: str


@dataclass(frozen=True, slots=True)
class MailboxDeleted:
    """A mailbox that a watched pattern fits is gone, or may not be opened now."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """The watch lost its connection, or has one again.

    When it has one again, all that happened in between has been told already,
    unless the queue is full.

    Attributes:
        mailbox: which is watched; the first, where one connection does for several.
        is_connected: whether changes are heard as they happen.
        reason: why not; empty if they are.
    """

    mailbox: str
    is_connected: bool
    reason: str = ""


WatchEvent: TypeAlias = (
    NewMessage
    | MessageExpunged
    | FlagsChanged
    | MailboxReset
    | MailboxCreated
    | MailboxRenamed
    | MailboxDeleted
    | ConnectionState
)
