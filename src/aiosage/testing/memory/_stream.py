"""One client's connection: lines in, octets out, TLS when asked.

An ``asyncio.Protocol`` rather than streams, since upgrading to TLS must drop
what came before (RFC 9051 §6.2.1), and a reset must be a real RST.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_READ_HIGH: Final = 256 * 1024  # unread octets at which reading is paused
_WRITE_HIGH: Final = 256 * 1024  # unsent octets at which writers wait
TLS_HANDSHAKE_TIMEOUT: Final = 10.0  # seconds


class LineTooLong(Exception):
    """A line is longer than allowed."""


class ClientStream(asyncio.Protocol):
    """The octets of one connection, with flow control both ways.

    Any wait ends in ``ConnectionError`` once the connection is gone. One task
    reads; it is cancel-safe: nothing read is lost.

    Args:
        on_connect: called with the stream when the connection is made.
    """

    def __init__(self, on_connect: Callable[[ClientStream], None]) -> None:
        self.on_writable: Callable[[], None] | None = None
        self._on_connect = on_connect
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._scanned = 0  # octets already searched for a line end
        self._is_eof = False
        self._is_write_paused = False
        self._is_read_paused = False
        self._is_negotiating = False
        self._is_encrypted = False
        self._wakeup: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._closed = asyncio.get_running_loop().create_future()

    # Called by asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(_WRITE_HIGH)
        self._on_connect(self)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        self._buffer += data
        if len(self._buffer) > _READ_HIGH and not self._is_read_paused:
            self.pause_reading()
        _wake(self._wakeup)

    def eof_received(self) -> bool:
        """See ``asyncio.Protocol``."""
        self._is_eof = True
        _wake(self._wakeup)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._is_eof = True
        _wake(self._wakeup)
        _wake(self._writable)
        _wake(self._closed)

    def pause_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self._is_write_paused = True

    def resume_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self._is_write_paused = False
        _wake(self._writable)
        if self.on_writable is not None:
            self.on_writable()

    # Reading.

    async def read_line(self, limit: int) -> bytes:
        """Return the next line without its line end.

        Raises:
            LineTooLong: it has more than *limit* octets.
            ConnectionError: the connection ended before it did.
        """
        while (end := self._buffer.find(b"\n", self._scanned)) < 0:
            self._scanned = len(self._buffer)
            if self._scanned > limit + 2:
                raise LineTooLong
            await self._more()
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        self._consume(end + 1)
        if len(line) > limit:
            raise LineTooLong
        return line

    async def read_exactly(self, size: int) -> bytes:
        """Return the next *size* octets.

        Raises:
            ConnectionError: the connection ended before.
        """
        pieces: list[bytes] = []
        while size:
            if not self._buffer:
                await self._more()
            piece = bytes(self._buffer[:size])
            self._consume(len(piece))
            size -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def _consume(self, size: int) -> None:
        del self._buffer[:size]
        self._scanned = 0

    async def _more(self) -> None:
        """Wait until there are more octets than now."""
        have = len(self._buffer)
        if self._is_read_paused:
            self._resume_reading()
        while len(self._buffer) == have:
            if self._is_eof:
                raise ConnectionResetError("the client closed the connection")
            self._wakeup = asyncio.get_running_loop().create_future()
            try:
                await self._wakeup
            finally:
                self._wakeup = None

    def pause_reading(self) -> None:
        """Leave what the client sends where it is, until it is waited for."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._is_read_paused = True

    def _resume_reading(self) -> None:
        self._is_read_paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # Writing.

    @property
    def is_writable(self) -> bool:
        """Whether more can be written without a wait."""
        return not self._is_write_paused and not self.is_closing

    @property
    def is_closing(self) -> bool:
        """Whether nothing can be sent: it is closed, or negotiates TLS."""
        return (
            self._is_negotiating
            or self._transport is None
            or self._transport.is_closing()
        )

    def write(self, data: bytes) -> None:
        """Send *data*; call ``drain`` after much of it.

        Raises:
            ConnectionError: the connection is closed.
        """
        if self._transport is None or self.is_closing:
            raise ConnectionResetError("the connection is closed")
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait until there is room to write, and let other tasks run.

        Raises:
            ConnectionError: the connection is closed.
        """
        await asyncio.sleep(0)
        while self._is_write_paused:
            if self.is_closing:
                raise ConnectionResetError("the connection is closed")
            self._writable = asyncio.get_running_loop().create_future()
            try:
                await self._writable
            finally:
                self._writable = None

    # The connection itself.

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is on."""
        return self._is_encrypted

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Negotiate TLS; what was received before is dropped.

        Raises:
            OSError: the handshake failed; the connection is closed.
        """
        assert self._transport is not None
        # Stop reading first: what comes from now on is for the handshake.
        self.pause_reading()
        self._consume(len(self._buffer))
        self._is_negotiating = True
        try:
            transport = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT,
            )
            if transport is None:
                raise ConnectionResetError("the client closed the connection")
        except BaseException:
            self._transport.abort()
            self.connection_lost(None)  # asyncio does not say so in a handshake
            raise
        finally:
            self._is_negotiating = False
        self._transport = transport
        self._is_encrypted = True
        self._is_read_paused = False
        transport.set_write_buffer_limits(_WRITE_HIGH)

    def close(self) -> None:
        """Close the connection when what was written is sent."""
        if self._is_negotiating:
            self.abort()
        elif self._transport is not None and not self._transport.is_closing():
            self._transport.close()  # that of asyncio's TLS breaks if closed twice

    def abort(self) -> None:
        """Reset the connection at once: the client gets an RST."""
        if self._transport is None or self._closed.done():
            return
        if (sock := self._transport.get_extra_info("socket")) is not None:
            with_linger = struct.pack("ii", 1, 0)
            with suppress(OSError):  # it may be closed already
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, with_linger)
        self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection is closed."""
        await asyncio.shield(self._closed)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
