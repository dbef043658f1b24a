"""Test a program on a server of one's own, in memory, instead of on mocks."""

from collections.abc import AsyncIterator

import pytest

from aiosage import (
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPSearchCriteria,
    Security,
)
from aiosage.testing import MemoryServer

ORDER = b"From: shop@example.org\r\nSubject: Order %d\r\n\r\nThank you\r\n"


async def flag_orders(inbox: IMAPMailboxUIDService) -> int:
    """Flag all orders: the program that is tested."""
    orders = await inbox.search(IMAPSearchCriteria.subject("order"))
    await inbox.add_flags(orders, Flag.FLAGGED)
    return len(orders)


@pytest.fixture
async def server() -> AsyncIterator[MemoryServer]:
    async with MemoryServer() as server:
        server.add_account("jane", "secret")
        yield server


async def test_orders_are_flagged_and_nothing_else(server: MemoryServer) -> None:
    inbox = server.account("jane").mailbox("INBOX")
    inbox.deliver(ORDER % 1)
    inbox.deliver(b"Subject: Lunch\r\n\r\nAt noon?\r\n")
    async with IMAPClient(
        server.host, "jane", "secret", port=server.port, security=Security.PLAIN
    ) as client:
        mailbox = client.mailbox()
        assert await flag_orders(mailbox) == 1
        assert str(await mailbox.search(IMAPSearchCriteria.FLAGGED)) == "1"
