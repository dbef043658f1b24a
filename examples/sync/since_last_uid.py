"""See what is new since the last look, without a database: by the highest UID."""

import asyncio

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPMailboxUIDService,
    MessagePart,
    MessageSet,
)

MESSAGE = b"From: ann@example.org\r\nSubject: News %d\r\n\r\nHello\r\n"


async def new_since(
    inbox: IMAPMailboxUIDService, known: MessageSet, next_uid: int
) -> MessageSet:
    """Return the messages from *next_uid* on, all if UIDs mean something else."""
    found = await inbox.search()
    if found.uidvalidity != known.uidvalidity:
        return found
    return found & MessageSet.from_range(next_uid, 2**32 - 1)


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        known = await inbox.search()
        print("known:", len(known), "up to", known.last)
        for number in range(2):
            await inbox.append(MESSAGE % number)
        new = await new_since(inbox, known, (known.last or 0) + 1)
        async for message in inbox.fetch(new, MessagePart.ENVELOPE):
            print("new:", message.uid, message.subject)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
