"""A server that says what a test scripts, for what no real server does."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.errors import IMAPConnectionError
from aiosage.model import Secret
from aiosage.wire import Limits

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
_TAGGED = re.compile(r"T\d+(?= |$)")


class PeerGone(Exception):
    """The client has closed the connection."""


class Peer:
    """The server's side of one connection.

    Transcripts are lines: ``S: `` is sent, ``C: `` must come, where ``...`` at the
    end is anything. ``T1``, ``T2`` at the start of lines stand for tags. ``S! close``
    and ``S! reset`` end the connection.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.tags: dict[str, str] = {}

    async def play(self, transcript: str) -> None:
        """Play *transcript* to its end."""
        for line in filter(None, transcript.split("\n")):
            kind, text = line[:3], line[3:]
            if kind == "S: ":
                self.send(_TAGGED.sub(self._tag, text, count=1).encode() + b"\r\n")
            elif kind == "C: ":
                await self._expect(text)
            elif line == "S! close":
                self.writer.close()
            elif line == "S! reset":
                self.writer.transport.abort()
            else:
                raise ValueError(f"not a line of a transcript: {line!r}")

    def send(self, octets: bytes) -> None:
        """Send *octets* as they are."""
        self.writer.write(octets)

    async def line(self) -> str:
        """Return the next line from the client."""
        line = await self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise PeerGone
        return line[:-2].decode()

    async def gone(self) -> None:
        """Wait until the client closes, throwing away what it still says."""
        while await self.reader.read(65536):
            pass

    def _tag(self, match: re.Match[str]) -> str:
        return self.tags[match[0]]

    async def _expect(self, text: str) -> None:
        line = await self.line()
        if name := _TAGGED.match(text):
            tag, _, line = line.partition(" ")
            self.tags[name[0]] = tag
            text = text[name.end() + 1 :]
        if text.endswith("..."):
            line, text = line[: len(text) - 3], text[:-3]
        assert line == text


Script: TypeAlias = str | Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def scripted(
    *scripts: Script, ssl_context: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve *scripts*, one after the other on each connection; give the port.

    After them the connection stays open until the client closes it. What the
    client should have said and did not fails the test.
    """
    failures: list[Exception] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(peer: Peer) -> None:
        try:
            for script in scripts:
                await (peer.play(script) if isinstance(script, str) else script(peer))
            await peer.gone()
        except (PeerGone, ConnectionError, asyncio.IncompleteReadError):
            pass
        except (AssertionError, ValueError, LookupError) as error:
            failures.append(error)
        finally:
            peer.writer.transport.abort()
            with suppress(ConnectionError, ssl.SSLError):
                await peer.writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.get_running_loop().create_task(serve(Peer(reader, writer))))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=ssl_context)
    port: int = server.sockets[0].getsockname()[1]
    try:
        yield port
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if failures:
        raise failures[0]


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
