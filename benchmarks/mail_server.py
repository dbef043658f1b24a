"""An IMAP server in a process of its own: ``python -m benchmarks.mail_server N``.

It has N messages in the INBOX of ``jane``, password ``secret``. It prints the port
it listens on, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aiosage.testing import MemoryServer, sample_messages

USERNAME = "jane"
PASSWORD = "secret"


@contextmanager
def mail_server(messages: int) -> Iterator[int]:
    """Run the server for the block, and return its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.mail_server", str(messages)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


async def main(messages: int) -> None:
    """Serve until nobody holds the other end of standard input."""
    async with MemoryServer() as server:
        inbox = server.add_account(USERNAME, PASSWORD).mailbox("INBOX")
        for arrived, raw in sample_messages(messages):
            inbox.deliver(raw, date=arrived)
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
