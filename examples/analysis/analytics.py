"""Who writes how much, and when: from envelopes alone, whatever messages weigh."""

import asyncio
from collections import Counter

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, MessagePart

ITEMS = (
    MessagePart.ENVELOPE,
    MessagePart.FLAGS,
    MessagePart.INTERNAL_DATE,
    MessagePart.SIZE,
    MessagePart.BODY_STRUCTURE,
)


async def main(config: ConnectionConfig) -> None:
    senders: Counter[str] = Counter()
    days: Counter[str] = Counter()
    octets = with_attachments = 0
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        async for message in inbox.fetch(IMAPSearchCriteria.ALL, *ITEMS):
            if message.from_address is not None:
                senders[message.from_address.address] += 1
            if message.internal_date is not None:
                days[f"{message.internal_date:%A}"] += 1
            octets += message.size or 0
            with_attachments += message.has_attachments or False
    print("most:", *(f"{who} {count}" for who, count in senders.most_common(3)))
    print("busiest:", days.most_common(1)[0][0])
    print(f"{octets / days.total():.0f} octets on average")
    print(with_attachments, "with attachments")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
