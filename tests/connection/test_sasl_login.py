"""Logging in where a server refuses, is wrong, or cannot be trusted."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import pickle
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from scramp import ScramException, ScramMechanism

from aiosage.connection import (
    ConnectionConfig,
    IMAPConnection,
    Security,
    TokenRequest,
)
from aiosage.connection.sasl import Credentials, Plain
from aiosage.errors import (
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPConnectionLost,
    IMAPTimeoutError,
)
from aiosage.model import Secret
from aiosage.testing import Certificates
from aiosage.wire.commands import Authenticate, Noop, SessionState, Unauthenticate

from .scripted import PASSWORD, Peer, Script, config, outcome, scripted

IN = "[CAPABILITY IMAP4rev1 UNAUTHENTICATE] in"
TOKEN = "ya29.a-token-nobody-must-see"


def greeting(capabilities: str) -> str:
    """Return a line that announces *capabilities*."""
    return f"S: * OK [CAPABILITY IMAP4rev1 {capabilities}] hi\n"


def b64(text: str) -> str:
    """Return *text* as SASL carries it."""
    return base64.b64encode(text.encode()).decode()


async def refused(told: ConnectionConfig) -> IMAPAuthenticationError:
    """Open by *told*; return the error, which must be fit to show."""
    with pytest.raises(IMAPAuthenticationError) as caught:
        await IMAPConnection.open(told)
    error = caught.value
    shown = f"{error!r}{error}{error.__dict__}"
    for secret in (PASSWORD, TOKEN, b64(TOKEN)):
        assert secret not in shown
    assert error.hint
    assert pickle.loads(pickle.dumps(error)).__dict__ == error.__dict__
    return error


async def logged_in(told: ConnectionConfig) -> None:
    """Open by *told* and close."""
    connection = await IMAPConnection.open(told)
    assert connection.state is SessionState.AUTHENTICATED
    connection.abort()
    await connection.aclose()


# -- Which way.

PLAIN = b64(f"\0joe\0{PASSWORD}")


async def test_a_way_refused_before_it_saw_the_password_is_left_for_the_next() -> None:
    """Dovecot announces SCRAM, and refuses it to users whose password is hashed."""
    script = (
        greeting("SASL-IR AUTH=SCRAM-SHA-256 AUTH=CRAM-MD5 AUTH=PLAIN")
        + "C: T1 AUTHENTICATE SCRAM-SHA-256 ...\nS: T1 NO [AUTHENTICATIONFAILED] no\n"
        + "C: T2 AUTHENTICATE CRAM-MD5\nS: T2 NO no\n"
        + f"C: T3 AUTHENTICATE PLAIN {PLAIN}\nS: T3 OK {IN}\n"
    )
    async with scripted(script) as port:
        await logged_in(config(port))


async def test_a_refused_password_is_not_tried_again() -> None:
    """Too many failures lock an account."""
    script = (
        greeting("AUTH=CRAM-MD5 AUTH=PLAIN")
        + f"C: T1 AUTHENTICATE CRAM-MD5\nS: + {b64('<1@x>')}\nC: ...\n"
        + "S: T1 NO [AUTHENTICATIONFAILED] no\n"
    )
    async with scripted(script) as port:
        error = await refused(config(port))
    assert "CRAM-MD5" in error.hint


async def test_a_server_that_is_busy_is_not_bothered_with_another_way() -> None:
    script = greeting("AUTH=CRAM-MD5 AUTH=PLAIN") + (
        "C: T1 AUTHENTICATE CRAM-MD5\nS: T1 NO [UNAVAILABLE] later\n"
    )
    async with scripted(script) as port:
        assert (await refused(config(port))).retryable


@pytest.mark.parametrize(
    ("auth", "capabilities", "line"),
    [
        ("LOGIN", "AUTH=LOGIN", "AUTHENTICATE LOGIN"),
        ("login", "AUTH=PLAIN", f"LOGIN joe {PASSWORD}"),
        ("PLAIN", "AUTH=PLAIN AUTH=SCRAM-SHA-1", "AUTHENTICATE PLAIN"),
        ("auto", "AUTH=LOGIN LOGINDISABLED", "AUTHENTICATE LOGIN"),
        ("AUTO", "AUTH=GSSAPI", f"LOGIN joe {PASSWORD}"),
    ],
)
async def test_the_way_that_is_taken(auth: str, capabilities: str, line: str) -> None:
    script = greeting(capabilities) + f"C: T1 {line}\nS: T1 NO no\n"
    async with scripted(script) as port:
        with pytest.raises(IMAPAuthenticationError):
            await IMAPConnection.open(replace(config(port), auth=auth))


@pytest.mark.parametrize(
    ("auth", "capabilities", "missing"),
    [
        ("PLAIN", "AUTH=SCRAM-SHA-1", "AUTH=PLAIN"),
        ("LOGIN", "LOGINDISABLED", "AUTH=LOGIN"),
        ("EXTERNAL", "", "AUTH=EXTERNAL"),
        ("OAUTHBEARER", "AUTH=XOAUTH2", "AUTH=OAUTHBEARER"),
        ("auto", "LOGINDISABLED", "AUTH=PLAIN"),
    ],
)
async def test_a_way_that_is_not_offered_is_not_tried(
    auth: str, capabilities: str, missing: str
) -> None:
    async with scripted(greeting(capabilities)) as port:
        token = Secret(TOKEN) if auth == "OAUTHBEARER" else None
        with pytest.raises(IMAPCapabilityError) as caught:
            await IMAPConnection.open(replace(config(port), auth=auth, token=token))
    assert caught.value.capability == missing
    assert caught.value.hint


async def test_a_token_is_not_replaced_by_the_password() -> None:
    async with scripted(greeting("AUTH=PLAIN")) as port:
        with pytest.raises(IMAPCapabilityError, match="token"):
            await IMAPConnection.open(replace(config(port), token=Secret(TOKEN)))


async def test_acting_as_another_needs_a_mechanism_that_can() -> None:
    told = config(1)
    acting = b64(f"jane\0joe\0{PASSWORD}")
    script = greeting("SASL-IR AUTH=SCRAM-SHA-1 AUTH=PLAIN") + (
        f"C: T1 AUTHENTICATE PLAIN {acting}\nS: T1 OK {IN}\n"
    )
    async with scripted(script) as port:
        await logged_in(replace(told, port=port, authzid="jane"))
    async with scripted(greeting("AUTH=SCRAM-SHA-1")) as port:
        with pytest.raises(IMAPCapabilityError, match="as another"):
            await IMAPConnection.open(replace(told, port=port, authzid="jane"))


async def test_only_scram_without_scramp_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aiosage.connection._login.is_scram_installed", lambda: False)
    async with scripted(greeting("LOGINDISABLED AUTH=SCRAM-SHA-1")) as port:
        with pytest.raises(IMAPConfigurationError, match=r"pip install 'aiosage\[auth"):
            await IMAPConnection.open(config(port))
    async with scripted(
        greeting("AUTH=SCRAM-SHA-1") + f"C: T1 LOGIN ...\nS: T1 OK {IN}\n"
    ) as port:
        await logged_in(config(port))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"auth": "KERBEROS"}, "auth"),
        ({"auth": "XOAUTH2"}, "needs a token"),
        ({"auth": "PLAIN", "token": TOKEN}, "does not use the token"),
        ({"auth": "SCRAM-SHA-1", "authzid": "jane"}, "authzid"),
        ({"auth": "SCRAM-SHA-1-PLUS"}, "TLS"),
    ],
)
def test_settings_that_contradict_each_other(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(IMAPConfigurationError, match=told) as caught:
        replace(config(143), **wrong)  # type: ignore[arg-type]  # on purpose
    assert TOKEN not in str(caught.value)


def test_a_token_is_not_shown() -> None:
    told = replace(config(143), token=TOKEN)  # type: ignore[arg-type]  # becomes one
    assert told.token == Secret(TOKEN)
    assert TOKEN not in repr(told)


# -- SCRAM, against scramp's server.


def scram_server(
    name: str, *, binding: str | None = None, password: str = PASSWORD
) -> Callable[[Peer], Awaitable[None]]:
    """Return a script that takes *name*, and knows *password*.

    Args:
        name: the mechanism, with -PLUS if it is bound.
        binding: what the channel binding of the server is taken from.
        password: what it takes for the password of the user.
    """
    mechanism = ScramMechanism(name)

    async def serve(peer: Peer) -> None:
        channel = None
        if binding is not None:
            session = peer.writer.get_extra_info("ssl_object")
            if binding == "tls-unique":
                channel = binding, session.get_channel_binding()
            else:
                channel = "tls-server-end-point", binding
        known = mechanism.make_auth_info(password)
        server = mechanism.make_server(lambda _: known, channel)
        await peer.play(greeting(f"LOGINDISABLED SASL-IR AUTH={name}"))
        tag, _, _, first = (await peer.line()).split(" ")
        try:
            server.set_client_first(base64.b64decode(first).decode())
            peer.send(f"+ {b64(server.get_server_first())}\r\n".encode())
            server.set_client_final(base64.b64decode(await peer.line()).decode())
        except ScramException:
            peer.send(f"{tag} NO [AUTHENTICATIONFAILED] no\r\n".encode())
            return
        peer.send(f"+ {b64(server.get_server_final())}\r\n".encode())
        assert await peer.line() == ""
        peer.send(f"{tag} OK {IN}\r\n".encode())

    return serve


@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_scram(name: str) -> None:
    async with scripted(scram_server(name)) as port:
        await logged_in(config(port))
    async with scripted(scram_server(name, password="other")) as port:
        error = await refused(config(port))
    assert name in error.hint


@pytest.mark.parametrize("name", ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
async def test_scram_is_bound_to_the_channel(
    certificates: Certificates, name: str, version: str
) -> None:
    """By tls-unique up to TLS 1.2, by the certificate beyond (RFC 5929)."""
    context = certificates.server_context()
    context.maximum_version = ssl.TLSVersion[version]
    pem = certificates.certificate_file.read_text()
    binding = "tls-unique" if version == "TLSv1_2" else pem
    server = scram_server(name, binding=binding)
    async with scripted(server, ssl_context=context) as port:
        told = config(
            port, security=Security.TLS, ssl_context=certificates.client_context()
        )
        await logged_in(replace(told, auth=name))
        if version == "TLSv1_2":
            await logged_in(told)
        else:  # servers expect different bindings there: only if asked for by name
            with pytest.raises(IMAPCapabilityError):
                await logged_in(told)


async def test_somebody_in_between_with_a_certificate_of_his_own_is_found_out(
    certificates: Certificates,
) -> None:
    """He is trusted, and hands everything on: the binding is another."""
    with Certificates() as others:
        pem = others.certificate_file.read_text()
        server = scram_server("SCRAM-SHA-256-PLUS", binding=pem)
        context = certificates.server_context()
        async with scripted(server, ssl_context=context) as port:
            told = config(
                port, security=Security.TLS, ssl_context=certificates.client_context()
            )
            await refused(replace(told, auth="SCRAM-SHA-256-PLUS"))


async def test_a_server_is_told_that_we_would_have_bound_the_channel(
    certificates: Certificates,
) -> None:
    """So that it notices when its offer was struck out on the way (RFC 5802 §6)."""
    heard: list[str] = []

    async def listen(peer: Peer, capabilities: str) -> None:
        await peer.play(greeting(f"SASL-IR {capabilities}"))
        tag, _, _, first = (await peer.line()).split(" ")
        heard.append(base64.b64decode(first).decode()[:3])
        peer.send(f"{tag} NO [UNAVAILABLE] no\r\n".encode())

    context = certificates.server_context()
    for offered in ("AUTH=SCRAM-SHA-1", "AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-1-PLUS"):

        async def script(peer: Peer, offered: str = offered) -> None:
            await listen(peer, offered)

        async with scripted(script, ssl_context=context) as port:
            told = config(
                port, security=Security.TLS, ssl_context=certificates.client_context()
            )
            await refused(replace(told, auth="SCRAM-SHA-1"))
    assert heard == ["y,,", "n,,"]


async def test_a_server_that_says_ok_without_proof_is_not_believed() -> None:
    script = greeting("SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN") + (
        f"C: T1 AUTHENTICATE SCRAM-SHA-256 ...\nS: T1 OK {IN}\n"
    )
    async with scripted(script) as port:
        error = await refused(config(port))
    assert "not proved" in str(error)


async def test_an_exchange_that_goes_wrong_is_cancelled() -> None:
    """By ``*`` (RFC 9051 §6.2.2), and no other way is tried then."""
    script = greeting("SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN") + (
        "C: T1 AUTHENTICATE SCRAM-SHA-256 ...\n"
        f"S: + {b64('r=x,s=QSXCR+Q6sek8bf92,i=4096')}\nC: *\nS: T1 BAD cancelled\n"
    )
    async with scripted(script) as port:
        error = await refused(config(port))
    assert "nonce" in str(error)


# -- Tokens.

REASON = {"status": "invalid_token", "scope": "https://mail/", "echo": TOKEN}
XOAUTH2 = b64(f"user=joe\x01auth=Bearer {TOKEN}\x01\x01")


@pytest.mark.parametrize("ir", [True, False])
async def test_a_refused_token_tells_why(
    ir: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The reason comes as a challenge, which must be answered."""
    caplog.set_level(logging.DEBUG)
    if ir:
        begin = f"C: T1 AUTHENTICATE XOAUTH2 {XOAUTH2}\n"
    else:
        begin = f"C: T1 AUTHENTICATE XOAUTH2\nS: + \nC: {XOAUTH2}\n"
    script = greeting("AUTH=XOAUTH2" + " SASL-IR" * ir) + begin
    script += f"S: + {b64(json.dumps(REASON))}\nC: \n"
    script += f"S: T1 NO [AUTHENTICATIONFAILED] what is {XOAUTH2} and {TOKEN}?\n"
    async with scripted(script) as port:
        error = await refused(replace(config(port), token=Secret(TOKEN)))
    assert error.details == {**REASON, "echo": "***"}
    assert "(invalid_token)" in str(error)
    assert "'https://mail/'" in error.hint
    assert error.text == "what is *** and ***?"
    assert TOKEN not in caplog.text
    assert XOAUTH2 not in caplog.text


