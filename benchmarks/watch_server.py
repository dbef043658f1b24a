"""A server with many accounts: ``python -m benchmarks.watch_server ACCOUNTS``.

It prints the port it listens on. For each number it reads, a message arrives for
that account; a flag of it tells when, in nanoseconds of the monotonic clock, which
all processes share. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import sys
import time

from aiosage.testing import MemoryServer

from ._files import allow_files

MESSAGE = b"From: a@example.org\r\nSubject: new\r\n\r\nHello\r\n"


async def main(accounts: int) -> None:
    """Serve until nobody holds the other end of standard input."""
    allow_files(accounts)
    async with MemoryServer() as server:
        inboxes = [
            server.add_account(f"user{number}", "secret").mailbox("INBOX")
            for number in range(accounts)
        ]
        print(server.port, flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            inbox = inboxes[int(line)]
            inbox.deliver(MESSAGE, flags=[f"t{time.monotonic_ns()}"])


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
