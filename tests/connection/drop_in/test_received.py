"""What becomes of received octets.

Numbers are of the issues of aioimaplib in which users met the defect.
"""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from dataclasses import dataclass

import pytest
from aioimaplib import aioimaplib

from ...growth import async_growth
from .library import Library
from .streams import answer_of, begin, session_of


@dataclass(frozen=True)
class Case:
    """A stream, and what a command must make of it."""

    what: str
    name: str
    pieces: tuple[bytes, ...]
    lines: list[bytes]


_FORGED = b"* 3 FETCH (UID 666)\r\nX1 OK haha\r\n"
CASES = [
    Case(
        "body-after-unmatched-closing-parenthesis",
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
        "thousands-of-lines-in-one-read-118",
        "FETCH",
        (b"* 1 FETCH (FLAGS ())\r\n" * 1500 + b"TAG1 OK done\r\n",),
        [b"1 FETCH (FLAGS ())"] * 1500 + [b"done"],
    ),
    Case(
        "hundreds-of-literals-in-one-read-118",
        "FETCH",
        (b"* 1 FETCH (BODY[] {2}\r\nhi)\r\n" * 600 + b"TAG1 OK done\r\n",),
        [b"1 FETCH (BODY[] {2}", b"hi", b")"] * 600 + [b"done"],
    ),
    Case(
        "star-in-a-subject",
        "FETCH",
        (b'* 1 FETCH (ENVELOPE ("5* hotel, 3* food"))\r\nTAG1 OK done\r\n',),
        [b'1 FETCH (ENVELOPE ("5* hotel, 3* food"))', b"done"],
    ),
    Case(
        "star-in-a-mailbox-name",
        "LIST",
        (b'* LIST () "/" "Top* list"\r\nTAG1 OK done\r\n',),
        [b'() "/" "Top* list"', b"done"],
    ),
    Case(
        "unmatched-opening-parenthesis-51",
        "FETCH",
        (
            b'* 1 FETCH (ENVELOPE ("hello (world"))\r\n',
            b"* 2 FETCH (UID 2)\r\n* 9 EXISTS\r\nTAG1 OK done\r\n",
        ),
        [b'1 FETCH (ENVELOPE ("hello (world"))', b"2 FETCH (UID 2)", b"done"],
    ),
    Case(
        "braces-at-the-end-of-text",
        "NOOP",
        (b"* OK [ALERT] quota used {90}\r\nTAG1 OK done in {14}\r\n",),
        [b"OK [ALERT] quota used {90}", b"done in {14}"],
    ),
    Case(
        "octets-that-are-not-ascii",
        "NOOP",
        (b"* caf\xe9 closed\r\nTAG1 OK na\xefve\r\n",),
        [b"caf\xe9 closed", b"na\xefve"],
    ),
    Case(
        "a-read-that-ends-before-an-empty-literal",
        "LIST",
        (b'* LIST () "/" {0}\r\n', b" (X {1}\r\na)\r\nTAG1 OK done\r\n"),
        [b'() "/" {0}', b"", b" (X {1}", b"a", b")", b"done"],
    ),
    Case("status-in-lower-case", "NOOP", (b"TAG1 ok done\r\n",), [b"done"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
async def test_the_answer_is_what_was_sent(library: Library, case: Case) -> None:
    """In the base: recursion, forged lines, lost octets, or no end."""
    answer = await answer_of(library.Protocol, case.name, case.pieces)
    assert answer == ("OK", case.lines)


async def test_lines_of_one_read_share_their_memory(library: Library) -> None:
    """In the base each line keeps a copy of all that follows it (130, 119)."""
    stream = (b"* 1 FETCH (X " + b"x" * 600 + b")\r\n") * 400 + b"TAG1 OK done\r\n"
    tracemalloc.start()
    try:
        result, lines = await answer_of(library.Protocol, "FETCH", [stream])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result == "OK"
    assert isinstance(lines, list)
    assert len(lines) == 401
    assert peak < 8 * len(stream)


async def _cpu_seconds(library: Library, name: str, stream: bytes, read: int) -> float:
    session = session_of(library.Protocol)
    waiting = begin(session, name)
    await asyncio.sleep(0)
    started = time.process_time()
    for at in range(0, len(stream), read):
        session.data_received(stream[at : at + read])
    took = time.process_time() - started
    assert (await waiting).result == "OK"
    return took


async def test_four_times_the_messages_take_four_times_the_time(
    library: Library,
) -> None:
    """The base looks at all lines again for each line (74)."""

    async def seconds(messages: int) -> float:
        stream = b"* 1 FETCH (FLAGS ())\r\n" * messages + b"TAG1 OK done\r\n"
        return await _cpu_seconds(library, "FETCH", stream, 1460)

    assert await async_growth(seconds, 300, 1200) < 9


async def test_a_line_four_times_as_long_takes_four_times_the_time(
    library: Library,
) -> None:
    """The base copies and searches what it has of a line with each read."""

    async def seconds(octets: int) -> float:
        stream = b"* SEARCH" + b" 123456789" * (octets // 10) + b"\r\nTAG1 OK done\r\n"
        return await _cpu_seconds(library, "SEARCH", stream, 1460)

    assert await async_growth(seconds, 2**18, 2**20) < 9


@pytest.mark.parametrize(
    ("pieces", "batches"),
    [
        pytest.param(
            [b"+ \r\n", b"* 2 EXISTS\r\nTAG1 OK done\r\n"],
            [[b"2 EXISTS"]],
            id="with-the-end-of-IDLE-120",
        ),
        pytest.param(
            [b"+ \r\n", b"* 1 EXISTS\r\n* 2 REC"],
            [[b"1 EXISTS"]],
            id="before-half-a-line-86407",
        ),
    ],
)
async def test_what_idle_hears_is_told_at_once(
    library: Library, pieces: list[bytes], batches: list[list[bytes]]
) -> None:
    """The base loses it, or has it wait for the next read (27, 30)."""
    session = session_of(library.Protocol)
    queue = session.idle_queue
    command = aioimaplib.IdleCommand("TAG1", queue, loop=session.loop)
    idle = asyncio.ensure_future(session.execute(command))
    await asyncio.sleep(0)
    for piece in pieces:
        session.data_received(piece)
    got = [queue.get_nowait() for _ in range(queue.qsize())]
    idle.cancel()
    await asyncio.wait([idle])
    assert got == batches


class _NeverShown(bytes):
    """Octets whose text nobody may ask for."""

    def __str__(self) -> str:
        raise AssertionError("made for a log that is off")


async def test_received_octets_are_not_made_text_for_a_log_that_is_off(
    library: Library,
) -> None:
    """That alone caps the base at 200 MB/s."""
    stream = _NeverShown(b"* SEARCH 1\r\nTAG1 OK done\r\n")
    answer = await answer_of(library.Protocol, "SEARCH", [stream])
    assert answer == ("OK", [b"1", b"done"])
