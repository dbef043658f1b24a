"""Whole sessions of the drop-in against scripted servers.

Numbers are of the defects of aioimaplib 2.0.3; each test says what the base does.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aioimaplib import AioImapException, aioimaplib

from aiosage.connection import IMAP4, IMAP4_SSL
from aiosage.connection._legacy_protocol import LegacyProtocol
from aiosage.testing import Certificates
from aiosage.wire import Limits

from .scripted import Peer, Script, scripted

CAPABILITY = "IMAP4rev1 IDLE UIDPLUS MOVE"
HELLO = f"S: * OK [CAPABILITY {CAPABILITY}] hi\n"
LOGIN = f"""{HELLO}
C: T1 LOGIN joe "secret"
S: T1 OK [CAPABILITY {CAPABILITY}] in
"""
SELECTED = f"""{LOGIN}
C: T2 SELECT INBOX
S: * 3 EXISTS
S: T2 OK [READ-WRITE] selected
"""


@asynccontextmanager
async def greeted(*scripts: Script) -> AsyncIterator[IMAP4]:
    """Give a client of a server that plays *scripts*."""
    async with scripted(*scripts) as port:
        client = IMAP4("127.0.0.1", port, timeout=5.0)
        await client.wait_hello_from_server()
        try:
            yield client
        finally:
            await client.aclose()


@asynccontextmanager
async def selected(*scripts: Script) -> AsyncIterator[IMAP4]:
    """Give a client with INBOX open."""
    async with greeted(SELECTED, *scripts) as client:
        assert (await client.login("joe", "secret")).result == "OK"
        assert (await client.select()).lines == [b"3 EXISTS", b"[READ-WRITE] selected"]
        yield client


async def test_a_select_that_timed_out_leaves_the_session_usable() -> None:
    """Rows 8 and 19: the base never sends another command."""
    timed_out = asyncio.Event()

    async def late(peer: Peer) -> None:
        await peer.play("C: T1 SELECT Slow")
        await timed_out.wait()
        await peer.play("S: * 8 EXISTS\nS: T1 OK done\nC: T2 NOOP\nS: T2 OK there")

    async with greeted(LOGIN, late) as client:
        await client.login("joe", "secret")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.select("Slow"), 0.05)
        timed_out.set()
        assert (await client.noop()).lines == [b"8 EXISTS", b"there"]
        assert client.get_state() == "SELECTED"  # as it is on the server


@pytest.mark.sends("SEEN")
async def test_the_time_of_a_fetch_runs_only_while_nothing_moves() -> None:
    """A long message on a slow line is no timeout, within one literal either."""

    async def slow(peer: Peer) -> None:
        await peer.play("C: T1 FETCH 1 (BODY[])")
        peer.send(b"* 1 FETCH (BODY[] {8}\r\n")
        for _ in range(8):
            await asyncio.sleep(0.1)
            peer.send(b"x")
        peer.send(b")\r\n")
        await peer.play("S: T1 OK done")

    async with selected(slow) as client:
        client.timeout = 0.5
        result, lines = await client.fetch("1", "(BODY[])")
        assert result == "OK"
        assert lines[1] == b"x" * 8


@pytest.mark.sends("SEEN")
async def test_nor_does_it_begin_with_the_messages_before() -> None:
    """The second takes longer than the time, but moves."""

    async def trickle(peer: Peer) -> None:
        tag = (await peer.line()).split()[0]
        peer.send(b"* 1 FETCH (BODY[] {1}\r\na)\r\n* 2 FETCH (BODY[] {8}\r\n")
        for _ in range(8):
            await asyncio.sleep(0.1)
            peer.send(b"b")
        peer.send(f")\r\n{tag} OK done\r\n".encode())
        await peer.gone()

    async with selected(trickle) as client:
        client.timeout = 0.5
        response = await client.fetch("1:2", "BODY[]")
        assert response.lines[4] == b"b" * 8


async def test_uid_search_by_its_general_name() -> None:
    """Row 27: the base refuses it; other commands are refused still."""
    script = "C: T1 UID SEARCH UNSEEN\nS: * SEARCH 4 5\nS: T1 OK done"
    async with selected(script) as client:
        assert (await client.uid("search", "UNSEEN")).lines == [b"4 5", b"done"]
        with pytest.raises(aioimaplib.Abort):
            await client.uid("noop")


async def test_news_during_another_command_comes_with_noop() -> None:
    """Row 11: the base throws them away; sequence numbers are wrong from then on."""
    script = (
        "C: T1 UID SEARCH ALL\nS: * 11 EXISTS\nS: * SEARCH 1\nS: * 1 EXPUNGE\n"
        "S: T1 OK done\nC: T2 NOOP\nS: * 12 EXISTS\nS: T2 OK there\n"
        "C: T3 NOOP\nS: T3 OK quiet"
    )
    async with selected(script) as client:
        assert (await client.uid_search("ALL", charset=None)).lines == [b"1", b"done"]
        news = [b"11 EXISTS", b"1 EXPUNGE", b"12 EXISTS", b"there"]
        assert (await client.noop()).lines == news
        assert (await client.noop()).lines == [b"quiet"]


async def test_news_during_another_command_comes_with_idle() -> None:
    """Who searches and then idles waits for a push: there it is."""
    script = (
        "C: T1 UID SEARCH ALL\nS: * SEARCH 1\nS: * 2 EXISTS\nS: T1 OK done\n"
        "C: T2 IDLE\nS: + go\nC: DONE\nS: T2 OK done"
    )
    async with selected(script) as client:
        await client.uid_search("ALL", charset=None)
        idle = await client.idle_start()
        assert await client.wait_server_push(timeout=5) == [b"2 EXISTS"]
        client.idle_done()
        assert (await idle).result == "OK"


async def test_news_about_another_mailbox_is_not_told() -> None:
    """Its numbers mean nothing once another is open."""
    script = (
        "C: T1 UID SEARCH ALL\nS: * SEARCH 1\nS: * 2 EXISTS\nS: T1 OK done\n"
        "C: T2 EXAMINE Other\nS: * 9 EXISTS\nS: T2 OK in\nC: T3 NOOP\nS: T3 OK x"
    )
    async with selected(script) as client:
        await client.uid_search("ALL", charset=None)
        assert (await client.examine("Other")).lines == [b"9 EXISTS", b"in"]
        assert (await client.noop()).lines == [b"x"]


async def test_news_that_nobody_asks_for_is_bounded() -> None:
    """Row 18: what a server may make us hold has an end; the latest is kept."""

    async def flood(peer: Peer) -> None:
        await peer.play("C: T1 UID SEARCH ALL")
        for number in range(60_000):
            peer.send(b"* %d EXISTS\r\n" % number)
        await peer.play("S: T1 OK done\nC: T2 NOOP\nS: T2 OK x")

    async with selected(flood) as client:
        await client.uid_search("ALL", charset=None)
        lines = (await client.noop()).lines
        assert 1_000 < len(lines) < 20_000
        assert lines[-2:] == [b"59999 EXISTS", b"x"]


async def test_names_are_quoted_and_encoded() -> None:
    """Row 15: the base sends ``LOGIN jane doe`` and ``SELECT Sent Items``."""
    script = (
        f'{HELLO}C: T1 LOGIN "jane doe" "p\\"w"\n'
        f"S: T1 OK [CAPABILITY {CAPABILITY}] in\n"
        'C: T2 SELECT "Sent Items"\nS: T2 OK in\nC: T3 STATUS Entw&APw-rfe (UIDNEXT)\n'
        'S: T3 OK x\nC: T4 LIST "" *\nS: T4 OK x\nC: T5 COPY 1 "a b"\nS: T5 OK x\n'
        'C: T6 CREATE "x {5}"\nS: T6 OK x'
    )
    async with greeted(script) as client:
        await client.login("jane doe", 'p"w')
        assert (await client.select("Sent Items")).result == "OK"
        await client.status("Entwürfe", "(UIDNEXT)")
        await client.list("", "*")
        await client.copy("1", "a b")
        await client.create("x {5}")


async def test_text_that_is_not_ascii_goes_as_a_literal() -> None:
    """Row 15: the base sends 8-bit octets in quoted strings."""

    async def search(peer: Peer) -> None:
        await peer.play("C: T1 SEARCH CHARSET utf-8 SUBJECT {5}\nS: + go")
        assert await peer.reader.readexactly(5) == "café".encode()
        assert await peer.reader.readline() == b" SEEN\r\n"
        await peer.play("S: * SEARCH 2\nS: T1 OK done")

    async with selected(search) as client:
        found = await client.search('SUBJECT "café"', "SEEN")
        assert found.lines == [b"2", b"done"]


async def test_an_argument_cannot_swallow_the_next_command() -> None:
    """Row 15: in the base the server takes what follows for a literal."""
    async with selected("C: T1 NOOP\nS: T1 OK x") as client:
        with pytest.raises(ValueError, match="literal"):
            await client.search("SUBJECT {12}", charset=None)
        assert (await client.noop()).result == "OK"


async def test_a_search_goes_on_without_a_charset_that_is_refused() -> None:
    """Row 28: Exchange and Yahoo know none; the base gives up."""
    script = (
        "C: T1 SEARCH CHARSET utf-8 SEEN\nS: T1 NO [BADCHARSET (US-ASCII)] no\n"
        "C: T2 SEARCH SEEN\nS: * SEARCH 7\nS: T2 OK done\n"
        "C: T3 UID SEARCH CHARSET utf-8 X\nS: T3 BAD what\nC: T4 UID SEARCH X\n"
        "S: T4 BAD what else\n"
        "C: T5 UID SEARCH CHARSET utf-8 SEEN\nS: T5 NO [UNAVAILABLE] later"
    )
    async with selected(script) as client:
        assert (await client.search("SEEN")).lines == [b"7", b"done"]
        assert (await client.uid_search("X")).lines == [b"what else"]
        assert (await client.uid_search("SEEN")).result == "NO"


@pytest.mark.parametrize(
    ("password", "shown"), [('se"cret', 'se\\"cret'), ("pässword", "pässword")]
)
async def test_no_password_is_logged(
    password: str, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Row 16: the base searches the log for what it has not sent."""
    caplog.set_level(logging.DEBUG)

    async def echo(peer: Peer) -> None:
        await peer.play(HELLO)
        line = await peer.line()
        if line.endswith("}"):
            peer.send(b"+ go\r\n")
            await peer.line()
        tag = line.split()[0]
        peer.send(f"{tag} NO I do not like {password}\r\n".encode())

    async with greeted(echo) as client:
        assert (await client.login("joe", password)).result == "NO"
    assert "LOGIN ***" in caplog.text
    assert password not in caplog.text
    assert shown not in caplog.text


