"""A TCP relay in front of a server: it counts, cuts at an octet, and refuses."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import Literal

How = Literal["fin", "rst"]

_BODY_FETCH = re.compile(rb"UID FETCH \S+ \([^)\r]*BODY\.PEEK\[\]")
_BODY_ANSWER = re.compile(rb"BODY\[\] ")


class Relay:
    """Passes octets on, from a port of its own to *host* and *port*.

    Attributes:
        cuts: for each connection to come, after how many octets from the server
            it is cut, and how; the connections after these are not cut.
        refuse: told each line of the client; what it returns, if anything, is
            answered instead of asking the server, and "" cuts the connection.
        connections: how many there were.
        most: most of them at once.
        lines: what the clients sent.
        bodies: messages that the server sent whole.
        octets: of the server, passed on.
    """

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self.host = "127.0.0.1"
        self.port = 0
        self.cuts: list[tuple[int, How]] = []
        self.refuse: Callable[[bytes], bytes | None] = lambda _line: None
        self.connections = 0
        self.most = 0
        self.lines: list[bytes] = []
        self.bodies = 0
        self.octets = 0

    @property
    def body_fetches(self) -> list[bytes]:
        """The commands that asked for whole messages."""
        return [line for line in self.lines if _BODY_FETCH.search(line)]

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.most = max(self.most, len(self._tasks))
        cut = self.cuts.pop(0) if self.cuts else None
        upstream: asyncio.StreamWriter | None = None
        pumps: list[asyncio.Task[None]] = []
        try:
            answers, upstream = await asyncio.open_connection(*self._upstream)
            pumps = [
                asyncio.create_task(self._pass_commands(reader, upstream, writer)),
                asyncio.create_task(self._pass_answers(answers, writer, cut)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the test is over; asyncio.start_server would complain
        finally:
            # All at once, since what follows may be cancelled.
            self._tasks.discard(task)
            ends = [end for end in (writer, upstream) if end is not None]
            for pump in pumps:
                pump.cancel()
            for end in ends:
                end.close()
            waits = (end.wait_closed() for end in ends)
            await asyncio.gather(*pumps, *waits, return_exceptions=True)

    async def _pass_commands(
        self,
        reader: asyncio.StreamReader,
        upstream: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self.lines.append(line)
                answer = self.refuse(line)
                if answer is None:
                    upstream.write(line)
                elif answer:
                    client.write(answer)
                else:
                    return

    async def _pass_answers(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        cut: tuple[int, How] | None,
    ) -> None:
        left, how = cut or (None, "fin")
        tail = b""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                if left is not None:
                    data, left = data[:left], left - len(data)
                self.octets += len(data)
                self.bodies += len(_BODY_ANSWER.findall(tail + data))
                tail = data[-6:]
                writer.write(data)
                await writer.drain()
                if left is not None and left <= 0:
                    if how == "rst":
                        reset = struct.pack("ii", 1, 0)  # linger for no time
                        raw: socket.socket = writer.get_extra_info("socket")
                        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                        writer.transport.abort()
                    return

    async def aclose(self) -> None:
        """End every connection, without waiting for anybody."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Relay]:
        """Listen within the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await self.aclose()
            await server.wait_closed()