def once(token: str, answer: str) -> Script:
    """Return a script that takes *token* and says *answer*."""
    bearer = b64(f"user=joe\x01auth=Bearer {token}\x01\x01")
    return (
        greeting("SASL-IR AUTH=XOAUTH2")
        + f"C: T1 AUTHENTICATE XOAUTH2 {bearer}\nS: T1 {answer}\n"
    )


class Provider:
    """Gives *tokens* one after the other, and the last one for ever."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.refused: list[str | None] = []

    async def __call__(self, request: TokenRequest) -> Secret:
        """Give the next."""
        assert (request.host, request.username) == ("127.0.0.1", "joe")
        self.refused.append(request.refused.reveal() if request.refused else None)
        token = self.tokens[0] if len(self.tokens) == 1 else self.tokens.pop(0)
        return Secret(token)


def in_turn(*scripts: Script) -> Script:
    """Return a script that plays one of *scripts* on each connection."""
    left = list(scripts)

    async def play(peer: Peer) -> None:
        script = left.pop(0)
        await (script(peer) if callable(script) else peer.play(script))

    return play


async def test_the_provider_is_asked_again_once() -> None:
    provider = Provider("stale", "fresh")
    script = in_turn(once("stale", "NO expired"), once("fresh", f"OK {IN}"))
    async with scripted(script) as port:
        await logged_in(replace(config(port), token=provider))
    assert provider.refused == [None, "stale"]


async def test_the_provider_is_not_asked_a_third_time() -> None:
    provider = Provider("stale", "stale too", "never asked for")
    script = in_turn(once("stale", "NO no"), once("stale too", "NO no"))
    async with scripted(script) as port:
        await refused(replace(config(port), token=provider))
    assert provider.refused == [None, "stale"]


@pytest.mark.parametrize(
    ("answer", "refused_tokens"),
    [("NO no", [None, "stale"]), ("NO [UNAVAILABLE] busy", [None])],
)
async def test_a_token_is_not_tried_twice(
    answer: str, refused_tokens: list[str | None]
) -> None:
    """Nor is another asked for when the server is only busy."""
    provider = Provider("stale")
    async with scripted(in_turn(once("stale", answer))) as port:
        await refused(replace(config(port), token=provider))
    assert provider.refused == refused_tokens


async def test_a_session_whose_token_expired_tells_the_provider() -> None:
    """As Exchange Online ends one, an hour after it began; but only once."""
    provider = Provider("first", "second")
    ended = once("first", f"OK {IN}\nS: * BYE Session invalidated - AccessTokenExpired")
    again = once("second", f"OK {IN}")
    async with scripted(in_turn(ended, again, again)) as port:
        told = replace(config(port), token=provider)
        connection = await IMAPConnection.open(told)
        error = await outcome(connection.noop())
        assert isinstance(error, IMAPConnectionLost)
        await connection.aclose()
        await logged_in(told)
        await logged_in(told)
    assert provider.refused == [None, "first", None]


async def test_a_session_that_ended_otherwise_does_not() -> None:
    provider = Provider("first")
    ended = once("first", f"OK {IN}\nS: * BYE shutting down")
    async with scripted(in_turn(ended, once("first", f"OK {IN}"))) as port:
        told = replace(config(port), token=provider)
        connection = await IMAPConnection.open(told)
        await outcome(connection.noop())
        await connection.aclose()
        await logged_in(told)
    assert provider.refused == [None, None]


async def test_a_provider_that_takes_too_long() -> None:
    async def wait(request: TokenRequest) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    told = replace(config(1, connect_timeout=0.05), token=wait)
    with pytest.raises(IMAPTimeoutError, match="token provider"):
        await IMAPConnection.open(told)


async def test_what_the_provider_raises_reaches_the_caller() -> None:
    async def fail(request: TokenRequest) -> str:
        raise PermissionError("revoked")

    with pytest.raises(PermissionError, match="revoked"):
        await IMAPConnection.open(replace(config(1), token=fail))


# -- Leaving a user, and logging in as another on the same connection.


async def test_unauthenticate_leaves_the_connection_for_another_user() -> None:
    """RFC 8437."""
    jane = b64("\0jane\0her own")
    script = greeting("") + (
        f"C: T1 LOGIN ...\nS: T1 OK {IN}\n"
        "C: T2 UNAUTHENTICATE\nS: T2 OK out\n"
        f"C: T3 AUTHENTICATE PLAIN {jane}\nS: T3 OK {IN}\nC: T4 NOOP\nS: T4 OK\n"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.execute(Unauthenticate())
        assert connection.state.value == "not authenticated"
        assert not connection.capabilities
        told = Credentials("jane", Secret("her own"))
        await connection.execute(Authenticate(Plain(told), initial_response=True))
        assert connection.state is SessionState.AUTHENTICATED
        await connection.execute(Noop())
        connection.abort()
        await connection.aclose()


async def test_a_cancelled_exchange_is_ended() -> None:
    """What the server asks next is answered by ``*``, and the session is good."""
    asked = asyncio.Event()

    async def ask(peer: Peer) -> None:
        await peer.play(
            greeting("") + f"C: T1 LOGIN ...\nS: T1 OK {IN}\n"
            "C: T2 UNAUTHENTICATE\nS: T2 OK out\nC: T3 AUTHENTICATE PLAIN"
        )
        asked.set()
        await go_on.wait()
        await peer.play("S: + \nC: *\nS: T3 BAD cancelled\nC: T4 NOOP\nS: T4 OK\n")

    go_on = asyncio.Event()
    async with scripted(ask) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.execute(Unauthenticate())
        run = Authenticate(Plain(Credentials("jane", Secret("x"))), False)
        running = asyncio.ensure_future(connection.execute(run))
        await asked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        go_on.set()
        await connection.execute(Noop())
        connection.abort()
        await connection.aclose()


# -- Cancelled and cut.


@pytest.mark.parametrize("end", ["S! close", "S! reset", "S: * BYE shutting down"])
async def test_a_connection_cut_in_the_middle_of_an_exchange(end: str) -> None:
    script = greeting("AUTH=CRAM-MD5") + (
        f"C: T1 AUTHENTICATE CRAM-MD5\nS: + {b64('<1@x>')}\nC: ...\n{end}"
    )
    async with scripted(script) as port:
        error = await outcome(IMAPConnection.open(config(port)))
    assert isinstance(error, IMAPConnectError)
    assert "logging in to" in str(error)


async def test_cancelling_at_any_step_of_an_exchange_leaves_nothing_open() -> None:
    """The fixture of this folder looks for what is left."""
    gone: list[asyncio.Event] = []
    scram = scram_server("SCRAM-SHA-256")

    async def note_end(peer: Peer) -> None:
        end = asyncio.Event()
        gone.append(end)
        try:
            await scram(peer)
            await peer.gone()
        finally:
            end.set()

    async def provide(request: TokenRequest) -> str:
        await asyncio.sleep(0)
        return TOKEN

    async with scripted(note_end) as port:
        for token in (None, provide):
            told = replace(config(port), token=token)
            for steps in range(1000):
                opening = asyncio.ensure_future(IMAPConnection.open(told))
                for _ in range(steps):
                    await asyncio.sleep(0)
                if not opening.cancel():
                    break
                with pytest.raises(asyncio.CancelledError):
                    await opening
            if token is not None:
                with pytest.raises(IMAPCapabilityError):
                    await opening
            else:
                connection = await opening
                connection.abort()
                await connection.aclose()
            assert steps > 5
        async with asyncio.timeout(5.0):
            for end in gone:
                await end.wait()
