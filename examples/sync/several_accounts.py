"""Keep several accounts in one database, at once; one that fails stops no other."""

import asyncio
from collections.abc import Sequence

from aiosage import ConnectionConfig
from aiosage.sync import SQLiteStore, sync_accounts


async def main(configs: Sequence[ConnectionConfig]) -> None:
    wrong = configs[0].with_password("wrong")
    async with SQLiteStore("mail.sqlite") as store:
        report = await sync_accounts([*configs[1:], wrong], store)
        for account in report.accounts:
            if account.error is not None:
                print("given up:", type(account.error).__name__)
            else:
                print(len(account.mailboxes), "mailboxes", account.new, "new")
        print("complete:", report.ok)


if __name__ == "__main__":
    # HOME_URL, HOME_PASSWORD, WORK_URL, WORK_PASSWORD
    names = ("HOME_", "WORK_")
    asyncio.run(main([ConnectionConfig.from_env(name) for name in names]))
