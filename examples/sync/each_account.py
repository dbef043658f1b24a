"""Do the same with several accounts at once, and report on each."""

import asyncio
from collections.abc import Sequence

from aiosage import ConnectionConfig, IMAPClient, IMAPError, IMAPSearchCriteria


async def unread(config: ConnectionConfig) -> str:
    """Count unread messages, or say why not."""
    try:
        async with IMAPClient(config, max_connections=1) as client:
            found = await client.mailbox().search(IMAPSearchCriteria.UNSEEN)
            return f"{len(found)} unread"
    except IMAPError as error:
        return f"failed: {type(error).__name__}"


async def main(configs: Sequence[ConnectionConfig]) -> None:
    configs = [*configs, configs[0].with_password("wrong")]
    results = await asyncio.gather(*map(unread, configs))
    for result in results:
        print(result)


if __name__ == "__main__":
    # HOME_URL, HOME_PASSWORD, WORK_URL, WORK_PASSWORD
    names = ("HOME_", "WORK_")
    asyncio.run(main([ConnectionConfig.from_env(name) for name in names]))
