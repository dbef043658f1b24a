"""Share a few connections between many tasks, and see how they stand."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPConnectionPool


async def main(config: ConnectionConfig) -> None:
    # A client has a pool; its tasks wait for each other where it is too small.
    async with IMAPClient(config, max_connections=2) as client:
        async with asyncio.TaskGroup() as tasks:
            searches = {
                name: tasks.create_task(client.mailbox(name).search())
                for name in ("INBOX", "Archive", "Drafts", "Sent", "Trash", "Junk")
            }
        print({name: len(search.result()) for name, search in searches.items()})
        stats = client.stats()
        print("connections:", stats.size, "of", stats.max_size, "busy:", stats.busy)

    # A pool of one's own, for commands of one's own.
    async with IMAPConnectionPool(
        config, min_size=1, max_size=3, max_idle=300.0, acquire_timeout=10.0
    ) as pool:
        async with pool.connection("INBOX", read_only=True) as connection:
            assert connection.selected is not None
            print(connection.state.name, connection.selected.exists, "messages")
        async with pool.connection("INBOX", read_only=True) as again:
            print("the same connection:", again is connection)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
