"""Find sensitive messages, and put them away sealed, by a function of one's own."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from aiosage import ConnectionConfig, EmailMessage, IMAPClient, IMAPSearchCriteria

Seal = Callable[[bytes], bytes]
"""Such as `encrypt` of a `cryptography.fernet.Fernet`."""

Q = IMAPSearchCriteria
WORDS = ("confidential", "private", "password")


def level(message: EmailMessage) -> str:
    """Return how sensitive a message is."""
    text = f"{message.subject} {message.text}".lower()
    if message.headers.get("X-Security-Level") == "high":
        return "high"
    return "medium" if any(word in text for word in WORDS) else "low"


def put_away(message: EmailMessage, seal: Seal) -> None:
    """Write what is kept of a message."""
    kept = {"subject": message.subject, "text": message.text}
    folder = Path("sealed")
    folder.mkdir(exist_ok=True)
    (folder / f"{message.uid}").write_bytes(seal(json.dumps(kept).encode()))


def reversed_octets(octets: bytes) -> bytes:
    """Stand in for encryption."""
    return octets[::-1]


async def main(config: ConnectionConfig, seal: Seal = reversed_octets) -> None:
    suspect = Q.header("X-Security-Level", "high") | Q.text("password")
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        async for message in inbox.fetch(suspect):
            print(message.uid, level(message), repr(message))  # says nothing of it
            await asyncio.to_thread(put_away, message, seal)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
