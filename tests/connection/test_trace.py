"""The protocol trace: all that is said, and no secret of it."""

from __future__ import annotations

import asyncio
import base64
import logging
from dataclasses import replace

import pytest

from aiosage.connection import (
    IMAP4,
    ConnectionConfig,
    Direction,
    IMAPConnection,
    Security,
    TraceRecord,
)
from aiosage.errors import IMAPAuthenticationError, IMAPError
from aiosage.model import (
    Flag,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    Secret,
)
from aiosage.testing import Peer, Transcript
from aiosage.wire.commands import (
    Append,
    ListMailboxes,
    Noop,
    StoreMode,
    UidFetch,
    UidSearch,
    UidStore,
)

from ..conftest import Endpoint
from .scripted import CAPABILITIES, LOGGED_IN, SELECTED, config, scripted

ALL = MessageSet([1, 2, 3])
FETCH = UidFetch(ALL, (MessagePart.FULL,))


def said(records: list[TraceRecord]) -> list[str]:
    """Return who said what, without tags."""
    return [f"{record.direction}: {record.text}" for record in records]


async def test_every_response_and_every_command_is_a_record() -> None:
    records: list[TraceRecord] = []
    script = (
        f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])\n"
        "S: * 1 FETCH (UID 1 BODY[] {5}\nS: a\nS: bc)\nS: T2 OK done"
    )
    async with scripted(script) as port:
        traced = replace(config(port), trace=records.append)
        connection = await IMAPConnection.open(traced)
        await connection.select("INBOX")
        await connection.execute(FETCH)
        connection.abort()
    tag = records[1].text.split(" ")[0][:-1]

    assert said(records) == [
        f"S: * OK [CAPABILITY {CAPABILITIES}] ready",
        f"C: {tag}0 LOGIN joe ***",
        f"S: {tag}0 OK [CAPABILITY {CAPABILITIES}] logged in",
        f"C: {tag}1 SELECT INBOX",
        "S: * 3 EXISTS",
        "S: * OK [UIDVALIDITY 7] ok",
        f"S: {tag}1 OK [READ-WRITE] selected",
        f"C: {tag}2 UID FETCH 1:3 (BODY.PEEK[])",
        "S: * 1 FETCH (UID 1 BODY[] {5})",
        f"S: {tag}2 OK done",
    ]
    assert [record.omitted for record in records] == [*[0] * 8, 5, 0]
    assert len({record.connection for record in records}) == 1
    times = [record.time for record in records]
    assert times == sorted(times)
    assert abs(asyncio.get_running_loop().time() - times[-1]) < 60.0


@pytest.mark.parametrize("literals", [False, True])
async def test_what_literals_hold_is_told_if_asked_for(literals: bool) -> None:
    """Of both sides, whether the server must be asked first or not."""
    records: list[TraceRecord] = []
    script = (
        f"{LOGGED_IN}C: T1 APPEND a {{5+}}\nC: hello\nS: T1 OK\n"
        f'C: T2 LIST *** \nS: * LIST () "/" {{3}}\nS: a b\nS: T2 OK'
    ).replace("*** \n", "...\n")
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        connection.trace_to(records.append, literals=literals)
        await connection.execute(Append("a", b"hello"))
        await connection.execute(ListMailboxes())
        connection.trace_to(None)
        connection.abort()
    append, _, _, listed, _ = records

    if literals:
        assert append.text.endswith("APPEND a {5+}\r\nhello")
        assert listed.text == '* LIST () "/" {3}\r\na b'
    else:
        assert append.text.endswith("APPEND a {5+}")
        assert listed.text == '* LIST () "/" {3}'
    assert (append.omitted, listed.omitted) == ((0, 0) if literals else (5, 3))


