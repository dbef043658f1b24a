"""What an IDLE hears, and how much of it is held for a program that does not ask."""

from __future__ import annotations

import asyncio
import gc
import weakref
from functools import partial

import pytest
from aioimaplib import AioImapException, aioimaplib

from aiosage.connection import IMAP4
from aiosage.connection._legacy_protocol import LegacyProtocol
from aiosage.connection._legacy_pushes import Pushes
from aiosage.errors import IMAPConnectionLost
from aiosage.wire import Limits

from .drop_in.streams import session_of
from .scripted import Peer, scripted
from .test_legacy_sessions import SELECTED, selected

_LINE = b"* 1 FETCH (FLAGS (%s))\r\n" % (b"x" * 1000)
_LINES = 40_000  # 40 MB


async def test_a_queue_of_pushes_is_full_until_most_of_it_is_taken() -> None:
    """Each line counts 256 octets more than it has; the change is told once."""
    changes: list[bool] = []
    pushes = Pushes(lambda: changes.append(pushes.is_full), high=1000, low=500)
    for _ in range(3):
        pushes.put_nowait([b"x" * 100])  # 356 each
    assert changes == [True]
    await pushes.get()
    assert pushes.is_full  # 712
    await pushes.get()
    assert changes == [True, False]


async def test_a_program_may_put_what_it_likes_into_the_queue() -> None:
    pushes = Pushes(lambda: None)
    for item in (None, 7, aioimaplib.STOP_WAIT_SERVER_PUSH):
        pushes.put_nowait(item)
        assert await pushes.get() == item


async def test_an_idle_may_go_on_for_ever_though_the_program_is_always_behind() -> None:
    """What it has taken counts no more, even if the queue is never empty."""
    session = session_of(partial(LegacyProtocol, limits=Limits(answer=2000)))
    command = aioimaplib.IdleCommand("TAG1", session.idle_queue, loop=session.loop)
    idle = asyncio.ensure_future(session.execute(command))
    await asyncio.sleep(0)
    session.data_received(b"+ go\r\n* 1 EXISTS\r\n")
    for _ in range(20):
        session.data_received(b"* 1 EXISTS\r\n")
        assert await session.idle_queue.get() == [b"1 EXISTS"]
    session.idle_done()
    session.data_received(b"TAG1 OK done\r\n")
    assert (await idle).result == "OK"


async def test_the_end_of_the_session_is_raised_to_whoever_asks() -> None:
    """After what came before it; to who waits already, and again."""
    pushes = Pushes(lambda: None)
    pushes.put_nowait([b"1 EXISTS"])
    waiting = asyncio.ensure_future(pushes.get())
    assert await waiting == [b"1 EXISTS"]
    late = [asyncio.ensure_future(pushes.get()) for _ in range(2)]
    await asyncio.sleep(0)
    error = IMAPConnectionLost("gone")
    pushes.put_nowait(error)
    for task in late:
        with pytest.raises(IMAPConnectionLost, match="gone") as caught:
            await task
        assert caught.value is not error  # tracebacks are not shared
    with pytest.raises(AioImapException):
        pushes.get_nowait()


