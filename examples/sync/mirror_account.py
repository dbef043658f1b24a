"""Keep an account in a SQLite database, and ask the database."""

import asyncio
import sqlite3

from aiosage import ConnectionConfig
from aiosage.sync import SQLiteStore, SyncPhase, SyncProgress, sync_accounts


def show(progress: SyncProgress) -> None:
    """Print what is finished."""
    if progress.phase is SyncPhase.FINISHED:
        print(progress.mailbox, progress.done, "new")


def large_subjects() -> list[str]:
    """Ask the database, as any program can."""
    database = sqlite3.connect("mail.sqlite")
    query = "SELECT subject FROM message WHERE size > 100000"
    subjects = [subject for (subject,) in database.execute(query)]
    database.close()
    return subjects


async def main(config: ConnectionConfig) -> None:
    async with SQLiteStore("mail.sqlite") as store:
        report = await sync_accounts([config], store, on_progress=show)
        print("complete:", report.ok)

    print("large:", *await asyncio.to_thread(large_subjects))


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
