"""Sessions of aioimaplib and aiosage that are fed octets without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from aioimaplib import aioimaplib

from aiosage.connection._legacy_protocol import LegacyProtocol
from aiosage.connection._protocol import IMAPProtocol
from aiosage.model import MessagePart, MessageSet
from aiosage.wire.commands import SessionState, UidFetch


class _Transport(asyncio.Transport):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()

    def write(self, data: Any) -> None:  # whatever the base takes
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        """Nothing is open."""

    @property
    def tag(self) -> bytes:
        """The tag of the last command."""
        return bytes(self.sent).splitlines()[-1].split()[0]


class _Receiver(Protocol):
    def data_received(self, d: bytes) -> None: ...


async def _answer(
    session: _Receiver,
    transport: _Transport,
    answer: asyncio.Task[Any],  # each client has a type of its own
    pieces: Iterable[bytes],
) -> Any:
    """Give *pieces* to the command that *answer* waits for; return its result."""
    await asyncio.sleep(0)  # it is sent
    for piece in pieces:
        session.data_received(piece)
    session.data_received(transport.tag + b" OK done\r\n")
    return await answer


def by_aioimaplib(pieces: Iterable[bytes]) -> int:
    """Return how many lines its FETCH has found."""
    return _by_lines(pieces, aioimaplib.IMAP4ClientProtocol)


def by_drop_in(pieces: Iterable[bytes]) -> int:
    """Return the same by aiosage's replacement of it."""
    return _by_lines(pieces, LegacyProtocol)


def _by_lines(
    pieces: Iterable[bytes],
    make: Callable[[asyncio.AbstractEventLoop], aioimaplib.IMAP4ClientProtocol],
) -> int:
    async def run() -> int:
        session: Any = make(asyncio.get_running_loop())
        transport = _Transport()
        session.connection_made(transport)
        if isinstance(session, IMAPProtocol):
            session.data_received(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        session.state = aioimaplib.SELECTED
        command = aioimaplib.FetchCommand(
            session.new_tag(), "1:*", "(FLAGS)", loop=session.loop, timeout=600.0
        )
        answer = asyncio.create_task(session.execute(command))
        response = await _answer(session, transport, answer, pieces)
        lines: list[bytes] = response.lines
        return sum(1 for line in lines if b" FETCH (" in line[:40])

    return asyncio.run(run())


def by_session(pieces: Iterable[bytes]) -> int:
    """Return how many messages aiosage's own session has found, parsed."""

    async def run() -> int:
        session = IMAPProtocol(asyncio.get_running_loop())
        transport = _Transport()
        session.connection_made(transport)
        session.data_received(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        session.session_state = SessionState.SELECTED
        command = UidFetch(MessageSet.from_range(1, 2**32 - 1), (MessagePart.FLAGS,))
        answer = asyncio.create_task(session.submit(command))
        pending = await _answer(session, transport, answer, pieces)
        return len(command.result(pending.claimed, pending.done.result()))

    return asyncio.run(run())
