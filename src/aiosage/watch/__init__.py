"""What happens in mailboxes, as typed events on an `asyncio.Queue`."""

from ._cursor import MailboxCursor, WatchCursor
from ._events import (
    ConnectionState,
    FlagsChanged,
    MailboxCreated,
    MailboxDeleted,
    MailboxRenamed,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)
from ._queue import EventQueue
from ._watch import watch

__all__ = [
    "ConnectionState",
    "EventQueue",
    "FlagsChanged",
    "MailboxCreated",
    "MailboxCursor",
    "MailboxDeleted",
    "MailboxRenamed",
    "MailboxReset",
    "MessageExpunged",
    "NewMessage",
    "WatchCursor",
    "WatchEvent",
    "watch",
]
