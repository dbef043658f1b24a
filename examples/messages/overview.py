"""Fetch only what a list of messages shows; fetch one of them when it is opened."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, MessagePart

OVERVIEW = (
    MessagePart.ENVELOPE,
    MessagePart.FLAGS,
    MessagePart.INTERNAL_DATE,
    MessagePart.SIZE,
)


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        recent = IMAPSearchCriteria.since_days(14)
        opened = None
        async for message in inbox.fetch(recent, *OVERVIEW):
            print(message.uid, message.size, message.from_address, message.subject)
            if message.subject == "Lunch tomorrow?":
                opened = message.uid
        if opened is not None:
            print((await inbox.fetch_one(opened)).text)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
