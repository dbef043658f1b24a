"""Very large answers: twice as much takes about twice as long, memory is bounded.

Work is compared as processor time of this process, the least of several rounds;
what is quadratic would take four times as long, or far more.
"""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import pytest

from aiosage.connection._pipeline import MAX_DEPTH
from aiosage.connection._protocol import IMAPProtocol
from aiosage.errors import IMAPConnectionLost
from aiosage.model import IMAPSearchCriteria, MessagePart, MessageSet
from aiosage.wire import FetchData
from aiosage.wire.commands import (
    Command,
    ListMailboxes,
    Noop,
    SessionState,
    UidFetch,
    UidScan,
    UidSearch,
)

READ = 64 * 1024  # octets of one read
EVERYTHING = MessageSet.from_range(1, 2**32 - 1)


class Sent(asyncio.Transport):
    """Keeps the last line that was sent."""

    line = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it."""
        self.line = bytes(data)

    def get_write_buffer_size(self) -> int:
        """All is sent."""
        return 0

    def abort(self) -> None:
        """Nothing is open."""


@dataclass
class Answered:
    """What a command made of an answer, and what that took.

    Attributes:
        found: its result.
        seconds: processor time from the first octet to the result.
        peak: most octets of memory held at once beyond those before; 0 if that
            was not measured.
    """

    found: object
    seconds: float
    peak: int = 0


async def answer(
    command: Command[object], pieces: Iterable[bytes], *, traced: bool = False
) -> Answered:
    """Give *pieces* to *command* as its answer."""
    session = IMAPProtocol(asyncio.get_running_loop())
    transport = Sent()
    session.connection_made(transport)
    session.data_received(b"* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
    session.session_state = SessionState.SELECTED
    pending = session.start(command)
    tag = transport.line.split()[0]
    gc.collect()
    if traced:
        tracemalloc.start()
    begin = time.process_time()
    for piece in pieces:
        session.data_received(piece)
    session.data_received(tag + b" OK done\r\n")
    found = command.result(pending.claimed, pending.done.result())
    seconds = time.process_time() - begin
    peak = 0
    if traced:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return Answered(found, seconds, peak)


def reads(lines: Iterable[bytes], size: int = READ) -> Iterator[bytes]:
    """Yield the octets of *lines* as a socket gives them; hold little."""
    held = bytearray()
    for line in lines:
        held += line
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    yield bytes(held)


def search(count: int) -> Iterator[bytes]:
    uids = (b" %d" % (3 * number) for number in range(1, count + 1))
    return reads(chain([b"* SEARCH"], uids, [b"\r\n"]))


def messages(count: int) -> Iterator[bytes]:
    line = (
        b"* %d FETCH (UID %d FLAGS (\\Seen) RFC822.SIZE 4711 INTERNALDATE"
        b' " 1-Feb-2026 03:04:05 +0200")\r\n'
    )
    return reads(line % (number, number) for number in range(1, count + 1))


def mailboxes(count: int) -> Iterator[bytes]:
    line = b'* LIST (\\HasNoChildren) "/" "Projects/%d/Entw&APw-rfe {%d}"\r\n'
    return reads(line % (number, number) for number in range(count))


def literals(count: int) -> Iterator[bytes]:
    body = b"a lin {3}\r\n)\r\n\r\n" * 2**16
    assert len(body) == 2**20
    head = b"* %d FETCH (UID %d BODY[] {%d}\r\n"
    return reads(
        part
        for number in range(1, count + 1)
        for part in (head % (number, number, len(body)), body, b")\r\n")
    )


@dataclass(frozen=True)
class Load:
    """An answer of a size.

    Attributes:
        command: that it answers.
        make: returns the answer with so many items.
        count: how many.
        held: most octets of memory an item may take, with what is made of it.
    """

    command: Command[object]
    make: Callable[[int], Iterator[bytes]]
    count: int
    held: int


BODY = UidFetch(EVERYTHING, (MessagePart.FULL,))
LOADS = {
    "SEARCH of 1,000,000 UIDs": Load(
        UidSearch(IMAPSearchCriteria.ALL), search, 1_000_000, 400
    ),
    "FETCH of 100,000 messages": Load(
        UidFetch(EVERYTHING, (MessagePart.FLAGS,)), messages, 100_000, 1_000
    ),
    "LIST of 2,000 mailboxes": Load(ListMailboxes(), mailboxes, 2_000, 3_000),
    "100 literals of 1 MiB": Load(BODY, literals, 100, 2**20 + 2**16),
}


@pytest.mark.parametrize("name", LOADS)
async def test_twice_as_much_takes_about_twice_as_long(name: str) -> None:
    load = LOADS[name]
    streams = {n: list(load.make(n)) for n in (load.count // 2, load.count)}
    seconds: dict[int, list[float]] = {count: [] for count in streams}
    for _ in range(2):  # by turns, so that what else runs slows both
        for count, pieces in streams.items():
            answered = await answer(load.command, pieces)
            assert isinstance(answered.found, tuple | list | MessageSet)
            assert len(answered.found) == count
            seconds[count].append(answered.seconds)
            del answered
    half, whole = map(min, seconds.values())
    assert whole < 3.2 * half


async def test_giving_up_commands_that_wait_costs_as_much_for_each() -> None:
    """Whoever asked last gives up first, as when a group of tasks is cancelled."""

    def give_up(count: int) -> float:
        session = IMAPProtocol(asyncio.get_running_loop())
        session.connection_made(Sent())
        waiting = [session.start(Noop()) for _ in range(count)][MAX_DEPTH:]
        begun = time.process_time()
        for pending in reversed(waiting):
            session.abandon(pending)
        seconds = time.process_time() - begun
        session.fail(IMAPConnectionLost("the test is over"))
        return seconds

    rounds = [(give_up(2_000), give_up(8_000)) for _ in range(2)]
    few, many = (min(column) for column in zip(*rounds, strict=True))
    assert many < 9 * few  # it would be 16 times


@pytest.mark.parametrize("name", LOADS)
async def test_memory_is_bounded_by_what_is_asked_for(name: str) -> None:
    load = LOADS[name]
    count = max(50, load.count // 10)  # tracing is slow, and this is linear
    answered = await answer(load.command, load.make(count), traced=True)
    assert answered.peak < count * load.held + 4 * READ


async def test_a_scan_of_100_000_messages_holds_none_of_them() -> None:
    """The watch of a large mailbox hears of each message and keeps what it likes."""
    count = 100_000
    heard = 0

    def listen(news: object) -> None:
        nonlocal heard
        heard += isinstance(news, FetchData)

    session = IMAPProtocol(asyncio.get_running_loop())
    transport = Sent()
    session.connection_made(transport)
    session.data_received(b"* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
    session.add_listener(listen)
    session.start(UidScan(EVERYTHING))
    tracemalloc.start()
    try:
        for piece in messages(count // 10):
            session.data_received(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    for piece in messages(count):
        session.data_received(piece)
    assert heard == count + count // 10
    assert peak < 16 * READ