@pytest.mark.parametrize("literals", [False, True])
async def test_a_flight_that_waits_is_a_record_of_its_own(literals: bool) -> None:
    records: list[TraceRecord] = []
    script = (
        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: T0 LOGIN ...\n"
        "S: T0 OK [CAPABILITY IMAP4rev1] in\n"
        "C: T1 APPEND a {6}\nS: + go\nC: {5}\nC: x\nS: T1 OK\nC: T2 NOOP\nS: T2 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        connection.trace_to(records.append, literals=literals)
        # It looks like an announcement, and is none.
        await connection.execute(Append("a", b"{5}\r\nx"))
        await connection.noop()
        connection.abort()

    assert said(records)[1:3] == [
        "S: + go",
        "C: {5}\r\nx" if literals else "C: ",
    ]
    assert records[2].omitted == (0 if literals else 6)


@pytest.mark.parametrize("literals", [False, True])
@pytest.mark.parametrize(
    "password",
    [
        "hunter2",
        "two words",
        'quo"te\\',
        "pässword",  # a literal
        "x" * 2000,
        "abc",  # too short to be looked for, so it must not be shown
        "O",  # as in OK
        "é",  # both
    ],
)
@pytest.mark.parametrize("capabilities", ["LITERAL+", ""])
async def test_no_record_holds_the_password(
    capabilities: str, password: str, literals: bool
) -> None:
    """However it is sent, and though the server sends all of it back."""
    records: list[TraceRecord] = []

    async def serve(peer: Peer) -> None:
        peer.send(f"* OK [CAPABILITY IMAP4rev1 {capabilities}] hi\r\n".encode())
        line = await peer.line()
        tag, _, echo = line.partition(" ")
        while line.endswith("}"):
            if not line.endswith("+}"):
                peer.send(b"+ go on\r\n")
            line = await peer.line()
            echo += line
        octets = echo.encode() if len(password) > 3 else b"?"
        peer.send(b"* 1 FETCH (BODY[] {%d}\r\n%b)\r\n" % (len(octets), octets))
        peer.send(b'* LIST () "/" "%b"\r\n' % octets.replace(b'"', b""))
        peer.send(
            tag.encode() + b" OK [CAPABILITY IMAP4rev1] thanks for " + octets + b"\r\n"
        )

    async with scripted(serve) as port:
        traced = replace(
            config(port, password=password),
            trace=records.append,
            trace_literals=literals,
        )
        try:
            connection = await IMAPConnection.open(traced)
        except IMAPError:
            pass  # the server is a strange one, and may break off
        else:
            connection.abort()

    text = "\n".join(record.text for record in records)
    assert "LOGIN joe ***" in text
    if len(password) > 3:
        assert password not in text
        assert password.replace("\\", "\\\\").replace('"', '\\"') not in text
    login = "\r\n".join(r.text for r in records if r.direction is Direction.CLIENT)
    _, _, sent = login.partition(" LOGIN joe ")
    assert set(sent.split("\r\n")) == {"***"}  # nor how long it is


@pytest.mark.parametrize("sasl_ir", ["SASL-IR", ""])
@pytest.mark.parametrize("auth", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
async def test_no_record_tells_of_a_sasl_exchange(auth: str, sasl_ir: str) -> None:
    """Challenges, too: with them a password can be guessed at without the server."""
    records: list[TraceRecord] = []
    challenge = base64.b64encode(b"r=x,s=eHh4,i=1").decode()

    async def serve(peer: Peer) -> None:
        caps = f"IMAP4rev1 {sasl_ir} LOGINDISABLED AUTH={auth}"
        peer.send(f"* OK [CAPABILITY {caps}] hi\r\n".encode())
        tag = (await peer.line()).split(" ")[0]
        for _ in range(2):
            peer.send(f"+ {challenge}\r\n".encode())
            if await peer.line() == "*":
                break
        peer.send(f"{tag} NO no\r\n".encode())

    async with scripted(serve) as port:
        traced = replace(
            config(port), auth=auth, trace=records.append, trace_literals=True
        )
        with pytest.raises(IMAPAuthenticationError):
            await IMAPConnection.open(traced)

    lines = said(records)
    exchange = lines[2:-1]
    assert lines[1].split(" ")[2:] in (
        ["AUTHENTICATE", auth],
        ["AUTHENTICATE", auth, "***"],
    )
    assert "S: + ***" in exchange
    assert set(exchange) <= {"S: + ***", "C: ***", "C: *", "C: "}


async def test_no_record_holds_a_token() -> None:
    records: list[TraceRecord] = []
    refusal = base64.b64encode(b'{"status":"400"}').decode()
    script = (
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi\n"
        f"C: T0 AUTHENTICATE XOAUTH2 ...\nS: + {refusal}\nC: \nS: T0 NO ya29.token"
    )
    async with scripted(script) as port:
        traced = replace(config(port), token=Secret("ya29.token"), trace=records.append)
        with pytest.raises(IMAPAuthenticationError):
            await IMAPConnection.open(traced)
    text = "\n".join(said(records))

    assert "AUTHENTICATE XOAUTH2 ***" in text
    assert text.endswith("NO ***")
    assert "ya29" not in text
    assert base64.b64encode(b"ya29")[:4].decode() not in text


async def test_no_record_holds_what_the_drop_in_logs_in_with() -> None:
    """It writes its commands itself, so all there is of a login is hidden."""
    records: list[TraceRecord] = []
    script = (
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hi\n"
        "C: T0 LOGIN joe ...\nS: T0 NO hunter2\n"
        "C: T1 LOGIN joe ...\nS: + go\nC: pässword\nS: T1 NO no\n"
        "C: T2 AUTHENTICATE XOAUTH2 ...\nS: + e30=\nC: \nS: T2 NO no\n"
    )
    async with scripted(script) as port:
        client = IMAP4("127.0.0.1", port, timeout=5.0)
        await client.wait_hello_from_server()
        client.protocol.trace_to(records.append, literals=True)
        await client.login("joe", "hunter2")
        await client.login("joe", "pässword")
        await client.xoauth2("joe", "ya29.token")
        await client.aclose()

    sent = [r.text for r in records if r.direction is Direction.CLIENT]
    assert len(sent) >= 5
    assert set("".join(sent)) <= {"*", "\r", "\n"}
    heard = "".join(r.text for r in records)
    assert "hunter2" not in heard
    assert "e30=" not in heard


async def test_no_record_holds_the_key_of_an_url() -> None:
    """Whoever has it reads the message, without a password (RFC 4467)."""
    records: list[TraceRecord] = []
    url = "imap://joe@example.org/INBOX/;uid=20;urlauth=submit+fred:internal:91354a"
    script = (
        f'{LOGGED_IN}C: T1 NOOP\nS: * GENURLAUTH "{url}" {{{len(url)}}}\n'
        f"S: {url}\nS: T1 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        connection.trace_to(records.append, literals=True)
        await connection.noop()
        connection.abort()
    told = records[1].text

    assert told.count(":internal:***") == 2
    assert "91354a" not in told
    assert f"{{{len(url) - 3}}}\r\n" in told  # a transcript of it can be played


@pytest.mark.parametrize("fails_at", range(1, 8))
async def test_a_trace_that_fails_breaks_nothing(
    fails_at: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and asked no more; the session knows nothing of it."""
    calls = 0

    def trace(record: TraceRecord) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise LookupError("full")

    async with scripted(SELECTED) as port:
        connection = await IMAPConnection.open(replace(config(port), trace=trace))
        assert (await connection.select("INBOX")).exists == 3
        connection.abort()

    assert calls == fails_at
    failed = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in failed] == [
        "the trace failed: this connection is traced no more"
    ]


async def test_a_trace_may_close_the_connection() -> None:
    """As a test may that wants it lost at a certain point."""

    async def cut_at(count: int) -> int:
        seen = 0

        def trace(_: TraceRecord) -> None:
            nonlocal seen
            seen += 1
            if seen == count:
                connection.abort()

        async with scripted(f"{LOGGED_IN}C: T1 NOOP\nS: * 1 EXISTS\nS: T1 OK") as port:
            connection = await IMAPConnection.open(config(port))
            connection.trace_to(trace)
            try:
                await connection.noop()
            except IMAPError:
                assert connection.is_closed
            else:
                connection.abort()
            await connection.aclose()
        return seen

    assert [await cut_at(count) for count in (1, 2, 3, 4)] == [1, 2, 3, 3]


async def test_what_cannot_be_parsed_is_traced() -> None:
    """That is when somebody wants to see it."""
    records: list[TraceRecord] = []
    async with scripted(f"{LOGGED_IN}C: T1 NOOP\nS: * 1 FETCH (((") as port:
        connection = await IMAPConnection.open(
            replace(config(port), trace=records.append)
        )
        with pytest.raises(IMAPError):
            await connection.noop()

    assert records[-1].text == "* 1 FETCH ((("


async def test_connections_are_told_apart() -> None:
    records: list[TraceRecord] = []
    async with scripted(LOGGED_IN) as port:
        traced = replace(config(port), trace=records.append)
        for _ in range(2):
            (await IMAPConnection.open(traced)).abort()

    numbers = [record.connection for record in records]
    assert numbers == [numbers[0]] * 3 + [numbers[3]] * 3
    assert numbers[0] != numbers[3]


def test_a_record_can_be_printed_whatever_it_holds() -> None:
    record = TraceRecord(3, 1.25, Direction.SERVER, "* OK caf\udce9", omitted=7)

    assert str(record) == "1.250 #3 S: * OK caf\\xe9 (7 octets left out)"
    assert str(record).isprintable()


# -- Recorded on a real server, played by our own.

MESSAGES = (
    b"Subject: one\r\n\r\nOne.\r\n",
    b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\n\xc3\xa9 \xff\r\n...\r\n\r\nT1 x\r\n",
    b"Subject: no newline at the end\r\n\r\n*** {3}",
)


async def session(traced: ConnectionConfig) -> list[object]:
    """Do a bit of everything; return all that came of it."""
    results: list[object] = []
    connection = await IMAPConnection.open(traced)
    heard: list[object] = []
    for number, message in enumerate(MESSAGES, start=1):
        appended = await connection.execute(Append("INBOX", message))
        assert appended is not None
        results.append(appended)
        results.append((number, await connection.select("INBOX")))
    subject = UidSearch(IMAPSearchCriteria.subject("café"), charset=True)
    results.append(await connection.execute(subject))
    results.append(await connection.execute(UidSearch(IMAPSearchCriteria(), True)))
    parts = MessagePart.FULL, MessagePart.ENVELOPE, MessagePart.FLAGS
    results.append(
        [
            (data.uid, data.flags, data.envelope, dict(data.sections))
            for data in await connection.execute(UidFetch(ALL, parts))
        ]
    )
    flagged = UidStore(ALL, StoreMode.ADD, frozenset({Flag.FLAGGED}))
    results.append(await connection.execute(flagged))
    results.append(
        await asyncio.gather(
            connection.execute(ListMailboxes()), connection.execute(Noop())
        )
    )
    connection.add_listener(heard.append)
    async with connection.idle():
        pass
    connection.remove_listener(heard.append)
    await connection.aclose()
    return [*results, heard]


async def test_a_recorded_session_is_replayed_with_equal_results(
    any_server: Endpoint,
) -> None:
    """The same program sees no difference to the server that was recorded."""
    records: list[TraceRecord] = []
    real = ConnectionConfig(
        host=any_server.host,
        port=any_server.port,
        username=any_server.username,
        password=Secret(any_server.password),
        security=Security.PLAIN,
        auth="PLAIN",  # others are never said twice in the same words
        trace=records.append,
        trace_literals=True,
    )
    expected = await session(real)
    transcript = Transcript.parse(str(Transcript.from_trace(records)))

    async with transcript.serve() as server:
        played = await session(
            replace(real, host=server.host, port=server.port, trace=None)
        )

    assert repr(played) == repr(expected)
    assert any_server.password not in str(transcript)


async def test_a_replayed_session_that_differs_is_told() -> None:
    """One command too many, and it says which."""
    records: list[TraceRecord] = []
    async with scripted(
        f"{LOGGED_IN}C: T1 NOOP\nS: T1 OK\nC: T2 LOGOUT\nS: T2 OK"
    ) as port:
        connection = await IMAPConnection.open(
            replace(config(port), trace=records.append)
        )
        await connection.noop()
        await connection.aclose()

    async def other() -> None:
        async with Transcript.from_trace(records).serve() as server:
            connection = await IMAPConnection.open(config(server.port))
            await connection.execute(ListMailboxes())

    with pytest.raises(AssertionError, match=r"line 4: the client said .* LIST"):
        await other()
