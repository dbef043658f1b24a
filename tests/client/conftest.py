from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPMailboxUIDService,
    Secret,
    Security,
)
from aiosage.testing import DovecotServer

from ..conftest import Endpoint
from .accounts import OtherClient, client_of


@pytest.fixture
async def client(any_server: Endpoint) -> AsyncIterator[IMAPClient]:
    """A client of the test's user on every server, without TLS."""
    async with client_of(any_server) as client:
        yield client


@pytest.fixture
def inbox(client: IMAPClient) -> IMAPMailboxUIDService:
    """The INBOX of `client`."""
    return client.mailbox()


@pytest.fixture
def other(any_server: Endpoint) -> OtherClient:
    """Somebody else who changes the same account."""
    return OtherClient(any_server)


@pytest.fixture
def any_client(client: IMAPClient) -> IMAPClient:
    """`client`, by the name that some tests have for it."""
    return client


@pytest.fixture
async def dovecot_client(dovecot: DovecotServer) -> AsyncIterator[IMAPClient]:
    """A client of a Dovecot with all it offers, over one connection."""
    config = ConnectionConfig(
        host=dovecot.host,
        port=dovecot.port,
        username=dovecot.new_user(),
        password=Secret(dovecot.password),
        security=Security.PLAIN,
    )
    async with IMAPClient(config, max_connections=1) as client:
        yield client
