"""Classify messages by a function of one's own, in a thread, and keep the result.

The function may be a model: all it gets is text. Labels are kept on the server as
keywords, so that no message is classified twice, and every program can see them.
"""

import asyncio
from collections.abc import Callable

from aiosage import ConnectionConfig, Flag, IMAPClient, IMAPSearchCriteria

Classifier = Callable[[str], str]

LABELS = ("Money", "Work", "Other")


def by_words(text: str) -> str:
    """Stand in for a model: return one of `LABELS`."""
    text = text.lower()
    if any(word in text for word in ("invoice", "order", "total", "salary")):
        return "Money"
    return "Work" if "budget" in text or "sign" in text else "Other"


async def main(config: ConnectionConfig, classify: Classifier = by_words) -> None:
    todo = IMAPSearchCriteria.since_days(14)
    for label in LABELS:
        todo = todo.unkeyword(label)
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        async for message in inbox.fetch(todo):
            text = f"{message.subject}\n{message.readable_text()}"
            label = await asyncio.to_thread(classify, text)  # the loop goes on
            await inbox.add_flags(message, Flag(label))
        for label in LABELS:
            print(label, await inbox.count(IMAPSearchCriteria.keyword(label)))
        print("left:", await inbox.count(todo))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
