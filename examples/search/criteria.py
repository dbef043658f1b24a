"""Let the server find messages: every key, combined by & | ~ or in a chain."""

import asyncio
from datetime import date, timedelta

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria

Q = IMAPSearchCriteria


async def main(config: ConnectionConfig) -> None:
    last_month = date.today() - timedelta(days=30)
    wanted = {
        "unread this week": Q().unseen().since_days(7),
        "old, not flagged": Q.before(last_month) & ~Q.FLAGGED,
        "about money": Q.or_criteria(
            Q.subject("invoice"), Q.subject("order"), Q.body("lottery")
        ),
        "large": Q.larger(100_000),
        "on a list": Q.header("List-Id"),
        "Grüße": Q.text("Grüße"),  # CHARSET is sent only where it is needed
    }
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        for name, criteria in wanted.items():
            print(f"{name}: {len(await inbox.search(criteria))}")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
