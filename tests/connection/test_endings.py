"""How sessions end: by either side, in IDLE, in silence; nobody is left waiting."""

from __future__ import annotations

import asyncio
import pickle
import socket
import time
from contextlib import suppress

import pytest

from aiosage.connection import IMAPConnection, News
from aiosage.errors import (
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPOperationError,
    IMAPProtocolError,
    IMAPQuotaError,
    IMAPTimeoutError,
)
from aiosage.model import Flag, IMAPSearchCriteria, MessagePart, MessageSet
from aiosage.wire import Code, CopyUidCode, ExpungeData, Limits, ModifiedCode
from aiosage.wire.commands import (
    Append,
    Create,
    Idle,
    Logout,
    Rename,
    StoreMode,
    UidFetch,
    UidMove,
    UidScan,
    UidSearch,
    UidStore,
)

from .scripted import (
    LOGGED_IN,
    SELECTED,
    Peer,
    config,
    opened,
    outcome,
    scripted,
)

UIDS = MessageSet([1, 2, 3])

FETCH = UidFetch(UIDS, (MessagePart.FULL,))


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ("S! close", IMAPConnectionLost),
        ("S! reset", IMAPConnectionLost),
        ("S: * BYE shutting down", IMAPConnectionLost),
        ("S: * 1 FETCH (UID 0)", IMAPProtocolError),
        ("S: XX OK nobody asked", IMAPProtocolError),
        ("S: + for nothing", IMAPProtocolError),
        ("S: rubbish", IMAPProtocolError),
    ],
)
async def test_the_end_of_a_session_fails_every_command_at_once(
    end: str, error: type[IMAPConnectionError]
) -> None:
    """Those under way, those that wait their turn, and those that come later."""
    script = f"{SELECTED}C: T2 UID SEARCH ALL\nC: T3 CREATE a\n{end}"
    heard: list[News] = []
    async with scripted(script) as port:
        connection = await opened(port)
        connection.add_listener(heard.append)
        waiting = [
            asyncio.ensure_future(connection.execute(command))
            for command in (
                UidSearch(IMAPSearchCriteria()),
                Create("a"),
                UidSearch(IMAPSearchCriteria.UNSEEN),  # must wait for the first
                Create("b"),
            )
        ]
        errors = [await outcome(one) for one in waiting]
        assert connection.is_closed
        errors.append(await outcome(connection.noop()))
        errors.append(await outcome(connection.select("x")))
        await connection.aclose()
    assert {type(one) for one in errors} == {error}
    assert len({str(one) for one in errors}) == 1
    assert len({id(one) for one in errors}) == len(errors)
    risky = [one.maybe_executed for one in errors]
    assert risky == [False, True, False, False, False, False]
    assert pickle.loads(pickle.dumps(errors[1])).maybe_executed
    assert isinstance(heard[-1], error)
    assert sum(isinstance(news, IMAPConnectionError) for news in heard) == 1


async def test_a_command_that_was_answered_before_bye_has_its_answer() -> None:
    script = f"{LOGGED_IN}C: T1 CREATE a\nS: T1 OK done\nS: * BYE bye\nS! close"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.execute(Create("a"))
        await outcome(connection.noop())


async def test_the_end_of_a_session_in_idle_is_heard_by_listeners() -> None:
    script = f"{SELECTED}C: T2 IDLE\nS: + idling\nS: * 2 EXPUNGE\nS: * BYE kicked"
    ended = asyncio.Event()
    heard: list[News] = []

    def listen(news: News) -> None:
        heard.append(news)
        if isinstance(news, IMAPConnectionError):
            ended.set()

    async with scripted(script) as port:
        connection = await opened(port)
        connection.add_listener(listen)

        async def watch() -> None:
            async with connection.idle():
                await ended.wait()

        error = await outcome(watch())
    assert "kicked" in str(error)
    assert heard[0] == ExpungeData(2)


@pytest.mark.parametrize("end", ["S! close", "S: * BYE no", "S: rubbish"])
async def test_the_end_of_a_session_before_idle_has_begun(end: str) -> None:
    async with scripted(f"{SELECTED}C: T2 IDLE\n{end}") as port:
        connection = await opened(port)

        async def watch() -> None:
            async with connection.idle():
                pytest.fail("IDLE has not begun")

        await outcome(watch())


