"""What our protocol makes of octets, beyond what `drop_in` compares with the base."""

from __future__ import annotations

import asyncio

import pytest
from aioimaplib import aioimaplib

from aiosage.connection._legacy_protocol import LegacyProtocol
from aiosage.wire import Limits

from .drop_in.streams import Transport, answer_of, begin, session_of

STREAM = (
    b"* 1 FETCH (UID 1 BODY[HEADER] {9}\r\na {3}\r\n* \r BODY[TEXT] {0}\r\n)\r\n"
    b"* 2 FETCH (UID 2 X NIL)\r\n* 9 EXISTS\r\n\r\nTAG1 OK [X] done\r\n"
)


@pytest.mark.parametrize("cut", range(1, len(STREAM)))
async def test_an_answer_may_be_split_at_any_octet(cut: int) -> None:
    """Reads end anywhere; what a command gets does not depend on it."""
    pieces = (STREAM[:cut], STREAM[cut:])
    assert await answer_of(LegacyProtocol, "FETCH", pieces) == (
        "OK",
        [
            b"1 FETCH (UID 1 BODY[HEADER] {9}",
            b"a {3}\r\n* ",
            b"\r BODY[TEXT] {0}",
            b"",
            b")",
            b"2 FETCH (UID 2 X NIL)",
            b"[X] done",
        ],
    )


@pytest.mark.parametrize(
    ("pieces", "batches", "rest"),
    [
        ([b"+ idling\r\n* 1 EXISTS\r\n"], [[b"1 EXISTS"]], b"TAG1 OK\r\n"),
        (  # row 14: the base is late with it
            [b"+\r\n", b"* 1 EXISTS\r\n* 2 REC"],
            [[b"1 EXISTS"]],
            b"ENT\r\nTAG1 OK\r\n",
        ),
        ([b"+ \r\n", b"* 1 EX", b"ISTS\r\n"], [[b"1 EXISTS"]], b"TAG1 OK\r\n"),
        (
            [b"+ \r\n* 1 EXISTS\r\n", b"* 1 EXPUNGE\r\n* 0 EXISTS\r\n"],
            [[b"1 EXISTS"], [b"1 EXPUNGE", b"0 EXISTS"]],
            b"TAG1 OK\r\n",
        ),
        # Row 14: the base loses it.
        ([b"+ \r\n", b"* 2 EXISTS\r\nTAG1 OK\r\n"], [[b"2 EXISTS"]], b""),
    ],
)
async def test_idle_gives_one_batch_for_each_read(
    pieces: list[bytes], batches: list[list[bytes]], rest: bytes
) -> None:
    """Also what comes with the end of IDLE, or before half a line."""
    session = session_of(LegacyProtocol)
    command = aioimaplib.IdleCommand("TAG1", session.idle_queue, loop=session.loop)
    idle = asyncio.ensure_future(session.execute(command))
    await asyncio.sleep(0)
    for piece in pieces:
        session.data_received(piece)
    got = [session.idle_queue.get_nowait() for _ in range(session.idle_queue.qsize())]
    assert got == batches
    session.idle_done()
    session.data_received(rest)
    assert (await idle).result == "OK"


async def test_an_answer_over_the_limits_ends_thesession_of() -> None:
    """Row 18: the base held 200 MiB of a literal that nobody had asked for."""
    stream = b"* 1 FETCH (BODY[] {9999999999}\r\n"
    result, error = await answer_of(LegacyProtocol, "FETCH", [stream])
    assert result == "raised"
    assert isinstance(error, aioimaplib.AioImapException)


async def test_challenges_over_the_limits_end_the_session() -> None:
    """Aioimaplib shows each ``+`` to the program."""
    session = LegacyProtocol(None, limits=Limits(answer=100_000))
    session.connection_made(Transport())
    session.data_received(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    waiting = asyncio.ensure_future(session.login("joe", "secret"))
    await asyncio.sleep(0)
    session.data_received(b"+ again\r\n" * 1000)
    with pytest.raises(aioimaplib.AioImapException, match="larger than"):
        await waiting


def _seconds(lines: int) -> float:
    async def run() -> float:
        stream = b"* 1 FETCH (FLAGS ())\r\n" * lines + b"TAG1 OK done\r\n"
        pieces = [stream[at : at + 1460] for at in range(0, len(stream), 1460)]
        loop = asyncio.get_running_loop()
        started = loop.time()
        result, got = await answer_of(LegacyProtocol, "FETCH", pieces)
        assert result == "OK"
        assert isinstance(got, list)
        assert len(got) == lines + 1
        return loop.time() - started

    return min(asyncio.run(run()) for _ in range(3))


def test_twice_the_messages_take_twice_the_time() -> None:
    """Rows 4 to 6: the base looks at all lines again for each line."""
    assert _seconds(16_000) < 4 * _seconds(4_000) * 2.5


@pytest.mark.parametrize("cut", range(len(STREAM)))
async def test_a_connection_may_end_at_any_octet(cut: int) -> None:
    """The command fails at once, with what programs catch, and so does the next."""
    session = session_of(LegacyProtocol)
    waiting = begin(session, "FETCH")
    await asyncio.sleep(0)
    session.data_received(STREAM[:cut])
    session.connection_lost(None)
    with pytest.raises(aioimaplib.AioImapException):
        await asyncio.wait_for(waiting, 1)
    assert session.state == aioimaplib.LOGOUT
    with pytest.raises(aioimaplib.AioImapException):
        await session.simple_command("NOOP")
    with pytest.raises(aioimaplib.AioImapException):
        await session.idle_queue.get()
