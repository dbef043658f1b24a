"""Sections handed on as they arrive: to their end, at the reader's pace, or left."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from aiosage.connection import (
    HIGH_MARK,
    ConnectionConfig,
    IMAPConnection,
    News,
    SectionStream,
    Security,
)
from aiosage.errors import (
    IMAPConnectionLost,
    IMAPMessageError,
    IMAPProtocolError,
    IMAPTimeoutError,
)
from aiosage.model import MessagePart, MessageSet, Secret
from aiosage.testing import CyrusServer, DovecotServer
from aiosage.wire import Diverted, FetchData, Limits
from aiosage.wire.commands import Append, UidFetch

from .scripted import SELECTED, Peer, Script, config, outcome, scripted

PART = MessagePart.section("2")
BEGIN = SELECTED + "C: T2 UID FETCH 7 (BODY.PEEK[2])"
END = "S: T2 OK done\nC: T3 NOOP\nS: T3 OK still here"
STREAM = b"* 3 FETCH (UID 7 BODY[2] {%d}\r\n"


@asynccontextmanager
async def session(
    *scripts: Script, read_timeout: float = 20.0, limits: Limits | None = None
) -> AsyncIterator[IMAPConnection]:
    """Open the mailbox of a server that plays *scripts*."""
    async with scripted(*scripts) as port:
        connection = await IMAPConnection.open(
            config(port, read_timeout=read_timeout, limits=limits)
        )
        try:
            await connection.select("INBOX")
            yield connection
        finally:
            connection.abort()


def says(octets: bytes) -> Script:
    """Return what sends *octets*."""

    async def say(peer: Peer) -> None:
        peer.send(octets)

    return say


async def read(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stream])


async def streamed(connection: IMAPConnection) -> bytes:
    async with connection.stream(7, PART) as stream:
        return await read(stream)


@pytest.mark.parametrize(
    ("answer", "section"),
    [
        (b"* 3 FETCH (UID 7 BODY[2] {5}\r\na{3}\n)\r\n", b"a{3}\n"),
        (b"* 3 FETCH (BODY[2] {3}\r\nabc UID 7)\r\n", b"abc"),
        (b"* 3 fetch (flags (\\Seen) body[2] ~{3}\r\n\0\xff\r uid 7)\r\n", b"\0\xff\r"),
        (b"* 3 FETCH (UID 7 BODY[2] {0}\r\n)\r\n", b""),
        (b'* 3 FETCH (UID 7 BODY[2] "a \\"b\\"")\r\n', b'a "b"'),
        (b'* 3 FETCH (BODY[2] "" UID 7)\r\n', b""),
        (b"* 3 FETCH (UID 7 BODY[2] NIL)\r\n", None),
        # Another client's doings, and another message's section, come in between.
        (
            (
                b"* 2 FETCH (UID 5 BODY[2] {3}\r\nxyz)\r\n* 3 FETCH (FLAGS ())\r\n"
                b"* 4 EXISTS\r\n* 3 FETCH (UID 7 BODY[2] {3}\r\nabc)\r\n"
            ),
            b"abc",
        ),
        (b"* 3 FETCH (BODY[1] {1}\r\nx BODY[2] {3}\r\nabc UID 7)\r\n", b"abc"),
        (b'* 3 FETCH (BODY[1] "{3}" BODY[2] {3}\r\nabc UID 7)\r\n', b"abc"),
    ],
)
async def test_a_section_comes_the_same_way_however_it_is_written(
    answer: bytes, section: bytes | None
) -> None:
    """A literal, a literal8, a quoted string or NIL (RFC 9051 §9, nstring)."""
    async with session(BEGIN, says(answer), END) as connection:
        async with connection.stream(7, PART) as stream:
            assert stream.size == (None if section is None else len(section))
            assert await read(stream) == (section or b"")
            assert await read(stream) == b""  # and no more, however often it is asked
        await connection.noop()


async def test_a_section_that_comes_in_single_octets_is_whole() -> None:
    async def send(peer: Peer) -> None:
        for octet in STREAM % 9 + b"a{3}\r\nb)\n)\r\n":
            peer.send(bytes([octet]))
            await asyncio.sleep(0)

    async with session(BEGIN, send, END) as connection:
        assert await streamed(connection) == b"a{3}\r\nb)\n"
        await connection.noop()


async def test_listeners_hear_of_the_response_without_its_octets() -> None:
    heard: list[News] = []
    script = BEGIN, says(STREAM % 3 + b"abc)\r\n"), END
    async with session(*script) as connection:
        connection.add_listener(heard.append)
        assert await streamed(connection) == b"abc"
        (data,) = heard
        assert isinstance(data, FetchData)
        section = data.sections["BODY[2]"]
        assert isinstance(section, Diverted)
        assert (section, section.size) == (b"", 3)
        await connection.noop()


async def test_a_message_that_is_gone_is_an_error_not_an_empty_section() -> None:
    async with session(BEGIN, END) as connection:
        with pytest.raises(IMAPMessageError, match="nothing of message 7"):
            await streamed(connection)
        await connection.noop()


async def test_a_stream_takes_nothing_of_later_commands() -> None:
    """One that never began must not wait for its section for ever."""
    script = BEGIN, "S: T2 OK done\nC: T3 UID FETCH 7 (BODY.PEEK[2])"
    answer = says(STREAM % 3 + b"abc)\r\n"), "S: T3 OK done"
    async with session(*script, *answer) as connection:
        with pytest.raises(IMAPMessageError):
            await streamed(connection)
        (data,) = await connection.execute(UidFetch(MessageSet([7]), (PART,)))
        assert data.sections == {"BODY[2]": b"abc"}


async def test_a_refusal_after_some_octets_is_raised_after_them() -> None:
    """Without the tagged OK nobody knows whether that was all."""
    script = BEGIN, says(STREAM % 3 + b"abc)\r\n"), END.replace("T2 OK", "T2 NO")
    async with session(*script) as connection:
        async with connection.stream(7, PART) as stream:
            assert await anext(stream) == b"abc"
            for _ in range(2):
                with pytest.raises(IMAPMessageError):
                    await anext(stream)
        await connection.noop()


async def test_another_message_than_asked_for_is_an_error_at_the_end() -> None:
    """It is known when its UID comes, and may be behind the octets."""
    answer = b"* 3 FETCH (BODY[2] {3}\r\nabc UID 8)\r\n"
    async with session(BEGIN, says(answer)) as connection:
        with pytest.raises(IMAPProtocolError, match="message 8 instead of 7"):
            await streamed(connection)


async def test_octets_before_the_end_of_the_connection_are_given_then_the_error() -> (
    None
):
    script = BEGIN, says(STREAM % 100 + b"abc"), "S! close"
    async with session(*script) as connection:
        async with connection.stream(7, PART) as stream:
            assert await anext(stream) == b"abc"
            with pytest.raises(IMAPConnectionLost):
                await anext(stream)
        assert connection.is_closed


async def test_a_stream_needs_content_and_waits_for_fetches() -> None:
    """Two answers of one kind under way could not be told apart."""

    async def both(peer: Peer) -> None:
        await peer.play("C: T2 UID FETCH 1 (FLAGS)")
        await asyncio.sleep(0.05)  # the stream must not come meanwhile
        await peer.play("S: * 1 FETCH (UID 1 FLAGS ())\nS: T2 OK done")
        await peer.play("C: T3 UID FETCH 7 (BODY.PEEK[2])")
        peer.send(STREAM % 3 + b"abc)\r\n")
        await peer.play("S: T3 OK done")

    async with session(SELECTED, both) as connection:
        with pytest.raises(ValueError, match="only content"):
            async with connection.stream(7, MessagePart.ENVELOPE):
                pass
        fetched, got = await asyncio.gather(
            connection.execute(UidFetch(MessageSet([1]), (MessagePart.FLAGS,))),
            streamed(connection),
        )
        assert ([data.uid for data in fetched], got) == ([1], b"abc")


# -- Pace.

FLOOD = 32 * 2**20  # more than the buffers of two sockets can hold


class Flood:
    """A section as fast as it is taken; tells how much was."""

    def __init__(self, size: int = FLOOD, then: str = END) -> None:
        self.size = size
        self.sent = 0
        self.then = then

    async def __call__(self, peer: Peer) -> None:
        """Send it."""
        piece = bytes(16 * 1024)
        peer.send(STREAM % self.size)
        while self.sent < self.size:
            peer.send(piece)
            await peer.writer.drain()
            self.sent += len(piece)
        peer.send(b")\r\n")
        await peer.play(self.then)

    async def stalls(self) -> int:
        """Wait until no more is taken; return how much was."""
        while True:
            before = self.sent
            await asyncio.sleep(0.05)
            if before and self.sent == before:
                return before


async def test_a_slow_reader_lets_the_server_wait() -> None:
    """What is held is bounded; the rest stays in the sockets, and at the server."""
    flood = Flood()
    async with (
        session(BEGIN, flood) as connection,
        connection.stream(7, PART) as stream,
    ):
        assert await flood.stalls() < FLOOD
        held = sum(map(len, stream._pieces))
        assert HIGH_MARK <= held + 65 * len(stream._pieces) <= 2 * HIGH_MARK + 2**16
        assert not connection._protocol.socket_transport.is_reading()
        assert len(await read(stream)) == FLOOD
        assert connection._protocol.socket_transport.is_reading()
        await connection.noop()


async def test_time_while_the_reader_is_behind_is_not_the_servers() -> None:
    """Three times the read timeout passes; then the server must move again."""
    flood = Flood(then="S: * 4 EXISTS")
    async with (
        session(BEGIN, flood, read_timeout=0.1) as connection,
        connection.stream(7, PART) as stream,
    ):
        await flood.stalls()
        await asyncio.sleep(0.3)
        got = 0
        while got < FLOOD:
            got += len(await anext(stream))
        with pytest.raises(IMAPTimeoutError):
            await anext(stream)


async def test_an_abandoned_command_waits_behind_a_slow_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its answer cannot be heard: that must not cost the connection."""
    monkeypatch.setattr("aiosage.connection._protocol.ABANDON_SECONDS", 0.05)
    flood = Flood(then="C: T3 NOOP\nS: T2 OK done\nS: T3 OK\nC: T4 NOOP\nS: T4 OK")
    async with (
        session(BEGIN, flood) as connection,
        connection.stream(7, PART) as stream,
    ):
        await flood.stalls()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.noop()
        await asyncio.sleep(0.15)
        assert len(await read(stream)) == FLOOD
        await connection.noop()


