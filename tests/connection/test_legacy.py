"""The base's clients on aiosage's engine: programs written for them run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aioimaplib import AioImapException, aioimaplib

from aiosage.connection import IMAP4, IMAP4_SSL
from aiosage.testing import MemoryServer, sample_messages
from tests.conftest import Endpoint


@pytest.fixture
async def mailbox() -> Any:
    """A server with three messages."""
    async with MemoryServer() as server:
        account = server.add_account("alice", "secret")
        for date, raw in sample_messages(3):
            account.mailbox("INBOX").deliver(raw, date=date)
        yield server, account.mailbox("INBOX")


async def _selected(server: MemoryServer) -> IMAP4:
    client = IMAP4(server.host, server.port)
    await client.wait_hello_from_server()
    assert (await client.login("alice", "secret")).result == "OK"
    assert (await client.select()).result == "OK"
    return client


async def test_the_usual_program_runs_on_both_servers(server: Endpoint) -> None:
    """Login, select, append, search, fetch, store, logout, as aioimaplib has them."""
    client = IMAP4_SSL(server.host, server.tls_port, ssl_context=server.ssl_context)
    await client.wait_hello_from_server()
    assert client.get_state() == "NONAUTH"
    assert (await client.login(server.username, server.password)).result == "OK"
    assert client.get_state() == "AUTH"
    selected = await client.select("INBOX")
    assert client.get_state() == "SELECTED"
    assert aioimaplib.extract_exists(selected) == 0
    message = b"Subject: 5* hotel (:-) {3}\r\n\r\n* 3 EXPUNGE\r\n"
    assert (await client.append(message)).result == "OK"
    assert (await client.uid_search("ALL", charset=None)).lines[0] == b"1"
    result, lines = await client.fetch("1", "(UID BODY.PEEK[])")
    assert result == "OK"
    assert lines[0].startswith(b"1 FETCH (UID 1 ")
    assert lines[1] == message
    assert isinstance(lines[1], bytearray)
    assert lines[2] == b")"
    stored = await client.uid("store", "1", "+FLAGS (\\Flagged)")
    assert b"\\Flagged" in stored.lines[0]
    assert (await client.logout()).result == "OK"
    await client.aclose()


async def test_many_commands_of_one_kind_get_their_own_answers(mailbox: Any) -> None:
    """The connection of the base dies of three."""
    client = await _selected(mailbox[0])
    found = await asyncio.gather(
        *(client.uid_search(f"UID {uid}", charset=None) for uid in (1, 2, 3) * 10)
    )
    assert [answer.lines[0] for answer in found] == [b"1", b"2", b"3"] * 10
    await client.aclose()


async def test_concurrent_appends_do_not_mix(mailbox: Any) -> None:
    """The base sent one message under the other's size, the rest as commands."""
    server, inbox = mailbox
    client = await _selected(server)
    short, long = b"Subject: a\r\n\r\n", b"Subject: b\r\n\r\nZ8 LOGOUT\r\n" * 9
    answers = await asyncio.gather(client.append(short), client.append(long))
    assert [answer.result for answer in answers] == ["OK", "OK"]
    assert [message.raw for message in inbox.messages[3:]] == [short, long]
    await client.aclose()


async def test_idle_tells_what_arrives_and_ends_when_asked(mailbox: Any) -> None:
    """Home Assistant's loop: idle_start, wait_server_push, idle_done."""
    server, inbox = mailbox
    client = await _selected(server)
    idle = await client.idle_start(timeout=10)
    assert client.has_pending_idle()
    inbox.deliver(b"Subject: new\r\n\r\n")
    assert b"4 EXISTS" in await client.wait_server_push(timeout=5)
    client.idle_done()
    assert (await asyncio.wait_for(idle, 5)).result == "OK"
    assert not client.has_pending_idle()
    assert (await client.noop()).result == "OK"
    await client.aclose()


async def test_a_lost_connection_ends_everything_that_waits(mailbox: Any) -> None:
    """The base waited out its timeouts, and for idle for ever."""
    server, _ = mailbox
    lost: list[Exception | None] = []
    client = IMAP4(server.host, server.port, conn_lost_cb=lost.append)
    await client.wait_hello_from_server()
    await client.login("alice", "secret")
    await client.select()
    idle = await client.idle_start()
    push = asyncio.ensure_future(client.wait_server_push())
    await asyncio.sleep(0)
    server.disconnect_all()
    for waiting in (push, idle, client.noop()):
        with pytest.raises(AioImapException):
            await asyncio.wait_for(waiting, 5)
    assert len(lost) == 1
    assert not client.has_pending_idle()
    await client.aclose()


async def test_a_cancelled_command_leaves_the_client_usable(mailbox: Any) -> None:
    """The base never let another command through."""
    client = await _selected(mailbox[0])
    fetch = asyncio.ensure_future(client.fetch("1:3", "(BODY.PEEK[])"))
    await asyncio.sleep(0)
    fetch.cancel()
    await asyncio.wait([fetch])
    assert (await client.uid_search("ALL", charset=None)).lines[0] == b"1 2 3"
    await client.aclose()


async def test_thousands_of_lines_in_one_read_are_no_recursion(mailbox: Any) -> None:
    """The transport of the base was aborted at a thousand."""
    server, inbox = mailbox
    for _ in range(5000):
        inbox.deliver(b"\r\n")
    client = await _selected(server)
    result, lines = await client.fetch("1:*", "(FLAGS)")
    assert result == "OK"
    assert len(lines) == 5004
    await client.aclose()


async def test_any_name_and_any_text_on_both_servers(server: Endpoint) -> None:
    """Over STARTTLS, with names and search keys that the base sends raw."""
    client = IMAP4("localhost", server.port)
    await client.wait_hello_from_server()
    await client.starttls(server.ssl_context)
    assert (await client.login(server.username, server.password)).result == "OK"
    assert client.has_capability("UIDPLUS")
    for name in ("Entwürfe & Café", "Sent Items 2", '"quoted already"', "50% {5}"):
        assert (await client.create(name)).result == "OK", name
        message = f"Subject: x\r\n\r\nGrüße an {name}\r\n".encode()
        assert (await client.append(message, mailbox=name)).result == "OK"
        assert (
            (await client.status(name, "(MESSAGES)")).lines[0].endswith(b"(MESSAGES 1)")
        )
        assert (await client.examine(name)).result == "OK"
        assert client.get_state() == "SELECTED"
        fetched = await client.uid("fetch", "1", "(BODY.PEEK[])")
        assert message in fetched.lines
    listed = b"\n".join((await client.list("", "*")).lines)
    assert b"Entw&APw-rfe &- Caf&AOk-" in listed
    await client.select("Entwürfe & Café")
    found = await client.search('BODY "Grüße"')
    assert found == ("OK", [b"1", found.lines[-1]])
    assert (await client.logout()).result == "OK"
    await client.aclose()
