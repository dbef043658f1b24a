"""The drop-in cancelled at every step, and cut at every call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeAlias

import pytest
from aioimaplib import AioImapException

from aiosage.connection import IMAP4
from aiosage.testing import MemoryServer

from .test_cancel import cancelled_after

Operation: TypeAlias = Callable[[IMAP4], Coroutine[Any, Any, object]]


async def idle(client: IMAP4) -> None:
    """Enter IDLE, and leave it."""
    waiting = await client.idle_start()
    client.idle_done()
    await waiting


async def several(client: IMAP4) -> None:
    """Run commands of three kinds at once, one twice."""
    await asyncio.gather(
        client.noop(), client.search("ALL"), client.fetch("1", "(UID)"), client.noop()
    )


OPERATIONS: dict[str, Operation] = {
    "noop": IMAP4.noop,
    "select": lambda client: client.select("other"),
    "examine": IMAP4.examine,
    "close": IMAP4.close,
    "fetch": lambda client: client.fetch("1:3", "(BODY.PEEK[])"),
    "uid fetch": lambda client: client.uid("fetch", "1:3", "(BODY.PEEK[])"),
    "uid store": lambda client: client.uid("store", "1:3", "+FLAGS (\\Seen)"),
    "uid copy": lambda client: client.uid("copy", "1:3", "other"),
    "move": lambda client: client.move("1", "other"),
    "search": lambda client: client.search("ALL"),
    "search by literal": lambda client: client.search("SUBJECT é"),
    "append": lambda client: client.append(b"\r\n" + b"x" * 100_000, mailbox="other"),
    "list": lambda client: client.list("", "*"),
    "create": lambda client: client.create("a b"),
    "idle": idle,
    "several": several,
    "logout": IMAP4.logout,
}


@pytest.fixture
async def memory() -> AsyncIterator[MemoryServer]:
    """A server with an account that has three messages."""
    async with MemoryServer() as server:
        account = server.add_account("joe", "secret")
        account.create("other")
        for text in (b"one", b"two", b"three"):
            account.mailbox("INBOX").deliver(b"Subject: x\r\n\r\n" + text)
        yield server


async def selected(server: MemoryServer) -> IMAP4:
    """Return a client with INBOX open."""
    client = IMAP4(server.host, server.port)
    await client.wait_hello_from_server()
    await client.login("joe", "secret")
    await client.select()
    return client


@pytest.mark.parametrize("name", OPERATIONS)
async def test_cancelled_at_any_step_the_next_command_gets_its_own_answer(
    name: str, memory: MemoryServer
) -> None:
    """Or is told that the session ended. In the base it waits for ever."""
    steps = 0
    while True:
        client = await selected(memory)
        was_cancelled = await cancelled_after(steps, OPERATIONS[name](client))
        async with asyncio.timeout(5):
            try:
                status = await client.status("other", "(UIDVALIDITY)")
            except AioImapException:
                assert client.get_state() == "LOGOUT"
            else:
                assert status.result == "OK"
                assert len(status.lines) == 2
                assert status.lines[0].startswith(b"other (UIDVALIDITY ")
                assert not client.has_pending_idle()
        await client.aclose()
        if not was_cancelled:
            return
        steps += 1


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_connection_cut_at_any_step_ends_the_call(
    name: str, memory: MemoryServer
) -> None:
    """With an answer that had come, or an exception that programs catch."""
    for steps in range(12):
        client = await selected(memory)
        call = asyncio.ensure_future(OPERATIONS[name](client))
        for _ in range(steps):
            await asyncio.sleep(0)
        memory.disconnect_all()
        async with asyncio.timeout(5):
            try:
                await call
            except AioImapException:
                assert client.get_state() == "LOGOUT"
            with pytest.raises(AioImapException):
                await client.wait_server_push()
        await client.aclose()
