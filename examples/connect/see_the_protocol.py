"""Log what is said, without passwords and without what messages hold."""

import asyncio
import logging
from dataclasses import replace

from aiosage import ConnectionConfig, IMAPClient


async def main(config: ConnectionConfig) -> None:
    # What happens to connections goes to loggers below "aiosage".
    logging.getLogger("aiosage").setLevel(logging.INFO)

    lines: list[str] = []
    traced = replace(config, trace=lambda record: lines.append(str(record)))
    async with IMAPClient(traced) as client:
        await client.mailbox().search()
    print(*lines, sep="\n")


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(main(ConnectionConfig.from_env()))