async def test_a_login_of_ones_own_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In any case: commands have none."""
    caplog.set_level(logging.DEBUG)
    async with greeted(f"{HELLO}\nC: T1 login joe S3CRET\nS: T1 NO no") as client:
        command = aioimaplib.Command(
            "login", client.protocol.new_tag(), "joe", "S3CRET"
        )
        assert (await client.protocol.execute(command)).result == "NO"
    assert "S3CRET" not in caplog.text


async def test_a_refused_token_is_a_no(caplog: pytest.LogCaptureFixture) -> None:
    """Rows 16 and 25: the base times out, is wedged, and has logged the token."""
    caplog.set_level(logging.DEBUG)
    token = base64.b64encode(b"user=j\xc3\xb6e\1auth=Bearer T0KEN\1\1").decode()
    script = (
        f"{HELLO}C: T1 AUTHENTICATE XOAUTH2 {token}\nS: + eyJzdGF0dXMiOiI0MDAifQ==\n"
        "C: \nS: T1 NO refused\n"
        f"C: T2 AUTHENTICATE XOAUTH2 {token}\n"
        f"S: * CAPABILITY {CAPABILITY} X\nS: T2 OK in"
    )
    async with greeted(script) as client:
        refused = await client.xoauth2("jöe", b"T0KEN")
        assert refused.result == "NO"
        assert refused.lines == [b"+ eyJzdGF0dXMiOiI0MDAifQ==", b"refused"]
        accepted = await client.xoauth2("jöe", b"T0KEN")
        assert accepted.result == "OK"
        assert client.get_state() == "AUTH"
        assert client.has_capability("x")
    assert token not in caplog.text
    assert "T0KEN" not in caplog.text


@pytest.mark.parametrize("name", ["select", "examine"])
async def test_states_are_those_of_the_server(name: str) -> None:
    """Row 19: in the base EXAMINE selects nothing, a failed SELECT something."""
    script = (
        f"{LOGIN}C: T2 {name.upper()} a\nS: T2 OK in\nC: T3 FETCH 1 (UID)\nS: T3 OK x\n"
        f"C: T4 {name.upper()} b\nS: T4 BAD what\nC: T5 {name.upper()} b\nS: T5 NO no"
    )
    async with greeted(script) as client:
        await client.login("joe", "secret")
        await getattr(client, name)("a")
        assert client.get_state() == "SELECTED"
        assert (await client.fetch("1", "(UID)")).result == "OK"
        await getattr(client, name)("b")
        assert client.get_state() == "SELECTED"  # a BAD was not carried out
        await getattr(client, name)("b")
        assert client.get_state() == "AUTH"
        with pytest.raises(aioimaplib.Abort, match="illegal"):
            await client.fetch("1", "(UID)")


@pytest.mark.parametrize(
    "script",
    [
        "S: * BYE too many",
        "S: * BYE you LOOK bad NOT OK",
        "S! close",
        "S: HTTP/1.1 400 Bad Request",
        "S: * OK hi\nC: T1 CAPABILITY\nS: * CAPABILITY X\nS: T1 OK done",
        "S: * OK hi\nC: T1 CAPABILITY\nS! reset",
    ],
)
async def test_who_is_not_welcome_is_told_at_once(script: str) -> None:
    """Rows 20 and 21: the base waits out its time, and leaves the socket open."""
    async with scripted(script) as port:
        client = IMAP4("127.0.0.1", port, timeout=30)
        async with asyncio.timeout(5):
            with pytest.raises(AioImapException):
                await client.wait_hello_from_server()
        assert client.protocol.closed.is_set()


async def test_a_silent_server_is_left_after_the_timeout() -> None:
    """Row 21: in the base the socket stays open."""
    async with scripted(lambda peer: peer.gone()) as port:
        client = IMAP4("127.0.0.1", port, timeout=0.05)
        with pytest.raises(TimeoutError):
            await client.wait_hello_from_server()
        assert client.protocol.closed.is_set()


async def test_nobody_there_is_an_os_error() -> None:
    """As in the base, and no task is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = IMAP4("127.0.0.1", port)
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await client.wait_hello_from_server()


