"""Handle new messages by what they are, and mark those that are done."""

import asyncio
from collections import Counter

from aiosage import (
    ConnectionConfig,
    EmailMessage,
    Flag,
    IMAPClient,
    IMAPSearchCriteria,
)

HANDLED = Flag("Handled")
SUPPORT = ("help", "support", "issue", "ticket")
ORDERS = ("order", "invoice", "receipt", "shipment")


def kind_of(message: EmailMessage) -> str:
    """Return what kind of message it is."""
    subject = (message.subject or "").lower()
    if any(word in subject for word in SUPPORT):
        return "support"
    if any(word in subject for word in ORDERS):
        return "order"
    return "with attachments" if message.has_attachments else "general"


async def handle(message: EmailMessage, kind: str) -> None:
    """Do with a message what its kind asks for: open a ticket, book an order."""
    if kind == "support":
        print("ticket:", message.subject, "by", message.from_address)


async def main(config: ConnectionConfig) -> None:
    # A keyword says what this program has done, whoever else reads the mail.
    new = IMAPSearchCriteria().unseen().unkeyword(HANDLED).since_days(14)
    kinds: Counter[str] = Counter()

    async def handle_any(message: EmailMessage) -> None:
        kind = kind_of(message)
        await handle(message, kind)
        kinds[kind] += 1

    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        async for batch in inbox.search_batches(new, batch_size=5):
            result = await inbox.process_in_batches(batch, handle_any)
            await inbox.add_flags(result.succeeded, HANDLED)
            for uid, error in result.failed.items():  # still to be done, next time
                print(uid, error)
        print(dict(sorted(kinds.items())))
        print("left:", await inbox.count(new))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
