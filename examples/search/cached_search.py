"""Keep what was found until the mailbox says that something has changed."""

import asyncio

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPSearchCriteria,
    MailboxStatus,
    MessageSet,
    StatusItem,
)

_VERSION = (StatusItem.UIDVALIDITY, StatusItem.HIGHESTMODSEQ, StatusItem.UIDNEXT)


class SearchCache:
    """Searches of one mailbox; no time after which they are thought to be old."""

    def __init__(self, inbox: IMAPMailboxUIDService) -> None:
        self._inbox = inbox
        self._version: MailboxStatus | None = None
        self._found: dict[IMAPSearchCriteria, MessageSet] = {}
        self.asked = 0

    async def search(self, criteria: IMAPSearchCriteria) -> MessageSet:
        """Return what matches, from memory while nothing has changed."""
        # Costs one small round trip. Every change raises HIGHESTMODSEQ.
        version = await self._inbox.status(_VERSION)
        if version != self._version or version.highest_modseq is None:
            self._version = version
            self._found.clear()
        if criteria not in self._found:
            self.asked += 1
            self._found[criteria] = await self._inbox.search(criteria)
        return self._found[criteria]


async def main(config: ConnectionConfig) -> None:
    async with IMAPClient(config) as client:
        inbox = client.mailbox("INBOX")
        cache = SearchCache(inbox)
        for _ in range(3):
            unread = await cache.search(IMAPSearchCriteria.UNSEEN)
            print(len(unread), "unread, asked", cache.asked, "times")
        await inbox.add_flags(IMAPSearchCriteria.ALL, Flag.SEEN)
        unread = await cache.search(IMAPSearchCriteria.UNSEEN)
        print(len(unread), "unread, asked", cache.asked, "times")


if __name__ == "__main__":
    asyncio.run(main(ConnectionConfig.from_env()))
