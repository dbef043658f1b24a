"""Measure while working: messages and octets a second, errors, a report at the end."""

import asyncio
import time
from dataclasses import dataclass, field

from aiosage import ConnectionConfig, EmailMessage, IMAPClient, IMAPSearchCriteria


@dataclass
class Throughput:
    """What was done since it was made."""

    started: float = field(default_factory=time.monotonic)
    messages: int = 0
    octets: int = 0
    defective: int = 0

    def add(self, message: EmailMessage) -> None:
        """Count a message."""
        self.messages += 1
        self.octets += message.size or 0
        self.defective += bool(message.defects)

    def __str__(self) -> str:
        seconds = time.monotonic() - self.started
        return (
            f"{self.messages} messages, {self.octets / seconds / 1e6:.1f} MB a second,"
            f" {self.defective} defective"
        )


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        throughput = Throughput()
        async for message in inbox.fetch(IMAPSearchCriteria.ALL):
            throughput.add(message)
            if throughput.messages % 10 == 0:
                print(throughput)
        print("in all:", throughput)
        print(client.stats())


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
