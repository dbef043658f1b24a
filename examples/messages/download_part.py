"""Write one attachment to a file as it arrives, however large it is."""

import asyncio
from pathlib import Path

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria, MessagePart


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        large = IMAPSearchCriteria.larger(100_000)
        async for message in inbox.fetch(large, MessagePart.BODY_STRUCTURE):
            assert message.body_structure is not None
            for part in message.body_structure.attachments():
                path = Path(f"{message.uid}.{part.section}")  # not the sender's name
                octets = await inbox.download_to(path, message.uid, part)
                print(path, octets, part.filename)

            # Or piece by piece, at the pace of whoever reads.
            async with inbox.download(message.uid) as download:
                async for piece in download:
                    print("begins with", piece[:5])
                    break


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
