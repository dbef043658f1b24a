"""A service for containers: settings from outside, probes, and an end in order.

It reads AIOSAGE_URL, AIOSAGE_PASSWORD_FILE (a mounted secret), HEALTH_PORT and
GRACE_SECONDS. ``/live`` answers while the loop runs: a mail server that is lost is
waited for, and no reason to be restarted. ``/ready`` tells whether it is there. At
SIGTERM what is in hand is finished, within the grace period, and nothing is begun.
"""

import asyncio
import os
import signal
import sys

from aiohttp import web

from aiosage import (
    AccountState,
    ConnectionConfig,
    EmailMessage,
    EventQueue,
    Flag,
    IMAPClient,
    IMAPSearchCriteria,
    NewMessage,
)

DONE = Flag("Done")
TODO = IMAPSearchCriteria.unkeyword(DONE)


async def handle(message: EmailMessage) -> None:
    """Do with one message what the service is for."""


class Service:
    """Handles every message of INBOX, some at once."""

    def __init__(self, client: IMAPClient, events: EventQueue) -> None:
        self._client = client
        self._events = events
        self._is_ending = False

    async def run(self) -> None:
        """Handle what there is, and what comes, until told to end."""
        await self._work_off()
        async for event in self._events:
            if isinstance(event, NewMessage) and not self._is_ending:
                await self._work_off()

    async def _work_off(self) -> None:
        inbox = self._client.mailbox("INBOX")
        async for batch in inbox.search_batches(TODO, batch_size=10):
            if self._is_ending:
                break
            result = await inbox.process_in_batches(batch, handle, concurrency=5)
            await inbox.add_flags(result.succeeded, DONE)
            print("done:", len(result.succeeded), flush=True)

    def end(self, limit: asyncio.Timeout, grace: float) -> None:
        """Begin nothing more, and be done with the rest in *grace* seconds."""
        self._is_ending = True
        self._events.unsubscribe()
        limit.reschedule(asyncio.get_running_loop().time() + grace)

    async def answer(self, request: web.Request) -> web.Response:
        """Tell how it is, to who asks ``/live`` or ``/ready``."""
        state = self._client.health().state
        is_ready = state is AccountState.HEALTHY and not self._is_ending
        is_well = is_ready or request.path == "/live"
        return web.Response(text=f"{state}\n", status=200 if is_well else 503)


async def main(config: ConnectionConfig, port: int, grace: float) -> None:
    async with IMAPClient(config) as client, client.watch("INBOX") as events:
        service = Service(client, events)
        app = web.Application()
        app.router.add_get("/{probe:live|ready}", service.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "0.0.0.0", port).start()
            print("probes at port", runner.addresses[0][1], flush=True)
            async with asyncio.timeout(None) as limit:
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(signal.SIGTERM, service.end, limit, grace)
                await service.run()
        finally:
            await runner.cleanup()
    print("ended in order")


if __name__ == "__main__":
    health_port = int(os.environ.get("HEALTH_PORT", "8080"))
    grace_seconds = float(os.environ.get("GRACE_SECONDS", "20"))
    try:
        asyncio.run(main(ConnectionConfig.from_env(), health_port, grace_seconds))
    except TimeoutError:
        sys.exit("not finished within the grace period")
