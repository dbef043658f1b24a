"""List mailboxes with what each is for and how it stands, in one round trip."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, SpecialUse


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        for mailbox in await client.folders.list(status=True):
            kind = mailbox.special_use.name if mailbox.special_use else "folder"
            if mailbox.status is None:  # holds only other mailboxes
                print(mailbox.name, kind)
                continue
            status = mailbox.status
            print(f"{mailbox.name}: {kind}, {status.messages} messages,", end=" ")
            print(f"{status.unseen} unread, UIDVALIDITY {status.uidvalidity}")

        # Which is the trash: by attribute, else by the names it usually has.
        trash = await client.folders.special(SpecialUse.TRASH)
        print("trash:", trash.name if trash else "none")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
