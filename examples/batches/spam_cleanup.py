"""Let the server find suspects, judge them here, and move them to Junk."""

import asyncio

from aiosage import (
    ConnectionConfig,
    EmailMessage,
    FetchedMessage,
    Flag,
    IMAPClient,
    IMAPSearchCriteria,
)

Q = IMAPSearchCriteria
WORDS = ("winner", "lottery", "inheritance", "free", "prize", "urgent")


def score(message: EmailMessage) -> float:
    """Return how likely it is spam, from 0 to 1."""
    subject = message.subject or ""
    text = f"{subject} {message.readable_text() or ''}".lower()
    hits = sum(word in text for word in WORDS)
    shouts = sum(map(str.isupper, subject)) > len(subject) / 3
    return min(1.0, 0.25 * hits + 0.25 * shouts)


async def main(config: ConnectionConfig) -> None:
    suspect = Q.or_criteria(*map(Q.subject, WORDS), *map(Q.body, WORDS))
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        spam: list[FetchedMessage] = []
        async for message in inbox.fetch_text(suspect):
            print(f"{score(message):.2f}", message.subject)
            if score(message) > 0.8:
                spam.append(message)
        await inbox.add_flags(spam, Flag.JUNK)
        moved = await inbox.junk(spam)
        print("moved to", moved.mailbox, len(moved.done))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
