"""A relay that cuts once, after so many octets of what a test does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress


class CuttingRelay:
    """Passes octets on until it is time; later connections pass whole.

    Attributes:
        port: where it listens, on the loopback interface.
        sent: octets that clients sent since `arm`.
        received: octets that servers sent since then.
        cuts: how often it cut.
    """

    def __init__(self) -> None:
        self.port = 0
        self.sent = self.received = self.cuts = 0
        self._limits: tuple[int | None, int | None] = (None, None)
        self._writers: set[asyncio.StreamWriter] = set()

    def arm(self, *, sent: int | None = None, received: int | None = None) -> None:
        """Cut all connections once so many octets have passed from now on."""
        self.sent = self.received = 0
        self._limits = (sent, received)
        self._cut_if_due()

    def _cut_if_due(self) -> None:
        sent, received = self._limits
        if (sent is not None and self.sent >= sent) or (
            received is not None and self.received >= received
        ):
            self._limits = (None, None)
            self.cuts += 1
            for writer in self._writers:
                writer.transport.abort()

    @asynccontextmanager
    async def before(self, host: str, port: int) -> AsyncGenerator[CuttingRelay]:
        """Listen, and pass what comes to the server there."""
        tasks: set[asyncio.Task[None]] = set()

        async def serve(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            writers = {writer}
            try:
                with suppress(OSError, asyncio.CancelledError):
                    from_server, to_server = await asyncio.open_connection(host, port)
                    writers.add(to_server)
                    self._writers |= writers
                    await asyncio.gather(
                        self._pump(reader, to_server, is_sent=True),
                        self._pump(from_server, writer, is_sent=False),
                    )
            finally:
                self._writers -= writers
                for one in writers:
                    one.transport.abort()
                tasks.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_sent: bool
    ) -> None:
        while data := await reader.read(65536):
            limit = self._limits[0 if is_sent else 1]
            if limit is not None:
                data = data[: limit - (self.sent if is_sent else self.received)]
            writer.write(data)
            if is_sent:
                self.sent += len(data)
            else:
                self.received += len(data)
            with suppress(OSError):
                await writer.drain()
            self._cut_if_due()
        writer.transport.abort()
