"""Send what happens to every program that connects, as lines of JSON over TCP.

With WebSockets it is the same, with another server.
"""

import asyncio
import json
from dataclasses import asdict

from aiosage import ConnectionConfig, IMAPClient, NewMessage, WatchEvent

MOST_BEHIND = 2**16  # octets that a slow listener may have waiting


class Broadcast:
    """The listeners. One that is slow holds up no other, and misses events."""

    def __init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Have one more listener, until it is gone."""
        self._writers.add(writer)
        try:
            while await reader.read(1024):
                pass  # what it says is of no interest
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def send(self, event: WatchEvent) -> None:
        """Tell all listeners of *event*."""
        told = {"type": type(event).__name__, **asdict(event)}
        line = json.dumps(told, default=sorted).encode() + b"\n"
        for writer in self._writers:
            if writer.transport.get_write_buffer_size() < MOST_BEHIND:
                writer.write(line)

    async def aclose(self) -> None:
        """Say goodbye to all."""
        writers = list(self._writers)
        for writer in writers:
            writer.close()
        waits = (writer.wait_closed() for writer in writers)
        await asyncio.gather(*waits, return_exceptions=True)


async def listen(port: int) -> None:
    """Print the first line that comes: what another program would do."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = json.loads(await reader.readline())
    print(told["type"], "in", told["mailbox"])
    writer.close()
    await writer.wait_closed()


async def main(config: ConnectionConfig) -> None:
    broadcast = Broadcast()
    async with IMAPClient(config) as client, client.watch("INBOX") as events:
        server = await asyncio.start_server(broadcast.serve, "127.0.0.1", 0)
        async with server:
            port: int = server.sockets[0].getsockname()[1]
            listeners = [asyncio.create_task(listen(port)) for _ in range(2)]
            while not all(listener.done() for listener in listeners):
                event = await events.get()
                if isinstance(event, NewMessage):
                    broadcast.send(event)
            await broadcast.aclose()


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
