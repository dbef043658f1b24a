"""An account, its mailboxes and its messages."""

from ._client import ConnectionOptions, IMAPClient
from ._folder_service import IMAPFolderService
from ._results import (
    AppendResult,
    CopyResult,
    ExpungeResult,
    FlagResult,
    LabelResult,
)
from ._uid_service import IMAPMailboxUIDService

__all__ = [
    "AppendResult",
    "ConnectionOptions",
    "CopyResult",
    "ExpungeResult",
    "FlagResult",
    "IMAPClient",
    "IMAPFolderService",
    "IMAPMailboxUIDService",
    "LabelResult",
]
