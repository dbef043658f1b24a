"""The receive path with a socket before it, plain and with TLS.

A server in another process sends recorded answers as fast as they are taken. The
floor is a protocol of asyncio that counts the octets and does nothing else. One that
keeps them, too, is what no client can beat that has bodies to give: fresh memory
costs the kernel more than copying into it does. Seconds are processor time of the
client, so the server's are in no row.
"""

from __future__ import annotations

import asyncio
import imaplib
import ssl
import time
from collections.abc import Callable

from aiosage.connection._protocol import IMAPProtocol
from aiosage.model import IMAPSearchCriteria, MessagePart, MessageSet
from aiosage.wire.commands import (
    Command,
    ListMailboxes,
    SessionState,
    UidFetch,
    UidSearch,
)

from . import _streams
from ._measure import Contestant, measure, show
from .stream_server import stream_server

_HOST = "127.0.0.1"
_FETCH: Command[object] = UidFetch(
    MessageSet.from_range(1, 2**32 - 1), (MessagePart.FLAGS,)
)
_STREAMS: tuple[tuple[str, tuple[int, ...], Command[object]], ...] = (
    ("envelopes", (10_000,), _FETCH),
    ("bodies", (10_000, 4096), _FETCH),
    ("bodies", (100, 2**20), _FETCH),
    ("flags", (100_000,), _FETCH),
    ("search", (1_000_000,), UidSearch(IMAPSearchCriteria.ALL)),
    ("mailboxes", (2_000,), ListMailboxes()),
)


def run(*, is_quick: bool) -> None:
    """Print a table for each stream, without and with TLS."""
    for name, (count, *size), command in _STREAMS:
        arguments = (count // 10 if is_quick else count, *size)
        stream: _streams.Stream = getattr(_streams, name)(*arguments)
        with stream_server(name, *arguments) as ports:
            context = ssl.create_default_context(cafile=ports.ca_file)
            _compare(stream, command, ports.plain, None)
            _compare(stream, command, ports.tls, context)


def _compare(
    stream: _streams.Stream,
    command: Command[object],
    port: int,
    context: ssl.SSLContext | None,
) -> None:
    octets = len(stream.data)
    contestants = [
        Contestant(
            "asyncio, counting octets (floor)",
            lambda: asyncio.run(_count(port, context, _Counter)),
            octets,
        ),
        Contestant(
            "asyncio, keeping them",
            lambda: asyncio.run(_count(port, context, _Keeper)),
            octets,
        ),
        Contestant(
            "aiosage's session, parsed",
            lambda: asyncio.run(_by_session(port, context, command)),
            stream.items,
        ),
        Contestant(
            "imaplib: cut into lines",
            lambda: _by_imaplib(port, context, stream),
            stream.items,
        ),
    ]
    way = "TLS" if context else "no TLS"
    title = f"{stream.name}, {octets / 1e6:.1f} MB over loopback, {way}"
    show(title, measure(contestants, runs=5, clock=time.process_time), octets=octets)


class _Counter(asyncio.Protocol):
    """Counts what comes, until the tagged response."""

    def __init__(self, done: asyncio.Future[int]) -> None:
        self._done = done
        self._octets = 0

    def data_received(self, data: bytes) -> None:
        self._octets += len(data)
        if data.endswith(b" OK done\r\n"):
            self._done.set_result(self._octets)


class _Keeper(_Counter):
    """Keeps what comes, too."""

    def __init__(self, done: asyncio.Future[int]) -> None:
        super().__init__(done)
        self._kept: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self._kept.append(data)
        super().data_received(data)


async def _count(
    port: int, context: ssl.SSLContext | None, make: type[_Counter]
) -> int:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[int] = loop.create_future()
    transport, _ = await loop.create_connection(
        lambda: make(done), _HOST, port, ssl=context
    )
    transport.write(b"A1 FETCH\r\n")
    try:
        greeting, end = b"* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n", b"A1 OK done\r\n"
        return await done - len(greeting + end)
    finally:
        transport.abort()


async def _by_session(
    port: int, context: ssl.SSLContext | None, command: Command[object]
) -> int:
    loop = asyncio.get_running_loop()
    transport, session = await loop.create_connection(
        lambda: IMAPProtocol(loop), _HOST, port, ssl=context
    )
    await session.greeting
    session.session_state = SessionState.SELECTED
    try:
        pending = await session.submit(command)
        found = command.result(pending.claimed, pending.done.result())
        assert isinstance(found, tuple | list | MessageSet)
        return len(found)
    finally:
        transport.abort()


def _by_imaplib(
    port: int, context: ssl.SSLContext | None, stream: _streams.Stream
) -> int:
    make: Callable[[], imaplib.IMAP4] = (
        (lambda: imaplib.IMAP4_SSL(_HOST, port, ssl_context=context))
        if context
        else (lambda: imaplib.IMAP4(_HOST, port))
    )
    client = make()
    client.select()
    if stream.is_search:
        _, data = client.uid("SEARCH", "ALL")
    elif stream.is_list:
        _, data = client.list()
    else:
        _, data = client.uid("FETCH", "1:*", "(FLAGS)")
    client.shutdown()
    if stream.is_search:
        return sum(len(line.split()) for line in data if isinstance(line, bytes))
    return sum(1 for item in data if item is not None and item != b")")
