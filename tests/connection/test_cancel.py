"""Cancelling at every await: the next command gets its own answer, or is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import anyio
import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.errors import IMAPConnectionLost, IMAPOperationError
from aiosage.model import Secret
from aiosage.testing import MemoryServer
from aiosage.wire.commands import (
    Append,
    Create,
    GetStatus,
    Noop,
)

from .operations import BODIES, OPERATIONS, fetch
from .scripted import LOGGED_IN, SELECTED, Peer, config, scripted


@pytest.fixture(params=["LITERAL+", "synchronizing literals"])
async def memory(request: pytest.FixtureRequest) -> AsyncIterator[ConnectionConfig]:
    """An account with three messages, on a server in this very loop."""
    disable = [] if request.param == "LITERAL+" else ["LITERAL+"]
    async with MemoryServer(disable=disable) as server:
        account = server.add_account("joe", "secret")
        account.create("other")
        for body in BODIES.values():
            account.mailbox("INBOX").deliver(body)
        yield ConnectionConfig(
            host=server.host,
            port=server.port,
            username="joe",
            password=Secret("secret"),
            security=Security.PLAIN,
        )


async def cancelled_after(steps: int, operation: Awaitable[object]) -> bool:
    """Run *operation* for *steps* of the loop, then cancel it; whether it was."""
    task = asyncio.ensure_future(operation)
    for _ in range(steps):
        await asyncio.sleep(0)
    was = task.cancel()
    if was:
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await task
    return was


@pytest.mark.parametrize("name", OPERATIONS)
async def test_cancelled_at_any_step_the_next_command_gets_its_own_answer(
    name: str, memory: ConnectionConfig
) -> None:
    """Or the connection says that it is closed; it never says what is wrong."""
    connection: IMAPConnection | None = None
    survived = 0
    for steps in range(500):
        if connection is None or connection.is_closed:
            connection = await IMAPConnection.open(memory)
        await connection.select("INBOX")
        was_cancelled = await cancelled_after(steps, OPERATIONS[name](connection))
        if connection.is_closed:
            with pytest.raises(IMAPConnectionLost, match="half sent"):
                await connection.noop()
            continue
        survived += 1
        async with asyncio.timeout(5.0):
            selected = await connection.select("INBOX")
            assert (selected.mailbox, selected.exists) == ("INBOX", 3)
            assert await fetch(connection) == BODIES
            status = await connection.execute(GetStatus("INBOX", ("UIDNEXT",)))
        assert (status.mailbox, status.items) == ("INBOX", {"UIDNEXT": 4})
        assert connection.is_quiet
        if not was_cancelled:
            break
    else:
        pytest.fail("it never came to an end")
    assert survived > 2
    assert connection is not None
    await connection.aclose()


async def test_closing_cancelled_at_any_step_has_closed(
    memory: ConnectionConfig,
) -> None:
    for steps in range(500):
        connection = await IMAPConnection.open(memory)
        was_cancelled = await cancelled_after(steps, connection.aclose())
        assert connection.is_closed or steps == 0  # never began
        connection.abort()
        await connection.aclose()
        if not was_cancelled:
            return
    pytest.fail("it never came to an end")


async def test_a_command_that_waits_its_turn_is_never_sent_if_cancelled() -> None:
    script = (
        f"{LOGGED_IN}C: T1 STATUS a (MESSAGES)\nC: T2 NOOP\nS: T2 OK\n"
        "S: * STATUS a (MESSAGES 1)\nS: T1 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        first, second = (
            asyncio.ensure_future(
                # Two about one mailbox: nobody could tell whose answer it is.
                connection.execute(GetStatus("a", ("MESSAGES",)))
            )
            for _ in range(2)
        )
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        await connection.noop()
        assert (await first).items == {"MESSAGES": 1}
        connection.abort()


async def test_the_answer_to_a_cancelled_command_reaches_nobody() -> None:
    """Its kind must wait until the answer is over; other kinds need not."""
    script = (
        f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])\nC: T3 NOOP\nS: T3 OK\n"
        'S: * 1 FETCH (UID 1 BODY[] "old")\nS: T2 OK\n'
        "C: T4 UID FETCH 1:3 (BODY.PEEK[])\n"
        'S: * 1 FETCH (UID 1 BODY[] "new")\nS: T4 OK'
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        assert await cancelled_after(1, fetch(connection))
        assert not connection.is_quiet
        again = asyncio.ensure_future(fetch(connection))
        await connection.noop()
        assert await again == {1: b"new"}
        assert connection.is_quiet
        connection.abort()


async def test_a_cancelled_select_leaves_no_mailbox_to_trust() -> None:
    """It was carried out: what is open now is not what was open before."""
    script = (
        f"{SELECTED}C: T2 SELECT b\nS: * 1 EXISTS\nS: T2 OK done\n"
        "C: T3 SELECT INBOX\nS: * 3 EXISTS\nS: T3 OK done"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        assert await cancelled_after(1, connection.select("b"))
        assert connection.selected is None
        assert (await connection.select("INBOX")).exists == 3
        connection.abort()


@pytest.mark.parametrize("invited", ["S: + go", ""])
async def test_cancelled_idle_is_ended_properly(invited: str) -> None:
    """Also before the server has agreed to it: DONE must not come too early."""
    script = (
        f"{SELECTED}C: T2 IDLE\n{invited or 'S: * 4 EXISTS'}\n"
        f"{'' if invited else 'S: + go'}\nC: DONE\nS: T2 OK\nC: T3 NOOP\nS: T3 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        heard = asyncio.Event()
        inside = asyncio.Event()
        connection.add_listener(lambda _: heard.set())

        async def watch() -> None:
            async with connection.idle():
                inside.set()
                await asyncio.Event().wait()

        watching = asyncio.ensure_future(watch())
        await (inside if invited else heard).wait()
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
        await connection.noop()
        connection.abort()


async def test_idle_in_an_expired_anyio_scope_is_ended_properly() -> None:
    """There every await is cancelled again and again."""
    script = (
        f"{SELECTED}C: T2 IDLE\nS: + go\nC: DONE\nS: * 4 EXISTS\nS: T2 OK\n"
        "C: T3 NOOP\nS: T3 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        with anyio.CancelScope() as scope:
            async with connection.idle():
                scope.cancel()
                await anyio.sleep_forever()
        assert scope.cancelled_caught
        await connection.noop()
        connection.abort()


async def test_an_error_in_the_body_of_idle_comes_through() -> None:
    script = f"{SELECTED}C: T2 IDLE\nS: + go\nC: DONE\nS: T2 OK\nC: T3 NOOP\nS: T3 OK"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        with pytest.raises(LookupError):
            async with connection.idle():
                raise LookupError
        await connection.noop()
        connection.abort()


SYNC = (
    "S: * OK [CAPABILITY IMAP4rev1] hi\nC: T0 LOGIN ...\n"
    "S: T0 OK [CAPABILITY IMAP4rev1] in\n"
)


async def test_an_append_cancelled_before_its_literal_ends_the_session() -> None:
    """The server waits for the message; nothing else can be said to it."""
    async with scripted(f"{SYNC}C: T1 APPEND a {{5}}") as port:
        connection = await IMAPConnection.open(config(port))
        assert await cancelled_after(1, connection.execute(Append("a", b"hello")))
        with pytest.raises(IMAPConnectionLost, match="APPEND was cancelled half sent"):
            await connection.noop()


async def test_an_append_cancelled_after_its_literal_is_drained() -> None:
    arrived, cancelled = asyncio.Event(), asyncio.Event()

    async def serve(peer: Peer) -> None:
        await peer.play(f"{SYNC}C: T1 APPEND a {{5}}\nS: + go\nC: hello\nC: T2 NOOP")
        arrived.set()
        await cancelled.wait()
        await peer.play("S: T1 NO no\nS: T2 OK")

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        append = asyncio.ensure_future(connection.execute(Append("a", b"hello")))
        other = asyncio.ensure_future(connection.noop())
        await arrived.wait()
        append.cancel()
        cancelled.set()
        await other
        assert append.cancelled()
        connection.abort()


@pytest.mark.parametrize("begun", [False, True])
async def test_a_cancelled_command_that_does_not_end_in_time_ends_the_session(
    begun: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiosage.connection._protocol.ABANDON_SECONDS", 0.1)
    told = 'S: * 1 FETCH (UID 1 BODY[] "x")\n' if begun else ""
    script = f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])\n{told}"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        assert await cancelled_after(1, fetch(connection))
        async with asyncio.timeout(2.0):
            with pytest.raises(IMAPConnectionLost, match="did not end within"):
                await fetch(connection)


async def test_a_cancelled_command_that_says_too_much_ends_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Draining gigabytes nobody wants is worse than a new connection."""
    monkeypatch.setattr("aiosage.connection._protocol.ABANDON_OCTETS", 10_000)

    async def serve(peer: Peer) -> None:
        await peer.play(f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])")
        peer.send(b"* 1 FETCH (UID 1 BODY[] {1000000}\r\n")
        while not peer.writer.is_closing():
            peer.send(b"x" * 1000)
            await peer.writer.drain()

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        assert await cancelled_after(1, fetch(connection))
        async with asyncio.timeout(2.0):
            with pytest.raises(IMAPConnectionLost, match="larger than 10000 octets"):
                await fetch(connection)


async def test_a_cancelled_command_that_ends_in_time_costs_nothing_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its deadline goes with it, and so does the message it was to append."""
    monkeypatch.setattr("aiosage.connection._protocol.ABANDON_SECONDS", 3600.0)
    loop = asyncio.get_running_loop()
    script = f"{LOGGED_IN}C: T1 CREATE a\nS: T1 OK\nC: T2 NOOP\nS: T2 OK"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        assert await cancelled_after(1, connection.execute(Create("a")))
        await connection.execute(Noop())
        far = [
            timer
            for timer in loop._scheduled  # type: ignore[attr-defined]  # asyncio tells no other way
            if not timer.cancelled() and timer.when() > loop.time() + 1800.0
        ]
        assert not far
        connection.abort()


async def test_a_refused_command_that_was_cancelled_is_no_error() -> None:
    script = f"{LOGGED_IN}C: T1 CREATE a\nS: T1 NO no\nC: T2 CREATE b\nS: T2 NO no"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        assert await cancelled_after(1, connection.execute(Create("a")))
        with pytest.raises(IMAPOperationError):
            await connection.execute(Create("b"))
        connection.abort()
