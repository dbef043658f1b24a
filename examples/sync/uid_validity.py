"""Never use UIDs of a mailbox that has been made anew meanwhile."""

import asyncio

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPClient,
    IMAPSearchCriteria,
    MessageSet,
    UIDValidityChanged,
)

MESSAGE = b"From: ann@example.org\r\nSubject: %s\r\n\r\nHello\r\n"


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        await client.folders.create("Project")
        project = client.mailbox("Project")
        await project.append(MESSAGE % b"before")
        found = await project.search()
        saved = (str(found), found.uidvalidity)  # what a program would write down

        # Somebody removes the mailbox, and makes another of the same name.
        await client.folders.delete("Project")
        await client.folders.create("Project")
        await project.append(MESSAGE % b"after")

        uids, uidvalidity = saved
        stale = MessageSet.parse(uids, mailbox="Project", uidvalidity=uidvalidity)
        try:
            await project.add_flags(stale, Flag.FLAGGED)
        except UIDValidityChanged as error:
            print("refused:", error)
        flagged = await project.search(IMAPSearchCriteria.FLAGGED)
        print("the other message was left alone:", not flagged)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
