"""Log what is said, without passwords and without what messages hold."""

import asyncio
import logging
from dataclasses import replace

from aiosage import ConnectionConfig, IMAPClient


async def main(config: ConnectionConfig) -> None:
    # What happens to connections goes to loggers below "aiosage".
    logging.getLogger("aiosage").setLevel(logging.INFO)

    async with IMAPClient(replace(config, trace=print)) as client:
        await client.mailbox().search()


if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(main(ConnectionConfig.from_env()))
