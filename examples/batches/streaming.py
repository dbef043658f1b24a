"""Go through a mailbox of any size in little memory, and stop whenever one likes."""

import asyncio
import tracemalloc

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, MessagePart


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        # Messages come in windows of a few MiB: there is nothing to collect.
        tracemalloc.start()
        octets = 0
        async for message in inbox.fetch(IMAPSearchCriteria.ALL, MessagePart.FULL):
            octets += message.size or 0  # the message is free again after this
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print("read", octets, "octets; bounded:", peak < 32 * 2**20)

        # Nothing is parsed before it is asked for, and nothing more is read
        # after a break: the connection is back in the pool either way.
        async for message in inbox.fetch(IMAPSearchCriteria.ALL):
            if message.has_attachments:
                print("first with attachments:", message.uid)
                break
        print("busy:", client.stats().busy)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
