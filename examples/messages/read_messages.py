"""Read what messages say: addresses, dates, text, whether they answer another."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        recent = IMAPSearchCriteria.since_days(14)
        async for message in inbox.fetch(recent):  # does not mark them as read
            kind = "reply" if message.is_reply else "message"
            when = f"{message.date:%Y-%m-%d}" if message.date else "without date"
            print(f"{message.uid}: {kind} of {when} from {message.from_address}")
            print("   to", *message.all_recipients)
            print("  ", message.subject, "|", message.preview(60))
            if message.has_attachments:
                print("   with", *message.attachment_filenames)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
