"""Make batches larger while the work on them is quick, and smaller when it is not.

What is asked of the server at once need not be adapted: `fetch` does, by itself.
This is for what one's own program does with a batch, such as one transaction.
"""

import asyncio
import time

from aiosage import ConnectionConfig, IMAPClient, MessagePart, MessageSet

QUICK, SLOW = 0.5, 2.0  # seconds
SMALLEST, LARGEST = 5, 200


def next_size(size: int, seconds: float) -> int:
    """Return how large the next batch should be."""
    if seconds < QUICK:
        return min(size * 2, LARGEST)
    return max(size // 2, SMALLEST) if seconds > SLOW else size


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        left = await inbox.search()
        size = SMALLEST
        while left:
            batch = next(left.iter_batches(size))
            started = time.monotonic()
            await work(batch, [m async for m in inbox.fetch(batch, MessagePart.SIZE)])
            size = next_size(size, time.monotonic() - started)
            left -= batch


async def work(batch: MessageSet, found: list[object]) -> None:
    """Do what is done to one batch."""
    print("worked on", len(found), "of", batch)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
