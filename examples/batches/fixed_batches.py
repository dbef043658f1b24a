"""Go through a mailbox in batches of a fixed size, and time each."""

import asyncio
import time

from aiosage import ConnectionConfig, IMAPClient, MessagePart


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        everything = await inbox.search()
        started = time.monotonic()
        for number, batch in enumerate(everything.iter_batches(15), 1):
            subjects = [
                message.subject
                async for message in inbox.fetch(batch, MessagePart.HEADER)
            ]
            print(f"batch {number}: {len(subjects)} messages, {batch}")
        seconds = time.monotonic() - started
        print(f"{len(everything)} messages, {len(everything) / seconds:.0f} a second")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
