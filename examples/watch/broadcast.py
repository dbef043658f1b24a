"""Send what happens to every browser that is connected, as JSON over WebSockets."""

import asyncio
from contextlib import suppress
from dataclasses import asdict

from aiohttp import ClientSession, web

from aiosage import ConnectionConfig, EventQueue, IMAPClient, NewMessage

MOST_BEHIND = 100  # events that wait for a slow listener; the others are told later


async def tell(socket: web.WebSocketResponse, events: EventQueue) -> None:
    """Tell one listener, at its own pace."""
    with suppress(ConnectionError):  # it is gone
        async for event in events:
            if isinstance(event, NewMessage):
                told = asdict(event) | {"flags": sorted(event.flags)}
                await socket.send_json({"type": "new", **told})


async def listen(url: str) -> None:
    """Print the first event that comes: what a browser would do."""
    async with ClientSession() as session, session.ws_connect(url) as socket:
        print("listening", flush=True)
        told = await socket.receive_json()
        print(told["type"], "in", told["mailbox"])


async def main(config: ConnectionConfig, port: int = 0) -> None:
    async with IMAPClient(config) as client, client.watch("INBOX") as events:

        async def serve(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(heartbeat=30.0)
            await socket.prepare(request)
            own = events.subscribe(MOST_BEHIND)  # none holds up another
            telling = asyncio.create_task(tell(socket, own))
            try:
                async for _ in socket:
                    pass  # what it says is of no interest
            finally:
                own.unsubscribe()
                telling.cancel()
                await asyncio.wait([telling])
            return socket

        app = web.Application()
        app.router.add_get("/events", serve)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            host, at = runner.addresses[0][:2]
            url = f"ws://{host}:{at}/events"
            await asyncio.gather(listen(url), listen(url))  # for ever, in a service
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
