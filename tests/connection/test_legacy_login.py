"""Logging in through the drop-in: SASL, STARTTLS, and what a server refuses.

Upstream has neither (issues 1 and 2 of aioimaplib).
"""

from __future__ import annotations

import asyncio
import base64
import logging
import traceback
from collections.abc import Awaitable, Callable

import pytest
from aioimaplib import AioImapException

from aiosage.connection import IMAP4, IMAP4_SSL
from aiosage.testing import DovecotServer, MemoryServer

from .scripted import Peer, scripted
from .test_cancel import cancelled_after
from .test_legacy_sessions import greeted


@pytest.mark.dovecot
@pytest.mark.parametrize(
    ("mechanism", "security"),
    [
        ("plain", "tls"),
        ("LOGIN", "tls"),
        ("CRAM-MD5", "plain"),
        ("SCRAM-SHA-1", "plain"),
        ("SCRAM-SHA-256", "starttls"),
    ],
)
async def test_every_mechanism_and_every_security(
    dovecot: DovecotServer, mechanism: str, security: str
) -> None:
    """A wrong password is a NO, after which the right one logs in."""
    context = dovecot.client_context()
    client: IMAP4
    if security == "tls":
        client = IMAP4_SSL("localhost", dovecot.tls_port, ssl_context=context)
    else:
        client = IMAP4("localhost", dovecot.port)
    await client.wait_hello_from_server()
    try:
        if security == "starttls":
            await client.starttls(context)
        user = dovecot.new_user()
        refused = await client.authenticate(mechanism, user, "wrong")
        assert refused.result == "NO"
        assert refused.lines
        assert client.get_state() == "NONAUTH"
        assert (await client.authenticate(mechanism, user, "secret")).result == "OK"
        assert client.get_state() == "AUTH"
        assert client.has_capability("UIDPLUS")
        assert (await client.select()).result == "OK"
        assert (await client.logout()).result == "OK"
    finally:
        await client.aclose()


@pytest.mark.dovecot
async def test_as_whom_to_act_is_told(dovecot: DovecotServer) -> None:
    """PLAIN carries it; a server without masters refuses."""
    client = IMAP4("localhost", dovecot.port)
    await client.wait_hello_from_server()
    user = dovecot.new_user()
    refused = await client.authenticate("PLAIN", user, "secret", authzid="other")
    assert refused.result == "NO"
    own = await client.authenticate("PLAIN", user, "secret", authzid=user)
    assert own.result == "OK"
    await client.aclose()


_HELLO = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER auth=scram-sha-256] hi"


