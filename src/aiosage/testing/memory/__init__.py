"""An IMAP server in memory, for tests and demonstrations."""

from ._account import MemoryAccount
from ._mailbox import MemoryMailbox, StoredMessage
from ._server import MemoryServer

__all__ = ["MemoryAccount", "MemoryMailbox", "MemoryServer", "StoredMessage"]