# -- Leaving.


async def leave_by_break(stream: SectionStream) -> None:
    async for _ in stream:
        break


async def leave_by_error(stream: SectionStream) -> None:
    await anext(stream)
    raise LookupError


async def leave_at_once(stream: SectionStream) -> None:
    """Read nothing at all."""


async def leave_by_timeout(stream: SectionStream) -> None:
    async with asyncio.timeout(0.05):
        async for _ in stream:
            await asyncio.sleep(1)


@pytest.mark.parametrize(
    "leave", [leave_by_break, leave_by_error, leave_at_once, leave_by_timeout]
)
@pytest.mark.parametrize("size", [2**20, 40 * 2**20])
async def test_what_nobody_reads_is_drained_or_costs_the_connection(
    leave: Callable[[SectionStream], Awaitable[None]], size: int
) -> None:
    """The next command gets its own answer; a long rest is not waited for."""
    flood = Flood(size)
    async with session(BEGIN, flood) as connection:
        with suppress(LookupError, TimeoutError):
            async with connection.stream(7, PART) as stream:
                await leave(stream)
        assert connection._protocol.socket_transport.is_reading()
        assert not stream._pieces
        if size == 2**20:
            await connection.noop()
            assert flood.sent == size
        else:
            assert "larger than" in str(await outcome(connection.noop()))
            assert flood.sent < size
        assert await read(stream) == b""


