"""An account, its mailboxes and its messages."""

from ._client import ConnectionOptions, IMAPClient
from ._folder_service import IMAPFolderService
from ._results import AppendResult, CopyResult
from ._uid_service import IMAPMailboxUIDService

__all__ = [
    "AppendResult",
    "ConnectionOptions",
    "CopyResult",
    "IMAPClient",
    "IMAPFolderService",
    "IMAPMailboxUIDService",
]
