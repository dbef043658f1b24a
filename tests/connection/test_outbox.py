"""Large commands: never copied as a whole, no faster than the server takes them."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import tracemalloc

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.connection._outbox import SLICE, Outbox
from aiosage.errors import IMAPTimeoutError
from aiosage.model import MessagePart, Secret
from aiosage.testing import DovecotServer
from aiosage.wire.commands import Append

from .scripted import SELECTED, Peer, config, scripted


class Room(asyncio.WriteTransport):
    """A transport that has room for so many writes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.is_closed = False
        self.written: list[bytes | memoryview] = []
        self.outbox: Outbox | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take *data*, and say so when that was the last there is room for."""
        assert self.room > 0
        assert not isinstance(data, bytearray)
        self.written.append(data)
        self.room -= 1
        if self.room == 0:
            assert self.outbox is not None
            self.outbox.pause()

    def get_write_buffer_size(self) -> int:
        """All was written at once."""
        return 0

    def close(self) -> None:
        """Note it."""
        self.is_closed = True

    @property
    def octets(self) -> bytes:
        """All that was written."""
        return b"".join(self.written)


def filled(room: int) -> tuple[Outbox, Room]:
    outbox, transport = Outbox(), Room(room)
    transport.outbox = outbox
    outbox.attach(transport)
    return outbox, transport


def test_nothing_is_written_while_the_transport_is_full() -> None:
    outbox, transport = filled(room=2)
    message = bytes(range(256)) * (SLICE // 256 * 5)
    outbox.send([b"A1 APPEND x {1}\r\n", message, b"\r\n"])
    outbox.send([b"A2 NOOP\r\n"])
    for number in range(1, 4):
        assert len(transport.written) == 2 * number
        left = len(message) + 28 - len(transport.octets)
        assert outbox.get_write_buffer_size() == left
        transport.room = 2
        outbox.resume()
    assert outbox.get_write_buffer_size() == 0
    assert transport.octets == b"A1 APPEND x {1}\r\n" + message + b"\r\nA2 NOOP\r\n"
    assert max(map(len, transport.written)) <= SLICE


def test_a_large_piece_is_given_in_slices_of_itself() -> None:
    """A copy of each slice would do no harm, but one of the whole would."""
    outbox, transport = filled(room=100)
    message = bytes(3 * SLICE)
    outbox.send([b"x", message])
    slices = [data for data in transport.written if isinstance(data, memoryview)]
    assert [view.obj for view in slices[1:]] == [message] * 3
    assert slices[1].obj is message


def test_small_pieces_go_in_one_write() -> None:
    """A write is a packet and a system call."""
    outbox, transport = filled(room=1)
    outbox.send([b"A1 LOGIN {3}\r\n", b"joe", b" {6}\r\n", b"secret", b"\r\n"])
    assert transport.written == [b"A1 LOGIN {3}\r\njoe {6}\r\nsecret\r\n"]


def test_what_is_left_is_forgotten_when_the_session_ends() -> None:
    outbox, transport = filled(room=1)
    outbox.send([bytes(5 * SLICE)])
    outbox.close()
    transport.room = 1
    outbox.resume()
    assert len(transport.written) == 1


def test_the_transport_is_closed_after_the_last_octet() -> None:
    outbox, transport = filled(room=1)
    outbox.send([bytes(2 * SLICE)])
    outbox.finish()
    assert not transport.is_closed
    transport.room = 2
    outbox.resume()
    assert transport.is_closed
    assert len(transport.octets) == 2 * SLICE


LARGE = 64 * 2**20
APPENDED = "S: T2 OK [APPENDUID 7 8] done"


async def test_a_server_that_takes_nothing_lets_the_rest_wait_here() -> None:
    """Neither asyncio nor we hold a copy; and the next command comes after it."""
    go_on = asyncio.Event()
    message = b"x" * LARGE

    async def take(peer: Peer) -> None:
        await peer.play(f"C: T2 APPEND Drafts {{{LARGE}+}}")
        await go_on.wait()
        left = LARGE
        while left:
            left -= len(await peer.reader.read(min(left, 2**20)))
        await peer.play(f"C: \n{APPENDED}\nC: T3 NOOP\nS: T3 OK")

    async with scripted(SELECTED, take) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        tracemalloc.start()
        try:
            appending = asyncio.create_task(
                connection.execute(Append("Drafts", message))
            )
            noop = asyncio.create_task(connection.noop())
            await asyncio.sleep(0.1)
            transport = connection._protocol.socket_transport
            assert connection._protocol._channel.get_write_buffer_size() > LARGE // 4
            assert transport.get_write_buffer_size() < 4 * SLICE
            go_on.set()
            assert await appending
            await noop
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            connection.abort()
        assert peak < 8 * 2**20  # the peer is in this process, too


def shrink(transport: asyncio.BaseTransport, buffer: int) -> None:
    """Let the kernel hide little: what it has taken shows no progress."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, buffer, 2**16)


@pytest.mark.parametrize("moves", [True, False])
async def test_the_deadline_of_a_large_append_is_on_progress(moves: bool) -> None:
    """A slow server may take any time, one that takes nothing has `read_timeout`."""
    size = 6 * 2**20
    took = 0

    async def take(peer: Peer) -> None:
        nonlocal took
        await peer.play(f"C: T2 APPEND Drafts {{{size}+}}")
        shrink(peer.writer.transport, socket.SO_RCVBUF)
        while took < size:
            if not moves:
                return
            took += len(await peer.reader.read(min(size - took, 2**16)))
            await asyncio.sleep(0.01)
        await peer.play(f"C: \n{APPENDED}")

    async with scripted(SELECTED, take) as port:
        connection = await IMAPConnection.open(config(port, read_timeout=0.3))
        await connection.select("INBOX")
        shrink(connection._protocol.socket_transport, socket.SO_SNDBUF)
        append = connection.execute(Append("Drafts", b"x" * size))
        if moves:
            assert await append
            connection.abort()
        else:
            with pytest.raises(IMAPTimeoutError):
                await append


@pytest.mark.parametrize("security", [Security.PLAIN, Security.TLS])
@pytest.mark.parametrize("waits", [False, True])
async def test_a_large_message_reaches_dovecot_whole(
    dovecot: DovecotServer, security: Security, waits: bool
) -> None:
    is_plain = security is Security.PLAIN
    settings = ConnectionConfig(
        host=dovecot.host,
        port=dovecot.port if is_plain else dovecot.tls_port,
        security=security,
        username=dovecot.new_user(),
        password=Secret(dovecot.password),
        ssl_context=None if is_plain else dovecot.client_context(),
    )
    lines = (b"%07d hello\r\n" % number for number in range(2**20))
    message = b"Subject: large\r\n\r\n" + b"".join(lines)
    async with await IMAPConnection.open(settings) as connection:
        if waits:
            connection._protocol.capabilities -= {"LITERAL+"}
        tracemalloc.start()
        try:
            await connection.execute(Append("INBOX", message))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 4 * 2**20
        await connection.select("INBOX")
        digest = hashlib.sha256()
        async with connection.stream(1, MessagePart.FULL) as stream:
            async for piece in stream:
                digest.update(piece)
        assert digest.digest() == hashlib.sha256(message).digest()
