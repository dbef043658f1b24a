"""How sessions begin, log in and end.

Numbers are of the issues of aioimaplib (or, above 80000, of Home Assistant) in
which users met the defect.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress

import pytest
from aioimaplib import AioImapException

from aiosage.testing import Certificates

from ..scripted import Peer, scripted
from .library import CAPABILITY, HELLO, LOGIN, Library


@pytest.mark.parametrize(
    "script",
    [
        "S: * BYE too many",
        "S: * BYE you LOOK bad NOT OK",
        "S! close",
        "S: * OK hi\nC: T1 CAPABILITY\nS! reset",
    ],
)
async def test_who_is_not_welcome_is_told_at_once(
    library: Library, script: str
) -> None:
    """The base waits out its time (110, 87230)."""
    async with library.connected(script, timeout=30) as client:
        with pytest.raises(AioImapException):
            async with library.within:
                await client.wait_hello_from_server()


async def test_a_silent_server_is_left_after_the_timeout(library: Library) -> None:
    """In the base the socket stays open (128)."""
    left = asyncio.Event()

    async def listen(peer: Peer) -> None:
        await peer.gone()
        left.set()

    async with library.connected(listen, timeout=0.05) as client:
        with pytest.raises(TimeoutError):
            await client.wait_hello_from_server()
        async with library.within:
            await left.wait()


async def test_a_greeting_is_its_first_word(library: Library) -> None:
    """The base looks for PREAUTH anywhere, and takes the session for logged in."""
    script = (
        "S: * OK PREAUTH is not offered\nC: T1 CAPABILITY\n"
        "S: * CAPABILITY IMAP4rev1\nS: T1 OK done"
    )
    async with library.greeted(script) as client:
        assert client.get_state() == "NONAUTH"


async def test_only_the_first_line_is_the_greeting(library: Library) -> None:
    """The base asks for the capabilities once for each line of the first read."""
    asked: list[str] = []

    async def greet(peer: Peer) -> None:
        peer.send(b"* OK hi\r\n* OK [ALERT] down at noon\r\n")
        while True:
            line = await peer.line()
            asked.append(line)
            tag = line.split()[0]
            peer.send(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode())

    async with library.greeted(greet) as client:
        await client.noop()
        assert [line.split()[1] for line in asked] == ["CAPABILITY", "NOOP"]


async def test_a_server_of_imap4rev2_alone_is_one(library: Library) -> None:
    """The base raises in a task, and waits."""
    script = "S: * OK hi\nC: T1 CAPABILITY\nS: * CAPABILITY IMAP4rev2\nS: T1 OK done"
    async with library.greeted(script) as client:
        assert client.protocol.imap_version == "IMAP4REV2"


@pytest.mark.parametrize(
    "told",
    [
        "S: T1 OK [CAPABILITY IMAP4rev1 MOVE] Logged in",
        "S: T1 OK in\nC: T2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 MOVE\nS: T2 OK x",
    ],
    ids=["told", "to-be-asked-for"],
)
async def test_capabilities_are_known_after_login(library: Library, told: str) -> None:
    """The base has ``MOVE]``, ``Logged`` and ``in``, or what was before (45)."""
    script = f'{HELLO}C: T1 LOGIN joe "secret"\n{told}'
    async with library.greeted(script) as client:
        await client.login("joe", "secret")
        assert client.protocol.capabilities == {"IMAP4rev1", "MOVE"}


async def test_the_greeting_tells_capabilities(library: Library) -> None:
    """The base asks for what it has been told."""
    script = "S: * OK [CAPABILITY IMAP4rev1 IDLE] hi\nC: T1 NOOP\nS: T1 OK x"
    async with library.greeted(script) as client:
        assert client.has_capability("IDLE")
        assert (await client.noop()).result == "OK"


async def test_no_password_is_sent_where_the_server_wants_none(
    library: Library,
) -> None:
    """The base sends it in the clear."""
    script = (
        "S: * OK hi\nC: T1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 LOGINDISABLED\n"
        "S: T1 OK done\nC: T2 LOGOUT\nS: T2 OK bye"
    )
    async with library.greeted(script) as client:
        with pytest.raises(AioImapException, match="LOGINDISABLED"):
            await client.login("joe", "secret")
        await client.logout()


async def test_starttls_is_there(library: Library, certificates: Certificates) -> None:
    """The base has none (1)."""

    async def upgrade(peer: Peer) -> None:
        told = "* CAPABILITY IMAP4rev1"
        await peer.play(
            f"S: * OK hi\nC: T1 CAPABILITY\nS: {told} STARTTLS\nS: T1 OK x\n"
            "C: T2 STARTTLS\nS: T2 OK go"
        )
        await peer.writer.drain()
        await peer.writer.start_tls(certificates.server_context())
        await peer.play(f"C: T3 CAPABILITY\nS: {told}\nS: T3 OK x")

    async with scripted(upgrade) as port:
        client = library.IMAP4("localhost", port, timeout=library.patience)
        try:
            await client.wait_hello_from_server()
            await client.starttls(certificates.client_context())
            transport = client.protocol.transport
            assert transport.get_extra_info("ssl_object") is not None
        finally:
            await library.close(client)


async def test_a_refused_token_is_a_no(library: Library) -> None:
    """The base never answers the challenge, times out, and is wedged."""
    script = (
        f"{HELLO}C: T1 AUTHENTICATE XOAUTH2 ...\nS: + eyJzdGF0dXMiOiI0MDAifQ==\n"
        "C: \nS: T1 NO refused"
    )
    async with library.greeted(script) as client:
        refused = await client.xoauth2("joe", "T0KEN")
        assert refused.result == "NO"
        assert refused.lines[-1] == b"refused"


@pytest.mark.parametrize("user", ["jöe", "joe"])
async def test_tokens_are_not_logged(
    library: Library, user: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The base logs what it sends, in base64, and knows no user that is not ASCII."""
    caplog.set_level(logging.DEBUG)
    sent: list[str] = []

    async def refuse(peer: Peer) -> None:
        tag, *_, token = (await peer.line()).split()
        sent.append(token)
        await peer.play(f"S: {tag} NO refused")

    async with library.greeted(HELLO, refuse) as client:
        assert (await client.xoauth2(user, "T0KEN")).result == "NO"
    assert sent[0] not in caplog.text


