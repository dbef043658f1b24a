"""Logging in."""

from __future__ import annotations

import pytest

from aiosage import IMAPClient, MessageSet, Secret, Security

from ..conftest import Endpoint
from .accounts import client_of


def test_an_account_may_be_named_by_keywords() -> None:
    client = IMAPClient("h", username="u", password="p", port=1)
    assert client.config.account == "u@h:1"
    assert client.config.password == Secret("p")


@pytest.mark.parametrize("security", list(Security))
async def test_login_and_search_over_every_security_mode(
    any_server: Endpoint, security: Security
) -> None:
    port = any_server.tls_port if security is Security.TLS else any_server.port
    context = None if security is Security.PLAIN else any_server.ssl_context
    async with client_of(
        any_server, port=port, security=security, ssl_context=context
    ) as client:
        assert await client.mailbox().search() == MessageSet(
            mailbox="INBOX", uidvalidity=(await client.mailbox().search()).uidvalidity
        )