async def test_refused_idle_is_an_error_and_other_commands_go_on() -> None:
    script = f"{SELECTED}C: T2 IDLE\nS: T2 NO not now\nC: T3 NOOP\nS: T3 OK"
    async with scripted(script) as port:
        connection = await opened(port)
        with pytest.raises(IMAPOperationError, match="not now"):
            async with connection.idle():
                pytest.fail("IDLE has not begun")
        await connection.noop()
        connection.abort()


@pytest.mark.parametrize("answer", ["OK done", "NO too long", "BAD what"])
async def test_idle_that_the_server_ends_unasked_ends_the_session(answer: str) -> None:
    """Else whoever waits for news would wait for ever, hearing nothing."""
    begun, ended = asyncio.Event(), asyncio.Event()
    heard: list[News] = []

    async def end(peer: Peer) -> None:
        await begun.wait()
        await peer.play(f"S: * 4 EXISTS\nS: T2 {answer}")

    def listen(news: News) -> None:
        heard.append(news)
        if isinstance(news, IMAPConnectionError):
            ended.set()

    async with scripted(f"{SELECTED}C: T2 IDLE\nS: + idling", end) as port:
        connection = await opened(port)
        connection.add_listener(listen)
        async with asyncio.timeout(2.0):
            with suppress(IMAPOperationError):
                async with connection.idle():
                    begun.set()
                    await ended.wait()
        assert connection.is_closed
    assert "ended IDLE" in str(heard[-1])


async def test_done_is_not_said_to_a_server_that_has_ended_idle() -> None:
    """It would take that for a command."""
    script = (
        f"{SELECTED}C: T2 IDLE\nS: + idling\nS: * 4 EXISTS\nS: T2 OK\n"
        "C: T3 NOOP\nS: T3 OK"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        idle = connection._protocol.start(Idle())
        await idle.done
        connection._protocol.release(idle)
        await connection.noop()
        connection.abort()


async def test_commands_wait_until_idle_is_over() -> None:
    script = (
        f"{SELECTED}C: T2 IDLE\nS: + idling\nS: * 4 EXISTS\nC: DONE\nS: T2 OK\n"
        "C: T3 NOOP\nS: T3 OK"
    )
    arrived = asyncio.Event()
    async with scripted(script) as port:
        connection = await opened(port)
        connection.add_listener(lambda _: arrived.set())
        async with connection.idle():
            other = asyncio.ensure_future(connection.noop())
            await arrived.wait()
            assert not other.done()
        await other
        connection.abort()


async def test_idle_that_the_server_does_not_end_ends_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aiosage.connection._connection.CLOSE_GRACE", 0.1)
    async with scripted(f"{SELECTED}C: T2 IDLE\nS: + idling\nC: DONE") as port:
        connection = await opened(port)

        async def watch() -> None:
            async with connection.idle():
                pass

        error = await outcome(watch())
        assert connection.is_closed
    assert "did not end IDLE" in str(error)


async def test_read_timeout_is_for_silence_only() -> None:
    """An answer that takes far longer, but never stops coming, succeeds."""

    async def dribble(peer: Peer) -> None:
        await peer.play(f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])")
        peer.send(b"* 1 FETCH (UID 1 BODY[] {12}\r\n")
        for octet in b"Hello world!":
            await asyncio.sleep(0.05)  # what is tested is time itself
            peer.send(bytes([octet]))
        peer.send(b")\r\n" + peer.tags["T2"].encode() + b" OK\r\n")

    async with scripted(dribble) as port:
        connection = await IMAPConnection.open(config(port, read_timeout=0.25))
        await connection.select("INBOX")
        (data,) = await connection.execute(FETCH)
        connection.abort()
    assert data.sections["BODY[]"] == b"Hello world!"


async def test_silence_fails_every_command_after_the_read_timeout() -> None:
    script = f"{SELECTED}C: T2 UID SEARCH ALL\nC: T3 CREATE a\nS: * 4 EXISTS"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port, read_timeout=0.1))
        await connection.select("INBOX")
        errors = [
            await outcome(one)
            for one in (
                asyncio.ensure_future(
                    connection.execute(UidSearch(IMAPSearchCriteria()))
                ),
                asyncio.ensure_future(connection.execute(Create("a"))),
            )
        ]
        assert connection.is_closed
    for error, risky in zip(errors, [False, True], strict=True):
        assert isinstance(error, IMAPTimeoutError)
        assert isinstance(error, TimeoutError)
        assert (error.seconds, error.maybe_executed) == (0.1, risky)
        assert error.hint
        assert "CREATE" in str(error)


