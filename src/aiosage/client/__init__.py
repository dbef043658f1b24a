"""An account, its mailboxes and its messages."""

from ._client import ConnectionOptions, IMAPClient
from ._finding import MessageFinder
from ._folder_service import IMAPFolderService
from ._results import (
    AppendResult,
    CopyResult,
    CreateResult,
    ExpungeResult,
    FlagResult,
    LabelResult,
    SortResult,
    ThreadResult,
)
from ._search_plan import SearchPlan
from ._sections import MessageSection
from ._server import ServerInfo
from ._sources import AppendItem, MessageSource
from ._uid_service import IMAPMailboxUIDService

__all__ = [
    "AppendItem",
    "AppendResult",
    "ConnectionOptions",
    "CopyResult",
    "CreateResult",
    "ExpungeResult",
    "FlagResult",
    "IMAPClient",
    "IMAPFolderService",
    "IMAPMailboxUIDService",
    "LabelResult",
    "MessageFinder",
    "MessageSection",
    "MessageSource",
    "SearchPlan",
    "ServerInfo",
    "SortResult",
    "ThreadResult",
]
