"""Servers for the tests: the embedded one always, Dovecot where it is installed.

``AIOSAGE_REQUIRE_SERVERS=1`` turns what would be skipped into failures.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from aiosage.testing import Certificates, DovecotNotFound, DovecotServer

if TYPE_CHECKING:
    from aiosage.testing import MemoryServer

WITHOUT_DOVECOT = pytest.StashKey[str]()
"""Why there is no Dovecot, once a test has asked for it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a test logs in: a server, and a user nobody else has."""

    kind: Literal["memory", "dovecot"]
    host: str
    port: int
    tls_port: int
    username: str
    password: str
    ssl_context: ssl.SSLContext
    backend: MemoryServer | DovecotServer


@pytest.fixture(scope="session")
def certificates() -> Iterator[Certificates]:
    """The certificates of the servers of this run."""
    with Certificates() as certificates:
        yield certificates


@pytest.fixture(scope="session")
def dovecot(
    request: pytest.FixtureRequest, certificates: Certificates
) -> Iterator[DovecotServer]:
    """The Dovecot of this run, started when the first test asks for it."""
    server = DovecotServer(certificates=certificates)
    try:
        server.start()
    except DovecotNotFound as error:
        if os.environ.get("AIOSAGE_REQUIRE_SERVERS") == "1":
            pytest.fail(f"AIOSAGE_REQUIRE_SERVERS=1, but {error}", pytrace=False)
        request.config.stash[WITHOUT_DOVECOT] = str(error)
        pytest.skip(str(error))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["memory", pytest.param("dovecot", marks=pytest.mark.dovecot)])
async def server(
    request: pytest.FixtureRequest, certificates: Certificates
) -> AsyncIterator[Endpoint]:
    """The same test on both servers, each time with a fresh user."""
    if request.param == "memory":
        from aiosage.testing import MemoryServer

        context = certificates.server_context()
        async with MemoryServer(ssl_context=context) as memory:
            username, password = "alice@example.org", "secret"
            memory.add_account(username, password, special=True)
            assert memory.tls_port is not None
            yield Endpoint(
                kind="memory",
                host=memory.host,
                port=memory.port,
                tls_port=memory.tls_port,
                username=username,
                password=password,
                ssl_context=certificates.client_context(),
                backend=memory,
            )
        return
    shared: DovecotServer = request.getfixturevalue("dovecot")
    yield Endpoint(
        kind="dovecot",
        host=shared.host,
        port=shared.port,
        tls_port=shared.tls_port,
        username=shared.new_user(),
        password=shared.password,
        ssl_context=shared.client_context(),
        backend=shared,
    )


@pytest.hookimpl(tryfirst=True)  # before -m looks at the markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the ``dovecot`` fixture."""
    for item in items:
        if isinstance(item, pytest.Function) and "dovecot" in item.fixturenames:
            item.add_marker(pytest.mark.dovecot)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say loudly that a run without Dovecot proves less."""
    if reason := config.stash.get(WITHOUT_DOVECOT, None):
        terminalreporter.section("LEFT OUT: every test on Dovecot", yellow=True)
        terminalreporter.line(reason, yellow=True)
