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
    at_once = asyncio.Semaphore(4)  # so that few messages wait in memory

    async def analysed(raw: bytes) -> None:
        try:
            subject, count, _ = await loop.run_in_executor(processes, analyse, raw)
            print(count, "attachments:", subject)
        finally:
            at_once.release()

    with ProcessPoolExecutor(2, mp_context=spawn) as processes:
        async with IMAPClient(config) as client, asyncio.TaskGroup() as tasks:
            inbox = client.mailbox("INBOX")
            recent = await inbox.search(IMAPSearchCriteria.since_days(14))
            async for message in inbox.fetch(recent):
                assert message.raw is not None
                await at_once.acquire()
                tasks.create_task(analysed(message.raw))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
