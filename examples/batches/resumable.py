"""Go on where the last run was interrupted, by a checkpoint after each batch."""

import asyncio
from pathlib import Path

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPMailboxUIDService,
    MessagePart,
    MessageSet,
)

CHECKPOINT = Path("checkpoint.json")


def load() -> MessageSet:
    """Return the messages that are done."""
    if not CHECKPOINT.exists():
        return MessageSet()
    return MessageSet.from_json(CHECKPOINT.read_text())


def save(done: MessageSet) -> None:
    """Replace the checkpoint as a whole, so that it is never half written."""
    new = CHECKPOINT.with_suffix(".new")
    new.write_text(done.to_json())
    new.replace(CHECKPOINT)


async def process(inbox: IMAPMailboxUIDService, most: int) -> None:
    """Work on at most *most* messages that are not done."""
    found, done = await inbox.search(), load()
    if done and done.uidvalidity != found.uidvalidity:
        done = MessageSet()  # the UIDs of then mean nothing now
    todo = found - done
    print(len(todo), "to do")
    for batch in todo.iter_batches(10):
        if most <= 0:
            print("interrupted")
            return
        async for _ in inbox.fetch(batch, MessagePart.HEADER):
            most -= 1
        done |= batch
        save(done)
    print("finished")


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        await process(client.mailbox("INBOX"), most=20)
        await process(client.mailbox("INBOX"), most=1000)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
