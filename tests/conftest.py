"""Servers for the tests: the embedded one always, Dovecot and Cyrus where they are.

``AIOSAGE_REQUIRE_SERVERS=1`` turns what would be skipped into failures.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NoReturn

import pytest
from hypothesis import settings

from aiosage.testing import (
    Certificates,
    CyrusNotFound,
    CyrusServer,
    DovecotNotFound,
    DovecotServer,
)

from .wire_watch import asked_for, watching

if TYPE_CHECKING:
    from aiosage.testing import MemoryServer

# How long an example takes is the machine's business, which has others to do.
settings.register_profile("aiosage", deadline=None)
settings.load_profile("aiosage")

pytest_plugins = ["pytester"]

LEFT_OUT: Final = re.compile(r"Skipped: (\w+) is not there: (.*)", re.DOTALL)
"""What a report says of a test for want of a server."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a test logs in: a server, and a user nobody else has."""

    kind: Literal["memory", "dovecot", "cyrus"]
    host: str
    port: int
    tls_port: int
    username: str
    password: str
    ssl_context: ssl.SSLContext
    backend: MemoryServer | DovecotServer | CyrusServer


@pytest.fixture(autouse=True)
def nothing_is_destroyed_unasked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that sends EXPUNGE, CLOSE or a fetch without PEEK unasked."""
    with watching() as noted:
        yield
    allowed = asked_for(request.node)
    unasked = [shown for what, shown in noted if what not in allowed]
    assert not unasked, f"sent without being asked for by name: {unasked}"


@pytest.fixture(scope="session")
def certificates() -> Iterator[Certificates]:
    """The certificates of the servers of this run."""
    with Certificates() as certificates:
        yield certificates


@pytest.fixture(scope="session")
def dovecot(certificates: Certificates) -> Iterator[DovecotServer]:
    """The Dovecot of this run, started when the first test asks for it."""
    server = DovecotServer(certificates=certificates)
    try:
        server.start()
    except DovecotNotFound as error:
        leave_out("Dovecot", error)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def cyrus(certificates: Certificates) -> Iterator[CyrusServer]:
    """The Cyrus of this run, started when the first test asks for it."""
    server = CyrusServer(certificates=certificates)
    try:
        server.start()
    except CyrusNotFound as error:
        leave_out("Cyrus", error)
    try:
        yield server
    finally:
        server.stop()


def leave_out(name: str, error: Exception) -> NoReturn:
    """Skip for want of a server, or fail where servers are required."""
    if os.environ.get("AIOSAGE_REQUIRE_SERVERS") == "1":
        pytest.fail(f"AIOSAGE_REQUIRE_SERVERS=1, but {error}", pytrace=False)
    pytest.skip(f"{name} is not there: {error}")


DOVECOT: Final = pytest.param("dovecot", marks=pytest.mark.dovecot)
CYRUS: Final = pytest.param("cyrus", marks=pytest.mark.cyrus)


@pytest.fixture(params=["memory", DOVECOT])
async def server(
    request: pytest.FixtureRequest, certificates: Certificates
) -> AsyncIterator[Endpoint]:
    """The same test on both servers, each time with a fresh user."""
    async with endpoint(request, certificates) as found:
        yield found


@pytest.fixture(params=["memory", DOVECOT, CYRUS])
async def any_server(
    request: pytest.FixtureRequest, certificates: Certificates
) -> AsyncIterator[Endpoint]:
    """The same test on every server, for what holds whoever wrote it."""
    async with endpoint(request, certificates) as found:
        yield found


@asynccontextmanager
async def endpoint(
    request: pytest.FixtureRequest, certificates: Certificates
) -> AsyncIterator[Endpoint]:
    """Find the server that is the parameter of *request*, and a user of it."""
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
    shared: DovecotServer | CyrusServer = request.getfixturevalue(request.param)
    yield Endpoint(
        kind=request.param,
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
    """Mark every test that asks for the ``dovecot`` or ``cyrus`` fixture."""
    for item in items:
        for name in ("dovecot", "cyrus"):
            if isinstance(item, pytest.Function) and name in item.fixturenames:
                item.add_marker(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that a run without a server proves less."""
    reasons: dict[str, str] = {}
    for report in terminalreporter.stats.get("skipped", ()):
        if found := LEFT_OUT.match(report.longrepr[2]):
            reasons[found[1]] = found[2]
    for name, reason in sorted(reasons.items()):
        terminalreporter.section(f"LEFT OUT: every test on {name}", yellow=True)
        terminalreporter.line(reason, yellow=True)
