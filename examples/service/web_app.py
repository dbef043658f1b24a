"""Mail in a web application: one client for all requests, for as long as it runs.

With FastAPI and others it is the same: open the client where the application begins,
and close it where it ends. It listens on WEB_PORT.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from aiosage import (
    ConnectionConfig,
    Descending,
    IMAPClient,
    IMAPError,
    IMAPMessageError,
    IMAPSearchCriteria,
    MessagePart,
    SortKey,
)

CLIENT = web.AppKey("client", IMAPClient)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def newest(request: web.Request) -> web.Response:
    """Tell the ten newest messages."""
    inbox = request.app[CLIENT].mailbox("INBOX")
    found = await inbox.sort(IMAPSearchCriteria.ALL, Descending(SortKey.ARRIVAL))
    return web.json_response(
        [
            {"uid": message.uid, "subject": message.subject}
            async for message in inbox.fetch(found[:10], MessagePart.ENVELOPE)
        ]
    )


async def text(request: web.Request) -> web.Response:
    """Show the text of one message."""
    inbox = request.app[CLIENT].mailbox("INBOX")
    message = await inbox.fetch_one(int(request.match_info["uid"]))
    return web.Response(text=message.readable_text())


@web.middleware
async def told_plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 404 where there is no such message, and 503 where there is no server."""
    try:
        return await handler(request)
    except IMAPMessageError:
        raise web.HTTPNotFound from None
    except IMAPError as error:
        raise web.HTTPServiceUnavailable(text=type(error).__name__) from error


def application(config: ConnectionConfig) -> web.Application:
    """Return the application, which may be part of a larger one."""

    async def connected(app: web.Application) -> AsyncIterator[None]:
        async with IMAPClient(config, max_connections=4) as app[CLIENT]:
            yield

    app = web.Application(middlewares=[told_plainly])
    app.cleanup_ctx.append(connected)
    app.router.add_get("/messages", newest)
    app.router.add_get(r"/messages/{uid:[1-9]\d{0,8}}", text)
    return app


async def main(config: ConnectionConfig, port: int) -> None:
    runner = web.AppRunner(application(config))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print("serving at port", runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    web_port = int(os.environ.get("WEB_PORT", "8000"))
    asyncio.run(main(ConnectionConfig.from_env(), web_port))