@pytest.mark.parametrize(
    ("greeting", "state"),
    [("* OK PREAUTH is not offered", "NONAUTH"), ("* PREAUTH hi", "AUTH")],
)
async def test_the_greeting_says_the_state(greeting: str, state: str) -> None:
    """Row 21: the base looks for the word anywhere."""
    told = "C: T1 CAPABILITY\nS: * CAPABILITY imap4rev2 iDLE\nS: T1 OK done"
    async with greeted(f"S: {greeting}\n{told}") as client:
        assert client.get_state() == state
        assert client.protocol.imap_version == "IMAP4REV2"
        assert client.has_capability("IDLE")
        assert client.has_capability("idle")
        assert "iDLE" in client.protocol.capabilities  # as sent, for who looks


@pytest.mark.parametrize(
    "told",
    [
        "S: T1 OK [CAPABILITY IMAP4rev1 MOVE] Logged in",
        "S: * CAPABILITY IMAP4rev1 MOVE\nS: T1 OK Logged in",
        "S: T1 OK in\nC: T2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 MOVE\nS: T2 OK x",
    ],
)
async def test_capabilities_are_known_after_login(told: str) -> None:
    """Row 22: the base has ``MOVE]``, ``Logged`` and ``in``, or what was before."""
    script = f'{HELLO}C: T1 LOGIN joe "secret"\n{told}'
    async with greeted(script) as client:
        await client.login("joe", "secret")
        assert client.protocol.capabilities == {"IMAP4rev1", "MOVE"}
        assert client.has_capability("imap4REV1")
        assert not client.has_capability("IDLE")