async def test_a_token_is_refused_with_its_reasons(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The challenge that tells them is answered; no token is logged (RFC 7628 §3.2)."""
    caplog.set_level(logging.DEBUG)

    reasons = base64.b64encode(b'{"status":"invalid_token"}').decode()
    script = (
        f"{_HELLO}\nC: T1 AUTHENTICATE OAUTHBEARER ...\nS: + {reasons}\nC: AQ==\n"
        "S: T1 NO expired\nC: T2 AUTHENTICATE OAUTHBEARER ...\n"
        "S: T2 OK [CAPABILITY IMAP4rev1 MOVE] in"
    )
    async with greeted(script) as client:
        refused = await client.authenticate("OAUTHBEARER", "joe", "T0KEN-1")
        assert refused == ("NO", [b"status: invalid_token", b"expired"])
        accepted = await client.authenticate("OAUTHBEARER", "joe", "T0KEN-2")
        assert accepted == ("OK", [b"[CAPABILITY IMAP4rev1 MOVE] in"])
        assert client.has_capability("MOVE")
        with pytest.raises(AioImapException, match="illegal in state AUTH"):
            await client.authenticate("OAUTHBEARER", "joe", "T0KEN-2")
        message = (
            f"n,a=joe,\1host=127.0.0.1\1port={client.port}\1auth=Bearer T0KEN-1\1\1"
        )
        assert "T0KEN" not in caplog.text
        assert base64.b64encode(message.encode()).decode() not in caplog.text


async def test_reasons_may_be_no_text_and_name_the_token() -> None:
    """JSON can tell of half a character; some servers send back what they had."""
    told = b'{"status": "\\ud800", "T0KEN": "T0KEN"}'

    async def refuse(peer: Peer) -> None:
        tag = (await peer.line()).split()[0]
        peer.send(b"+ " + base64.b64encode(told) + b"\r\n")
        await peer.line()
        peer.send(tag.encode() + b" NO [AUTHENTICATIONFAILED] not \xff\r\n")

    async with greeted(_HELLO, refuse) as client:
        refused = await client.authenticate("OAUTHBEARER", "joe", "T0KEN")
        assert refused.result == "NO"
        assert refused.lines[:2] == [b"status: ?", b"***: ***"]
        assert refused.lines[2].startswith(b"[AUTHENTICATIONFAILED] not ")


_LOG_INS: dict[str, Callable[[IMAP4], Awaitable[object]]] = {
    "login": lambda client: client.login("joe", 'S3"CRET'),
    "xoauth2": lambda client: client.xoauth2("joe", "T0KEN"),
    "authenticate": lambda client: client.authenticate("OAUTHBEARER", "joe", "T0KEN"),
}


@pytest.mark.parametrize("name", _LOG_INS)
async def test_what_a_server_sends_back_is_not_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Some quote the line that they did not understand."""
    caplog.set_level(logging.DEBUG)
    sent: list[str] = []

    async def echo(peer: Peer) -> None:
        line = await peer.line()
        sent.append(line.split()[-1].strip('"'))
        await peer.play(f"S: {line.split()[0]} BAD what is {line} ?")

    async with greeted(_HELLO, echo) as client:
        refused = await _LOG_INS[name](client)
        assert isinstance(refused, tuple)
        assert refused[0] == "BAD"
    assert "what is" in caplog.text
    assert sent[0] not in caplog.text


@pytest.mark.parametrize("name", _LOG_INS)
async def test_a_secret_that_a_server_names_is_not_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor where it had been told in base64."""
    caplog.set_level(logging.DEBUG)
    secret = 'S3"CRET' if name == "login" else "T0KEN"
    script = f"{_HELLO}\nC: T1 ...\nS: T1 NO {secret} is no good"
    async with greeted(script) as client:
        refused = await _LOG_INS[name](client)
        assert isinstance(refused, tuple)
        assert refused[0] == "NO"
    assert "is no good" in caplog.text
    assert secret not in caplog.text


async def test_a_server_that_does_not_prove_itself_is_left() -> None:
    """It says OK without knowing the password (RFC 5802 §5)."""
    script = f"{_HELLO}\nC: T1 AUTHENTICATE SCRAM-SHA-256 ...\nS: T1 OK trust me"
    async with greeted(script) as client:
        with pytest.raises(AioImapException, match="not proved"):
            await client.authenticate("SCRAM-SHA-256", "joe", "secret")
        assert client.get_state() == "LOGOUT"


@pytest.mark.parametrize("mechanism", ["PLAIN", "GSSAPI", "SCRAM-SHA-256-PLUS"])
async def test_what_is_not_offered_is_not_tried(mechanism: str) -> None:
    """A password must not go where the server does not want it."""
    async with greeted(f"{_HELLO}\nC: T1 LOGOUT\nS: T1 OK bye") as client:
        with pytest.raises(AioImapException, match="capability"):
            await client.authenticate(mechanism, "joe", "secret")
        await client.logout()


async def test_what_cannot_be_sent_is_a_value_error() -> None:
    """And nothing is sent; the capabilities are known still."""
    async with greeted(f"{_HELLO}\nC: T1 LOGOUT\nS: T1 OK bye") as client:
        with pytest.raises(ValueError, match="NUL"):
            await client.authenticate("OAUTHBEARER", "joe\0", "secret")
        assert client.has_capability("AUTH=OAUTHBEARER")
        await client.logout()


@pytest.mark.parametrize("name", ["login", "xoauth2", "PLAIN", "OAUTHBEARER"])
async def test_what_is_no_text_is_refused_without_showing_it(name: str) -> None:
    """An error that holds what it could not encode shows it by its ``repr``."""
    secret = "S3CRET\ud800"
    hello = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=OAUTHBEARER] hi"
    async with greeted(f"{hello}\nC: T1 LOGOUT\nS: T1 OK bye") as client:
        calls: dict[str, Callable[[str, str], Awaitable[object]]] = {
            "login": client.login,
            "xoauth2": client.xoauth2,
            "PLAIN": lambda *told: client.authenticate("PLAIN", *told),
            "OAUTHBEARER": lambda *told: client.authenticate("OAUTHBEARER", *told),
        }
        with pytest.raises(ValueError, match="character") as caught:
            await calls[name]("joe", secret)
        shown = "".join(traceback.format_exception(caught.value))
        assert "S3CRET" not in shown + repr(caught.value)
        await client.logout()


async def test_what_the_server_can_do_is_known_during_a_login() -> None:
    """A second login at the same time must not overlook LOGINDISABLED."""
    hello = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN LOGINDISABLED] hi"
    script = f"{hello}\nC: T1 AUTHENTICATE PLAIN\nS: + \nC: ...\nS: T1 NO no"
    async with greeted(script) as client:
        first = asyncio.ensure_future(client.authenticate("PLAIN", "joe", "secret"))
        await asyncio.sleep(0)
        with pytest.raises(AioImapException, match="LOGINDISABLED"):
            await client.login("joe", "secret")
        assert (await first).result == "NO"
        assert client.has_capability("LOGINDISABLED")


async def test_authenticate_cancelled_at_any_step_leaves_no_half_session() -> None:
    """The next login gets its own answer, or is told that the session ended."""
    async with MemoryServer() as memory:
        memory.add_account("joe", "secret")
        steps = 0
        while True:
            client = IMAP4(memory.host, memory.port)
            await client.wait_hello_from_server()
            was_cancelled = await cancelled_after(
                steps, client.authenticate("PLAIN", "joe", "secret")
            )
            try:
                await client.noop()
            except AioImapException:
                assert client.get_state() == "LOGOUT"
            else:
                if client.get_state() == "NONAUTH":
                    assert (await client.login("joe", "secret")).result == "OK"
                assert (await client.select()).result == "OK"
            await client.aclose()
            if not was_cancelled:
                return
            steps += 1


@pytest.mark.parametrize("at", range(1, 120, 13))
async def test_a_login_cut_anywhere_ends_at_once(at: int) -> None:
    """Also between the challenges of SASL."""
    talk = (
        b"* OK [CAPABILITY IMAP4rev1 AUTH=LOGIN] hi\r\n+ VXNlcm5hbWU6\r\n"
        b"+ UGFzc3dvcmQ6\r\n* CAPABILITY IMAP4rev1\r\n"
    )

    async def serve(peer: Peer) -> None:
        peer.send(talk[:at])
        await peer.writer.drain()
        peer.writer.close()

    async def log_in(client: IMAP4) -> None:
        await client.wait_hello_from_server()
        await client.authenticate("LOGIN", "joe", "secret")

    async with scripted(serve) as port:
        client = IMAP4("127.0.0.1", port, timeout=5)
        with pytest.raises(AioImapException):
            await log_in(client)
        await client.aclose()
