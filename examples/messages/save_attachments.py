"""Save attachments by kind, without downloading anything else."""

import asyncio
from pathlib import Path

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, MessagePart


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        recent = await inbox.search(IMAPSearchCriteria.since_days(14))
        async for message in inbox.fetch(recent, MessagePart.BODY_STRUCTURE):
            assert message.body_structure is not None
            sections = [
                MessagePart.section(part.section)
                for part in message.body_structure.attachments()
                if (part.size or 0) < 50_000
            ]
            if not sections:
                continue
            async for found in inbox.fetch(
                [message.uid], MessagePart.BODY_STRUCTURE, *sections
            ):
                for attachment in found.attachments:
                    folder = Path("images" if attachment.is_image else "files")
                    # Never outside the folder, never over another file.
                    path = await asyncio.to_thread(attachment.save_to, folder)
                    print(message.uid, path, attachment.size, "octets")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