async def _flood(peer: Peer) -> None:
    await peer.play("C: T1 IDLE\nS: + go")
    for _ in range(_LINES // 100):
        peer.send(_LINE * 100)
        await peer.writer.drain()
    await peer.play("C: DONE\nS: T1 OK done\nC: T2 NOOP\nS: T2 OK x")


async def _wait_until_full(queue: object) -> None:
    assert isinstance(queue, Pushes)
    for _ in range(200):  # also after that: the server goes on while it can
        await asyncio.sleep(0.001)
    assert queue.is_full


async def test_a_flood_waits_for_a_program_that_is_slow() -> None:
    """The base holds all of it: here the server cannot send on. Nothing is lost."""
    async with selected(_flood) as client:
        idle = await client.idle_start()
        queue = client.protocol.idle_queue
        await _wait_until_full(queue)
        held = [line for batch in queue._queue for line in batch]
        assert len(held) < 6_000  # of 40,000
        lines = 0
        while lines < _LINES:
            lines += len(await client.wait_server_push(timeout=5))
        assert lines == _LINES
        client.idle_done()
        assert (await idle).result == "OK"
        assert (await client.noop()).lines == [b"x"]


async def test_idle_ends_also_for_a_program_that_has_not_taken_its_pushes() -> None:
    """The answer to DONE is behind them, and must be read."""
    async with selected(_flood) as client:
        idle = await client.idle_start()
        await _wait_until_full(client.protocol.idle_queue)
        client.idle_done()
        assert (await asyncio.wait_for(idle, 5)).result == "OK"
        assert (await client.noop()).lines == [b"x"]


async def test_each_idle_begins_when_the_one_before_has_ended() -> None:
    """So `idle_done` always ends the one that has begun; in the base, any."""
    script = (
        "C: T1 IDLE\nS: + go\nC: DONE\nS: T1 OK first\n"
        "C: T2 IDLE\nS: + go\nC: DONE\nS: T2 OK second"
    )
    async with selected(script) as client, asyncio.timeout(5):
        starts = [asyncio.ensure_future(client.idle_start()) for _ in range(2)]
        ended = []
        for start in starts:
            idle = await start
            client.idle_done()
            ended.append((await idle).lines)
        assert ended == [[b"first"], [b"second"]]


async def test_a_program_may_tell_its_own_reader_to_stop() -> None:
    """`stop_wait_server_push` goes through the same queue."""
    async with selected("C: T1 IDLE\nS: + go\nC: DONE\nS: T1 OK done") as client:
        assert not await client.stop_wait_server_push()
        idle = await client.idle_start()
        assert await client.stop_wait_server_push()
        assert await client.wait_server_push() == aioimaplib.STOP_WAIT_SERVER_PUSH
        client.idle_done()
        await idle


@pytest.mark.parametrize("end", [b"* BYE timeout\r\n", b"X1 OK what?\r\n"])
async def test_what_came_with_the_end_is_told_before_it(end: bytes) -> None:
    """In one read with BYE, or with what is no IMAP."""
    begun = asyncio.Event()

    async def leave(peer: Peer) -> None:
        await peer.play("C: T1 IDLE\nS: + go")
        await begun.wait()
        peer.send(b"* 5 EXISTS\r\n* 1 RECENT\r\n" + end)
        await peer.gone()

    async with selected(leave) as client:
        await client.idle_start()
        begun.set()
        assert await client.wait_server_push(5) == [b"5 EXISTS", b"1 RECENT"]
        with pytest.raises(AioImapException):
            await client.wait_server_push(5)


async def test_a_lost_idle_is_not_kept_alive_by_its_time() -> None:
    """A program that connects anew each time would hold 29 minutes of clients."""
    script = f"{SELECTED}C: T1 IDLE\nS: + go\nS! reset"

    async def lose(port: int) -> weakref.ref[LegacyProtocol]:
        client = IMAP4("127.0.0.1", port)
        await client.wait_hello_from_server()
        await client.login("joe", "secret")
        await client.select()
        idle = await client.idle_start()
        with pytest.raises(AioImapException):
            await idle
        return weakref.ref(client.protocol)

    async with scripted(script) as port:
        protocol = await lose(port)
        for _ in range(3):
            await asyncio.sleep(0)
        gc.collect()
        assert protocol() is None


async def test_a_callback_that_fails_keeps_nobody_waiting() -> None:
    """It is the loop that is told of its error, as in the base."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: complaints.append(context.get("exception"))
    )
    error = RuntimeError("of the program")

    def fail(_: Exception | None) -> None:
        raise error

    async with selected("C: T1 IDLE\nS: + go\nS! reset") as client:
        client.protocol.conn_lost_cb = fail
        idle = await client.idle_start()
        with pytest.raises(AioImapException):
            await client.wait_server_push(5)
        with pytest.raises(AioImapException):
            await idle
        await client.aclose()
    assert complaints == [error]

    complaints.clear()
    async with selected() as client:
        client.protocol.conn_lost_cb = fail
        await client.aclose()
    assert complaints == [error]


@pytest.mark.parametrize("start", [b"* 1 FETCH (BODY[] {200000000}\r\n", b"* "])
async def test_what_has_no_end_and_is_for_nobody_ends_the_session(start: bytes) -> None:
    """The base holds a literal of any size, and a line of any length."""

    async def flood(peer: Peer) -> None:
        peer.send(start)
        for _ in range(10_000):
            peer.send(b"x" * 10_000)
            await peer.writer.drain()

    async with selected(flood) as client:
        async with asyncio.timeout(5):
            await client.protocol.closed.wait()
        with pytest.raises(AioImapException, match="4194304 octets"):
            await client.noop()


async def test_what_is_for_nobody_may_come_in_pieces() -> None:
    """Only one response without an end is too much, not many small ones."""
    session = session_of(LegacyProtocol)
    for _ in range(100):
        session.data_received(b"* " + b"x" * 100_000)
        session.data_received(b"\r\n* 1 EXIS")
        session.data_received(b"TS\r\n")
    assert session.cause is None
    session.fail(IMAPConnectionLost("the test is over"))
