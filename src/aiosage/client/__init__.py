"""An account, its mailboxes and its messages."""

from ._account_health import (
    AccountHealth,
    AccountOutcome,
    AccountsStats,
    AccountState,
)
from ._accounts import IMAPAccounts
from ._client import ConnectionOptions, IMAPClient
from ._folder_service import IMAPFolderService
from ._results import (
    AppendResult,
    CopyResult,
    CreateResult,
    ExpungeResult,
    FlagResult,
    LabelResult,
)
from ._sections import MessageSection
from ._server import ServerInfo
from ._sources import AppendItem, MessageSource
from ._uid_service import IMAPMailboxUIDService

__all__ = [
    "AccountHealth",
    "AccountOutcome",
    "AccountState",
    "AccountsStats",
    "AppendItem",
    "AppendResult",
    "ConnectionOptions",
    "CopyResult",
    "CreateResult",
    "ExpungeResult",
    "FlagResult",
    "IMAPAccounts",
    "IMAPClient",
    "IMAPFolderService",
    "IMAPMailboxUIDService",
    "LabelResult",
    "MessageSection",
    "MessageSource",
    "ServerInfo",
]
