"""Read the envelopes once, and answer many questions without the server."""

import asyncio
from collections import defaultdict

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
)


def size_class(octets: int) -> str:
    """Return a word for a size."""
    return "small" if octets < 5_000 else "medium" if octets < 100_000 else "large"


async def main(config: ConnectionConfig) -> None:
    by_sender: dict[str, set[int]] = defaultdict(set)
    by_size: dict[str, set[int]] = defaultdict(set)
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        async for message in inbox.fetch(
            IMAPSearchCriteria.ALL, MessagePart.ENVELOPE, MessagePart.SIZE
        ):
            assert message.size is not None
            if message.from_address is not None:
                by_sender[message.from_address.address].add(message.uid)
            by_size[size_class(message.size)].add(message.uid)

        boss = MessageSet.from_uids(by_sender["boss@example.org"])
        small = MessageSet.from_uids(by_size["small"])
        print("from the boss:", boss, "and small:", boss & small)
        print({name: len(uids) for name, uids in sorted(by_size.items())})


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
