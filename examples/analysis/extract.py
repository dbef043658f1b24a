"""Extract data from mail by a function of one's own, several messages at once.

The function may ask a model: all it gets is text. What became of each message is
known, and those that succeeded are flagged; the others are tried by the next run.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from aiosage import (
    ConnectionConfig,
    FetchedMessage,
    Flag,
    IMAPClient,
    IMAPSearchCriteria,
)

Q = IMAPSearchCriteria
EXTRACTED = Flag("Extracted")
AT_ONCE = 5  # most messages the extractor has in hand


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a message."""

    number: str
    amount: Decimal
    currency: str
    day: date


Extractor = Callable[[str], Awaitable[Order]]
"""Raises a ValueError where there is no order in the text."""


async def by_rules(text: str) -> Order:
    """Stand in for a model, which would be asked here by the client that it has.

    ::

        answer = await model.complete(f"As JSON, by {SCHEMA}: {text}")
        return Order(**json.loads(answer))  # checked: models make things up
    """
    number = re.search(r"\border #?(\d+)", text, re.IGNORECASE)
    total = re.search(r"\btotal: (\d+(?:\.\d+)?) ([A-Z]{3})\b", text, re.IGNORECASE)
    day = re.search(r"^Date: (\S+)$", text, re.MULTILINE)
    if not (number and total and day):
        raise ValueError("no order, or not all about it")
    return Order(number[1], Decimal(total[1]), total[2], date.fromisoformat(day[1]))


def text_of(message: FetchedMessage) -> str:
    """Return what the extractor is to see of a message, and nothing else."""
    day = message.date.date() if message.date else "unknown"
    return f"Subject: {message.subject}\nDate: {day}\n\n{message.readable_text()}"


async def main(config: ConnectionConfig, extract: Extractor = by_rules) -> None:
    about_orders = Q.subject("order") | Q.subject("invoice")
    todo = about_orders.since_days(14).unkeyword(EXTRACTED)
    orders: dict[int, Order] = {}

    async def handle(message: FetchedMessage) -> None:
        orders[message.uid] = await extract(text_of(message))

    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        result = await inbox.process_in_batches(todo, handle, concurrency=AT_ONCE)
        for uid, order in orders.items():
            print(uid, order)
        for uid, error in result.failed.items():
            print(uid, "failed:", error)
        await inbox.add_flags(result.succeeded, EXTRACTED)
        print("left:", await inbox.count(todo))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
