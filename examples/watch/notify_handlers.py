"""Give what is new to several handlers, of which none delays or breaks another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiosage import (
    ConnectionConfig,
    EmailMessage,
    IMAPClient,
    IMAPMailboxUIDService,
    MessagePart,
    NewMessage,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """What the handlers are told."""

    subject: str
    sender: str
    priority: str
    category: str


Handler = Callable[[Notice], Awaitable[None]]


def notice_of(message: EmailMessage) -> Notice:
    """Classify a message by its envelope."""
    subject = (message.subject or "").lower()
    sender = message.from_address.address if message.from_address else ""
    urgent = any(word in subject for word in ("urgent", "asap", "immediate"))
    category = "newsletter" if sender.startswith(("news", "noreply")) else "general"
    return Notice(subject, sender, "high" if urgent else "low", category)


async def on_screen(notice: Notice) -> None:
    """Show it."""
    print(notice.priority, notice.category, "|", notice.subject, "|", notice.sender)


async def broken(notice: Notice) -> None:
    """Fail, as handlers do."""
    raise ConnectionRefusedError(f"no pager for {notice.sender}")


async def tell(notice: Notice, handlers: tuple[Handler, ...]) -> None:
    """Run all *handlers* at once; log what goes wrong."""
    results = await asyncio.gather(
        *(handler(notice) for handler in handlers), return_exceptions=True
    )
    for result in results:
        if isinstance(result, Exception):
            log.warning("a handler failed: %s", result)
            print("failed:", result)


async def notify(inbox: IMAPMailboxUIDService, uid: int) -> None:
    """Tell the handlers about one message."""
    async for message in inbox.fetch([uid], MessagePart.ENVELOPE):
        await tell(notice_of(message), (on_screen, broken))


async def main(config: ConnectionConfig, *, count: int = 2) -> None:
    async with IMAPClient(config) as client, client.watch("INBOX") as events:
        inbox = client.mailbox("INBOX")
        while count > 0:
            event = await events.get()
            if isinstance(event, NewMessage):
                await notify(inbox, event.uid)
                count -= 1


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
