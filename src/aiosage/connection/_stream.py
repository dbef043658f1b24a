"""A section on its way from the socket to whoever reads it.

The framer hands the octets to `SectionStream.feed` as they arrive, the reader
takes them by ``async for``. Between them stands a buffer with two marks: above
the high one the socket is read no more, which TCP tells the server; below the
low one reading goes on. It may be over by what one read of the socket gives.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from ..errors import IMAPMessageError
from ..wire import FetchData, Frame, Sink, Status, Untagged
from ..wire.commands import StreamSection

HIGH_MARK: Final = 256 * 1024
"""Octets waiting for the reader beyond which the socket is not read."""

LOW_MARK: Final = 64 * 1024
"""Octets waiting at which reading begins again."""

_COST: Final = 64  # octets any piece takes, however short


class SectionStream:
    """The octets of one section, in order, in pieces of any size.

    Read it by one ``async for``. It ends when the server has said that it was
    all; what goes wrong is raised after the octets that came before.

    Args:
        command: that asks for it.
        hold_reading: stops the reading of the socket, or lets it go on.
        check: raises what the command has ended with, if that was no OK.

    Attributes:
        size: octets in all; None if there is no such section in the message.
    """

    def __init__(
        self,
        command: StreamSection,
        hold_reading: Callable[[bool], None],
        check: Callable[[], object],
    ) -> None:
        self.size: int | None = None
        self._command = command
        self._hold_reading = hold_reading
        self._check = check
        self._pieces: deque[bytes] = deque()
        self._waiting = 0  # octets of them, and what they cost
        self._is_held = False
        self._is_found = False
        self._is_left = False
        self._is_over = False
        self._changed = asyncio.Event()

    # -- What the protocol calls.

    def divert(self, frame: Frame, size: int) -> Sink | None:
        """Return what takes the literal after *frame*, if it is the section."""
        if self._is_found or not self._command.diverts(frame):
            return None
        self._begin(size)
        return self.feed

    def feed(self, piece: bytes) -> None:
        """Take what has arrived."""
        if self._is_left or not piece:
            return
        self._pieces.append(piece)
        self._waiting += len(piece) + _COST
        if self._waiting > HIGH_MARK:
            self._hold(True)
        self._changed.set()

    def take(self, response: Untagged | Status) -> None:
        """Look whether *response* has the section as a string or as NIL.

        Raises:
            IMAPProtocolError: what was diverted was of another message.
        """
        found = (
            self._command.section(response) if isinstance(response, FetchData) else None
        )
        if found is None or self._is_found:
            return
        (octets,) = found
        self._begin(None if octets is None else len(octets))
        if octets is not None:
            self.feed(octets)

    def end(self, _: object = None) -> None:
        """Learn that nothing more comes."""
        self._is_over = True
        self._changed.set()

    def _begin(self, size: int | None) -> None:
        self._is_found = True
        self.size = size
        self._changed.set()

    def _hold(self, held: bool) -> None:
        if self._is_held is not held:
            self._is_held = held
            self._hold_reading(held)

    # -- What the reader calls.

    async def wait_begin(self) -> None:
        """Wait until `size` is known.

        Raises:
            IMAPMessageError: there is no such message.
            IMAPOperationError: the server refused.
            IMAPConnectionError: the session ended.
        """
        while not self._is_found:
            if not await self._progress():
                raise IMAPMessageError(
                    self._command.name,
                    "OK",
                    None,
                    f"the server told nothing of message {self._command.uid}",
                    hint="It has been expunged, or never was in this mailbox.",
                )

    def __aiter__(self) -> SectionStream:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if not await self._progress():
                raise StopAsyncIteration
        piece = self._pieces.popleft()
        self._waiting -= len(piece) + _COST
        if self._waiting <= LOW_MARK:
            self._hold(False)
        return piece

    def leave(self) -> None:
        """Drop what is there and what will come; let reading go on."""
        self._is_left = True
        self._pieces.clear()
        self._waiting = 0
        self._hold(False)

    async def _progress(self) -> bool:
        """Wait for more; return whether there may be.

        Raises:
            IMAPOperationError: by a refusal.
            IMAPConnectionError: by the end of the session.
        """
        if self._is_left:
            return False
        if self._is_over:
            self._check()
            return False
        self._changed.clear()
        await self._changed.wait()
        return True