async def test_neither_idle_nor_a_quiet_session_is_silence() -> None:
    """Nothing is owed to us then."""
    script = (
        f"{SELECTED}C: T2 IDLE\nS: + idling\nC: DONE\nS: T2 OK\nC: T3 NOOP\nS: T3 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port, read_timeout=0.1))
        await connection.select("INBOX")
        async with connection.idle():
            await asyncio.sleep(0.25)  # what is tested is time itself
        await asyncio.sleep(0.25)
        await connection.noop()
        connection.abort()


async def test_a_large_append_to_a_slow_server_is_progress() -> None:
    """Octets that leave count as much as octets that come."""
    message = b"x" * 6_000_000

    def keep_little_in_the_kernel(sock: socket.socket) -> None:
        """What the kernel has taken cannot be seen to leave."""
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, 32_768)

    async def serve(peer: Peer) -> None:
        keep_little_in_the_kernel(peer.writer.get_extra_info("socket"))
        await peer.play(f"{LOGGED_IN}C: T1 APPEND a {{{len(message)}+}}")
        left = len(message) + 2
        while left:
            await asyncio.sleep(0.02)  # what is tested is time itself
            left -= len(await peer.reader.read(min(left, 200_000)))
        await peer.play("S: T1 OK")

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port, read_timeout=0.3))
        transport = connection._protocol.socket_transport
        keep_little_in_the_kernel(transport.get_extra_info("socket"))
        start = time.monotonic()
        await connection.execute(Append("a", message))
        assert time.monotonic() - start > 0.6
        connection.abort()


async def test_an_answer_over_the_limits_ends_the_session() -> None:
    async def serve(peer: Peer) -> None:
        await peer.play(f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])")
        peer.send(b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n")

    async with scripted(serve) as port:
        told = config(port, limits=Limits(literal=1000))
        connection = await IMAPConnection.open(told)
        await connection.select("INBOX")
        error = await outcome(connection.execute(FETCH))
    assert isinstance(error, IMAPProtocolError)
    assert "1000 octets" in str(error)


async def test_an_answer_without_end_ends_the_session() -> None:
    """However small its pieces, they would fill the memory."""

    async def serve(peer: Peer) -> None:
        await peer.play(f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])")
        while True:
            peer.send(b"* 1 FETCH (UID 1 FLAGS ())\r\n" * 100)
            await peer.writer.drain()

    async with scripted(serve) as port:
        told = config(port, limits=Limits(answer=100_000))
        connection = await IMAPConnection.open(told)
        await connection.select("INBOX")
        error = await outcome(connection.execute(FETCH))
    assert isinstance(error, IMAPProtocolError)
    assert "UID FETCH is larger than the 100000 octets" in str(error)


async def test_a_scan_keeps_nothing_of_what_it_makes_the_server_tell() -> None:
    """A mailbox may have any number of messages."""
    told = "S: * 1 FETCH (UID 1 FLAGS ())\n" * 100
    script = f"{SELECTED}C: T2 UID FETCH 1:3 (FLAGS)\n{told}S: T2 OK"
    async with scripted(script) as port:
        limits = Limits(answer=3000)
        connection = await IMAPConnection.open(config(port, limits=limits))
        await connection.select("INBOX")
        await connection.execute(UidScan(MessageSet([1, 2, 3])))
        connection.abort()


@pytest.mark.parametrize(
    "script",
    [
        "C: T1 LOGOUT\nS: * BYE\nS: T1 OK",
        "C: T1 LOGOUT\nS: * BYE\nS! close",
        "C: T1 LOGOUT\nS! reset",
        "C: T1 LOGOUT\nS: T1 BAD what",
        "C: T1 LOGOUT\nS: rubbish",
    ],
)
async def test_closing_never_fails(script: str) -> None:
    async with scripted(LOGGED_IN + script) as port:
        connection = await IMAPConnection.open(config(port))
        async with asyncio.timeout(2.0):
            await connection.aclose()
            await connection.aclose()
        assert connection.is_closed
        assert repr(connection) == f"<IMAPConnection joe@127.0.0.1:{port}: closed>"


