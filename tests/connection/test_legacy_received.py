"""The same octets to aioimaplib's protocol and to ours: what each makes of them.

Numbers are of the defects of aioimaplib 2.0.3 that are shown. Each case is run
twice: ours gives the answer, and the base does not, so no case can go stale.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from aioimaplib import aioimaplib

from aiosage.connection._legacy_protocol import LegacyProtocol
from aiosage.wire.commands import SessionState


class _Transport(asyncio.Transport):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()

    def write(self, data: Any) -> None:  # whatever the base takes
        self.sent += data

    def get_write_buffer_size(self) -> int:
        return 0

    def abort(self) -> None:
        """Nothing is open."""


def _session(make: Callable[..., Any]) -> Any:
    session = make(asyncio.get_running_loop(), None)
    session.connection_made(_Transport())
    if isinstance(session, LegacyProtocol):
        session.data_received(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n")
        session.session_state = SessionState.SELECTED
    session.capabilities = {"IDLE"}
    session.state = aioimaplib.SELECTED
    return session


async def _answer(
    make: Callable[..., Any], name: str, pieces: Sequence[bytes]
) -> tuple[object, object]:
    """Return the result and the lines that command *name* ends with."""
    session = _session(make)
    kind = aioimaplib.FetchCommand if name == "FETCH" else aioimaplib.Command
    args = () if name == "FETCH" else (name,)
    command = kind(*args, "TAG1", loop=session.loop)
    waiting = asyncio.ensure_future(session.execute(command))
    await asyncio.sleep(0)
    try:
        for piece in pieces:
            session.data_received(piece)
        response = await asyncio.wait_for(waiting, 0.05)
    except (Exception, RecursionError) as error:
        waiting.cancel()
        await asyncio.wait([waiting])
        return "raised", error
    return response.result, response.lines


@dataclass(frozen=True)
class Case:
    """A stream, and what a command must make of it."""

    row: int
    name: str
    pieces: tuple[bytes, ...]
    lines: list[bytes]


_FORGED = b"* 3 FETCH (UID 666)\r\nX1 OK haha\r\n"
CASES = [
    Case(
        2,
        "FETCH",
        (
            b'* 1 FETCH (ENVELOPE ("smile :-)") BODY[] {%d}\r\n' % len(_FORGED),
            _FORGED,
            b")\r\nTAG1 OK done\r\n",
        ),
        [
            b'1 FETCH (ENVELOPE ("smile :-)") BODY[] {%d}' % len(_FORGED),
            _FORGED,
            b")",
            b"done",
        ],
    ),
    Case(
        3,
        "FETCH",
        (b"* 1 FETCH (FLAGS ())\r\n" * 1500 + b"TAG1 OK done\r\n",),
        [b"1 FETCH (FLAGS ())"] * 1500 + [b"done"],
    ),
    Case(
        3,
        "FETCH",
        (b"* 1 FETCH (BODY[] {2}\r\nhi)\r\n" * 600 + b"TAG1 OK done\r\n",),
        [b"1 FETCH (BODY[] {2}", b"hi", b")"] * 600 + [b"done"],
    ),
    Case(
        12,
        "FETCH",
        (b'* 1 FETCH (ENVELOPE ("5* hotel, 3* food"))\r\nTAG1 OK done\r\n',),
        [b'1 FETCH (ENVELOPE ("5* hotel, 3* food"))', b"done"],
    ),
    Case(
        12,
        "LIST",
        (b'* LIST () "/" "Top* list"\r\nTAG1 OK done\r\n',),
        [b'() "/" "Top* list"', b"done"],
    ),
    Case(
        13,
        "FETCH",
        (
            b'* 1 FETCH (ENVELOPE ("hello (world"))\r\n',
            b"* 2 FETCH (UID 2)\r\n* 9 EXISTS\r\nTAG1 OK done\r\n",
        ),
        [b'1 FETCH (ENVELOPE ("hello (world"))', b"2 FETCH (UID 2)", b"done"],
    ),
    Case(
        23,
        "NOOP",
        (b"* OK [ALERT] quota used {90}\r\nTAG1 OK done in {14}\r\n",),
        [b"OK [ALERT] quota used {90}", b"done in {14}"],
    ),
    Case(
        24,
        "NOOP",
        (b"* caf\xe9 closed\r\nTAG1 OK na\xefve\r\n",),
        [b"caf\xe9 closed", b"na\xefve"],
    ),
    Case(24, "NOOP", (b"TAG1 ok done\r\n",), [b"done"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"row{case.row}-{case.name}")
async def test_the_answer_is_what_was_sent(case: Case) -> None:
    """Lines without ``* ``, literals between them, and nothing made up."""
    assert await _answer(LegacyProtocol, case.name, case.pieces) == ("OK", case.lines)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"row{case.row}-{case.name}")
async def test_plain_aioimaplib_fails_it(case: Case) -> None:
    """THE BASE, as it is: recursion, forged lines, lost octets, or no end."""
    answer = await _answer(aioimaplib.IMAP4ClientProtocol, case.name, case.pieces)
    assert answer != ("OK", case.lines)


STREAM = (
    b"* 1 FETCH (UID 1 BODY[HEADER] {9}\r\na {3}\r\n* \r BODY[TEXT] {0}\r\n)\r\n"
    b"* 2 FETCH (UID 2 X NIL)\r\n* 9 EXISTS\r\n\r\nTAG1 OK [X] done\r\n"
)


@pytest.mark.parametrize("cut", range(1, len(STREAM)))
async def test_an_answer_may_be_split_at_any_octet(cut: int) -> None:
    """Reads end anywhere; what a command gets does not depend on it."""
    pieces = (STREAM[:cut], STREAM[cut:])
    assert await _answer(LegacyProtocol, "FETCH", pieces) == (
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


async def test_literals_are_bytearrays_and_text_is_bytes() -> None:
    """Programs tell them apart by that (row 30 stays as it is)."""
    stream = b"* 1 FETCH (BODY[] {2}\r\nhi)\r\nTAG1 OK done\r\n"
    _, lines = await _answer(LegacyProtocol, "FETCH", [stream])
    assert isinstance(lines, list)
    kinds = [type(line) for line in lines]
    assert kinds == [bytes, bytearray, bytes, bytes]


async def test_commands_get_their_lines_as_in_the_base() -> None:
    """Without the name, but for FETCH; an empty SEARCH is an empty line."""
    for make in (aioimaplib.IMAP4ClientProtocol, LegacyProtocol):
        found = await _answer(make, "SEARCH", [b"* SEARCH\r\nTAG1 OK done\r\n"])
        assert found == ("OK", [b"", b"done"])
        listed = await _answer(
            make, "LIST", [b"* LIST () {5}\r\nINBOX\r\nTAG1 NO why\r\n"]
        )
        assert listed == ("NO", [b"() {5}", b"INBOX", b"why"])
        noop = await _answer(make, "NOOP", [b"* 1 EXPUNGE\r\nTAG1 BAD no\r\n"])
        assert noop == ("BAD", [b"1 EXPUNGE", b"no"])
        moved = await _answer(
            make, "SELECT", [b"* FLAGS (a)\r\n* 1 EXISTS\r\nTAG1 OK in\r\n"]
        )
        assert moved == ("OK", [b"FLAGS (a)", b"1 EXISTS", b"in"])


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
    session = _session(LegacyProtocol)
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


async def test_pending_commands_can_be_looked_at() -> None:
    """Some programs ask what is under way before they go on."""
    session = _session(LegacyProtocol)
    command = aioimaplib.FetchCommand("TAG1", "1", "FLAGS", loop=session.loop)
    waiting = asyncio.ensure_future(session.execute(command))
    await asyncio.sleep(0)
    assert session.pending_async_commands == {"FETCH": command}
    assert session.pending_sync_command is None
    session.data_received(b"TAG1 OK done\r\n")
    await waiting
    assert session.pending_async_commands == {}
    second = aioimaplib.Command("EXAMINE", "TAG2", "x", loop=session.loop)
    waiting = asyncio.ensure_future(session.execute(second))
    await asyncio.sleep(0)
    assert session.pending_sync_command is second
    waiting.cancel()
    await asyncio.wait([waiting])
    assert session.pending_sync_command is None
    session.data_received(b"TAG2 OK done\r\n")  # ends the draining


async def test_an_answer_over_the_limits_ends_the_session() -> None:
    """Row 18: the base held 200 MiB of a literal that nobody had asked for."""
    stream = b"* 1 FETCH (BODY[] {9999999999}\r\n"
    result, error = await _answer(LegacyProtocol, "FETCH", [stream])
    assert result == "raised"
    assert isinstance(error, aioimaplib.AioImapException)


def _seconds(lines: int) -> float:
    async def run() -> float:
        stream = b"* 1 FETCH (FLAGS ())\r\n" * lines + b"TAG1 OK done\r\n"
        pieces = [stream[at : at + 1460] for at in range(0, len(stream), 1460)]
        loop = asyncio.get_running_loop()
        started = loop.time()
        result, got = await _answer(LegacyProtocol, "FETCH", pieces)
        assert result == "OK"
        assert isinstance(got, list)
        assert len(got) == lines + 1
        return loop.time() - started

    return min(asyncio.run(run()) for _ in range(3))


def test_twice_the_messages_take_twice_the_time() -> None:
    """Rows 4 to 6: the base looks at all lines again for each line."""
    assert _seconds(16_000) < 4 * _seconds(4_000) * 2.5
