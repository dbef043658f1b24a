"""What sessions with a `ScriptedServer` have in common."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.errors import IMAPConnectionError
from aiosage.model import Secret
from aiosage.testing import Peer, PeerGone, Script, ScriptedServer
from aiosage.wire import Limits

__all__ = [
    "CAPABILITIES",
    "LOGGED_IN",
    "PASSWORD",
    "SELECTED",
    "Peer",
    "PeerGone",
    "Script",
    "config",
    "opened",
    "outcome",
    "scripted",
]

CAPABILITIES = "IMAP4rev1 LITERAL+ IDLE UIDPLUS MOVE UNSELECT"
PASSWORD = "hunter2-and-more"
LOGGED_IN = f"""
S: * OK [CAPABILITY {CAPABILITIES}] ready
C: T0 LOGIN joe {PASSWORD}
S: T0 OK [CAPABILITY {CAPABILITIES}] logged in
"""
SELECTED = f"""{LOGGED_IN}
C: T1 SELECT INBOX
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T1 OK [READ-WRITE] selected
"""


@asynccontextmanager
async def scripted(
    *scripts: Script, ssl_context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve *scripts* to clients that may leave when they like; give the port."""
    server = ScriptedServer(*scripts, ssl_context=ssl_context, complete=False)
    async with server:
        yield server.port


def config(
    port: int,
    *,
    host: str = "127.0.0.1",
    password: str = PASSWORD,
    security: Security = Security.PLAIN,
    ssl_context: ssl.SSLContext | None = None,
    connect_timeout: float = 20.0,
    read_timeout: float = 20.0,
    limits: Limits | None = None,
) -> ConnectionConfig:
    """Return what reaches the server of a test."""
    return ConnectionConfig(
        host=host,
        port=port,
        username="joe",
        password=Secret(password),
        security=security,
        ssl_context=ssl_context,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        limits=limits or Limits(),
    )


async def opened(port: int) -> IMAPConnection:
    """Return a session with INBOX open, as `SELECTED` plays it."""
    connection = await IMAPConnection.open(config(port))
    await connection.select("INBOX")
    return connection


async def outcome(awaitable: Awaitable[object]) -> IMAPConnectionError:
    """Return the error *awaitable* ends with, within a second."""
    async with asyncio.timeout(1.0):
        with pytest.raises(IMAPConnectionError) as caught:
            await awaitable
    return caught.value
