"""The IDLE task, and events on a queue."""

from ._events import (
    ConnectionState,
    FlagsChanged,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)
from ._watch import watch

__all__ = [
    "ConnectionState",
    "FlagsChanged",
    "MailboxReset",
    "MessageExpunged",
    "NewMessage",
    "WatchEvent",
    "watch",
]
