"""Where the octets of a session leave and enter, compressed or not.

There is one way out, `Channel.send`, and one way in, `Channel.receive`; what must
see all octets belongs here. Octets are counted as the commands see them.

Compressed octets cost time out of proportion to their number, so the work is
sliced: after `TURN` octets the rest waits for the next turn of the loop, and
nothing more is read until then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from ..errors import IMAPConnectionError, IMAPProtocolError
from ._compress import Deflater, Inflater
from ._outbox import Outbox

TURN: Final = 256 * 2**10
"""Octets taken in one turn of the loop: as many as asyncio reads at once."""

_TURN_OUT: Final = TURN // 4  # compressing costs more than decompressing


class Channel:
    """The octets between a session and its transport.

    Args:
        loop: the running loop.
        take: called with octets of IMAP as they come.
        fail: called when what comes is not compressed as it should be.
        note_progress: called when octets have moved.

    Attributes:
        sent: octets of IMAP sent so far.
        received: octets of IMAP received so far.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        take: Callable[[bytes], None],
        fail: Callable[[IMAPConnectionError], None],
        note_progress: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._hand_on = take
        self._fail = fail
        self._note_progress = note_progress
        self._transport: asyncio.Transport | None = None
        self._outbox = Outbox()
        self._inflater: Inflater | None = None
        self._deflater: Deflater | None = None
        self._expects_switch = False
        self._is_ending = False
        self._is_last = False
        self._plain = b""  # received around a switch,
        self._at = 0  # and handed on up to here
        self._is_paused = False
        self._unsent: deque[memoryview] = deque()
        self._taking: asyncio.Handle | None = None
        self._sending: asyncio.Handle | None = None
        self.sent = 0
        self.received = 0

    def attach(self, transport: asyncio.Transport) -> None:
        """Go through *transport* from now on."""
        self._transport = transport
        self._outbox.attach(transport)
        self._is_paused = False

    def pause(self) -> None:
        """Let the server wait, and keep what is compressed yet, until `resume`."""
        assert self._transport is not None
        self._is_paused = True
        self._transport.pause_reading()

    def resume(self) -> None:
        """Go on after `pause`."""
        assert self._transport is not None
        self._is_paused = False
        if self._inflater is None and not self._plain:
            self._transport.resume_reading()
        elif self._taking is None:
            self._taking = self._loop.call_soon(self._take_some)

    def close(self) -> None:
        """Forget what is not sent or handed on yet, and free what it takes."""
        for handle in (self._taking, self._sending):
            if handle is not None:
                handle.cancel()
        self._taking = self._sending = None
        self._inflater = self._deflater = None
        self._plain, self._at = b"", 0
        self._unsent.clear()
        self._outbox.close()

    @property
    def is_compressed(self) -> bool:
        """Whether the octets are compressed."""
        return self._deflater is not None

    # -- What turns compression on and off.

    def expect_switch(self) -> None:
        """Note that after a line yet to come all may be compressed, or no more."""
        self._expects_switch = True

    def stay(self) -> None:
        """Note that the switch will not be."""
        self._expects_switch = False

    def begin_compression(self) -> None:
        """Compress, beginning after the line that was handed on last.

        Raises:
            IMAPProtocolError: that is so already.
        """
        if self.is_compressed:
            raise IMAPProtocolError("the server compresses twice")
        self._expects_switch = False
        self._deflater = Deflater()
        self._inflater = Inflater()
        self._inflater.feed(self._plain[self._at :])
        self._plain, self._at = b"", 0

    def end_compression(self) -> None:
        """Compress no more, beginning after the line that was handed on last.

        Raises:
            IMAPProtocolError: not all is sent that the server should have had.
        """
        if self._unsent:
            raise IMAPProtocolError("the server answered what it had not been told")
        self._expects_switch = False
        self._deflater = None
        self._is_ending = True

    # -- Out.

    def send(self, pieces: Sequence[bytes]) -> None:
        """Send *pieces*; they are on their way when this returns, or soon."""
        self.sent += sum(map(len, pieces))
        if self._deflater is None:
            self._outbox.send(pieces)
            return
        self._unsent.extend(map(memoryview, pieces))
        if self._sending is None:
            self._send_some()

    def pause_writing(self) -> None:
        """Note that the transport has enough."""
        self._outbox.pause()

    def resume_writing(self) -> None:
        """Note that it takes more."""
        self._outbox.resume()

    def get_write_buffer_size(self) -> int:
        """Return how many octets have not been written to the socket yet."""
        return sum(map(len, self._unsent)) + self._outbox.get_write_buffer_size()

    def finish(self) -> None:
        """Close the transport once everything is written."""
        self._is_last = True
        if not self._unsent:
            self._outbox.finish()

    def _send_some(self) -> None:
        """Compress as much as one turn allows, and flush when that is all."""
        assert self._deflater is not None
        self._sending = None
        compressed: list[bytes] = []
        left = _TURN_OUT
        while self._unsent and left:
            piece = self._unsent.popleft()
            if len(piece) > left:
                self._unsent.appendleft(piece[left:])
                piece = piece[:left]
            compressed.append(self._deflater.deflate(piece))
            left -= len(piece)
        if self._unsent:
            self._sending = self._loop.call_soon(self._send_some)
        else:
            compressed.append(self._deflater.flush())
        self._outbox.send(compressed)
        self._note_progress()
        if self._is_last and not self._unsent:
            self._outbox.finish()

    # -- In.

    def receive(self, data: bytes) -> None:
        """Hand on *data*, as it is or decompressed."""
        if self._inflater is not None:
            self._inflater.feed(data)
        elif self._expects_switch or self._plain:
            self._plain += data
        else:
            self.received += len(data)
            self._hand_on(data)
            return
        if self._taking is None:
            self._take_some()

    def _take_some(self) -> None:
        """Hand on as much as one turn allows."""
        assert self._transport is not None
        self._taking = None
        left = TURN
        try:
            while left > 0 and not self._is_paused and (octets := self._next()):
                left -= len(octets)
                self.received += len(octets)
                self._hand_on(octets)
        except IMAPProtocolError as error:
            self._fail(error)
            return
        if self._is_paused:
            return
        if left > 0:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
            self._taking = self._loop.call_soon(self._take_some)
            self._note_progress()

    def _next(self) -> bytes:
        """Return the next octets to hand on; none if there are none."""
        if self._inflater is not None:
            if not self._is_ending:
                return self._inflater.inflate(by_octet=self._expects_switch)
            if not self._inflater.skip_flush():
                return b""
            self._plain, self._inflater = self._inflater.rest, None
            self._is_ending = False
        # What follows a line may be compressed, so a line at a time.
        start, end = self._at, len(self._plain)
        if self._expects_switch:
            end = self._plain.find(b"\n", start) + 1 or end
        octets = self._plain[start:end]
        if end < len(self._plain):
            self._at = end
        else:
            self._plain, self._at = b"", 0
        return octets
