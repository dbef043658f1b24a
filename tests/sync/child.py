"""Synchronise an account in a process of its own, to be killed.

``python -m tests.sync.child HOST PORT USERNAME PASSWORD FILE``: prints the
number of octets stored after each batch.
"""

from __future__ import annotations

import asyncio
import sys

from aiosage.sync import SQLiteStore, SyncProgress, sync_account

from .mirror import account


def tell(progress: SyncProgress) -> None:
    """Say so at once."""
    print(progress.octets, flush=True)  # noqa: T201  # that is what it is for


async def main(host: str, port: str, username: str, password: str, path: str) -> None:
    """Synchronise, telling of progress."""
    config = account(host, int(port), username, password)
    async with SQLiteStore(path) as store:
        await sync_account(config, store, mailboxes=["INBOX"], on_progress=tell)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