async def test_a_stream_that_is_cancelled_before_it_begins_is_abandoned() -> None:
    asked = asyncio.Event()

    async def hear(_: Peer) -> None:
        asked.set()

    answer = STREAM % 3 + b"abc)\r\n"
    script = BEGIN, hear, "C: T3 NOOP", says(answer), "S: T2 OK\nS: T3 OK"
    async with session(*script) as connection:
        task = asyncio.create_task(streamed(connection))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await connection.noop()


async def test_a_section_comes_as_it_arrives_in_a_session_by_uid_only() -> None:
    """RFC 9586 §3.3: the number in UIDFETCH is the UID."""
    other = b"* 5 UIDFETCH (BODY[2] {3}\r\nxyz)\r\n"
    answer = b"* 7 UIDFETCH (BODY[2] {5000}\r\n" + b"x" * 5000 + b")\r\n"
    limits = Limits(literal=10, response=300, answer=3000)
    async with session(BEGIN, says(other + answer), END, limits=limits) as connection:
        assert await streamed(connection) == b"x" * 5000
        await connection.noop()


async def test_the_limit_of_a_stream_is_its_own() -> None:
    limits = Limits(literal=10, response=300, answer=3000, diverted=5000)
    answer = STREAM % 5000 + b"x" * 5000 + b")\r\n"
    async with session(BEGIN, says(answer), END, limits=limits) as connection:
        assert await streamed(connection) == b"x" * 5000
        await connection.noop()
    async with session(BEGIN, says(STREAM % 5001), limits=limits) as connection:
        with pytest.raises(IMAPProtocolError, match="5000 octets allowed"):
            await streamed(connection)


