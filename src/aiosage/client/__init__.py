"""An account, its mailboxes and its messages."""

from ._account_health import (
    AccountHealth,
    AccountOutcome,
    AccountsStats,
    AccountState,
)
from ._accounts import IMAPAccounts
from ._client import ConnectionOptions, IMAPClient
from ._downloading import Download
from ._finding import MessageFinder
from ._folder_service import IMAPFolderService
from ._mailbox_service import MailboxService
from ._message_reader import MessageReader
from ._messages import AnyMessages
from ._order import FetchOrder
from ._results import (
    AppendResult,
    CopyResult,
    CreateResult,
    ExpungeResult,
    FlagResult,
    LabelResult,
    ProcessProgress,
    ProcessResult,
    SortResult,
    ThreadResult,
)
from ._search_plan import SearchPlan
from ._sections import MessageSection
from ._server import ServerInfo
from ._sources import AppendItem, MessageSource
from ._uid_service import IMAPMailboxUIDService

__all__ = [
    "AccountHealth",
    "AccountOutcome",
    "AccountState",
    "AccountsStats",
    "AnyMessages",
    "AppendItem",
    "AppendResult",
    "ConnectionOptions",
    "CopyResult",
    "CreateResult",
    "Download",
    "ExpungeResult",
    "FetchOrder",
    "FlagResult",
    "IMAPAccounts",
    "IMAPClient",
    "IMAPFolderService",
    "IMAPMailboxUIDService",
    "LabelResult",
    "MailboxService",
    "MessageFinder",
    "MessageReader",
    "MessageSection",
    "MessageSource",
    "ProcessProgress",
    "ProcessResult",
    "SearchPlan",
    "ServerInfo",
    "SortResult",
    "ThreadResult",
]
