"""An account, its mailboxes and its messages."""

from ._client import ConnectionOptions, IMAPClient
from ._downloading import Download
from ._folder_service import IMAPFolderService
from ._message_reader import MessageReader
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
)
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
    "Download",
    "ExpungeResult",
    "FetchOrder",
    "FlagResult",
    "IMAPClient",
    "IMAPFolderService",
    "IMAPMailboxUIDService",
    "LabelResult",
    "MessageReader",
    "MessageSection",
    "MessageSource",
    "ProcessProgress",
    "ProcessResult",
    "ServerInfo",
]
