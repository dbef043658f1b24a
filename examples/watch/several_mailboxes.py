"""Watch several mailboxes, and see where messages come from and go to."""

import asyncio

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPSearchCriteria,
    MessageExpunged,
    NewMessage,
)


async def main(config: ConnectionConfig) -> None:
    async with (
        IMAPClient(config) as client,
        client.watch("INBOX", "Archive") as events,
    ):
        inbox = client.mailbox("INBOX")
        budget = await inbox.search(IMAPSearchCriteria.subject("Budget"))
        await inbox.move(budget, "Archive")

        seen: list[str] = []
        while len(seen) < 2 * len(budget):
            match await events.get():
                case NewMessage(mailbox):
                    seen.append(f"new in {mailbox}")
                case MessageExpunged(mailbox):
                    seen.append(f"gone from {mailbox}")
                case _:  # flags, or the state of the connection
                    pass
        print(*sorted(seen), sep="\n")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
