"""Write what a program does against the service, and choose the account outside."""

import asyncio
from collections.abc import Callable

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPSearchCriteria,
    MessagePart,
)


async def report_unread(
    inbox: IMAPMailboxUIDService, report: Callable[[str], object]
) -> int:
    """Tell who wrote unread messages: knows no host, no password, no output."""
    unread = await inbox.search(IMAPSearchCriteria.UNSEEN)
    async for message in inbox.fetch(unread, MessagePart.ENVELOPE):
        report(str(message.from_address))
    return len(unread)


async def main(config: ConnectionConfig) -> None:
    senders: set[str] = set()
    async with IMAPClient(config) as client:
        count = await report_unread(client.mailbox("INBOX"), senders.add)
    print(count, "unread by", len(senders), "people")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
