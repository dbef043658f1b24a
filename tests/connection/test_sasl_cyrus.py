"""Every mechanism that Cyrus 3.6 offers, over every security."""

from __future__ import annotations

import logging
import ssl

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.errors import IMAPAuthenticationError
from aiosage.model import Secret
from aiosage.testing import CyrusServer

from .announcements import announcements
from .extensions import MECHANISMS, On, ways


def config(server: CyrusServer, security: Security, mechanism: str) -> ConnectionConfig:
    """Return how a new user reaches *server*.

    Over TLS 1.3, Cyrus expects a channel binding that is not defined there.
    """
    context = server.client_context()
    if mechanism.endswith("-PLUS"):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return ConnectionConfig(
        host="localhost",
        port=server.tls_port if security is Security.TLS else server.port,
        username=server.new_user(),
        password=Secret(server.password),
        security=security,
        ssl_context=context,
        auth=mechanism,
    )


@pytest.mark.parametrize(("security", "mechanism"), ways(On.CYRUS))
async def test_every_mechanism_over_every_security(
    cyrus: CyrusServer,
    security: Security,
    mechanism: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = config(cyrus, security, mechanism)
    with pytest.raises(IMAPAuthenticationError):
        await IMAPConnection.open(told.with_password("wrong"))
    caplog.set_level(logging.DEBUG)
    async with await IMAPConnection.open(told) as connection:
        assert (await connection.select("INBOX")).exists == 0
    sent = [text for text in caplog.messages if "AUTHENTICATE" in text]
    assert [text.split()[3] for text in sent] == [mechanism]


@pytest.mark.parametrize("security", Security)
async def test_no_mechanism_is_left_out(cyrus: CyrusServer, security: Security) -> None:
    told = await announcements(cyrus, security)
    assert told.mechanisms == {*MECHANISMS[On.CYRUS][security]}