# -- Real servers.


@asynccontextmanager
async def stored(
    server: DovecotServer | CyrusServer, message: bytes, security: Security
) -> AsyncIterator[IMAPConnection]:
    """Open a mailbox with *message* as UID 1, and nothing else."""
    is_plain = security is Security.PLAIN
    config = ConnectionConfig(
        host=server.host,
        port=server.port if is_plain else server.tls_port,
        security=security,
        username=server.new_user(),
        password=Secret(server.password),
        ssl_context=None if is_plain else server.client_context(),
        read_timeout=20.0,
    )
    async with await IMAPConnection.open(config) as connection:
        await connection.execute(Append("INBOX", message))
        await connection.select("INBOX")
        yield connection


def mail(size: int) -> bytes:
    line = b"%07d The total is 1.234,56 EUR, as agreed on {3}\r\n"
    lines = range(size // len(line % 0))
    return b"Subject: large\r\n\r\n" + b"".join([line % number for number in lines])


@pytest.mark.parametrize("security", [Security.PLAIN, Security.TLS])
async def test_64_mib_from_dovecot_go_through_little_memory(
    dovecot: DovecotServer, security: Security
) -> None:
    message = mail(64 * 2**20)
    async with stored(dovecot, message, security) as connection:
        digest = hashlib.sha256()
        tracemalloc.start()
        try:
            async with connection.stream(1, MessagePart.FULL) as stream:
                assert stream.size == len(message)
                async for piece in stream:
                    digest.update(piece)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert digest.digest() == hashlib.sha256(message).digest()
        assert peak < 4 * 2**20
        await connection.noop()


@pytest.mark.parametrize("security", [Security.PLAIN, Security.TLS])
async def test_dovecot_waits_for_a_slow_reader(
    dovecot: DovecotServer, security: Security
) -> None:
    """It has not been asked to, yet it cannot go on sending: TCP tells it."""
    message = mail(64 * 2**20)
    async with stored(dovecot, message, security) as connection:
        async with connection.stream(1, MessagePart.FULL) as stream:
            first = await anext(stream)
            async with asyncio.timeout(20):
                while connection._protocol.socket_transport.is_reading():  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0)
            await asyncio.sleep(0.2)
            assert not connection._protocol.socket_transport.is_reading()
            held = sum(map(len, stream._pieces))
            assert held < 4 * HIGH_MARK
            assert first + await read(stream) == message
        await connection.noop()


@pytest.mark.parametrize(
    "kind", ["dovecot", pytest.param("cyrus", marks=pytest.mark.cyrus)]
)
async def test_sections_windows_and_what_is_not_there_on_real_servers(
    request: pytest.FixtureRequest, kind: str
) -> None:
    server: DovecotServer | CyrusServer = request.getfixturevalue(kind)
    message = (
        b"From: a@example.org\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello {3}\r\n"
        b"--b\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n"
    )
    expected = {
        MessagePart.FULL: message,
        MessagePart.section("1"): b"hello {3}",
        MessagePart.section("2"): b"%PDF",
        MessagePart.mime("2"): b"Content-Type: application/pdf\r\n\r\n",
        MessagePart.header_fields("subject"): b"Subject: parts\r\n\r\n",
        MessagePart.FULL.partial(6, 13): b"a@example.org",
        MessagePart.FULL.partial(10_000, 5): b"",
        MessagePart.section("3"): b"AAEC",
        MessagePart.binary("3"): b"\0\1\2",
        MessagePart.section("4"): b"",
    }
    async with stored(server, message, Security.TLS) as connection:
        for part, octets in expected.items():
            async with connection.stream(1, part) as stream:
                assert (part, await read(stream)) == (part, octets)
                assert stream.size == len(octets) or (
                    stream.size is None and not octets
                )
        with pytest.raises(IMAPMessageError, match="nothing of message 9"):
            async with connection.stream(9, MessagePart.FULL):
                pass
        await connection.noop()
