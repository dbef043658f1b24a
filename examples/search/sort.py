"""Show messages in any order; a server that cannot sort is helped out."""

import asyncio

from aiosage import (
    ConnectionConfig,
    FetchOrder,
    IMAPClient,
    IMAPSearchCriteria,
    MessagePart,
    SortKey,
)


async def main(config: ConnectionConfig) -> None:
    recent = IMAPSearchCriteria.since_days(14)
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        by_size = await inbox.sort(recent, SortKey.SIZE.descending)
        print("done by", by_size.plan.command)
        async for message in inbox.fetch(
            by_size[:3], MessagePart.ENVELOPE, MessagePart.SIZE
        ):
            print(message.size, message.subject)

        # The newest first needs no sorting: UIDs ascend with time.
        async for message in inbox.fetch(
            recent, MessagePart.ENVELOPE, order=FetchOrder.NEWEST_FIRST
        ):
            print("newest:", message.subject)
            break


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
