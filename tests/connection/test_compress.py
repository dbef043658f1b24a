"""COMPRESS=DEFLATE (RFC 4978), on real servers and at its edges."""

from __future__ import annotations

import asyncio
import gc
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.connection import ConnectionConfig, IMAPConnection, News, Security
from aiosage.connection._channel import TURN
from aiosage.connection._compress import PIECE, Deflater, Inflater
from aiosage.errors import (
    IMAPCapabilityError,
    IMAPConnectError,
    IMAPConnectionLost,
    IMAPOperationError,
    IMAPProtocolError,
    IMAPTimeoutError,
)
from aiosage.model import MessagePart, MessageSet, Secret
from aiosage.testing import Certificates, CyrusServer, DovecotServer
from aiosage.wire import ExistsData, Limits
from aiosage.wire.commands import (
    Append,
    Capability,
    Compress,
    Login,
    Noop,
    SessionState,
    StartTls,
    UidFetch,
    Unauthenticate,
)

from ..client.relay import Relay
from ..conftest import CYRUS, DOVECOT
from .scripted import PASSWORD, Peer, PeerGone, Script, config, outcome, scripted

IN = "IMAP4rev1 LITERAL+ IDLE COMPRESS=DEFLATE UNAUTHENTICATE"
OPENING = f"""
S: * OK [CAPABILITY IMAP4rev1] ready
C: T0 LOGIN joe {PASSWORD}
S: T0 OK [CAPABILITY {IN}] in
"""
LOGGED_IN = f"{OPENING}C: T1 COMPRESS DEFLATE\nS: T1 OK now"
WHOLE = (MessagePart.FULL,)
ONE = MessageSet([1])
ZLIB = """
protocol imap {
  mail_plugins = $mail_plugins imap_zlib
}
"""
NOISE = Random(1).randbytes(3_000_000).hex().encode()