async def test_a_refused_login_leaves_capabilities_as_they_were() -> None:
    """Another way to log in may be tried."""
    script = f'{HELLO}C: T1 LOGIN joe "secret"\nS: T1 NO sorry'
    async with greeted(script) as client:
        assert (await client.login("joe", "secret")).result == "NO"
        assert client.has_capability("IDLE")


async def test_the_quota_asked_for_is_that_of_the_mailbox() -> None:
    """Row 29: the base always asks for INBOX."""
    script = (
        'C: T1 GETQUOTAROOT "a b"\nS: * QUOTAROOT "a b" ""\n'
        'S: * QUOTA "" (STORAGE 1 2)\nS: T1 OK done\nC: T2 NOOP\nS: T2 OK x'
    )
    async with selected(script) as client:
        lines = (await client.getquotaroot("a b")).lines
        assert lines == [b'"" (STORAGE 1 2)', b"done"]
        assert (await client.noop()).lines == [b'QUOTAROOT "a b" ""', b"x"]


async def test_a_server_that_asks_for_nothing_there_is_does_no_harm() -> None:
    """Row 33: the base writes None to its transport; other ``+`` are overlooked."""
    script = "C: T1 SEARCH ALL\nS: + what?\nS: * SEARCH 1\nS: T1 OK done"
    async with selected(script) as client:
        assert (await client.search("ALL", charset=None)).lines == [b"1", b"done"]


