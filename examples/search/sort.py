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
        page = by_size.uids[:3]
        async for message in inbox.fetch(
            page, MessagePart.ENVELOPE, MessagePart.SIZE, order=FetchOrder.AS_GIVEN
        ):
            print(message.size, message.subject)

        # The newest first needs no sorting: UIDs ascend with time.
        found = await inbox.search(recent)
        async for message in inbox.fetch(
            found, MessagePart.ENVELOPE, order=FetchOrder.NEWEST_FIRST
        ):
            print("newest:", message.subject)
            break


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
