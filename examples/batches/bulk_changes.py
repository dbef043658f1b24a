"""Change many messages at once, and know of each what happened."""

import asyncio

from aiosage import ConnectionConfig, Flag, IMAPClient, IMAPConnectionError


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        everything = await inbox.search()
        # However long the set, it is sent in lines that the server takes.
        marked = await inbox.add_flags(everything, Flag.SEEN, silent=True)
        print("marked:", len(marked.done), "uncertain:", len(marked.uncertain))
        try:
            copied = await inbox.copy(everything, "Archive")
        except IMAPConnectionError as error:
            print("so far:", error.partial)  # what was copied, and what may be
            raise
        print("copied:", len(copied.uids), "to", copied.mailbox)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
