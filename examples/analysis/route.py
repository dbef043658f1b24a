"""Move messages to the folder of their category, where one can be sure enough."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from aiosage import (
    ConnectionConfig,
    EmailMessage,
    IMAPClient,
    IMAPSearchCriteria,
    MessageSet,
)

Classifier = Callable[[EmailMessage], tuple[str, float]]
SURE = 0.7
WORDS = {
    "Support": ("help", "printer", "ticket", "issue"),
    "Sales": ("order", "invoice", "total", "price"),
    "News": ("news", "unsubscribe", "list"),
}


def by_words(message: EmailMessage) -> tuple[str, float]:
    """Stand in for a model: return a category, and how sure it is, from 0 to 1."""
    text = f"{message.subject} {message.readable_text()}".lower()
    hits = {name: sum(word in text for word in of) for name, of in WORDS.items()}
    best = max(hits, key=hits.__getitem__)
    return best, hits[best] / (sum(hits.values()) or 1)


async def main(config: ConnectionConfig, classify: Classifier = by_words) -> None:
    todo = IMAPSearchCriteria.since_days(14).unseen()
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        found: defaultdict[str, list[int]] = defaultdict(list)
        async for message in inbox.fetch_text(todo):
            category, sureness = await asyncio.to_thread(classify, message)
            if sureness >= SURE:
                found[category].append(message.uid)
        for category, uids in found.items():
            await client.folders.ensure(category)
            result = await inbox.move(MessageSet(uids), category)
            print(category, len(result.done))
        print("left:", await inbox.count(todo))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