class Deflated(Peer):
    """A peer that compresses from now on."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(peer.reader, peer.writer)
        self.tags = peer.tags
        self._out = zlib.compressobj(wbits=-15)
        self._in = zlib.decompressobj(wbits=-15)
        self._lines = b""

    def send(self, octets: bytes) -> None:
        """Send *octets*, compressed."""
        self.writer.write(self.deflated(octets))

    def deflated(self, octets: bytes, flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
        """Return *octets* as they would be sent."""
        return self._out.compress(octets) + self._out.flush(flush)

    def ended(self) -> bytes:
        """Return the end of the stream."""
        return self._out.flush(zlib.Z_FINISH)

    async def line(self) -> str:
        """Return the next line from the client."""
        while b"\n" not in self._lines:
            if not (data := await self.reader.read(65536)):
                raise PeerGone
            self._lines += self._in.decompress(data)
        line, self._lines = self._lines.split(b"\r\n", 1)
        return line.decode()


def compressed(port: int, **settings: object) -> ConnectionConfig:
    """Return what reaches a scripted server by COMPRESS."""
    return replace(config(port), compress=True, **settings)  # type: ignore[arg-type]  # of the same types


async def opened(port: int, **settings: object) -> IMAPConnection:
    """Return a compressed session with a scripted server."""
    connection = await IMAPConnection.open(compressed(port, **settings))
    assert connection.is_compressed
    return connection


# -- On real servers.


@pytest.fixture(scope="module")
def zlib_dovecot(
    dovecot: DovecotServer, certificates: Certificates
) -> Iterator[DovecotServer]:
    """A Dovecot that compresses. Without any Dovecot, skipped."""
    with DovecotServer(
        certificates=certificates,
        extra_config=ZLIB,
    ) as server:
        yield server


@pytest.fixture(params=[DOVECOT, CYRUS])
def real(request: pytest.FixtureRequest) -> DovecotServer | CyrusServer:
    """A real server that offers COMPRESS=DEFLATE."""
    name = "zlib_dovecot" if request.param == "dovecot" else request.param
    server: DovecotServer | CyrusServer = request.getfixturevalue(name)
    return server


@asynccontextmanager
async def recorded(
    server: DovecotServer | CyrusServer,
    security: Security = Security.PLAIN,
    *,
    compress: bool = True,
    read_timeout: float = 10.0,
) -> AsyncIterator[tuple[IMAPConnection, Relay]]:
    """A session with *server* through a relay that records it."""
    port = server.tls_port if security is Security.TLS else server.port
    async with Relay(server.host, port) as relay:
        told = ConnectionConfig(
            host="localhost",
            port=relay.port,
            username=server.new_user(),
            password=Secret(server.password),
            security=security,
            ssl_context=server.client_context(),
            compress=compress,
            connect_timeout=10.0,
            read_timeout=read_timeout,
        )
        async with await IMAPConnection.open(told) as connection:
            yield connection, relay


@pytest.mark.parametrize("security", Security)
async def test_mail_goes_and_comes_compressed(
    real: DovecotServer | CyrusServer, security: Security
) -> None:
    """Small and large, alike and not: what was sent comes back."""
    messages = [
        b"Subject: short\r\n\r\nhello\r\n",
        b"Subject: alike\r\n\r\n" + b"again and again\r\n" * 100_000,
        b"Subject: noise\r\n\r\n" + b"\r\n".join(
            NOISE[at : at + 76] for at in range(0, len(NOISE), 76)
        ) + b"\r\n",
    ]  # fmt: skip
    async with recorded(real, security) as (connection, relay):
        assert connection.is_compressed
        for message in messages:
            await connection.execute(Append("INBOX", message))
        assert (await connection.select("INBOX")).exists == 3
        many = [connection.execute(Noop()) for _ in range(20)]
        fetched, *_ = await asyncio.gather(
            connection.execute(UidFetch(MessageSet.parse("1:3"), WHOLE)), *many
        )
        assert fetched is not None
        assert [data.sections["BODY[]"] for data in fetched] == messages
        async with connection.idle():
            pass
        if security is Security.PLAIN:
            assert b"again and again" not in relay.sent[0]
        assert len(relay.sent[0]) < sum(map(len, messages)) / 2


@pytest.mark.parametrize("security", Security)
async def test_nothing_is_compressed_unasked(
    real: DovecotServer | CyrusServer, security: Security
) -> None:
    async with recorded(real, security, compress=False) as (connection, relay):
        await connection.noop()
        assert connection.supports("COMPRESS=DEFLATE")
        assert not connection.is_compressed
    if security is Security.PLAIN:
        assert "COMPRESS" not in relay.commands


async def test_a_command_of_ones_own_compresses_too(
    real: DovecotServer | CyrusServer,
) -> None:
    """And nothing that waits for it is lost; a second one is refused."""
    async with recorded(real, compress=False) as (connection, _):
        await asyncio.gather(
            *(connection.execute(Noop()) for _ in range(3)),
            connection.execute(Compress()),
            *(connection.execute(Capability()) for _ in range(3)),
        )
        assert connection.is_compressed
        try:
            with pytest.raises(IMAPOperationError):
                await connection.execute(Compress())
        except IMAPCapabilityError:
            pass  # it is not announced any more
        assert (await connection.select("INBOX")).exists == 0


async def test_a_cancelled_compress_leaves_the_session_good(
    real: DovecotServer | CyrusServer,
) -> None:
    """Whether it is sent or not, and whatever has come of it."""
    for steps in range(6):
        async with recorded(real, compress=False) as (connection, _):
            task = asyncio.ensure_future(connection.execute(Compress()))
            for _ in range(steps):
                await asyncio.sleep(0)
            assert task.cancel()
            await asyncio.wait([task])
            assert (await connection.select("INBOX")).exists == 0
            assert connection.is_compressed == (steps > 0)


async def test_logging_out_of_a_compressed_session_is_no_error(
    real: DovecotServer | CyrusServer,
) -> None:
    """Some end the compression in good order after their last word."""
    news: list[News] = []
    async with recorded(real) as (connection, _):
        connection.add_listener(news.append)
    assert isinstance(news[-1], IMAPConnectionLost)
    assert "the connection was closed" in str(news[-1])


async def test_a_session_killed_by_the_server_fails_its_waiters(
    zlib_dovecot: DovecotServer,
) -> None:
    async with recorded(zlib_dovecot) as (connection, _):
        lost = asyncio.Event()
        connection.add_listener(lambda _: lost.set())

        async def idle() -> None:
            async with connection.idle():
                zlib_dovecot.kick(connection.config.username)
                await lost.wait()

        with pytest.raises(IMAPConnectionLost, match="ended the session"):
            await idle()


@pytest.mark.parametrize("security", Security)
async def test_silence_is_noticed_through_all_layers(
    zlib_dovecot: DovecotServer, security: Security
) -> None:
    async with recorded(zlib_dovecot, security, read_timeout=0.3) as (
        connection,
        relay,
    ):
        await connection.noop()
        relay.freeze()
        error = await outcome(connection.execute(Append("INBOX", NOISE[:100_000])))
        assert isinstance(error, IMAPTimeoutError)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.usefixtures("cyrus")
async def test_cyrus_ends_the_compression_with_the_login(compress: bool) -> None:
    """RFC 8437 §3. It lets administrators only unauthenticate."""
    with CyrusServer(options={"admins": "admin"}) as server:
        told = ConnectionConfig(
            host=server.host,
            port=server.port,
            username="admin",
            password=Secret(server.password),
            auth="PLAIN",
            security=Security.PLAIN,
            compress=compress,
        )
        async with await IMAPConnection.open(told) as connection:
            assert connection.is_compressed == compress
            await connection.execute(Unauthenticate())
            assert not connection.is_compressed
            await connection.noop()
            await connection.execute(Login("joe", Secret(server.password)))
            await connection.execute(Compress())
            assert (await connection.select("INBOX")).exists == 0


# -- What is agreed, and what is not.


async def test_a_server_without_compress_is_not_asked() -> None:
    script = f"""
