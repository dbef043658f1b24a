"""aiosage: the IMAP client library for asyncio.

::

    async with IMAPClient("imap.example.org", "jane", password) as client:
        inbox = client.mailbox("INBOX")
        async for message in inbox.fetch(await inbox.search()):
            print(message.subject)
"""

from importlib.metadata import version as _version

from .client import (
    AppendResult,
    CopyResult,
    IMAPClient,
    IMAPFolderService,
    IMAPMailboxUIDService,
)
from .connection import ConnectionConfig, IMAPConnection, Security
from .errors import (
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPError,
    IMAPGreetingError,
    IMAPMailboxError,
    IMAPMessageError,
    IMAPOperationError,
    IMAPPoolClosed,
    IMAPPoolTimeout,
    IMAPProtocolError,
    IMAPProxyError,
    IMAPQuotaError,
    IMAPSearchError,
    IMAPTimeoutError,
    IMAPTLSError,
    StoreError,
    UIDValidityChanged,
)
from .model import (
    Attachment,
    BodyStructure,
    EmailAddress,
    EmailMessage,
    Envelope,
    Flag,
    IMAPSearchCriteria,
    MailboxInfo,
    MailboxStatus,
    MessagePart,
    MessageSet,
    ResponseCode,
    Secret,
    SpecialUse,
    compose,
    compose_forward,
    compose_reply,
    quoted_text,
)
from .pool import IMAPConnectionPool, PoolStats
from .watch import (
    ConnectionState,
    FlagsChanged,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)

__version__ = _version("aiosage")

__all__ = [
    "AppendResult",
    "Attachment",
    "BodyStructure",
    "ConnectionConfig",
    "ConnectionState",
    "CopyResult",
    "EmailAddress",
    "EmailMessage",
    "Envelope",
    "Flag",
    "FlagsChanged",
    "IMAPAuthenticationError",
    "IMAPCapabilityError",
    "IMAPClient",
    "IMAPConfigurationError",
    "IMAPConnectError",
    "IMAPConnection",
    "IMAPConnectionError",
    "IMAPConnectionLost",
    "IMAPConnectionPool",
    "IMAPError",
    "IMAPFolderService",
    "IMAPGreetingError",
    "IMAPMailboxError",
    "IMAPMailboxUIDService",
    "IMAPMessageError",
    "IMAPOperationError",
    "IMAPPoolClosed",
    "IMAPPoolTimeout",
    "IMAPProtocolError",
    "IMAPProxyError",
    "IMAPQuotaError",
    "IMAPSearchCriteria",
    "IMAPSearchError",
    "IMAPTLSError",
    "IMAPTimeoutError",
    "MailboxInfo",
    "MailboxReset",
    "MailboxStatus",
    "MessageExpunged",
    "MessagePart",
    "MessageSet",
    "NewMessage",
    "PoolStats",
    "ResponseCode",
    "Secret",
    "Security",
    "SpecialUse",
    "StoreError",
    "UIDValidityChanged",
    "WatchEvent",
    "__version__",
    "compose",
    "compose_forward",
    "compose_reply",
    "quoted_text",
]
