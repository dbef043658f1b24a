"""A TCP relay between a client and its server: it records, counts and cuts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Relay:
    """Passes octets on, from a port of its own to *host* and *port*.

    Attributes:
        sent: what each client sent, in the order they connected.
        most: the most connections there were at once.
        is_open: whether new connections are taken; else they are reset.
        before_sending: called with what a client sent, before it is passed on.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = "127.0.0.1"
        self._upstream = (host, port)
        self._clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._changed = asyncio.Event()
        self.sent: list[bytearray] = []
        self.most = 0
        self.is_open = True
        self.before_sending: Callable[[bytes], None] | None = None

    @property
    def port(self) -> int:
        """Where clients connect to."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._clients)

    @property
    def commands(self) -> list[str]:
        """The names of all commands, such as ``UID FETCH``, per connection."""
        names: list[str] = []
        for octets in self.sent:
            for line in octets.decode("utf-8", "replace").upper().split("\r\n"):
                words = line.split()[1:3]
                if words:
                    names.append(" ".join(words if words[0] == "UID" else words[:1]))
        return names

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._clients.values():
            writer.transport.abort()

    def freeze(self) -> None:
        """Pass nothing on, as a network does that drops packets."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Pass everything on again."""
        self._thawed.set()

    async def wait_connections(self, count: int) -> None:
        """Wait until there are *count*."""
        async with asyncio.timeout(10):
            while len(self._clients) != count:
                self._changed.clear()
                await self._changed.wait()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        tasks = list(self._clients)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self.is_open:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._clients[task] = writer
        self._changed.set()
        self.most = max(self.most, len(self._clients))
        record = bytearray()
        self.sent.append(record)
        upstream: asyncio.StreamWriter | None = None
        try:
            with suppress(OSError, asyncio.CancelledError):
                from_server, upstream = await asyncio.open_connection(*self._upstream)
                async with asyncio.TaskGroup() as tasks:
                    pumps = [
                        tasks.create_task(self._pump(reader, upstream, record)),
                        tasks.create_task(self._pump(from_server, writer, None)),
                    ]
                    await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                    for pump in pumps:
                        pump.cancel()
        finally:
            del self._clients[task]
            self._changed.set()
            for end in (writer, upstream):
                if end is not None:
                    end.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        record: bytearray | None,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._thawed.wait()
                if record is not None:
                    record += data
                    if self.before_sending is not None:
                        self.before_sending(data)
                writer.write(data)
                await writer.drain()
