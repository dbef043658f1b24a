"""Read the text of messages, without downloading what is attached to them."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        recent = await inbox.search(IMAPSearchCriteria.since_days(14))
        async for message in inbox.fetch_text(recent):
            print(message.uid, message.subject, "|", message.preview(40))
            if message.has_attachments:
                print("  left there:", *message.attachment_filenames)

        # One message, by its UID.
        assert recent.last is not None
        newest = await inbox.fetch_one(recent.last)
        print("newest:", newest.subject)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
