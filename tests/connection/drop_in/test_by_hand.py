"""A protocol without a connection or a loop, to which octets are given by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aioimaplib import Command, IdleCommand

from .library import Library

_STREAM = (
    b"* 46 FETCH (NAME {6}\r\nG\xe9n\xe9ra) NIL {2}\r\nab))\r\n"
    b"* 12 FETCH (FLAGS ())\r\nTAG OK done\r\n"
)


@pytest.mark.parametrize("cut", range(0, len(_STREAM), 7))
async def test_each_line_is_handled(either: Library, cut: int) -> None:
    """By ``_handle_line``, which may be another, with the command it goes on for."""
    protocol = either.Protocol(None)
    command = Command("FETCH", "TAG")
    seen: list[tuple[bytes, Any]] = []

    def handle(line: bytes, goes_on_for: Any) -> Any:
        seen.append((line, goes_on_for))
        return command

    protocol._handle_line = handle
    protocol.data_received(_STREAM[:cut])
    protocol.data_received(_STREAM[cut:])
    assert seen == [
        (b"* 46 FETCH (NAME {6}", None),
        (b") NIL {2}", command),
        (b"))", command),
        (b"* 12 FETCH (FLAGS ())", None),
        (b"TAG OK done", None),
    ]
    assert command.response.lines == [b"G\xe9n\xe9ra", b"ab"]


async def test_a_literal_for_nobody_is_taken(either: Library) -> None:
    """And the line that ends it, by a command that is none."""
    protocol = either.Protocol(None)
    seen: list[tuple[bytes, Any]] = []
    protocol._handle_line = lambda *told: seen.append(told)
    protocol.data_received(b'* LIST () "/" {3}\r\nfoo\r\nTAG OK done\r\n')
    assert seen == [
        (b'* LIST () "/" {3}', None),
        (b"", Command("NIL", "unused")),
        (b"TAG OK done", None),
    ]


async def test_a_command_may_be_put_under_way(either: Library) -> None:
    """It gets its lines; IDLE makes a batch of them."""
    protocol = either.Protocol(None)
    queue: asyncio.Queue[Any] = asyncio.Queue()
    protocol.pending_sync_command = IdleCommand("TAG", queue)
    protocol.data_received(b"+ idling\r\n* 1 EXISTS\r\n* 1 RECENT\r\n")
    assert queue.get_nowait() == [b"1 EXISTS", b"1 RECENT"]


async def test_a_protocol_can_be_made_outside_of_a_loop(either: Library) -> None:
    """To look at what it makes of octets."""

    def make_and_look() -> list[bytes]:
        protocol = either.Protocol(None)
        lines: list[bytes] = []
        protocol._handle_line = lambda line, _: lines.append(line)
        protocol.data_received(b"* BYE bye\r\nTAG OK done\r\n")
        return lines

    lines = await asyncio.to_thread(make_and_look)
    assert lines == [b"* BYE bye", b"TAG OK done"]
