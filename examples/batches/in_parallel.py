"""Work on several batches at once, over several connections."""

import asyncio

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPMailboxUIDService,
    MessagePart,
    MessageSet,
)


async def octets_in(inbox: IMAPMailboxUIDService, batch: MessageSet) -> int:
    """Work on one batch: the pool makes tasks wait for a free connection."""
    sizes = [m.size or 0 async for m in inbox.fetch(batch, MessagePart.SIZE)]
    print("batch of", len(sizes))
    return sum(sizes)


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config, max_connections=3) as client:
        inbox = client.mailbox("INBOX")
        everything = await inbox.search()
        # If one fails the others are cancelled, and the error is raised here.
        async with asyncio.TaskGroup() as tasks:
            work = [
                tasks.create_task(octets_in(inbox, batch))
                for batch in everything.iter_batches(10)
            ]
        print(sum(task.result() for task in work) > 200_000, client.stats().opened)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
