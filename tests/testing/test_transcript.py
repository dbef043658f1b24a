"""Transcripts: read, written, recorded, and played by a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.connection import Direction, TraceRecord
from aiosage.testing import (
    Certificates,
    Peer,
    ScriptedServer,
    Transcript,
    TranscriptMismatch,
)


class Client:
    """Says octets, hears octets."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    def say(self, octets: bytes) -> None:
        """Send *octets*."""
        self._writer.write(octets)

    async def hear(self, octets: bytes) -> None:
        """Wait for *octets*, which must come next."""
        assert await self._reader.readexactly(len(octets)) == octets

    async def hear_end(self) -> None:
        """Wait for the end of the connection, however it comes."""
        with suppress(ConnectionError):
            await self._reader.read()


@asynccontextmanager
async def client_of(server: ScriptedServer) -> AsyncIterator[Client]:
    """Connect to *server* for the length of a block."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def play(server: ScriptedServer, *, say: bytes, hear: bytes | None) -> None:
    """Be a client: say something, wait for something or the end, and leave."""
    async with server, client_of(server) as client:
        client.say(say)
        if hear is None:
            await client.hear_end()
        else:
            await client.hear(hear)


SESSION = """\
# A session.
S: * OK hi
C: T1 LOGIN joe ***

C: T2 UID FETCH 1 (BODY.PEEK[])
S: T1 OK in
S: * 1 FETCH (UID 1 BODY[] {5}
S% caf%C3%A9
S: )
S: * ESEARCH (TAG "T2") UID
S: T2 OK done
C: T3 LOGOUT ...
S! close
"""


async def test_a_transcript_is_played_with_the_tags_of_the_client() -> None:
    async with (
        Transcript.parse(SESSION).serve() as server,
        client_of(server) as client,
    ):
        await client.hear(b"* OK hi\r\n")
        client.say(b'x LOGIN joe "what ever"\r\n.y7 UID FETCH 1 (BODY.PEEK[])\r\n')
        await client.hear(b"x OK in\r\n* 1 FETCH (UID 1 BODY[] {5}\r\ncaf\xc3\xa9\r\n")
        await client.hear(b')\r\n* ESEARCH (TAG ".y7") UID\r\n.y7 OK done\r\n')
        client.say(b"z LOGOUT now\r\n")
        await client.hear_end()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"a LOGON joe x\r\n", r"line 3: the client said 'a LOGON joe x', not 'C: T1"),
        (b"a LOGIN joe\r\n", r"line 3: .* not 'C: T1 LOGIN joe \*\*\*'"),
        (b"a LOGIN joe x\r\na NOOP\r\n", r"line 5: the client said 'a NOOP', not"),
        (
            b"a LOGIN joe x\r\nb UID FETCH 1 (BODY.PEEK[]) now\r\n",
            r"line 5: the client said 'b UID FETCH 1 \(BODY.PEEK\[\]\) now', not",
        ),
        (b"a LOGIN joe x\r\n", r"left before line 5, 'C: T2 UID FETCH 1"),
        (b"a LOGIN joe x\r\na UID", r"left before line 5"),
        (b"", r"left before line 3"),
    ],
)
async def test_what_differs_is_told_with_its_line(said: bytes, told: str) -> None:
    with pytest.raises(TranscriptMismatch, match=told):
        await play(Transcript.parse(SESSION).serve(), say=said, hear=b"* OK hi\r\n")


async def test_the_difference_is_told_instead_of_what_came_of_it() -> None:
    """The client only sees that its connection ends."""
    server = Transcript.parse("S: hi\nC: yes").serve()
    with pytest.raises(TranscriptMismatch, match="line 2") as caught:
        await play(server, say=b"no\r\n", hear=b"hi\r\nmore")
    assert isinstance(caught.value.__context__, asyncio.IncompleteReadError | OSError)


async def test_an_error_of_the_client_is_not_hidden_by_what_came_of_it() -> None:
    """It left early since it failed, so that is no news."""
    with pytest.raises(LookupError):
        async with Transcript.parse("S: hi\nC: yes").serve() as server:
            await fail_at(server)


async def fail_at(server: ScriptedServer) -> None:
    """Connect, leave and fail."""
    async with client_of(server) as client:
        await client.hear(b"hi\r\n")
    raise LookupError


async def test_a_client_that_stays_and_says_nothing_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aiosage.testing._scripted._END_GRACE", 0.05)
    server = Transcript.parse("S: hi\nC: yes").serve()
    async with AsyncExitStack() as stack:
        await server.__aenter__()
        client = await stack.enter_async_context(client_of(server))
        await client.hear(b"hi\r\n")
        with pytest.raises(TranscriptMismatch, match="has not said line 2, 'C: yes'"):
            await server.__aexit__(None, None, None)


async def test_a_server_nobody_came_to_is_told_of() -> None:
    with pytest.raises(TranscriptMismatch, match="no client came"):
        async with Transcript.parse("S: hi").serve():
            pass


async def test_a_server_names_a_tag_that_was_not_sent() -> None:
    with pytest.raises(TranscriptMismatch, match=r"line 1: .* has sent no T1 yet"):
        await play(Transcript.parse("S: T1 OK").serve(), say=b"", hear=None)


async def test_who_may_leave_early_may() -> None:
    """For programs that try again, and for tests of cut connections."""
    server = ScriptedServer("S: hi\nC: yes", complete=False)
    await play(server, say=b"", hear=b"hi\r\n")


async def test_scripts_may_be_functions_and_their_errors_are_told() -> None:
    async def script(peer: Peer) -> None:
        raise LookupError(await peer.line())

    with pytest.raises(LookupError, match="some line"):
        await play(ScriptedServer("S: hi", script), say=b"some line\r\n", hear=None)


async def test_lines_of_the_client_may_be_long_and_hold_any_octet() -> None:
    """A message is one line if it has no CRLF."""
    long = bytes(range(256)).replace(b"\r", b"") * 2000
    transcript = Transcript.from_trace(
        [
            TraceRecord(1, 0.0, Direction.SERVER, "+ go"),
            TraceRecord(
                1, 0.0, Direction.CLIENT, long.decode("utf-8", "surrogateescape")
            ),
        ]
    )
    async with transcript.serve() as server, client_of(server) as client:
        client.say(long + b"\r\n")
        await client.hear(b"+ go\r\n")


async def test_in_escaped_lines_nothing_stands_for_anything() -> None:
    with pytest.raises(
        TranscriptMismatch, match=r"line 2: .* not 'C% T1 \*\*\*\.\.\.'"
    ):
        await play(
            Transcript.parse("S: hi\nC% T1 ***...").serve(), say=b"x y\r\n", hear=None
        )


@pytest.mark.parametrize(
    "line", ["X: what", "S:no space", "S! explode", " S: indented", "C"]
)
def test_what_is_no_transcript_is_told_with_its_line(line: str) -> None:
    with pytest.raises(ValueError, match=r"^line 2 is not one of a transcript"):
        Transcript.parse(f"S: hi\n{line}\n")


def record(direction: Direction, text: str) -> TraceRecord:
    """Return a record of a connection."""
    return TraceRecord(1, 0.0, direction, text)


def test_a_command_after_an_invitation_that_was_withdrawn_has_a_tag() -> None:
    """As after an IDLE that the server ends by itself."""
    said = [
        record(Direction.CLIENT, "A1 IDLE"),
        record(Direction.SERVER, "+ idling"),
        record(Direction.SERVER, "A1 OK over"),
        record(Direction.CLIENT, "A2 NOOP"),
    ]
    transcript = str(Transcript.from_trace(said))
    assert transcript.splitlines()[2:] == ["S: T1 OK over", "C: T2 NOOP"]


def test_a_trace_becomes_a_transcript_that_a_person_can_read() -> None:
    server, client = Direction.SERVER, Direction.CLIENT
    transcript = Transcript.from_trace(
        [
            record(server, "* OK hi"),
            record(client, "KAB1 LOGIN joe ***"),
            record(server, "KAB1 OK in"),
            record(client, 'KAB2 APPEND "Entwürfe" {12}'),
            record(server, "+ "),
            record(client, "T1 x\r\nT2 \r\nx..."),  # a message, not a command
            record(server, "KAB2 OK done"),
            record(client, "KAB3 UID SEARCH RETURN (ALL) ALL"),
            record(server, '* ESEARCH (TAG "KAB3") UID ALL 1'),
            record(server, "KAB3 OK done"),
            record(client, "KAB4 IDLE"),
            record(server, "+ idling"),
            record(server, "* 1 FETCH (BODY[] {9}\r\nT1 OK\r\n\n\udc80T1)"),
            record(client, "DONE"),
            record(server, "KAB4 OK done"),
        ]
    )

    assert str(transcript) == (
        "S: * OK hi\n"
        "C: T1 LOGIN joe ***\n"
        "S: T1 OK in\n"
        'C: T2 APPEND "Entwürfe" {12}\n'
        "S% +%20\n"
        "C% T1 x\n"
        "C% T2%20\n"
        "C% x...\n"
        "S: T2 OK done\n"
        "C: T3 UID SEARCH RETURN (ALL) ALL\n"
        'S: * ESEARCH (TAG "T3") UID ALL 1\n'
        "S: T3 OK done\n"
        "C: T4 IDLE\n"
        "S: + idling\n"
        "S: * 1 FETCH (BODY[] {9}\n"
        "S% T1 OK\n"
        "S% %0A%80T1)\n"
        "C: DONE\n"
        "S: T4 OK done\n"
    )
    assert Transcript.parse(str(transcript)) == transcript


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=30)), max_size=8))
def test_any_octets_survive_being_written_and_read(
    flights: list[tuple[bool, bytes]],
) -> None:
    """Whatever a server or a client may say, as literals make it possible."""
    records = [record(Direction.SERVER, "+ what comes next has no tag")]
    for is_server, octets in flights:
        text = octets.decode("utf-8", "surrogateescape")
        direction = Direction.SERVER if is_server else Direction.CLIENT
        records.append(record(direction, f"+\r\n{text}" if is_server else text))
        records.append(record(Direction.SERVER, "+"))
    transcript = Transcript.from_trace(records)
    again = Transcript.parse(str(transcript))

    assert again == transcript
    said = b"\r\n".join(line.octets for line in again.lines)
    assert said == b"\r\n".join(
        record.text.encode("utf-8", "surrogateescape") for record in records
    )


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([TraceRecord(1, 0.0, Direction.SERVER, "{3}", 3)], "trace_literals=True"),
        (
            [
                TraceRecord(1, 0.0, Direction.SERVER, "* OK"),
                TraceRecord(2, 0.0, Direction.SERVER, "* OK"),
            ],
            "more than one connection",
        ),
    ],
)
def test_what_cannot_be_played_is_no_transcript(
    records: list[TraceRecord], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        Transcript.from_trace(records)


async def test_a_server_ends_in_the_middle_of_starttls(
    certificates: Certificates,
) -> None:
    """The client has asked for it, and says nothing more."""
    begun = asyncio.Event()

    async def upgrade(peer: Peer) -> None:
        await peer.play("C: T1 STARTTLS\nS: T1 OK go")
        begun.set()
        await peer.writer.start_tls(certificates.server_context())

    async with asyncio.timeout(10):
        async with ScriptedServer(upgrade, complete=False) as server:
            _, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"T1 STARTTLS\r\n")
            await begun.wait()
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
