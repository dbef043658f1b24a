"""What programs of aioimaplib rely on: the same on it, on ours and on both mixed.

Mixed means aioimaplib's clients over our protocol, whose class is put in the place
of theirs.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aioimaplib import (
    AUTH,
    NONAUTH,
    SELECTED,
    STOP_WAIT_SERVER_PUSH,
    Abort,
    AioImapException,
    Command,
    CommandTimeout,
    Error,
    extract_exists,
)

from aiosage.connection import IMAP4
from tests.conftest import Endpoint

from ..scripted import scripted
from .library import BASE, LOGIN, OURS, SWAPPED, Library
from .streams import answer_of, begin, session_of

MESSAGE = b"Subject: hello (world\r\n\r\n* 3 EXPUNGE\r\n{3}\r\n"


async def test_a_session_on_both_servers(either: Library, server: Endpoint) -> None:
    """Most calls there are, with results of the same shape."""
    client = either.IMAP4(server.host, server.port)
    await client.wait_hello_from_server()
    assert client.get_state() == client.protocol.state == NONAUTH
    assert client.protocol.imap_version == "IMAP4REV1"
    assert (await client.login(server.username, server.password)).result == "OK"
    assert client.get_state() == AUTH
    assert client.has_capability("IDLE")
    assert (await client.create("other")).result == "OK"
    assert (await client.subscribe("other")).result == "OK"
    subscribed = await client.lsub('""', "oth*")
    assert b"other" in subscribed.lines[0]
    assert not subscribed.lines[0].startswith(b"LSUB")
    assert (await client.unsubscribe("other")).result == "OK"
    listed = await client.list('""', "*")
    assert any(line.endswith((b'"other"', b" other")) for line in listed.lines[:-1])
    for _ in range(3):
        stored = await client.append(MESSAGE, "INBOX", flags="\\Seen")
        assert stored.result == "OK"
    status = await client.status("INBOX", "(MESSAGES)")
    assert status.lines[0].endswith(b"(MESSAGES 3)")
    opened = await client.select("INBOX")
    assert extract_exists(opened) == 3
    assert client.get_state() == SELECTED
    found = await client.search("ALL")
    assert found.lines[0] == b"1 2 3"
    assert (await client.uid_search("UNSEEN")).lines[0] == b""
    result, lines = await client.fetch("2", "(BODY.PEEK[])")
    assert result == "OK"
    assert [type(line) for line in lines[:3]] == [bytes, bytearray, bytes]
    assert lines[0] == b"2 FETCH (BODY[] {%d}" % len(MESSAGE)
    assert lines[1:3] == [MESSAGE, b")"]
    assert len(lines) == 4  # and the text of the tagged response
    by_uid = await client.uid("fetch", "1:3", "(UID FLAGS)")
    assert len(by_uid.lines) == 4
    assert by_uid.lines[0].startswith(b"1 FETCH (")
    flagged = await client.uid("store", "1", "+FLAGS (\\Deleted)")
    assert b"\\Deleted" in flagged.lines[0]
    assert (await client.copy("2", "other")).result == "OK"
    moved = await client.move("3", "other")
    assert any(line.endswith(b" EXPUNGE") for line in moved.lines)
    assert (await client.expunge()).lines[0] == b"1 EXPUNGE"
    assert (await client.noop()).result == "OK"
    assert (await client.check()).result == "OK"
    assert (await client.close()).result == "OK"
    assert client.get_state() == AUTH
    assert (await client.delete("other")).result == "OK"
    assert (await client.status("other", "(MESSAGES)")).result == "NO"
    ended = await client.logout()
    assert ended.result == "OK"
    assert ended.lines[0].startswith(b"BYE")
    assert client.get_state() == "LOGOUT"
    await either.close(client)


async def _deliver(server: Endpoint) -> None:
    other = IMAP4(server.host, server.port)
    await other.wait_hello_from_server()
    await other.login(server.username, server.password)
    assert (await other.append(MESSAGE)).result == "OK"
    await other.logout()
    await other.aclose()


async def home_assistant(
    make: Any, server: Endpoint, ssl_context: ssl.SSLContext
) -> list[object]:
    """Run what its integration does, for one message; return what it saw."""
    seen: list[object] = []
    client = make("localhost", server.tls_port, ssl_context=ssl_context)
    try:
        await client.wait_hello_from_server()
        if client.protocol.state == NONAUTH:
            await client.login(server.username, server.password)
        if client.protocol.state not in {AUTH, SELECTED}:
            raise AssertionError("wrong state")
        await client.select("INBOX")
        while not seen:
            idle = await client.idle_start()
            await _deliver(server)
            push = await client.wait_server_push(timeout=10)
            seen.append(push[0])
            client.idle_done()
            async with asyncio.timeout(10):
                await idle
        result, lines = await client.search("UnSeen UnDeleted", charset="utf-8")
        seen.append((result, lines[0]))
        response = await client.fetch(lines[0].split()[-1].decode(), "BODY.PEEK[]")
        seen.append(bytes(response.lines[1]))
        if client.has_pending_idle():
            client.idle_done()
        await client.stop_wait_server_push()
        await client.close()
        await client.logout()
    except (AioImapException, TimeoutError) as error:
        seen.append(error)
    finally:
        if client.protocol.transport is not None:
            client.protocol.transport.close()
    return seen


@pytest.mark.parametrize("server", [pytest.param("dovecot")], indirect=True)
@pytest.mark.dovecot
async def test_home_assistant_runs_unchanged(either: Library, server: Endpoint) -> None:
    """Login, select, idle, search, fetch and logout, over TLS."""
    seen = await home_assistant(either.IMAP4_SSL, server, server.ssl_context)
    assert seen == [b"1 EXISTS", ("OK", b"1"), MESSAGE]


async def test_literals_are_bytearrays_between_lines(either: Library) -> None:
    """Programs look for "the bytearray", and count on from it (131, 72)."""
    stream = (
        b"* 1 FETCH (BODY[] {2}\r\nhi FLAGS ())\r\n* 2 FETCH (X {1}\r\na Y {0}\r\n)\r\n"
        b"TAG1 OK done\r\n"
    )
    result, lines = await answer_of(either.Protocol, "FETCH", [stream])
    assert result == "OK"
    assert isinstance(lines, list)
    assert lines == [
        b"1 FETCH (BODY[] {2}",
        b"hi",
        b" FLAGS ())",
        b"2 FETCH (X {1}",
        b"a",
        b" Y {0}",
        b"",
        b")",
        b"done",
    ]
    literals = [isinstance(line, bytearray) for line in lines]
    assert literals == [line in (b"hi", b"a", b"") for line in lines]


async def test_each_command_gets_the_lines_it_always_got(either: Library) -> None:
    """Without their name, but for FETCH; some get all, NOOP what nobody claims."""

    async def answer(name: str, stream: bytes) -> object:
        return await answer_of(either.Protocol, name, [stream])

    assert await answer("SEARCH", b"* SEARCH\r\nTAG1 OK done\r\n") == (
        "OK",
        [b"", b"done"],
    )
    listed = b"* LIST () {5}\r\nINBOX\r\n* LIST () NIL x\r\nTAG1 NO why\r\n"
    assert await answer("LIST", listed) == (
        "NO",
        [b"() {5}", b"INBOX", b"() NIL x", b"why"],
    )
    noop = (
        b"* 1 EXPUNGE\r\n* OK still here\r\n* STATUS x (UIDNEXT 1)\r\nTAG1 BAD no\r\n"
    )
    assert await answer("NOOP", noop) == (
        "BAD",
        [b"1 EXPUNGE", b"OK still here", b"STATUS x (UIDNEXT 1)", b"no"],
    )
    opened = (
        b"* FLAGS (a)\r\n* 1 EXISTS\r\n* OK [UNSEEN 1] x\r\nTAG1 OK [READ-ONLY] in\r\n"
    )
    assert await answer("SELECT", opened) == (
        "OK",
        [b"FLAGS (a)", b"1 EXISTS", b"OK [UNSEEN 1] x", b"[READ-ONLY] in"],
    )
    assert await answer("EXPUNGE", b"* 3 EXPUNGE\r\nTAG1 OK\r\n") == (
        "OK",
        [b"3 EXPUNGE", b""],
    )


async def test_idle_gives_one_batch_for_each_read(either: Library) -> None:
    """`wait_server_push` returns lists of lines, or the mark to stop."""
    script = "C: T1 IDLE\nS: + go\nS: * 4 EXISTS\nC: DONE\nS: T1 OK ended"
    async with either.selected(script) as client:
        assert not await client.stop_wait_server_push()
        idle = await client.idle_start()
        assert client.has_pending_idle()
        assert client.protocol.has_pending_idle_command()
        assert await client.wait_server_push() == [b"4 EXISTS"]
        assert await client.stop_wait_server_push()
        assert await client.wait_server_push() == STOP_WAIT_SERVER_PUSH
        with pytest.raises(TimeoutError):
            await client.wait_server_push(timeout=0.01)
        client.idle_done()
        assert await asyncio.wait_for(idle, 5) == ("OK", [b"ended"])
        assert not client.has_pending_idle()


async def test_idle_tells_its_program_to_renew_it(either: Library) -> None:
    """After the time given to `idle_start`, which the program waits for."""
    script = "C: T1 IDLE\nS: + go\nC: DONE\nS: T1 OK done"
    async with either.selected(script) as client:
        idle = await client.idle_start(timeout=0.01)
        assert await client.wait_server_push(timeout=5) == STOP_WAIT_SERVER_PUSH
        client.idle_done()
        assert (await idle).result == "OK"


async def test_an_illegal_state_is_an_abort(either: Library) -> None:
    """Before anything is sent."""
    async with either.greeted(LOGIN) as client:
        for call in (client.select(), client.fetch("1", "X"), client.uid("copy", "1")):
            with pytest.raises(Abort, match="illegal in state NONAUTH"):
                await call
        await client.login("joe", "secret")
        with pytest.raises(Error, match="command LOGIN illegal in state AUTH"):
            await client.login("joe", "secret")


@pytest.mark.parametrize("name", ["namespace", "enable", "idle"])
async def test_what_the_server_lacks_is_an_abort(either: Library, name: str) -> None:
    """The names of the capabilities are in the texts."""
    script = LOGIN.replace("IDLE UIDPLUS MOVE", "X")
    async with either.greeted(script) as client:
        await client.login("joe", "secret")
        arguments = ["x"] if name == "enable" else []
        with pytest.raises(Abort, match=f"server has not {name.upper()} capability"):
            await getattr(client, name)(*arguments)


_TIMED: list[tuple[Callable[[Any], Awaitable[object]], type[Exception]]] = [
    (lambda client: client.fetch("1", "FLAGS"), CommandTimeout),
    (lambda client: client.uid("fetch", "1", "FLAGS"), CommandTimeout),
    (lambda client: client.append(b"x"), CommandTimeout),
    (lambda client: client.search("ALL"), TimeoutError),
    (lambda client: client.select(), TimeoutError),
]


@pytest.mark.parametrize(("call", "error"), _TIMED)
async def test_timeouts_are_the_exceptions_programs_catch(
    either: Library,
    call: Callable[[Any], Awaitable[object]],
    error: type[Exception],
) -> None:
    """`CommandTimeout` of fetch, append and UID FETCH; `TimeoutError` of others."""
    async with either.selected("C: T1 ...") as client:
        client.timeout = 0.02
        with pytest.raises(error):
            await call(client)


async def test_a_closed_connection_is_told_with_none(either: Library) -> None:
    """An orderly end is no exception to `conn_lost_cb`."""
    lost: list[Exception | None] = []
    told = asyncio.Event()

    def note(error: Exception | None) -> None:
        lost.append(error)
        told.set()

    async with scripted(f"{LOGIN}S! close") as port:
        client = either.IMAP4("127.0.0.1", port, conn_lost_cb=note)
        await client.wait_hello_from_server()
        await client.login("joe", "secret")
        await asyncio.wait_for(told.wait(), 5)
        await either.close(client)
    assert lost == [None]


async def test_pending_commands_can_be_looked_at(either: Library) -> None:
    """By the name of their response; one at a time of those that are alone."""
    session = session_of(either.Protocol)
    fetch = begin(session, "FETCH")
    await asyncio.sleep(0)
    assert list(session.pending_async_commands) == ["FETCH"]
    assert session.pending_async_commands["FETCH"].tag == "TAG1"
    assert not session.pending_sync_command
    session.data_received(b"TAG1 OK done\r\n")
    await fetch
    assert session.pending_async_commands == {}
    examine = begin(session, "EXAMINE")
    await asyncio.sleep(0)
    assert session.pending_sync_command.tag == "TAG1"
    session.data_received(b"TAG1 OK done\r\n")
    await examine
    assert session.pending_sync_command is None


async def test_a_command_of_ones_own_goes_through_execute(either: Library) -> None:
    """With a tag from `new_tag`, and a prefix."""
    script = "C: T1 UID THREAD REFERENCES utf-8 ALL\nS: * THREAD (1)\nS: T1 OK x"
    async with either.selected(script) as client:
        protocol = client.protocol
        tag = protocol.new_tag()
        arguments = ("REFERENCES", "utf-8", "ALL")
        command = Command("THREAD", tag, *arguments, prefix="UID")
        assert await protocol.execute(command) == ("OK", [b"(1)", b"x"])
        assert protocol.transport.get_extra_info("peername")
        assert isinstance(protocol.idle_queue, asyncio.Queue)


async def test_quoted_names_are_left_alone(either: Library) -> None:
    """Programs quote for themselves."""
    script = (
        f'{LOGIN}C: T2 STATUS "Sent Items" (UIDNEXT)\nS: T2 OK x\n'
        'C: T3 LIST "" "*"\nS: T3 OK x\nC: T4 CREATE Entw&APw-rfe\nS: T4 OK x'
    )
    async with either.greeted(script) as client:
        await client.login("joe", "secret")
        assert (await client.status('"Sent Items"', "(UIDNEXT)")).result == "OK"
        assert (await client.list('""', '"*"')).result == "OK"
        assert (await client.create("Entw&APw-rfe")).result == "OK"


def test_exceptions_are_those_of_aioimaplib() -> None:
    """So that handlers catch what ours raises."""
    assert issubclass(Abort, AioImapException)
    assert OURS.IMAP4 is not BASE.IMAP4 is SWAPPED.IMAP4
    assert issubclass(OURS.IMAP4, BASE.IMAP4)
    assert issubclass(OURS.IMAP4_SSL, BASE.IMAP4_SSL)
    assert issubclass(OURS.Protocol, BASE.Protocol)