async def test_logout_closes_the_socket_and_is_no_loss() -> None:
    """Rows 7 and 31: conn_lost_cb is called with None, as the base has it."""
    lost: list[Exception | None] = []
    async with scripted(f"{HELLO}C: T1 LOGOUT\nS: * BYE bye\nS: T1 OK out") as port:
        client = IMAP4("127.0.0.1", port, conn_lost_cb=lost.append)
        await client.wait_hello_from_server()
        assert (await client.logout()).lines == [b"BYE bye", b"out"]
        await asyncio.wait_for(client.protocol.closed.wait(), 5)
    assert lost == [None]
    assert client.get_state() == "LOGOUT"
    with pytest.raises(AioImapException):
        await client.noop()


async def test_waiting_for_a_state_ends_with_the_session() -> None:
    """Row 7: in the base ``protocol.wait`` waits for ever."""
    async with greeted(HELLO, "S: * BYE shutting down") as client:
        with pytest.raises(AioImapException):
            await asyncio.wait_for(client.protocol.wait("SELECTED"), 5)
        await client.protocol.wait("LOGOUT")


async def test_idle_that_is_refused_or_not_answered_is_an_error() -> None:
    """Row 7: in the base idle_start waits for ever where nothing comes."""
    timed_out = asyncio.Event()

    async def late(peer: Peer) -> None:
        await peer.play("C: T1 IDLE\nS: T1 NO not now\nC: T2 IDLE")
        await timed_out.wait()
        await peer.play("S: + go\nC: DONE\nS: T2 OK done\nC: T3 NOOP\nS: T3 OK x")

    async with selected(late) as client:
        with pytest.raises(aioimaplib.Abort, match="IDLE"):
            await client.idle_start()
        assert not client.has_pending_idle()
        client.timeout = 0.05
        with pytest.raises(TimeoutError):
            await client.idle_start()
        timed_out.set()
        client.timeout = 5.0
        assert (await client.noop()).lines == [b"x"]


