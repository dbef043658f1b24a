"""Move old messages to an archive in batches, but keep the important ones."""

import asyncio
from datetime import date, timedelta

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, SpecialUse

Q = IMAPSearchCriteria


async def main(config: ConnectionConfig) -> None:
    month_ago = date.today() - timedelta(days=30)
    old = Q.before(month_ago) & ~Q.FLAGGED
    async with IMAPClient(config) as client:
        await client.folders.ensure("Archive", SpecialUse.ARCHIVE)
        inbox = client.mailbox("INBOX")
        # What is found is a set of its own: moving does not disturb the batches.
        async for batch in inbox.search_batches(old, batch_size=10):
            moved = await inbox.archive(batch)
            print("archived", len(moved.done))
        print("old ones left:", await inbox.count(Q.before(month_ago)))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
