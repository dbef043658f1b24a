"""A command over a protocol without a socket: octets in, lines out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aioimaplib import aioimaplib

from aiosage.connection._legacy_protocol import LegacyProtocol
from aiosage.wire.commands import SessionState


class Transport(asyncio.Transport):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()

    def write(self, data: Any) -> None:  # whatever the base takes
        """Keep *data*."""
        self.sent += data

    def get_write_buffer_size(self) -> int:
        """Say that all is written."""
        return 0

    def abort(self) -> None:
        """Nothing is open."""


def session_of(make: Any) -> Any:
    """Return a protocol of the class *make* with a mailbox open."""
    session = make(asyncio.get_running_loop(), None)
    session.connection_made(Transport())
    if isinstance(session, LegacyProtocol):
        session.data_received(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n")
        session.session_state = SessionState.SELECTED
    session.capabilities = {"IDLE"}
    session.state = aioimaplib.SELECTED
    return session


def begin(session: Any, name: str) -> asyncio.Task[Any]:
    """Send the command *name*, tagged TAG1."""
    kind = aioimaplib.FetchCommand if name == "FETCH" else aioimaplib.Command
    args = () if name == "FETCH" else (name,)
    command = kind(*args, "TAG1", loop=session.loop)
    return asyncio.get_running_loop().create_task(session.execute(command))


async def answer_of(
    make: Any, name: str, pieces: Sequence[bytes]
) -> tuple[object, object]:
    """Return the result and the lines that command *name* ends with."""
    session = session_of(make)
    waiting = begin(session, name)
    await asyncio.sleep(0)
    try:
        for piece in pieces:
            session.data_received(piece)
        response = await asyncio.wait_for(waiting, 0.05)
    except (Exception, RecursionError) as error:
        waiting.cancel()
        await asyncio.wait([waiting])
        return "raised", error
    return response.result, response.lines
