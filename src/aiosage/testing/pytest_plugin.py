r"""Fixtures for pytest: a server, a client, mailboxes with mail, a bad network.

pytest finds them by itself where aiosage is installed. They need pytest-asyncio
(or, in tests marked ``anyio``, anyio's own plugin)::

    async def test_nothing_is_forgotten(imap_client, mailbox_factory):
        inbox = await mailbox_factory("INBOX", [b"Subject: hello\r\n\r\n"])
        assert len(await inbox.search()) == 1

`imap_server` is in memory; with ``--imap-server=dovecot``, or ``imap_server =
dovecot`` in the settings, it is a real Dovecot, one for the whole run. Every test
has an account of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from ..client import IMAPClient, IMAPMailboxUIDService
from ..connection import ConnectionConfig, Security
from ..model import Secret
from ._dovecot import DovecotServer
from ._dovecot_process import DovecotNotFound
from ._fault_proxy import FaultProxy
from ._transcript import Transcript
from .memory import MemoryServer

if TYPE_CHECKING or find_spec("pytest_asyncio"):
    from pytest_asyncio import fixture as async_fixture
else:  # anyio's plugin takes the common ones
    async_fixture = pytest.fixture

KINDS = ("memory", "dovecot")


@dataclass(frozen=True, slots=True)
class IMAPTestServer:
    """A server, and an account of it that nobody else has.

    Attributes:
        config: how to log in, without TLS.
        backend: the server itself, to be another client of it.
    """

    config: ConnectionConfig
    backend: MemoryServer | DovecotServer

    @property
    def username(self) -> str:
        """Whose account it is."""
        return self.config.username

    def through(self, proxy: FaultProxy) -> ConnectionConfig:
        """Return how to log in through *proxy*."""
        return replace(self.config, host=proxy.host, port=proxy.port)


MailboxFactory: TypeAlias = Callable[..., Awaitable[IMAPMailboxUIDService]]
"""``(name, messages=())``: a new mailbox, or INBOX, with these messages."""

TranscriptFixture: TypeAlias = Callable[
    [str | Path | Transcript], Awaitable[ConnectionConfig]
]
"""``(transcript)``: how to log in to who plays it, until the test ends."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the user choose the server."""
    text = "the IMAP server of imap_server: memory (the default) or dovecot"
    parser.getgroup("aiosage").addoption("--imap-server", choices=KINDS, help=text)
    parser.addini("imap_server", text, default="memory")


@pytest.fixture(scope="session")
def imap_server_kind(pytestconfig: pytest.Config) -> str:
    """Which server was asked for."""
    kind: str = pytestconfig.getoption("--imap-server") or pytestconfig.getini(
        "imap_server"
    )
    if kind not in KINDS:
        raise pytest.UsageError(f"imap_server is one of {KINDS}, not {kind!r}")
    return kind


@pytest.fixture(scope="session")
def imap_dovecot() -> Iterator[DovecotServer]:
    """The Dovecot of the run; the tests that need it are skipped where none is."""
    server = DovecotServer()
    try:
        server.start()
    except DovecotNotFound as error:
        pytest.skip(str(error))
    try:
        yield server
    finally:
        server.stop()


@async_fixture
async def imap_server(
    request: pytest.FixtureRequest, imap_server_kind: str
) -> AsyncIterator[IMAPTestServer]:
    """A server with an empty account."""
    if imap_server_kind == "dovecot":
        dovecot: DovecotServer = request.getfixturevalue("imap_dovecot")
        yield _served(dovecot, dovecot.new_user(), dovecot.password)
        return
    async with MemoryServer() as memory:
        memory.add_account("jane@example.org", "secret", special=True)
        yield _served(memory, "jane@example.org", "secret")


def _served(
    backend: MemoryServer | DovecotServer, username: str, password: str
) -> IMAPTestServer:
    config = ConnectionConfig(
        host=backend.host,
        port=backend.port,
        username=username,
        password=Secret(password),
        security=Security.PLAIN,  # it does not leave the machine
    )
    return IMAPTestServer(config, backend)


@async_fixture
async def imap_client(imap_server: IMAPTestServer) -> AsyncIterator[IMAPClient]:
    """A client of `imap_server`."""
    async with IMAPClient(imap_server.config) as client:
        yield client


@pytest.fixture
def mailbox_factory(imap_client: IMAPClient) -> MailboxFactory:
    """Makes mailboxes on `imap_server`."""

    async def make(
        name: str = "INBOX", messages: Sequence[bytes] = ()
    ) -> IMAPMailboxUIDService:
        await imap_client.folders.ensure(name)
        mailbox = imap_client.mailbox(name)
        if messages:
            await mailbox.append_many(messages)
        return mailbox

    return make


@async_fixture
async def fault_proxy(imap_server: IMAPTestServer) -> AsyncIterator[FaultProxy]:
    """A bad network before `imap_server`: see `IMAPTestServer.through`."""
    config = imap_server.config
    async with FaultProxy(config.host, config.port or 0) as proxy:
        yield proxy


def _read(transcript: str | Path | Transcript) -> Transcript:
    if isinstance(transcript, Path):
        transcript = transcript.read_text("utf-8")
    return (
        transcript
        if isinstance(transcript, Transcript)
        else Transcript.parse(transcript)
    )


@async_fixture
async def imap_transcript() -> AsyncIterator[TranscriptFixture]:
    """Plays a transcript, from a file or as it is; a difference fails the test."""
    async with AsyncExitStack() as stack:

        async def play(transcript: str | Path | Transcript) -> ConnectionConfig:
            server = await stack.enter_async_context(_read(transcript).serve())
            return ConnectionConfig(
                host=server.host,
                port=server.port,
                username="jane@example.org",
                password=Secret("secret"),
                security=Security.PLAIN,
                auth="PLAIN",
            )

        yield play
