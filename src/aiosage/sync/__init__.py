"""A local mirror of mailboxes, accounts and many accounts, and where it is kept."""

from ._account import MailboxFilter, sync_account
from ._accounts import sync_accounts
from ._mailbox import sync_mailbox
from ._memory_store import MemoryStore
from ._report import (
    AccountReport,
    MailboxReport,
    ProgressCallback,
    SyncPhase,
    SyncProgress,
    SyncReport,
)
from ._sqlite_store import SQLiteStore
from ._store import (
    Changes,
    Checkpoint,
    OpenedMailbox,
    Store,
    StoreCounts,
    StoredMailbox,
    StoredMessage,
)

__all__ = [
    "AccountReport",
    "Changes",
    "Checkpoint",
    "MailboxFilter",
    "MailboxReport",
    "MemoryStore",
    "OpenedMailbox",
    "ProgressCallback",
    "SQLiteStore",
    "Store",
    "StoreCounts",
    "StoredMailbox",
    "StoredMessage",
    "SyncPhase",
    "SyncProgress",
    "SyncReport",
    "sync_account",
    "sync_accounts",
    "sync_mailbox",
]
