"""Every way a session cannot come about: its own error, in time, with advice."""

from __future__ import annotations

import asyncio
import logging
import pickle
import socket
import time

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.errors import (
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPConnectError,
    IMAPError,
    IMAPGreetingError,
    IMAPTimeoutError,
    IMAPTLSError,
)
from aiosage.model import Secret
from aiosage.testing import Certificates, DovecotServer
from aiosage.wire.commands import Noop, SessionState

from .scripted import CAPABILITIES, LOGGED_IN, PASSWORD, Peer, Script, config, scripted


async def refused(config: ConnectionConfig, *, within: float = 5.0) -> IMAPError:
    """Open a connection that cannot be; return the error, which must be fit to show."""
    start = time.monotonic()
    with pytest.raises(IMAPError) as caught:
        await IMAPConnection.open(config)
    assert time.monotonic() - start < within
    error = caught.value
    for told in (str(error), repr(error), repr(error.__dict__)):
        assert PASSWORD not in told
    assert error.hint, f"{error} does not say what to do"
    assert config.host in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    return error


@pytest.fixture(autouse=True)
def secrets_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Every test of this module logs at DEBUG; `check_log` looks afterwards."""
    caplog.set_level(logging.DEBUG)


def free_port() -> int:
    """Return a port where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


async def test_refused_port() -> None:
    error = await refused(config(free_port()))
    assert type(error) is IMAPConnectError
    assert "refused the connection" in str(error)


async def test_unknown_host() -> None:
    error = await refused(config(143, host="no-such-host.invalid"))
    assert type(error) is IMAPConnectError
    assert "'no-such-host.invalid'" in str(error)


async def test_bye_instead_of_a_greeting() -> None:
    async with scripted("S: * BYE too many connections\nS! close") as port:
        error = await refused(config(port))
    assert type(error) is IMAPGreetingError
    assert "too many connections" in str(error)


@pytest.mark.parametrize("security", list(Security))
async def test_silent_server(security: Security, certificates: Certificates) -> None:
    """It accepts and never says a word, as an overloaded one does."""
    async with scripted() as port:
        told = config(
            port,
            security=security,
            ssl_context=certificates.client_context(),
            connect_timeout=0.2,
        )
        error = await refused(told, within=2.0)
    assert isinstance(error, IMAPTimeoutError)
    assert isinstance(error, TimeoutError)
    assert error.seconds == 0.2


@pytest.mark.parametrize(
    "script",
    [
        "S: * OK [CAPABILITY IMAP4rev1] hi",
        "S: * OK hi\nC: T1 CAPABILITY",
        "S: * OK [CAPABILITY AUTH=PLAIN] hi\nC: T1 AUTHENTICATE PLAIN\nS: + ",
    ],
)
async def test_server_that_falls_silent_before_the_login_is_over(script: str) -> None:
    async with scripted(script) as port:
        error = await refused(config(port, connect_timeout=0.2), within=2.0)
    assert isinstance(error, IMAPTimeoutError)
    assert "logging in to" in str(error)


@pytest.mark.parametrize("end", ["S! close", "S! reset"])
async def test_end_before_a_greeting(end: str) -> None:
    async with scripted(end) as port:
        error = await refused(config(port))
    assert type(error) is IMAPGreetingError
    assert "greeting" in str(error)


@pytest.mark.parametrize("end", ["S! close", "S! reset", "S: * BYE shutting down"])
@pytest.mark.parametrize(
    "script",
    [
        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: T1 LOGIN ...\n",
        "S: * OK hi\nC: T1 CAPABILITY\n",
        "S: * OK hi\nC: T1 CAPABILITY\nS: T1 OK\nC: T2 LOGIN ...\nS: T2 OK\nC: ...\n",
    ],
)
async def test_end_during_the_login(script: str, end: str) -> None:
    """Whatever step it comes at, no session came about."""
    async with scripted(script + end) as port:
        error = await refused(config(port))
    assert type(error) is IMAPConnectError
    assert "logging in" in str(error)


