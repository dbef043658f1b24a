"""Make, show, rename and remove mailboxes, whatever separates their levels."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        folders = client.folders
        for year in ("2025", "2026"):
            await folders.ensure(await folders.path("Größe & Maß", year))
        for node in await folders.tree():
            for below in node.walk():
                print("below" if below is not node else "top", below.level)

        renamed = await folders.rename("Größe & Maß", "Measures")
        print("renamed:", *sorted(renamed.values()))

        removed = await folders.delete("Measures", children=True)
        print("removed:", *removed)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
