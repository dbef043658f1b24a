"""One session on one socket, built on aioimaplib."""

from ._config import ConnectionConfig, Security
from ._connection import CLOSE_GRACE, IMAPConnection
from ._legacy import IMAP4, IMAP4_SSL
from ._protocol import Listener, News
from ._proxy import Proxy, ProxyKind
from ._stream import HIGH_MARK, SectionStream
from ._token import TokenProvider, TokenRequest
from ._trace import Direction, Trace, TraceRecord

__all__ = [
    "CLOSE_GRACE",
    "HIGH_MARK",
    "IMAP4",
    "IMAP4_SSL",
    "ConnectionConfig",
    "Direction",
    "IMAPConnection",
    "Listener",
    "News",
    "Proxy",
    "ProxyKind",
    "SectionStream",
    "Security",
    "TokenProvider",
    "TokenRequest",
    "Trace",
    "TraceRecord",
]
