"""Copy a tree of mailboxes with their messages to below another one."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        folders = client.folders
        archive = await folders.path("Archive", "2026")
        await folders.ensure(archive)
        inbox = client.mailbox("INBOX")
        await inbox.copy(IMAPSearchCriteria.ALL, archive)

        for mailbox in await folders.list("Archive*"):
            copy = "Backup" + mailbox.name.removeprefix("Archive")
            await folders.ensure(copy)
            source = client.mailbox(mailbox.name)
            result = await source.copy(await source.search(), copy)
            print(mailbox.name, "->", copy, len(result.messages))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