S: * OK [CAPABILITY IMAP4rev1] hi
C: T0 LOGIN joe {PASSWORD}
S: T0 OK [CAPABILITY IMAP4rev1] in
C: T1 NOOP
S: T1 OK"""
    async with scripted(script) as port:
        connection = await IMAPConnection.open(compressed(port))
        await connection.noop()
        assert not connection.is_compressed
        with pytest.raises(IMAPCapabilityError, match="COMPRESS=DEFLATE"):
            await connection.execute(Compress())
        connection.abort()


@pytest.mark.parametrize("answer", ["NO [COMPRESSIONACTIVE] by TLS", "BAD what"])
async def test_a_refusal_means_to_go_on_without(answer: str) -> None:
    """RFC 4978 §3: then the client must not compress."""
    script = f"{OPENING}C: T1 COMPRESS DEFLATE\nS: T1 {answer}\nC: T2 NOOP\nS: T2 OK"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(compressed(port))
        await connection.noop()
        assert not connection.is_compressed
        connection.abort()


async def test_tls_that_compresses_is_enough(certificates: Certificates) -> None:
    """RFC 4978 §3. No Python of today lets TLS compress, so the session pretends."""

    class Compressing(ssl.SSLObject):
        def compression(self) -> str:
            return "ZLIB"

    context = certificates.client_context()
    context.sslobject_class = Compressing
    script = f"{OPENING}C: T1 NOOP\nS: T1 OK"
    async with scripted(script, ssl_context=certificates.server_context()) as port:
        told = compressed(port, security=Security.TLS, ssl_context=context)
        connection = await IMAPConnection.open(told)
        await connection.noop()
        connection.abort()
        await connection.aclose()


async def test_starttls_is_refused_in_a_session() -> None:
    """It would wait for a handshake that nobody begins."""
    script = f"{OPENING}C: T1 UNAUTHENTICATE\nS: T1 OK\n"
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.execute(Unauthenticate())
        connection._protocol.capabilities = {"STARTTLS"}
        with pytest.raises(IMAPOperationError, match="security='starttls'"):
            await connection.execute(StartTls())
        connection.abort()


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
async def test_what_comes_with_the_answer_is_compressed_already(size: int) -> None:
    """However it is cut (RFC 4978 §3), and what comes before the answer is not."""

    async def serve(peer: Peer) -> None:
        await peer.play(f"{OPENING}C: T1 COMPRESS DEFLATE")
        deflated = Deflated(peer)
        octets = b'* 1 EXISTS\r\n* OK {3}\r\n* ID ("a" {3}\r\nb\r\n)\r\n'
        octets += peer.tags["T1"].encode() + b" OK now\r\n"
        octets += deflated.deflated(b"* 2 EXISTS\r\n")
        for at in range(0, len(octets), size):
            peer.send(octets[at : at + size])
            await asyncio.sleep(0)
        await deflated.play("C: T2 NOOP\nS: * 3 EXISTS\nS: T2 OK")

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        heard: list[News] = []
        connection.add_listener(heard.append)
        await connection.execute(Compress())
        await connection.noop()
        exists = [news.count for news in heard if isinstance(news, ExistsData)]
        assert exists == [1, 2, 3]
        connection.abort()


@pytest.mark.parametrize("finish", [True, False])
@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_unauthenticate_ends_the_compression(size: int, finish: bool) -> None:
    """RFC 8437 §3: after its CRLF and after the CRLF of its answer."""

    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        deflated = Deflated(peer)
        await deflated.play("C: T2 UNAUTHENTICATE")
        octets = deflated.deflated(b"* 1 EXISTS\r\n")
        octets += deflated.deflated(
            deflated.tags["T2"].encode() + b" OK out\r\n",
            zlib.Z_FINISH if finish else zlib.Z_SYNC_FLUSH,
        )
        octets += b"* OK plain again\r\n* 2 EXISTS\r\n"
        for at in range(0, len(octets), size):
            peer.send(octets[at : at + size])
            await asyncio.sleep(0)
        await peer.play(
            f"C: T3 CAPABILITY\nS: * CAPABILITY {IN}\nS: T3 OK\n"
            f"C: T4 LOGIN joe {PASSWORD}\nS: T4 OK [CAPABILITY {IN}] in\n"
            "C: T5 COMPRESS DEFLATE\nS: T5 OK now"
        )
        await Deflated(peer).play("C: T6 NOOP\nS: * 3 EXISTS\nS: T6 OK")

    async with scripted(serve) as port:
        connection = await opened(port)
        heard: list[News] = []
        connection.add_listener(heard.append)
        await connection.execute(Unauthenticate())
        assert connection.state is SessionState.NOT_AUTHENTICATED
        assert not connection.is_compressed
        await connection.execute(Capability())
        await connection.execute(Login("joe", Secret(PASSWORD)))
        await connection.execute(Compress())
        await connection.noop()
        exists = [news.count for news in heard if isinstance(news, ExistsData)]
        assert exists == [1, 2, 3]
        connection.abort()


async def test_a_refused_unauthenticate_keeps_the_compression() -> None:
    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        await Deflated(peer).play(
            "C: T2 UNAUTHENTICATE\nS: T2 BAD no\nC: T3 NOOP\nS: T3 OK"
        )

    async with scripted(serve) as port:
        connection = await opened(port)
        with pytest.raises(IMAPOperationError):
            await connection.execute(Unauthenticate())
        await connection.noop()
        assert connection.is_compressed
        connection.abort()


# -- What goes wrong.


def broken(octets: Callable[[Deflated], bytes]) -> Script:
    """Return a server that answers a NOOP with *octets*, as they are."""

    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        deflated = Deflated(peer)
        await deflated.play("C: T2 NOOP")
        peer.send(octets(deflated))
        await peer.gone()

    return serve


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (lambda deflated: b"* OK not compressed\r\n", "not compressed"),
        (lambda deflated: deflated.ended(), "ended the compression"),
        (
            lambda deflated: deflated.deflated(b"* 1 EXISTS\r\n") + deflated.ended(),
            "ended the compression",
        ),
        (lambda deflated: deflated.ended() + b"* 1 EXISTS\r\n", "ended the"),
        (lambda deflated: deflated.deflated(b"* OK\0") + b"\7" * 9, "not compressed"),
        (lambda deflated: zlib.compress(b"* 1 EXISTS\r\n"), "not compressed"),
    ],
)
async def test_a_stream_that_is_broken_or_ends_is_a_protocol_error(
    octets: Callable[[Deflated], bytes], told: str
) -> None:
    async with scripted(broken(octets)) as port:
        connection = await opened(port)
        error = await outcome(connection.noop())
        assert isinstance(error, IMAPProtocolError)
        assert told in str(error)
        assert "compress=False" in error.hint
        assert connection.is_closed


async def test_a_server_that_agrees_twice_is_a_protocol_error() -> None:
    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        await Deflated(peer).play("C: T2 COMPRESS DEFLATE\nS: T2 OK again")

    async with scripted(serve) as port:
        connection = await opened(port)
        assert isinstance(
            await outcome(connection.execute(Compress())), IMAPProtocolError
        )


@pytest.mark.parametrize(
    ("begin", "what"), [(b"* ", "a line"), (b"* X {67108863}\r\n", "a literal")]
)
async def test_a_bomb_meets_the_limits_before_it_takes_memory(
    begin: bytes, what: str
) -> None:
    """64 MiB in 64 KiB: no more of it is held than may be."""
    stream = zlib.compressobj(wbits=-15)
    bomb = stream.compress(begin + b"A" * 2**26) + stream.flush()

    async with scripted(broken(lambda _: bomb)) as port:
        connection = await opened(port, limits=Limits(line=2**20, literal=2**20))
        gc.collect()
        tracemalloc.start()
        try:
            error = await outcome(connection.noop())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert isinstance(error, IMAPProtocolError)
        assert what in str(error)
        assert len(bomb) < 2**17
        assert peak < 6 * 2**20


async def test_a_bomb_of_small_responses_lets_others_work() -> None:
    """Each keeps to the limits; together they must not hold the loop."""
    many = b"* 1 EXISTS\r\n" * 100_000

    def octets(peer: Deflated) -> bytes:
        return peer.deflated(many + peer.tags["T2"].encode() + b" OK\r\n")

    async with scripted(broken(octets)) as port:
        connection = await opened(port)
        heard = 0
        longest = 0

        def listen(news: News) -> None:
            nonlocal heard
            heard += isinstance(news, ExistsData)

        connection.add_listener(listen)
        transport = connection._protocol.socket_transport
        was_paused = False
        task = asyncio.ensure_future(connection.noop())
        while not task.done():
            before = heard
            await asyncio.sleep(0)
            longest = max(longest, heard - before)
            was_paused |= not transport.is_reading()
        await task
        assert was_paused  # else what comes meanwhile would pile up
        assert transport.is_reading()
        assert heard == 100_000
        assert longest <= 2 * TURN / len(b"* 1 EXISTS\r\n")
        connection.abort()


async def test_a_listener_that_fails_in_a_later_turn_hangs_nobody() -> None:
    """What it raises has nowhere to go then: the session ends all the same."""
    many = b"* 1 EXISTS\r\n" * 30_000
    left = 28_000

    def listen(_: News) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise RuntimeError("a bug")

    complaints: list[object] = []
    loop = asyncio.get_running_loop()
    async with scripted(broken(lambda peer: peer.deflated(many))) as port:
        connection = await opened(port)
        handler = loop.get_exception_handler()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        connection.add_listener(listen)
        error = await outcome(connection.noop())
        loop.set_exception_handler(handler)
    assert "a bug" in str(error)
    assert complaints


@pytest.mark.parametrize("is_compressed", [True, False])
async def test_what_is_paused_waits_and_is_not_lost(is_compressed: bool) -> None:
    """Also what has come already, and would be decompressed only now."""
    many = "\n".join(["S: * 1 EXISTS"] * 50_000)
    script = f"C: T2 NOOP\nS: * 2 EXISTS\n{many}\nS: T2 OK"

    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN if is_compressed else OPENING)
        await (Deflated(peer) if is_compressed else peer).play(script)

    async with scripted(serve) as port:
        told = replace(config(port), compress=is_compressed)
        connection = await IMAPConnection.open(told)
        channel = connection._protocol._channel
        begun = asyncio.Event()

        def pause(_: News) -> None:
            connection.remove_listener(pause)
            channel.pause()
            begun.set()

        connection.add_listener(pause)
        task = asyncio.ensure_future(connection.noop())
        await begun.wait()
        before = channel.received
        for _ in range(100):
            await asyncio.sleep(0)
        assert channel.received <= before + 2 * TURN
        assert not connection._protocol.socket_transport.is_reading()
        assert not task.done()
        channel.resume()
        await task
        connection.abort()


async def test_sending_much_lets_others_work() -> None:
    """Compressing is slow; and a command asked for meanwhile goes after it."""
    message = NOISE[:4_000_000]

    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        await Deflated(peer).play("C: T2 APPEND ...\nC: ...\nS: T2 OK\n")

    async with scripted(serve) as port:
        connection = await opened(port)
        task = asyncio.ensure_future(connection.execute(Append("INBOX", message)))
        turns = 0
        while connection._protocol._channel._unsent or not turns:
            await asyncio.sleep(0)
            turns += 1
        assert turns > len(message) / TURN
        await task
        connection.abort()


class CutPeer(Peer):
    """Ends the connection after so many octets sent."""

    left = 0

    def send(self, octets: bytes) -> None:
        """Send *octets*, or as many as there may be."""
        super().send(octets[: self.left])
        self.left -= len(octets)
        if self.left <= 0:
            self.writer.close()
            raise PeerGone


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_compressed_session_cut_at_every_octet(end: str) -> None:
    """Whoever waits is told at once; a part of a response is none."""
    cut = 0

    async def serve(plain: Peer) -> None:
        peer = CutPeer(plain.reader, plain.writer)
        peer.left = cut
        try:
            await peer.play(LOGGED_IN)
            deflated = Deflated(peer)
            deflated.send = lambda octets: peer.send(deflated.deflated(octets))  # type: ignore[method-assign]  # so that the cut counts what is on the wire
            await deflated.play(
                "C: T2 SELECT INBOX\nS: * 1 EXISTS\nS: T2 OK [READ-WRITE] done\n"
                "C: T3 UID FETCH 1 (BODY.PEEK[])\nS: * 1 FETCH (UID 1 BODY[] {5}\n"
                "S: a\nS: )) UID 1)\nS: T3 OK done"
            )
        except PeerGone:
            if end == "reset":
                plain.writer.transport.abort()
            raise

    failed: list[str] = []
    async with scripted(serve) as port:
        while not failed or failed[-1] != "nothing":
            failed.append(await _failure(port))
            cut += 1
            assert cut < 1000
    assert list(dict.fromkeys(failed)) == ["open", "select", "fetch", "nothing"]


async def _failure(port: int) -> str:
    """Run the session; return what failed."""
    try:
        connection = await IMAPConnection.open(compressed(port))
    except IMAPConnectError:
        return "open"
    doing = "select"
    try:
        async with asyncio.timeout(2.0):
            await connection.select("INBOX")
            doing = "fetch"
            fetched = await connection.execute(UidFetch(ONE, WHOLE))
        heard = tuple((data.uid, data.sections) for data in fetched)
        assert heard == ((1, {"BODY[]": b"a\r\n))"}),)
    except IMAPConnectionLost:
        return doing
    finally:
        connection.abort()
        await connection.aclose()
    return "nothing"


async def test_silence_after_compress_is_noticed() -> None:
    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        deflated = Deflated(peer)
        await deflated.play("C: T2 NOOP")
        peer.send(deflated.deflated(b"* 1 EXISTS\r\n")[:-7])

    async with scripted(serve) as port:
        connection = await opened(port, read_timeout=0.2)
        assert isinstance(await outcome(connection.noop()), IMAPTimeoutError)


# -- The stream itself.


@given(st.lists(st.binary(max_size=200) | st.just(b"a" * 300_000)), st.randoms())
def test_any_octets_cut_anywhere_come_back(pieces: list[bytes], rng: Random) -> None:
    deflater, inflater = Deflater(), Inflater()
    wire = b"".join(deflater.deflate(piece) + deflater.flush() for piece in pieces)
    out: list[bytes] = []
    while wire:
        size = rng.choice((1, 2, 7, 5000, len(wire)))
        inflater.feed(wire[:size])
        wire = wire[size:]
        while octets := inflater.inflate(by_octet=rng.random() < 0.3):
            assert len(octets) <= PIECE
            out.append(octets)
    assert b"".join(out) == b"".join(pieces)


def test_nothing_that_can_be_told_is_kept_back() -> None:
    """All octets may be taken, and more come out than `PIECE` has room for."""
    deflater = Deflater()
    wire = deflater.deflate(b"a" * (4 * PIECE)) + deflater.flush()
    for cut in range(len(wire)):
        inflater = Inflater()
        inflater.feed(wire[:cut])
        told = 0
        while octets := inflater.inflate():
            told += len(octets)
        assert told == len(zlib.decompressobj(wbits=-15).decompress(wire[:cut]))


@given(st.binary(max_size=5000))
def test_any_octets_are_a_value_or_a_protocol_error(data: bytes) -> None:
    inflater = Inflater()
    inflater.feed(data)
    with suppress(IMAPProtocolError):
        while inflater.inflate():
            pass