@pytest.mark.parametrize(
    "greeting",
    [
        "220 mail.example.org ESMTP ready",
        "+OK POP3 ready",
        "SSH-2.0-OpenSSH_9.6",
        "HTTP/1.1 400 Bad Request",
        "A1 OK hello",
        "* 3 EXISTS",
        "* CAPABILITY IMAP4rev1",
        "",
    ],
)
async def test_greeting_of_something_else(greeting: str) -> None:
    """A wrong port is the usual reason, and the error says so."""
    async with scripted(f"S: {greeting}") as port:
        error = await refused(config(port))
    assert type(error) is IMAPGreetingError
    assert "port" in error.hint


async def test_tls_client_on_a_plain_port(certificates: Certificates) -> None:
    async with scripted(f"S: * OK [CAPABILITY {CAPABILITIES}] ready") as port:
        told = config(
            port, security=Security.TLS, ssl_context=certificates.client_context()
        )
        error = await refused(told)
    assert type(error) is IMAPTLSError
    assert "starttls" in error.hint


async def test_plain_client_on_a_tls_port(certificates: Certificates) -> None:
    """TLS waits for the client, who waits for a greeting."""
    async with scripted(ssl_context=certificates.server_context()) as port:
        error = await refused(config(port, connect_timeout=0.2), within=2.0)
    assert isinstance(error, IMAPTimeoutError)
    assert "TLS port" in error.hint


async def test_untrusted_certificate(certificates: Certificates) -> None:
    async with scripted(LOGGED_IN, ssl_context=certificates.server_context()) as port:
        error = await refused(config(port, security=Security.TLS))
    assert type(error) is IMAPTLSError
    assert "not trusted" in str(error)
    assert "ca_file" in error.hint


async def test_certificate_of_another_host() -> None:
    with Certificates("imap.example.org") as certificates:
        context = certificates.server_context()
        async with scripted(LOGGED_IN, ssl_context=context) as port:
            told = config(
                port, security=Security.TLS, ssl_context=certificates.client_context()
            )
            error = await refused(told)
    assert type(error) is IMAPTLSError
    assert "not trusted" in str(error)


OFFERED = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] ready\n"


def starttls(port: int, certificates: Certificates) -> ConnectionConfig:
    """Return a configuration that wants STARTTLS."""
    return config(
        port, security=Security.STARTTLS, ssl_context=certificates.client_context()
    )


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (f"S: * OK [CAPABILITY {CAPABILITIES}] ready", "does not offer STARTTLS"),
        (f"{OFFERED}C: T1 STARTTLS\nS: T1 NO not now", "not now"),
        (f"{OFFERED}C: T1 STARTTLS\nS: T1 BAD what", "what"),
        (f"{OFFERED}C: T1 STARTTLS\nS: T1 OK go\nS! close", "TLS"),
        (f"{OFFERED}C: T1 STARTTLS\nS! close", "starting TLS"),
        (f"S: * PREAUTH [CAPABILITY {CAPABILITIES}] hi", "PREAUTH"),
    ],
)
async def test_starttls_that_is_not_to_be_had(
    script: str, told: str, certificates: Certificates
) -> None:
    """The password must never go in the clear instead (RFC 9051 §11.1)."""
    async with scripted(script) as port:
        error = await refused(starttls(port, certificates))
    assert isinstance(error, IMAPConnectError)
    assert told in str(error)


@pytest.mark.parametrize(
    "injected", [b"* CAPABILITY IMAP4rev1\r\n", b"* OK", b"A1 OK x\r\n* OK"]
)
async def test_octets_injected_before_tls_are_refused(
    injected: bytes, certificates: Certificates
) -> None:
    """They would be taken for what the server says under TLS (CVE-2011-0411)."""

    async def inject(peer: Peer) -> None:
        await peer.play(f"{OFFERED}C: T1 STARTTLS")
        peer.send(peer.tags["T1"].encode() + b" OK go\r\n" + injected)

    async with scripted(inject) as port:
        error = await refused(starttls(port, certificates))
    assert type(error) is IMAPTLSError
    assert "between STARTTLS and TLS" in str(error)


async def test_octets_injected_into_the_tls_handshake_are_refused(
    certificates: Certificates,
) -> None:
    """In a segment of their own they reach TLS, which does not know them."""

    async def inject(peer: Peer) -> None:
        await peer.play(f"{OFFERED}C: T1 STARTTLS\nS: T1 OK go")
        await peer.reader.read(1)  # the handshake has begun
        peer.send(b"* CAPABILITY IMAP4rev1\r\n")

    async with scripted(inject) as port:
        error = await refused(starttls(port, certificates))
    assert type(error) is IMAPTLSError


