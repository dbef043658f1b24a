"""See what is new since the last look, without a database: by the highest UID."""

import asyncio

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPMailboxUIDService,
    MessagePart,
    MessageSet,
    UIDValidityChanged,
)

MESSAGE = b"From: ann@example.org\r\nSubject: News %d\r\n\r\nHello\r\n"


async def state_of(inbox: IMAPMailboxUIDService) -> str:
    """Return what to keep: every UID above those of today, as text."""
    known = await inbox.search()
    print("known:", len(known), "up to", known.last)
    new = MessageSet.from_range(
        (known.last or 0) + 1, mailbox=known.mailbox, uidvalidity=known.uidvalidity
    )
    return new.to_json()


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        kept = await state_of(inbox)
        for number in range(2):
            await inbox.append(MESSAGE % number)

        new = MessageSet.from_json(kept)
        try:
            async for message in inbox.fetch(new, MessagePart.ENVELOPE):
                print("new:", message.uid, message.subject)
        except UIDValidityChanged:
            kept = await state_of(inbox)  # it was made anew: all of it is new


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
