"""Mark as read and unread, star, tag, and change only what nobody else changed."""

import asyncio

from aiosage import ConnectionConfig, Flag, IMAPClient, IMAPSearchCriteria, MessagePart


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        unread = await inbox.search(IMAPSearchCriteria.UNSEEN)

        read = await inbox.add_flags(unread, Flag.SEEN)
        print("read:", len(read.done))
        await inbox.remove_flags(unread, Flag.SEEN)

        urgent = await inbox.search(IMAPSearchCriteria.subject("urgent"))
        await inbox.add_flags(urgent, Flag.FLAGGED, Flag("Today"))
        async for message in inbox.fetch(urgent, MessagePart.FLAGS, MessagePart.MODSEQ):
            print(message.uid, *sorted(message.flags or ()))
            await inbox.add_flags(urgent, Flag.ANSWERED)  # somebody else was faster
            result = await inbox.remove_flags(
                urgent, Flag.FLAGGED, unchanged_since=message.modseq
            )
            print("left alone:", result.modified)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