async def test_capabilities_from_before_tls_are_forgotten(
    certificates: Certificates,
) -> None:
    """Somebody in between may have made them up (RFC 9051 §6.2.1)."""
    context = certificates.server_context()

    async def upgrade(peer: Peer) -> None:
        await peer.play(f"{OFFERED}C: T1 STARTTLS\nS: T1 OK [CAPABILITY X-FORGED] go")
        await peer.writer.start_tls(context)
        await peer.play(
            "C: T2 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: T2 OK\n"
            "C: T3 LOGIN ...\nS: T3 OK [CAPABILITY IMAP4rev1 X-TRUE] in\n"
            "C: T4 LOGOUT\nS: * BYE\nS: T4 OK"
        )

    async with (
        scripted(upgrade) as port,
        await IMAPConnection.open(starttls(port, certificates)) as connection,
    ):
        assert connection.capabilities == {"IMAP4REV1", "X-TRUE"}


async def test_wrong_password(
    dovecot: DovecotServer, caplog: pytest.LogCaptureFixture
) -> None:
    told = ConnectionConfig(
        host=dovecot.host,
        port=dovecot.tls_port,
        username=dovecot.new_user(),
        password=Secret(PASSWORD),
        ssl_context=dovecot.client_context(),
    )
    error = await refused(told)
    assert type(error) is IMAPAuthenticationError
    assert error.code == "AUTHENTICATIONFAILED"
    assert not error.retryable
    assert "password" in error.hint
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        ("UNAVAILABLE", True),
        ("INUSE", True),
        ("LIMIT", True),
        ("AUTHENTICATIONFAILED", False),
        ("EXPIRED", False),
    ],
)
async def test_a_refused_login_says_whether_to_try_again(
    code: str, retryable: bool
) -> None:
    script = f"S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: T1 NO [{code}] no\n"
    async with scripted(script) as port:
        error = await refused(config(port))
    assert isinstance(error, IMAPAuthenticationError)
    assert (error.code, error.text, error.retryable) == (code, "no", retryable)


THROTTLED = "Request is throttled. Suggested Backoff Time: 2500 milliseconds"


@pytest.mark.parametrize(
    "script",
    [
        f"S: * BYE {THROTTLED}\nS! close",
        f"S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: T1 NO {THROTTLED}\n",
        f"S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: * BYE {THROTTLED}\nS! close",
    ],
)
async def test_a_server_that_throttles_says_for_how_long(script: str) -> None:
    """Exchange does, wherever it likes."""
    async with scripted(script) as port:
        error = await refused(config(port))
    assert error.retry_after == 2.5
    assert not isinstance(error, IMAPAuthenticationError) or error.retryable


