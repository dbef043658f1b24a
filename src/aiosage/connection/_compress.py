"""DEFLATE, as COMPRESS puts it between the commands and the socket (RFC 4978).

Raw DEFLATE (RFC 1951) in the largest window: no header, no checksum, and no end,
as long as the layer is there. A stream costs this side 300 KiB.
"""

from __future__ import annotations

import zlib
from typing import Final

from ..errors import IMAPProtocolError

PIECE: Final = 64 * 2**10
"""Most octets that come out of one step."""

_STEP: Final = 4096  # compressed octets looked at in one: what is left is copied
_SYNC: Final = b"\0\0\xff\xff"  # how a flush ends, on the boundary of an octet


class Deflater:
    """Compresses what is sent."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    def deflate(self, data: bytes | memoryview) -> bytes:
        """Add *data*; return what is ready of all that was added."""
        return self._stream.compress(data)

    def flush(self) -> bytes:
        """Return the rest of what was added, so that the peer can read it now."""
        return self._stream.flush(zlib.Z_SYNC_FLUSH)


class Inflater:
    """Decompresses what is received, in steps of bounded cost.

    Give it octets by `feed`, and call `inflate` until it returns nothing: a few
    octets may stand for a thousand times as many.
    """

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        self._raw = memoryview(b"")  # not looked at yet
        self._left = b""  # looked at, but not decompressed
        self._is_full = False  # zlib may hold more that is decompressed already
        self._tail = b""  # the last octets looked at

    def feed(self, data: bytes) -> None:
        """Add received octets."""
        self._raw = memoryview(bytes(self._raw) + data if self._raw else data)

    @property
    def rest(self) -> bytes:
        """What was fed and is not part of the stream any more."""
        return self._stream.unused_data + bytes(self._raw)

    def inflate(self, *, by_octet: bool = False) -> bytes:
        """Return the next octets, at most `PIECE`; none if more must be fed.

        Args:
            by_octet: look at no octet beyond those that gave what is returned.

        Raises:
            IMAPProtocolError: this is not DEFLATE, or the stream has ended.
        """
        step = 1 if by_octet else _STEP
        while not self._stream.eof and (self._left or self._is_full or self._raw):
            if out := self._step(step):
                return out
        if self._stream.eof:
            raise _broken("the server ended the compression")
        return b""

    def skip_flush(self) -> bool:
        """Pass over what a flush adds to the octets before it.

        Returns:
            Whether that has come, so that `rest` is what follows the stream.

        Raises:
            IMAPProtocolError: there is more in the stream than a flush.
        """
        while not (self._stream.eof or self._tail == _SYNC) and self._raw:
            if self._step(1):
                raise _broken("the server did not end the compression")
        return self._stream.eof or self._tail == _SYNC

    def _step(self, size: int) -> bytes:
        """Decompress what is left of the last step, or *size* octets more."""
        data = self._left
        if not (data or self._is_full):
            data, self._raw = bytes(self._raw[:size]), self._raw[size:]
            self._tail = (self._tail + data)[-len(_SYNC) :]
        try:
            out = self._stream.decompress(data, PIECE)
        except zlib.error as error:
            raise _broken("what the server sent is not compressed") from error
        self._left = self._stream.unconsumed_tail
        self._is_full = len(out) == PIECE
        return out


def _broken(what: str) -> IMAPProtocolError:
    return IMAPProtocolError(
        what, hint="If this goes on with this server, use compress=False."
    )
