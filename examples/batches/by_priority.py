"""Do what matters first: sort messages into classes, and go through them in order."""

import asyncio

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
)

Q = IMAPSearchCriteria

PRIORITIES = {
    "high": Q.FLAGGED | Q.subject("urgent"),
    "normal": Q.UNSEEN & ~Q.header("List-Id"),
    "low": Q.ALL,
}


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        done = MessageSet()
        for priority, criteria in PRIORITIES.items():
            messages = await inbox.search(criteria) - done
            print(f"{priority}: {len(messages)}")
            async for message in inbox.fetch(messages, MessagePart.ENVELOPE):
                if priority == "high":
                    print("  ", message.subject)
            done |= messages


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
