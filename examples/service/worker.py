"""A program that works on mail for ever, and ends in order when it is told to.

It does what is there, then waits for news, so that it need not ask again and again.
SIGTERM and SIGINT end it between two batches, never within one.
"""

import asyncio
import logging
import signal
from collections import Counter

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
)

log = logging.getLogger("worker")

DONE = Flag("Done")
TODO = IMAPSearchCriteria.unkeyword(DONE)


class Worker:
    """Marks every message as done, once, and counts."""

    def __init__(self, inbox: IMAPMailboxUIDService) -> None:
        self._inbox = inbox
        self.counts: Counter[str] = Counter()
        self.stop = asyncio.Event()

    async def work(self, batch: MessageSet) -> None:
        """Do one batch: the business of the program goes here."""
        async for message in self._inbox.fetch(batch, MessagePart.ENVELOPE):
            self.counts["with subject"] += message.subject is not None
        await self._inbox.add_flags(batch, DONE, silent=True)
        self.counts["done"] += len(batch)

    async def work_off(self) -> None:
        """Do all there is, unless told to stop."""
        async for batch in self._inbox.search_batches(TODO, batch_size=10):
            if self.stop.is_set():
                return
            await self.work(batch)


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client, client.watch("INBOX") as events:
        worker = Worker(client.mailbox("INBOX"))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop.set)
        stopped = asyncio.create_task(worker.stop.wait())
        while not worker.stop.is_set():
            await worker.work_off()
            print("waiting, done:", worker.counts["done"], flush=True)
            news = asyncio.create_task(events.get())
            await asyncio.wait({news, stopped}, return_when="FIRST_COMPLETED")
            news.cancel()
        log.info("ending: %s, %s", dict(worker.counts), client.stats())
    print("ended in order")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(ConnectionConfig.from_env()))
