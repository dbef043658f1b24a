"""Show conversations as trees, whether or not the server knows of them."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, MessagePart


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        threads = await inbox.thread(IMAPSearchCriteria.since_days(14))
        subjects = {
            message.uid: message.subject
            async for message in inbox.fetch(threads, MessagePart.ENVELOPE)
        }
        print(len(threads), "conversations of", len(threads.messages), "messages")
        for thread in threads:
            for depth, uid in thread.walk():
                print("  " * depth + f"{uid}: {subjects[uid]}")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