async def test_waiting_for_pushes_ends_when_its_time_is_over() -> None:
    """Home Assistant's loop ends by that, and begins another IDLE."""
    script = "C: T1 IDLE\nS: + go\nC: DONE\nS: T1 OK done"
    async with selected(script) as client:
        idle = await client.idle_start(timeout=0.01)
        push = await client.wait_server_push(timeout=5)
        assert push == aioimaplib.STOP_WAIT_SERVER_PUSH
        client.idle_done()
        assert (await idle).result == "OK"
        with pytest.raises(TimeoutError):
            await client.wait_server_push(timeout=0.01)


@pytest.mark.parametrize("injected", [False, True])
async def test_starttls(certificates: Certificates, injected: bool) -> None:
    """Row 17: the base has none. Nothing said before TLS counts after it."""

    async def upgrade(peer: Peer) -> None:
        await peer.play("S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi")
        tag = (await peer.line()).split()[0]
        octets = f"{tag} OK go\r\n" + ("* CAPABILITY X\r\n" if injected else "")
        peer.send(octets.encode())
        await peer.writer.drain()
        if injected:
            return
        await peer.writer.start_tls(certificates.server_context())
        await peer.play("C: T1 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: T1 OK done")
        await peer.play('C: T2 LOGIN joe "secret"\nS: T2 OK [CAPABILITY IMAP4rev1] in')

    async with scripted(upgrade) as port:
        client = IMAP4("localhost", port, timeout=5)
        await client.wait_hello_from_server()
        try:
            if injected:
                with pytest.raises(AioImapException):
                    await client.starttls(certificates.client_context())
                assert client.protocol.closed.is_set() or client.protocol.cause
            else:
                await client.starttls(certificates.client_context())
                assert not client.has_capability("STARTTLS")
                assert (await client.login("joe", "secret")).result == "OK"
        finally:
            await client.aclose()


async def test_starttls_is_not_skipped_where_it_is_not_offered() -> None:
    """A program that asked for it must not go on in the clear."""
    async with greeted(HELLO) as client:
        with pytest.raises(AioImapException, match="STARTTLS"):
            await client.starttls()


async def test_starttls_answered_too_late_ends_the_session() -> None:
    """The server waits for TLS then: a password must not come in the clear."""
    heard: list[str] = []

    async def be_late(peer: Peer) -> None:
        await peer.play("S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi")
        heard.append((await peer.line()).split()[1])
        await peer.gone()

    async with scripted(be_late) as port:
        client = IMAP4("127.0.0.1", port, timeout=0.1)
        await client.wait_hello_from_server()
        with pytest.raises(TimeoutError):
            await client.starttls()
        with pytest.raises(AioImapException, match="STARTTLS"):
            await client.login("joe", "secret")
        await client.aclose()
    assert heard == ["STARTTLS"]


async def test_a_session_can_be_closed_in_the_middle_of_starttls() -> None:
    """No protocol is told by asyncio that TLS was cut off before it had begun."""

    async def be_silent(peer: Peer) -> None:
        await peer.play("S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi")
        await peer.play("C: T1 STARTTLS\nS: T1 OK go")
        await peer.gone()

    async with scripted(be_silent) as port:
        client = IMAP4("127.0.0.1", port, timeout=0.2)
        await client.wait_hello_from_server()
        with pytest.raises(TimeoutError):
            await client.starttls()
        with pytest.raises(AioImapException, match="STARTTLS"):
            await client.login("joe", "secret")
        async with asyncio.timeout(5):
            await client.aclose()


