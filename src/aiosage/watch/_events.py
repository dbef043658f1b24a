"""What can happen in a watched mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..model import Flag


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message has arrived.

    Attributes:
        mailbox: where.
        uidvalidity: of its UID; None from a server without persistent UIDs.
        uid: its UID.
        flags: its flags when it was first seen.
    """

    mailbox: str
    uidvalidity: int | None
    uid: int
    flags: frozenset[Flag]


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
class ConnectionState:
    """The watch lost its connection, or has one again.

    When it has one again, all that happened in between has been told already.

    Attributes:
        mailbox: which is watched.
        is_connected: whether changes are heard as they happen.
        reason: why not; empty if they are.
    """

    mailbox: str
    is_connected: bool
    reason: str = ""


WatchEvent: TypeAlias = (
    NewMessage | MessageExpunged | FlagsChanged | MailboxReset | ConnectionState
)
