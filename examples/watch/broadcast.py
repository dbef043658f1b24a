"""Send what happens to every program that connects, as lines of JSON over TCP.

With a WebSocket server it is the same: `serve` gets a socket instead of a writer.
"""

import asyncio
import json
from dataclasses import asdict

from aiosage import ConnectionConfig, IMAPClient, NewMessage, WatchEvent


class Broadcast:
    """The listeners, each with a queue: one that is slow holds up no other."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[WatchEvent]] = set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Send events to one listener until it is gone."""
        queue: asyncio.Queue[WatchEvent] = asyncio.Queue(maxsize=100)
        self._queues.add(queue)
        try:
            while True:
                event = await queue.get()
                told = {"type": type(event).__name__, **asdict(event)}
                writer.write(json.dumps(told, default=sorted).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self._queues.discard(queue)
            writer.close()

    def send(self, event: WatchEvent) -> None:
        """Give *event* to all, but for those that are 100 behind."""
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(event)


async def listen(port: int) -> None:
    """Print the first line that comes: what another program would do."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = json.loads(await reader.readline())
    print(told["type"], "in", told["mailbox"])
    writer.close()
    await writer.wait_closed()


async def main(config: ConnectionConfig) -> None:
    broadcast = Broadcast()
    server = await asyncio.start_server(broadcast.serve, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    async with server, IMAPClient(config) as client, client.watch("INBOX") as events:
        listeners = [asyncio.create_task(listen(port)) for _ in range(2)]
        while not all(listener.done() for listener in listeners):
            event = await events.get()
            if isinstance(event, NewMessage):
                broadcast.send(event)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