async def test_what_was_asked_before_tls_is_there_goes_over_tls(
    certificates: Certificates,
) -> None:
    async def upgrade(peer: Peer) -> None:
        await peer.play("S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi")
        await peer.play("C: T1 STARTTLS\nS: T1 OK go")
        await peer.writer.start_tls(certificates.server_context())
        await peer.play(
            'C: T1 LOGIN joe "secret"\nS: T1 OK [CAPABILITY IMAP4rev1] in\n'
            "C: T2 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: T2 OK done"
        )

    async with scripted(upgrade) as port:
        client = IMAP4("localhost", port, timeout=5)
        await client.wait_hello_from_server()
        try:
            _, answer = await asyncio.gather(
                client.starttls(certificates.client_context()),
                client.login("joe", "secret"),
            )
            assert answer.result == "OK"
        finally:
            await client.aclose()


async def test_a_socket_and_a_protocol_of_ones_own(certificates: Certificates) -> None:
    """For proxies and limits; in the base `create_client` is to be overridden.

    Row 31: IMAP4_SSL of the base has no conn_lost_cb.
    """
    lost: list[Exception | None] = []

    def make(loop: Any, conn_lost_cb: Any) -> LegacyProtocol:
        return LegacyProtocol(loop, conn_lost_cb, limits=Limits(line=200))

    async def flood(peer: Peer) -> None:
        peer.send(b"* " + b"x" * 1000)

    context = certificates.server_context()
    async with scripted(HELLO, flood, ssl_context=context) as port:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.setblocking(False)
            client = IMAP4_SSL(
                "localhost",
                sock=sock,
                ssl_context=certificates.client_context(),
                conn_lost_cb=lost.append,
                protocol_factory=make,
            )
            await client.wait_hello_from_server()
            await asyncio.wait_for(client.protocol.closed.wait(), 5)
        await client.aclose()
    assert len(lost) == 1
    assert "200 octets" in str(lost[0])


async def test_a_protocol_of_aioimaplib_is_refused() -> None:
    """As made by a `create_client` that was written for it."""

    class Client(IMAP4):
        def create_client(
            self, host: str, port: int, loop: Any, conn_lost_cb: Any = None, *_: Any
        ) -> None:
            loop = asyncio.get_running_loop()
            self.protocol = aioimaplib.IMAP4ClientProtocol(loop, conn_lost_cb)
            connecting = loop.create_connection(lambda: self.protocol, host, port)
            self._client_task = loop.create_task(connecting)

    async with scripted(HELLO) as port:
        with pytest.raises(TypeError, match="protocol_factory"):
            await Client("127.0.0.1", port).wait_hello_from_server()
        await asyncio.sleep(0)


async def test_a_mailbox_program_as_home_assistant_writes_it() -> None:
    """Login, select, search, fetch, idle, and a loss as the exception it catches."""
    script = (
        "C: T1 UID SEARCH CHARSET utf-8 UnSeen\nS: * SEARCH 8\nS: T1 OK done\n"
        "C: T2 UID FETCH 8 BODY.PEEK[]\nS: * 1 FETCH (UID 8 BODY[] {4}\nS: ab\n"
        "S: )\nS: T2 OK done\nC: T3 IDLE\nS: + go\nS: * 4 EXISTS\n"
        "C: DONE\nS: T3 OK done\nC: T4 IDLE\nS: + go\nS! reset"
    )
    async with selected(script) as client:
        result, lines = await client.uid_search("UnSeen")
        assert (result, lines[0]) == ("OK", b"8")
        response = await client.uid("fetch", "8", "BODY.PEEK[]")
        assert response.lines[1] == b"ab\r\n"
        idle = await client.idle_start(10)
        assert await client.wait_server_push() == [b"4 EXISTS"]
        client.idle_done()
        await asyncio.wait_for(idle, 10)
        lost: list[Exception] = []
        try:
            await client.idle_start(10)  # it may be lost by then
            await client.wait_server_push()
        except (AioImapException, TimeoutError) as error:
            lost.append(error)
        assert "connection" in str(lost[0])
        assert not client.has_pending_idle()
        assert client.get_state() == "LOGOUT"
