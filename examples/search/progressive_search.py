"""Begin with a broad search, and narrow it until few enough are left."""

import asyncio

from aiosage import ConnectionConfig, IMAPClient, IMAPSearchCriteria

Q = IMAPSearchCriteria

STEPS = (
    ("everything", Q.ALL),
    ("this month", Q.since_days(30)),
    ("unread", Q.UNSEEN),
    ("flagged", Q.FLAGGED),
)
FEW = 3


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        found = await inbox.search()
        for name, criteria in STEPS:
            # The server looks only at what the steps before have left.
            found = await inbox.search(Q.uid(found) & criteria)
            print(f"{name}: {len(found)}")
            if len(found) <= FEW:
                break
        print("left:", found)


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
