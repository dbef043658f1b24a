"""Do the same with several accounts at once, under one budget, and report on each."""

import asyncio
from collections.abc import Sequence

from aiosage import (
    ConnectionBudget,
    ConnectionConfig,
    IMAPAccounts,
    IMAPClient,
    IMAPSearchCriteria,
)


async def unread(client: IMAPClient) -> int:
    """Count what is unread in one account."""
    return len(await client.mailbox().search(IMAPSearchCriteria.UNSEEN))


async def main(configs: Sequence[ConnectionConfig]) -> None:
    named = {f"account {number}": config for number, config in enumerate(configs, 1)}
    named["intruder"] = configs[0].with_password("guessed")
    budget = ConnectionBudget(total=100, per_host=20)
    async with IMAPAccounts(named, budget=budget, max_connections=2) as accounts:
        for name, outcome in (await accounts.map(unread)).items():
            if outcome.ok:
                print(name, "has", outcome.value, "unread")
            else:  # it has stopped no other
                print(name, "failed:", type(outcome.error).__name__)


if __name__ == "__main__":
    # HOME_URL, HOME_PASSWORD, WORK_URL, WORK_PASSWORD
    names = ("HOME_", "WORK_")
    asyncio.run(main([ConnectionConfig.from_env(name) for name in names]))
