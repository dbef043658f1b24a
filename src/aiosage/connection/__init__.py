"""One session on one socket, built on aioimaplib."""

from ._config import ConnectionConfig, Security
from ._connection import CLOSE_GRACE, IMAPConnection
from ._protocol import Listener, News

__all__ = [
    "CLOSE_GRACE",
    "ConnectionConfig",
    "IMAPConnection",
    "Listener",
    "News",
    "Security",
]
