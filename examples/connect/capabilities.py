"""See which server it is, what it can do, and what of that is used."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        server = await client.server()
        print(server.profile.name, server.identity.get("name"))
        for name in ("IDLE", "MOVE", "UIDPLUS", "CONDSTORE", "QRESYNC", "X-GM-EXT-1"):
            print(name, "yes" if name in server.capabilities else "no")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
