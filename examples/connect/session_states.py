"""Follow one session through its states, by hand."""

import asyncio

from aiosage import ConnectionConfig, IMAPConnection


async def main(config: ConnectionConfig) -> None:
    async with await IMAPConnection.open(config) as connection:
        print(connection.state.name)
        opened = await connection.select("INBOX")
        print(connection.state.name, opened.exists, opened.uidvalidity)
        async with connection.idle():
            print("listening")  # news reach the listeners meanwhile
        await connection.unselect()  # no CLOSE, which would expunge
        print(connection.state.name)
    print(connection.state.name, connection.is_closed)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
