"""Copy, move, throw away, restore, and remove for good: these and no others."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, MessageSet


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        budget = await inbox.search(IMAPSearchCriteria.subject("Budget"))
        copied = await inbox.copy(budget, "Archive")
        print("copied:", budget, "->", copied.messages)

        thrown_away = await inbox.delete(budget)  # into the trash
        trash = client.mailbox(thrown_away.mailbox)
        print("in", trash.name, thrown_away.messages)

        first = thrown_away.messages.first
        assert first is not None
        restored = await trash.move([first], "INBOX")
        print("restored as", restored.messages)

        gone = await trash.expunge(thrown_away.messages - MessageSet([first]))
        print("gone for good:", gone.done)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