async def test_closing_does_not_wait_for_a_server_that_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aiosage.connection._connection.CLOSE_GRACE", 0.1)
    async with scripted(LOGGED_IN) as port:
        connection = await IMAPConnection.open(config(port))
        async with asyncio.timeout(2.0):
            await connection.aclose()


async def test_closing_says_no_goodbye_twice() -> None:
    """A server that keeps the socket open would never answer the second."""
    script = f"{LOGGED_IN}C: T1 LOGOUT\nS: * BYE\nS: T1 OK"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.execute(Logout())
        async with asyncio.timeout(2.0):
            await connection.aclose()


async def test_closing_fails_commands_under_way() -> None:
    async with scripted(f"{LOGGED_IN}C: T1 RENAME a b") as port:
        connection = await IMAPConnection.open(config(port))
        under_way = asyncio.ensure_future(connection.execute(Rename("a", "b")))
        await asyncio.sleep(0)
        await connection.aclose()
        error = await outcome(under_way)
    assert isinstance(error, IMAPConnectionLost)
    assert error.maybe_executed


async def test_a_listener_that_fails_ends_the_session_and_hangs_nobody() -> None:
    """It breaks its contract; all the same, every waiter is told."""

    def broken(news: News) -> None:
        raise RuntimeError("a bug")

    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    async with scripted(f"{LOGGED_IN}C: T1 NOOP\nS: * 1 EXISTS\nS: T1 OK") as port:
        connection = await IMAPConnection.open(config(port))
        handler = loop.get_exception_handler()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        connection.add_listener(broken)
        await outcome(connection.noop())
        async with asyncio.timeout(2.0):
            await connection.aclose()
        loop.set_exception_handler(handler)
    assert complaints


async def test_an_answer_that_cannot_be_ends_the_session() -> None:
    """What else such a server says is not to be trusted either."""
    script = f"{SELECTED}C: T2 UID SEARCH ALL\nS: * SEARCH 0 7\nS: T2 OK done\n"
    async with scripted(script) as port:
        connection = await opened(port)
        with pytest.raises(IMAPProtocolError):
            await connection.execute(UidSearch(IMAPSearchCriteria.ALL))
        assert connection.is_closed


async def test_an_append_that_was_not_sent_in_full_has_not_been_done() -> None:
    """An OK to a message that is still here would lose it."""
    script = (
        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: T0 LOGIN ...\n"
        "S: T0 OK [CAPABILITY IMAP4rev1] in\nC: T1 APPEND a {5}\nS: T1 OK done\n"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        with pytest.raises(IMAPProtocolError, match="part") as caught:
            await connection.execute(Append("a", b"hello"))
    assert not caught.value.maybe_executed


async def test_the_system_probes_an_idle_connection() -> None:
    """Or a link that died without a word would show when IDLE is renewed."""
    async with scripted(LOGGED_IN) as port:
        connection = await IMAPConnection.open(config(port))
        sock = connection._protocol.socket_transport.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        connection.abort()


async def test_a_refusal_keeps_what_was_told_with_it() -> None:
    """A MOVE may be done in part, and only its COPYUID tells in which."""
    selected = SELECTED.replace("IMAP4rev1", "IMAP4rev1 MOVE CONDSTORE")
    script = (
        f"{selected}C: T2 UID MOVE 4:5 b\nS: * OK [COPYUID 9 4 1] x\n"
        "S: T2 NO [OVERQUOTA] full\n"
        "C: T3 UID STORE 4:5 (UNCHANGEDSINCE 7) +FLAGS (\\Seen)\n"
        "S: T3 NO [MODIFIED 5] later\nC: T4 NOOP\nS: T4 BAD what\n"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        with pytest.raises(IMAPQuotaError) as moved:
            await connection.execute(UidMove(MessageSet([4, 5]), "b"))
        store = UidStore(
            MessageSet([4, 5]),
            StoreMode.ADD,
            frozenset({Flag.SEEN}),
            unchanged_since=7,
        )
        with pytest.raises(IMAPOperationError) as changed:
            await connection.execute(store)
        with pytest.raises(IMAPOperationError) as plain:
            await connection.noop()
        connection.abort()

    assert [type(code) for code in moved.value.codes] == [Code, CopyUidCode]
    (modified,) = changed.value.codes
    assert isinstance(modified, ModifiedCode)
    assert modified.messages == MessageSet([5])
    assert plain.value.codes == ()
