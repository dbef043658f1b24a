"""TLS with real servers: verified, never given up, and nobody in between."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import trustme

from aiosage.connection import ConnectionConfig, IMAPConnection, ProxyKind, Security
from aiosage.errors import (
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPTLSError,
)
from aiosage.model import Secret
from aiosage.testing import Certificates, CyrusServer, DovecotServer
from aiosage.wire.commands import SessionState

from .proxies import FakeProxy

OVER_TLS = [Security.TLS, Security.STARTTLS]


@pytest.fixture(
    params=[
        pytest.param("dovecot", marks=pytest.mark.dovecot),
        pytest.param("cyrus", marks=pytest.mark.cyrus),
    ]
)
def real(request: pytest.FixtureRequest) -> DovecotServer | CyrusServer:
    """A real server."""
    server: DovecotServer | CyrusServer = request.getfixturevalue(request.param)
    return server


def reaching(
    server: DovecotServer | CyrusServer, security: Security = Security.TLS
) -> ConnectionConfig:
    """Return how a new user reaches *server*, which is trusted."""
    return ConnectionConfig(
        host=server.host,
        port=server.tls_port if security is Security.TLS else server.port,
        username=server.new_user(),
        password=Secret(server.password),
        auth="PLAIN",
        security=security,
        ssl_context=server.client_context(),
        connect_timeout=10.0,
    )


async def session_of(config: ConnectionConfig) -> ssl.SSLObject:
    """Log in by *config*, and return the TLS session that was used."""
    async with await IMAPConnection.open(config) as connection:
        assert connection.state is SessionState.AUTHENTICATED
        transport = connection._protocol.socket_transport
        session: ssl.SSLObject = transport.get_extra_info("ssl_object")
        return session


def unchanged(octets: bytes) -> bytes:
    """Change nothing."""
    return octets


@dataclass
class Between:
    """Somebody between a client and its server, on an address of its own.

    Attributes:
        host: where it listens.
        upstream: the server.
        tamper: what it makes of what the server says.
        sent: all that clients said.
    """

    upstream: tuple[str, int]
    tamper: Callable[[bytes], bytes] = unchanged
    host: str = "127.0.0.2"
    port: int = 0
    sent: bytearray = field(default_factory=bytearray)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Between]:
        """Relay within the block."""
        tasks: set[asyncio.Task[None]] = set()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.add(
                asyncio.get_running_loop().create_task(self._relay(reader, writer))
            )

        server = await asyncio.start_server(accept, self.host, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        # From another address than the server's, which is no local client then.
        from_server, to_server = await asyncio.open_connection(
            *self.upstream, local_addr=(self.host, 0)
        )

        async def up() -> None:
            while data := await reader.read(65536):
                self.sent += data
                to_server.write(data)

        async def down() -> None:
            while data := await from_server.read(65536):
                writer.write(self.tamper(data))

        try:
            with suppress(OSError):
                async with asyncio.TaskGroup() as tasks:
                    both = [tasks.create_task(up()), tasks.create_task(down())]
                    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                    for one in both:
                        one.cancel()
        finally:
            writer.close()
            to_server.close()


@pytest.mark.parametrize("security", OVER_TLS)
async def test_a_certificate_is_verified_unless_told_otherwise(
    real: DovecotServer | CyrusServer, security: Security
) -> None:
    told = replace(reaching(real, security), ssl_context=None)
    with pytest.raises(IMAPTLSError, match="not trusted"):
        await IMAPConnection.open(told)


@pytest.mark.parametrize("security", OVER_TLS)
async def test_an_authority_from_a_file_is_trusted(
    real: DovecotServer | CyrusServer, security: Security
) -> None:
    told = replace(
        reaching(real, security), ssl_context=None, ca_file=str(real.ca_file)
    )
    await session_of(told)


@pytest.mark.parametrize("security", OVER_TLS)
async def test_the_name_in_the_certificate_must_be_the_hosts(
    real: DovecotServer | CyrusServer, security: Security
) -> None:
    """The certificate is for localhost and 127.0.0.1, and trusted."""
    told = reaching(real, security)
    async with Between((real.host, told.effective_port)).running() as other:
        told = replace(told, host=other.host, port=other.port)
        with pytest.raises(IMAPTLSError, match="not trusted"):
            await IMAPConnection.open(told)
        # Who switches that off has a context of his own to say so.
        context = real.client_context()
        context.check_hostname = False
        await session_of(replace(told, ssl_context=context))


@pytest.mark.parametrize("security", OVER_TLS)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_context_of_ones_own_rules(
    real: DovecotServer | CyrusServer, version: ssl.TLSVersion, security: Security
) -> None:
    context = real.client_context()
    context.minimum_version = context.maximum_version = version
    session = await session_of(replace(reaching(real, security), ssl_context=context))
    assert session.version() == version.name.replace("_", ".")


@pytest.mark.parametrize("security", OVER_TLS)
async def test_a_server_with_many_names_is_told_which_by_sni(
    security: Security,
) -> None:
    """It shows the certificate of the name it was asked for, else another."""
    with two_named() as (server, name, context):
        told = reaching(server, security)
        upstream = (server.host, told.effective_port)
        async with FakeProxy(ProxyKind.SOCKS5, upstream) as proxy:
            told = replace(told, ssl_context=context, proxy=proxy.configured())
            await session_of(replace(told, host=name))
            with pytest.raises(IMAPTLSError, match="not trusted"):
                await session_of(replace(told, host="localhost"))


@contextmanager
def two_named() -> Iterator[tuple[DovecotServer, str, ssl.SSLContext]]:
    """Run a server with a second name; give that, and who trusts it alone."""
    name = "imap.second.invalid"
    with (
        tempfile.TemporaryDirectory(prefix="aiosage-") as folder,
        Certificates(name) as second,
    ):
        Path(folder).chmod(0o755)  # another user runs the server
        chain, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        chain.write_bytes(second.certificate_file.read_bytes())
        key.write_bytes(second.key_file.read_bytes())
        extra = f"local_name {name} {{\n ssl_cert = <{chain}\n ssl_key = <{key}\n}}"
        with DovecotServer(extra_config=extra) as server:
            yield server, name, second.client_context()


@pytest.fixture(scope="module")
def certified() -> Iterator[tuple[Path, Path]]:
    """An authority of client certificates, and one with its key for "carol"."""
    authority = trustme.CA()
    issued = authority.issue_cert("carol@example.org", common_name="carol")
    with tempfile.TemporaryDirectory(prefix="aiosage-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        authority.cert_pem.write_to_path(folder / "ca.pem")
        issued.private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
        yield folder / "ca.pem", folder / "client.pem"


@pytest.mark.cyrus
@pytest.mark.usefixtures("cyrus")
@pytest.mark.parametrize("security", OVER_TLS)
async def test_a_client_certificate_logs_in_to_cyrus(
    certified: tuple[Path, Path], security: Security
) -> None:
    """EXTERNAL, by its own name and by "auto" with no password."""
    options = {
        "tls_client_ca_file": str(certified[0]),
        "tls_client_certs": "optional",
        "sasl_mech_list": "EXTERNAL PLAIN",
    }
    with CyrusServer(options=options) as server:
        context = server.client_context()
        told = replace(reaching(server, security), auth="EXTERNAL", ssl_context=context)
        with pytest.raises((IMAPAuthenticationError, IMAPCapabilityError)):
            await session_of(replace(told, username="carol"))
        context.load_cert_chain(certified[1])
        await session_of(replace(told, username="carol"))
        told = replace(told, auth="auto").with_password("")
        await session_of(replace(told, username="carol"))


async def not_to_be_had(
    server: DovecotServer | CyrusServer, tamper: Callable[[bytes], bytes], match: str
) -> None:
    """Let somebody spoil STARTTLS; the password must not go another way."""
    told = reaching(server, Security.STARTTLS)
    async with Between((server.host, server.port), tamper).running() as mallory:
        told = replace(told, host=mallory.host, port=mallory.port)
        with pytest.raises(IMAPTLSError, match=match):
            await IMAPConnection.open(told)
        assert b"LOGIN" not in mallory.sent
        assert b"AUTHENTICATE" not in mallory.sent


async def test_starttls_that_is_stripped_means_no_session(
    real: DovecotServer | CyrusServer,
) -> None:
    await not_to_be_had(
        real, lambda octets: octets.replace(b" STARTTLS", b""), "does not offer"
    )


async def test_starttls_that_is_refused_means_no_session(
    real: DovecotServer | CyrusServer,
) -> None:
    def refuse(octets: bytes) -> bytes:
        tag, _, rest = octets.partition(b" OK Begin TLS")
        return tag + b" NO not today" + rest[rest.find(b"\r\n") :] if rest else octets

    await not_to_be_had(real, refuse, "not today")


@pytest.mark.parametrize(
    "injected", [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"* PREAUTH", b"\r\n"]
)
async def test_octets_injected_after_starttls_mean_no_session(
    real: DovecotServer | CyrusServer, injected: bytes
) -> None:
    """CVE-2011-0411: they would be taken for what the server says under TLS."""
    await not_to_be_had(
        real,
        lambda octets: octets + (injected if b" OK Begin TLS" in octets else b""),
        "between STARTTLS and TLS",
    )


async def test_preauth_from_somebody_between_means_no_session(
    real: DovecotServer | CyrusServer,
) -> None:
    """CVE-2020-12398: it would forbid STARTTLS."""
    await not_to_be_had(
        real, lambda octets: octets.replace(b"* OK [", b"* PREAUTH [", 1), "PREAUTH"
    )


async def test_a_server_without_tls_is_not_logged_in_to() -> None:
    with DovecotServer(extra_config="ssl = no") as server:
        with pytest.raises(IMAPTLSError, match="does not offer STARTTLS"):
            await IMAPConnection.open(reaching(server, Security.STARTTLS))
        told = reaching(server, Security.PLAIN)
        async with await IMAPConnection.open(told) as connection:
            await connection.noop()


def logged_in(server: DovecotServer, user: str, fd: int) -> subprocess.Popen[bytes]:
    """Let Dovecot serve *user* on the socket *fd*, as it does over ssh."""
    process = Path(f"/proc/{server.pid}")
    words = (process / "cmdline").read_text().split("\0")
    file = Path(words[words.index("-c") + 1])
    owner = process.stat()
    is_other = owner.st_uid != os.getuid()
    return subprocess.Popen(
        ("doveadm", "-c", file, "exec", "imap", "-u", user),
        stdin=fd,
        stdout=fd,
        stderr=subprocess.DEVNULL,
        cwd=file.parent,
        user=owner.st_uid if is_other else None,
        group=owner.st_gid if is_other else None,
        extra_groups=[] if is_other else None,
    )


@asynccontextmanager
async def preauthenticated(server: DovecotServer) -> AsyncIterator[int]:
    """Serve sessions that are logged in from the start; give the port."""
    user = server.new_user()
    sessions: list[subprocess.Popen[bytes]] = []

    def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sessions.append(logged_in(server, user, sock.fileno()))
        writer.transport.abort()  # the session has a copy of it

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        for session in sessions:
            await asyncio.to_thread(session.wait)


async def test_dovecots_preauth_needs_no_login(dovecot: DovecotServer) -> None:
    async with preauthenticated(dovecot) as port:
        told = replace(reaching(dovecot, Security.PLAIN), port=port)
        async with await IMAPConnection.open(told.with_password("wrong")) as session:
            assert session.state is SessionState.AUTHENTICATED
            assert (await session.select("INBOX")).exists == 0


async def test_dovecots_preauth_is_refused_where_tls_is_wanted(
    dovecot: DovecotServer,
) -> None:
    """RFC 9051 §11.1: STARTTLS is not possible any more."""
    async with preauthenticated(dovecot) as port:
        told = replace(reaching(dovecot, Security.STARTTLS), port=port)
        with pytest.raises(IMAPTLSError, match="PREAUTH"):
            await IMAPConnection.open(told)


@pytest.mark.usefixtures("dovecot")  # or skip
async def test_dovecots_logindisabled_keeps_the_password() -> None:
    """It is announced to whoever comes from elsewhere, until there is TLS."""
    with DovecotServer(extra_config="disable_plaintext_auth = yes") as server:
        async with Between((server.host, server.port)).running() as elsewhere:
            told = replace(
                reaching(server, Security.PLAIN),
                host=elsewhere.host,
                port=elsewhere.port,
            )
            with pytest.raises(
                IMAPCapabilityError, match="no login by PLAIN"
            ) as caught:
                await IMAPConnection.open(told)
            assert caught.value.hint
            assert elsewhere.sent == b""
            context = server.client_context()
            context.check_hostname = False
            await session_of(
                replace(told, security=Security.STARTTLS, ssl_context=context)
            )
            await session_of_auto(replace(told, auth="auto"), elsewhere)


async def session_of_auto(config: ConnectionConfig, between: Between) -> None:
    """Log in without showing the password to who is between."""
    between.sent.clear()
    async with await IMAPConnection.open(config) as connection:
        await connection.noop()
    assert b"AUTHENTICATE SCRAM-" in between.sent
    assert b" LOGIN " not in between.sent
