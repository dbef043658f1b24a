"""Synchronise again and again: only what has changed is asked for."""

import asyncio

from aiosage import ConnectionConfig, Flag, IMAPClient, IMAPSearchCriteria
from aiosage.sync import SQLiteStore, sync_mailbox

MESSAGE = b"From: ann@example.org\r\nSubject: new\r\n\r\nHello\r\n"


async def main(config: ConnectionConfig) -> None:
    async with SQLiteStore("mail.sqlite") as store, IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")

        async def sync() -> None:
            report = await sync_mailbox(client, "INBOX", store)
            print(
                f"{report.new} new, {report.vanished} gone,"
                f" {report.flags_changed} with other flags"
            )

        await sync()
        await sync()
        await inbox.move(IMAPSearchCriteria.subject("Budget"), "Archive")
        await inbox.add_flags(IMAPSearchCriteria.ALL, Flag("Old"))
        await inbox.append(MESSAGE)
        await sync()


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
