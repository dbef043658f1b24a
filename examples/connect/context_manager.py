"""Open an account for a block, and be logged out whatever happens in it."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        print(len(await inbox.search()), "messages")
    # Logged out and closed, even if the block was left by an error or cancelled.
    print("connections left:", client.stats().size)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
