"""Give what takes the processor long to other processes."""

import asyncio
import hashlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from aiosage import ConnectionConfig, EmailMessage, IMAPClient, IMAPSearchCriteria


def analyse(raw: bytes) -> tuple[str, int, str]:
    """Do something expensive, in a process of its own."""
    message = EmailMessage.from_bytes(raw)
    digest = hashlib.sha256(raw).hexdigest()
    return message.subject or "", len(message.attachments), digest


async def main(config: ConnectionConfig) -> None:
    loop = asyncio.get_running_loop()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as processes:

        async def analysed(message: EmailMessage) -> None:
            work = loop.run_in_executor(processes, analyse, message.raw or b"")
            subject, count, _ = await work
            print(count, "attachments:", subject)

        async with IMAPClient(config) as client:
            inbox = client.mailbox("INBOX")
            recent = IMAPSearchCriteria.since_days(14)
            # No more than four messages wait for a process in memory.
            await inbox.process_in_batches(recent, analysed, concurrency=4)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
