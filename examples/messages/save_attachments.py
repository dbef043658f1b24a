"""Save attachments by kind, without downloading anything else."""

import asyncio
from pathlib import Path

from aiosage import BodyStructure, ConnectionConfig, IMAPClient, IMAPSearchCriteria


def is_small(part: BodyStructure) -> bool:
    """Return whether to read an attachment, by what is known before."""
    return (part.size or 0) < 50_000


async def main(config: ConnectionConfig) -> None:
    recent = IMAPSearchCriteria.since_days(14)
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        async for message in inbox.fetch_attachments(recent, wanted=is_small):
            for attachment in message.attachments:
                folder = Path("images" if attachment.is_image else "files")
                # Never outside the folder, never over another file.
                path = await asyncio.to_thread(attachment.save_to, folder)
                print(message.uid, path, attachment.size, "octets")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
