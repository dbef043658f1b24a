"""Many accounts watched at once: memory for each, and how soon it is told.

The server is in a process of its own. Each account has a client, a connection in
IDLE, a queue, and a task that takes its events.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from aiosage import IMAPClient, NewMessage, Security

from ._files import allow_files

_AT_ONCE: Final = 50
"""Accounts that log in at the same time."""

_PACE: Final = 0.002
"""Seconds between two messages."""


def run(*, is_quick: bool) -> None:
    """Print a line for each number of accounts."""
    for accounts in (100, 200) if is_quick else (1000, 5000):
        allow_files(accounts)
        with _server(accounts) as (port, orders):
            asyncio.run(_watch(port, orders, accounts, 200 if is_quick else 2000))


@contextmanager
def _server(accounts: int) -> Iterator[tuple[int, IO[bytes]]]:
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.watch_server", str(accounts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.stdin
        finally:
            process.stdin.close()


async def _watch(port: int, orders: IO[bytes], accounts: int, messages: int) -> None:
    latencies: list[float] = []
    ready, slots = asyncio.Semaphore(0), asyncio.Semaphore(_AT_ONCE)
    is_done = asyncio.Event()

    async def watch(number: int) -> None:
        async with slots:
            client = IMAPClient(
                *("127.0.0.1", f"user{number}", "secret"),
                port=port,
                security=Security.PLAIN,
                max_connections=1,
            )
            await client.open()
            watching = client.watch("INBOX")
            events = await watching.__aenter__()
        try:
            ready.release()
            async for event in events:
                assert isinstance(event, NewMessage)
                (told,) = event.flags
                latencies.append((time.monotonic_ns() - int(told[1:])) / 1e6)
                if len(latencies) == messages:
                    is_done.set()
        finally:
            await watching.__aexit__(*sys.exc_info())
            await client.aclose()

    before, begin = _resident(), time.monotonic()
    tasks = [asyncio.create_task(watch(number)) for number in range(accounts)]
    for _ in range(accounts):
        await ready.acquire()
    opened = time.monotonic() - begin
    each = (_resident() - before) / accounts
    rng = random.Random(5)
    for _ in range(messages):
        orders.write(b"%d\n" % rng.randrange(accounts))
        orders.flush()
        await asyncio.sleep(_PACE)
    done = asyncio.create_task(is_done.wait())
    ended, _ = await asyncio.wait(
        [done, *tasks], timeout=60, return_when=asyncio.FIRST_COMPLETED
    )
    for task in ended:
        task.result()
    assert done in ended, f"{len(latencies)} of {messages} messages were told"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    cuts = statistics.quantiles(latencies, n=100)
    print(
        f"  {accounts:,} accounts: opened in {opened:.1f} s,"
        f" {each / 1024:.1f} KiB each; {messages:,} messages told"
        f" after p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms",
        flush=True,
    )


def _resident() -> int:
    """Return the octets of memory this process has."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
