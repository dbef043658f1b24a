from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aiosage import IMAPClient, IMAPMailboxUIDService

from ..conftest import Endpoint
from .accounts import OtherClient, client_of


@pytest.fixture
async def client(server: Endpoint) -> AsyncIterator[IMAPClient]:
    """A client of the test's user, without TLS."""
    async with client_of(server) as client:
        yield client


@pytest.fixture
def inbox(client: IMAPClient) -> IMAPMailboxUIDService:
    """The INBOX of `client`."""
    return client.mailbox()


@pytest.fixture
def other(server: Endpoint) -> OtherClient:
    """Somebody else who changes the same account."""
    return OtherClient(server)
