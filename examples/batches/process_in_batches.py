"""Hand each message to a function, several at once, and know what became of each."""

import asyncio

from aiosage import ConnectionConfig, EmailMessage, IMAPClient, IMAPSearchCriteria


async def handle(message: EmailMessage) -> None:
    """Do with one message what is to be done; what it raises is kept."""
    if "news" in (message.subject or "").lower():
        raise ValueError("nobody reads the news")


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        result = await inbox.process_in_batches(
            IMAPSearchCriteria.ALL,
            handle,
            batch_size=20,
            concurrency=5,
            attempts=2,  # a failure may pass
            on_progress=lambda at: print(
                f"{at.done} of {at.total}, {at.failed} failed"
            ),
        )
        print(len(result.succeeded), "succeeded")
        for uid, error in result.failed.items():
            print(uid, "failed:", error)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
