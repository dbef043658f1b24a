"""Count messages, and find the oldest and the newest, without a list of them."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria


async def main(config: ConnectionConfig) -> None:
    unread = IMAPSearchCriteria.UNSEEN
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        print(await inbox.count(unread), "unread")
        print("from", await inbox.first(unread), "to", await inbox.last(unread))
        print("how:", await inbox.explain(unread))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
