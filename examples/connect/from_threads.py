"""Use one client from threads, as from tasks of Celery and views of Flask or Django.

The event loop runs in a thread of its own. Whoever needs mail calls into it, and
waits; the connections are shared, and outlive each call.
"""

import asyncio
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from anyio.from_thread import BlockingPortal, start_blocking_portal

from aiosage import ConnectionConfig, Flag, IMAPClient, IMAPSearchCriteria


class Mail:
    """What synchronous code may ask for; any number of threads at once."""

    def __init__(self, portal: BlockingPortal, client: IMAPClient) -> None:
        self._portal = portal
        self._client = client

    def count_unread(self, mailbox: str) -> int:
        """Return how many messages are unread."""
        inbox = self._client.mailbox(mailbox)
        return self._portal.call(inbox.count, IMAPSearchCriteria.UNSEEN)

    def mark_read(self, mailbox: str) -> int:
        """Mark all messages as read, and return how many were not."""
        return self._portal.call(self._mark_read, mailbox)

    async def _mark_read(self, mailbox: str) -> int:
        inbox = self._client.mailbox(mailbox)
        unread = await inbox.search(IMAPSearchCriteria.UNSEEN)
        await inbox.add_flags(unread, Flag.SEEN)
        return len(unread)


@contextmanager
def connected(config: ConnectionConfig) -> Generator[Mail]:
    """Be connected for the block: that of the worker, not of each task."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(IMAPClient(config)) as client,
    ):
        yield Mail(portal, client)


def work(config: ConnectionConfig) -> None:
    """Do what a synchronous program does: know nothing of asyncio."""
    with connected(config) as mail:
        with ThreadPoolExecutor(max_workers=3) as threads:
            counts = threads.map(mail.count_unread, ["INBOX", "Archive", "Sent"])
            print("unread:", *counts)
        print("marked:", mail.mark_read("INBOX"))
        print("unread:", mail.count_unread("INBOX"))


async def main(config: ConnectionConfig) -> None:
    await asyncio.to_thread(work, config)  # where there is no loop, just work(config)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