async def test_passwords_are_not_logged(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    """The base looks for what it has not sent: the password without quoting (93)."""
    caplog.set_level(logging.DEBUG)
    script = f'{HELLO}C: T1 LOGIN joe "se\\"cret"\nS: T1 NO no'
    async with library.greeted(script) as client:
        assert (await client.login("joe", 'se"cret')).result == "NO"
    assert 'se\\"cret' not in caplog.text.replace("\\\\", "\\")


async def test_who_lost_a_connection_over_tls_is_told(
    library: Library, certificates: Certificates
) -> None:
    """IMAP4_SSL of the base knows no ``conn_lost_cb`` (107)."""
    lost: list[Exception | None] = []
    told = asyncio.Event()

    def note(error: Exception | None) -> None:
        lost.append(error)
        told.set()

    script = f"{HELLO}C: T1 NOOP\nS: T1 OK x\nS! reset"
    context = certificates.server_context()
    async with scripted(script, ssl_context=context) as port:
        client = library.IMAP4_SSL(
            "localhost",
            port,
            ssl_context=certificates.client_context(),
            conn_lost_cb=note,
        )
        await client.wait_hello_from_server()
        await client.noop()
        async with library.within:
            await told.wait()
        await client.aclose()
    assert len(lost) == 1


async def test_the_socket_can_be_closed(library: Library) -> None:
    """The base's ``close`` is IMAP's CLOSE; it has nothing else."""
    left = asyncio.Event()

    async def listen(peer: Peer) -> None:
        await peer.gone()
        left.set()

    async with library.greeted(HELLO, listen) as client:
        search = asyncio.ensure_future(client.noop())
        await asyncio.sleep(0)
        await client.aclose()
        async with library.within:
            await left.wait()
            with pytest.raises(AioImapException):
                await search
        await client.aclose()  # once more does no harm


async def test_logout_closes_the_socket(library: Library) -> None:
    """In the base it stays open until the server closes it."""
    left = asyncio.Event()

    async def listen(peer: Peer) -> None:
        await peer.play("C: T1 LOGOUT\nS: * BYE bye\nS: T1 OK out")
        await peer.gone()
        left.set()

    async with library.greeted(HELLO, listen) as client:
        await client.logout()
        async with library.within:
            await left.wait()


async def test_bye_ends_the_session_at_once(library: Library) -> None:
    """The base overlooks it, and waits for answers that cannot come."""

    async def shut_down(peer: Peer) -> None:
        await peer.play("C: T1 NOOP\nS: * BYE shutting down")
        await peer.gone()

    async with library.selected(shut_down, timeout=30) as client:
        with pytest.raises(AioImapException, match="shutting down"):
            async with library.within:
                await client.noop()
        assert client.get_state() == "LOGOUT"


@pytest.mark.parametrize(
    "start", [b"* 1 FETCH (BODY[] {9999999999}\r\n", b"* "], ids=["literal", "line"]
)
async def test_what_has_no_end_is_not_held(library: Library, start: bytes) -> None:
    """The base holds it without bound, though no command waits for it."""
    left = asyncio.Event()

    async def flood(peer: Peer) -> None:
        peer.send(start)
        for _ in range(80):
            peer.send(b"x" * 2**17)
            await peer.writer.drain()
        await peer.gone()

    async def watch(peer: Peer) -> None:
        with suppress(ConnectionError):
            await flood(peer)
        left.set()

    async with library.selected(watch) as client:
        async with library.within:
            await left.wait()
        assert client.get_state() == "LOGOUT"


async def test_a_connected_socket_can_be_given(library: Library) -> None:
    """As through a proxy; in the base `create_client` must be replaced."""
    async with scripted(HELLO) as port:
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.setblocking(False)
            client = library.IMAP4("127.0.0.1", sock=sock)
            await client.wait_hello_from_server()
            await library.close(client)


async def test_a_mailbox_is_quoted_and_a_user_name_too(library: Library) -> None:
    """The base sends ``LOGIN jane doe`` and ``SELECT Sent Items`` (87)."""
    script = (
        f'{HELLO}C: T1 LOGIN "jane doe" "secret"\nS: * CAPABILITY {CAPABILITY}\n'
        'S: T1 OK in\nC: T2 SELECT "Sent Items"\nS: T2 OK in\n'
        "C: T3 STATUS Entw&APw-rfe (UIDNEXT)\nS: T3 OK x"
    )
    async with library.greeted(script) as client:
        assert (await client.login("jane doe", "secret")).result == "OK"
        assert (await client.select("Sent Items")).result == "OK"
        assert (await client.status("Entwürfe", "(UIDNEXT)")).result == "OK"


async def test_a_name_cannot_open_a_literal(library: Library) -> None:
    """Of the base the server takes the next command for its text."""
    script = f'{LOGIN}C: T1 CREATE "x {{5}}"\nS: T1 OK x'
    async with library.greeted(script) as client:
        await client.login("joe", "secret")
        assert (await client.create("x {5}")).result == "OK"


async def test_text_that_is_not_ascii_goes_as_a_literal(library: Library) -> None:
    """The base sends 8-bit octets in quoted strings."""

    async def search(peer: Peer) -> None:
        await peer.play("C: T1 SEARCH CHARSET utf-8 SUBJECT {5}\nS: + go")
        assert await peer.reader.readexactly(5) == "café".encode()
        assert await peer.reader.readline() == b"\r\n"
        await peer.play("S: * SEARCH 2\nS: T1 OK done")

    async with library.selected(search) as client:
        found = await client.search('SUBJECT "café"')
        assert found.lines == [b"2", b"done"]


async def test_a_search_goes_on_without_a_charset_that_is_refused(
    library: Library,
) -> None:
    """Exchange and Yahoo know none; the base gives up (126, 20642)."""
    script = (
        "C: T1 SEARCH CHARSET utf-8 SEEN\nS: T1 NO [BADCHARSET (US-ASCII)] no\n"
        "C: T2 SEARCH SEEN\nS: * SEARCH 7\nS: T2 OK done"
    )
    async with library.selected(script) as client:
        assert (await client.search("SEEN")).lines == [b"7", b"done"]


async def test_the_quota_asked_for_is_that_of_the_mailbox(library: Library) -> None:
    """The base always asks for INBOX."""
    script = 'C: T1 GETQUOTAROOT other\nS: * QUOTA "" (STORAGE 1 2)\nS: T1 OK done'
    async with library.selected(script) as client:
        lines = (await client.getquotaroot("other")).lines
        assert lines == [b'"" (STORAGE 1 2)', b"done"]