@pytest.mark.parametrize(
    "script",
    [
        "S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: T1 NO bad: LOGIN joe {0}\n",
        "S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: T1 BAD [X {0}] {0}\n",
        "S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: * BYE LOGIN joe {0}\n",
        "S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: T1 LOGIN joe {0}\n",
        "S: * OK [CAPABILITY X] hi\nC: T1 LOGIN ...\nS: * SEARCH {0}\n",
    ],
)
async def test_a_password_the_server_sends_back_is_not_shown(
    script: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Some echo the line they did not understand."""
    async with scripted(script.format(PASSWORD)) as port:
        await refused(config(port))
    assert PASSWORD not in caplog.text


async def test_a_password_the_server_sends_back_as_it_was_quoted_is_not_shown() -> None:
    async def serve(peer: Peer) -> None:
        await peer.play("S: * OK [CAPABILITY X] hi")
        tag, _, rest = (await peer.line()).partition(" ")
        peer.send(f"{tag} BAD what is {rest}\r\n".encode())

    async with scripted(serve) as port:
        error = await refused(config(port, password='so"secret\\indeed'))
    assert "what is" in str(error)
    assert "secret" not in str(error)
    assert "indeed" not in str(error)


@pytest.mark.parametrize("security", [Security.PLAIN, Security.TLS])
async def test_logindisabled(security: Security, certificates: Certificates) -> None:
    """RFC 9051 §6.2.3: LOGIN must not even be tried."""
    script = "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi"
    context = None
    if security is Security.TLS:
        context = certificates.server_context()
    async with scripted(script, ssl_context=context) as port:
        told = config(
            port, security=security, ssl_context=certificates.client_context()
        )
        error = await refused(told)
    assert isinstance(error, IMAPCapabilityError)
    assert ("tls" in error.hint) == (security is Security.PLAIN)


@pytest.mark.parametrize("password", ["a\0b", "\udc80"])
async def test_a_password_that_cannot_be_sent(password: str) -> None:
    async with scripted("S: * OK [CAPABILITY X] hi") as port:
        error = await refused(config(port, password=password))
    assert isinstance(error, IMAPAuthenticationError)


@pytest.mark.parametrize("password", ["a b", 'q"\\', "pä", "x" * 2000, "", "a\r\nb"])
@pytest.mark.parametrize("capabilities", ["X", "AUTH=PLAIN", "AUTH=PLAIN SASL-IR"])
async def test_any_other_password_can_be_sent(
    password: str, capabilities: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As an atom, a quoted string, a literal, or base64; and never logged."""

    async def serve(peer: Peer) -> None:
        peer.send(f"* OK [CAPABILITY {capabilities}] hi\r\n".encode())
        line = await peer.line()
        tag = line.split()[0]
        while line.endswith(("}", "AUTHENTICATE PLAIN")):
            peer.send(b"+ OK\r\n")
            if line.endswith("}"):
                size = int(line[line.index("{") + 1 : -1])
                assert (await peer.reader.readexactly(size)).decode() == password
            line = await peer.line()
        peer.send(f"{tag} OK [CAPABILITY IMAP4rev1] in\r\n".encode())

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port, password=password))
        assert connection.state is SessionState.AUTHENTICATED
        connection.abort()
        await connection.aclose()
    assert not password or password not in caplog.text


async def test_preauth_needs_no_login() -> None:
    script: Script = (
        "S: * PREAUTH hi\nC: T1 CAPABILITY\nS: * CAPABILITY X\nS: T1 OK\n"
        "C: T2 NOOP\nS: T2 OK\nC: T3 LOGOUT\nS: * BYE\nS: T3 OK"
    )
    async with scripted(script) as port, await IMAPConnection.open(config(port)) as c:
        await c.execute(Noop())
        assert c.capabilities == {"X"}


@pytest.mark.parametrize("security", list(Security))
async def test_all_three_ways_to_dovecot(
    security: Security, dovecot: DovecotServer
) -> None:
    told = ConnectionConfig(
        host=dovecot.host,
        port=dovecot.tls_port if security is Security.TLS else dovecot.port,
        username=dovecot.new_user(),
        password=Secret(dovecot.password),
        security=security,
        ssl_context=dovecot.client_context(),
    )
    async with await IMAPConnection.open(told) as connection:
        assert connection.state is SessionState.AUTHENTICATED
        assert connection.supports("uidplus")
        assert (await connection.select("INBOX")).exists == 0
    assert connection.is_closed
    with pytest.raises(IMAPError, match="closed"):
        await connection.noop()


async def test_cancelling_open_at_any_step_leaves_nothing_open(
    certificates: Certificates,
) -> None:
    """Name lookup, TCP, TLS, greeting, login: wherever it is."""
    context = certificates.server_context()
    ends: list[asyncio.Event] = []

    async def note_end(peer: Peer) -> None:
        end = asyncio.Event()
        ends.append(end)
        try:
            await peer.play(LOGGED_IN)
            await peer.gone()
        finally:
            end.set()

    async with scripted(note_end, ssl_context=context) as port:
        told = config(
            port, security=Security.TLS, ssl_context=certificates.client_context()
        )
        for steps in range(1000):
            opening = asyncio.ensure_future(IMAPConnection.open(told))
            for _ in range(steps):
                await asyncio.sleep(0)
            if not opening.cancel():
                break
            with pytest.raises(asyncio.CancelledError):
                await opening
        connection = await opening
        connection.abort()
        async with asyncio.timeout(5.0):
            for end in ends:
                await end.wait()
    assert steps > 5
    assert len(ends) > 2
