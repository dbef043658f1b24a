"""A proxy that does to connections what networks do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from random import Random

import pytest

from aiosage import (
    ConnectionConfig,
    IMAPClient,
    IMAPConnectionLost,
    Secret,
)
from aiosage.testing import (
    Certificates,
    Corrupt,
    Cut,
    CutHow,
    Delay,
    Direction,
    Fault,
    FaultProxy,
    Rate,
    Refuse,
    Segments,
    Stall,
    Struck,
    cancel_at_every_await,
)

from ..conftest import Endpoint

Address = tuple[str, int]


@pytest.fixture
async def echo() -> AsyncIterator[Address]:
    """A server that says what it hears."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while octets := await reader.read(65536):
                writer.write(octets)
                await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()
    server.close()


async def exchange(proxy: FaultProxy, octets: bytes) -> bytes:
    """Say *octets* and return what comes back before the connection ends."""
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    try:
        async with asyncio.timeout(10):
            writer.write(octets)
            heard = bytearray()
            while len(heard) < len(octets):
                piece = await reader.read(65536)
                if not piece:
                    break
                heard += piece
            return bytes(heard)
    finally:
        writer.transport.abort()


async def test_without_faults_all_passes(echo: Address) -> None:
    """Also much, and more than once at a time."""
    octets = Random(0).randbytes(3_000_000)
    async with FaultProxy(*echo) as proxy:
        heard = await asyncio.gather(*(exchange(proxy, octets) for _ in range(3)))

        assert heard == [octets] * 3
        assert [bytes(sent) for sent in proxy.sent] == [octets] * 3
        assert proxy.most == 3
        async with asyncio.timeout(10):
            await proxy.wait_connections(0)
        assert proxy.struck == []


async def test_a_cut_by_fin_is_the_end_of_what_is_read(echo: Address) -> None:
    """After the octets that passed."""
    async with FaultProxy(*echo, Cut(after=5, how=CutHow.FIN)) as proxy:
        assert await exchange(proxy, b"0123456789") == b"01234"
        assert proxy.struck == [Struck(0, Cut(after=5, how=CutHow.FIN), 5)]


async def test_a_cut_by_rst_is_an_error(echo: Address) -> None:
    """The client's own stack says so."""
    async with FaultProxy(*echo, Cut(pattern=b"56")) as proxy:
        with pytest.raises(ConnectionResetError):
            await exchange(proxy, b"0123456789")


async def test_silence_says_nothing(echo: Address) -> None:
    """The connection is there, and nothing comes any more."""
    async with FaultProxy(*echo, Cut(after=5, how=CutHow.SILENCE)) as proxy:
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
        writer.write(b"0123456789")
        assert await reader.readexactly(5) == b"01234"
        writer.write(b"0123456789")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.read(1)
        assert proxy.connections == 1
        writer.close()
        async with asyncio.timeout(10):
            await proxy.wait_connections(0)


async def test_what_goes_to_the_server_is_cut_as_well(echo: Address) -> None:
    """By its own count."""
    fault = Cut(after=3, how=CutHow.FIN, direction=Direction.TO_SERVER)
    async with FaultProxy(*echo, fault, Delay(seconds=0.001)) as proxy:
        assert len(await exchange(proxy, b"0123456789")) <= 3
        assert bytes(proxy.sent[0]) == b"0123456789"


async def test_octets_come_late_and_in_pieces_but_right(echo: Address) -> None:
    """Slow is not wrong."""
    octets = Random(1).randbytes(2000)
    faults = (
        Segments(largest=7),
        Segments(largest=9, direction=Direction.TO_SERVER),
        Delay(jitter=0.0001),
        Rate(octets_per_second=1_000_000),
        Stall(after=1000, seconds=0.001),
    )
    async with FaultProxy(*echo, *faults) as proxy:
        assert await exchange(proxy, octets) == octets
        assert [struck.at for struck in proxy.struck] == [1000]


async def test_a_connection_is_reset_at_once(echo: Address) -> None:
    """When it is refused, and the server never hears of it."""
    async with FaultProxy(*echo, Refuse()) as proxy:
        with pytest.raises(ConnectionResetError):
            await exchange(proxy, b"0123456789")


async def test_nobody_listens_until_told_to(echo: Address) -> None:
    """And then on the same port."""
    async with FaultProxy(*echo) as proxy:
        await proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await exchange(proxy, b"hello")
        await proxy.accept()
        assert await exchange(proxy, b"hello") == b"hello"


async def test_a_fault_may_be_for_one_connection(echo: Address) -> None:
    """The one that comes next."""
    async with FaultProxy(*echo) as proxy:
        proxy.next(Cut(after=1, how=CutHow.FIN))
        proxy.next(Corrupt(after=1, mask=1))

        heard = [await exchange(proxy, b"0123") for _ in range(3)]

        assert heard == [b"0", b"0023", b"0123"]


async def test_a_plan_is_the_same_for_the_same_seed(echo: Address) -> None:
    """Chance, but repeated at will."""

    def plan(_number: int, random: Random) -> Sequence[Fault]:
        return [Cut(after=random.randrange(100), how=CutHow.FIN)]

    async def lengths(seed: int) -> list[int]:
        async with FaultProxy(*echo, seed=seed) as proxy:
            proxy.plan = plan
            return [len(await exchange(proxy, bytes(100))) for _ in range(10)]

    assert await lengths(1) == await lengths(1) != await lengths(2)


async def test_frozen_octets_are_not_lost(echo: Address) -> None:
    """They pass when it thaws."""
    async with FaultProxy(*echo) as proxy:
        proxy.freeze()
        talk = asyncio.ensure_future(exchange(proxy, b"hello"))
        done, _ = await asyncio.wait([talk], timeout=0.05)
        assert not done
        proxy.thaw()
        assert await talk == b"hello"


async def test_a_dead_server_is_a_reset(echo: Address) -> None:
    """Nobody waits for it."""
    async with FaultProxy("127.0.0.1", 1) as proxy:
        with pytest.raises(ConnectionResetError):
            await exchange(proxy, b"hello")


async def test_leaving_ends_what_is_open(echo: Address) -> None:
    """No task is left, whatever it waits for."""
    async with FaultProxy(*echo, Stall(after=1, seconds=1000)) as proxy:
        ends = [await asyncio.open_connection(proxy.host, proxy.port) for _ in "abc"]
        for _, writer in ends:
            writer.write(b"hello")
        for reader, _ in ends:
            await reader.readexactly(1)
    for reader, writer in ends:
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.transport.abort()
    assert proxy.connections == 0


async def test_patterns_are_seen_within_tls(
    server: Endpoint, certificates: Certificates
) -> None:
    """Where the proxy ends TLS itself."""
    proxy = FaultProxy(
        server.host,
        server.tls_port,
        server_context=certificates.server_context(),
        client_context=certificates.client_context(),
    )
    async with proxy:
        config = ConnectionConfig(
            host=server.host,
            port=proxy.port,
            username=server.username,
            password=Secret(server.password),
            ssl_context=certificates.client_context(),
        )
        async with IMAPClient(config) as client:
            assert not await client.mailbox("INBOX").search()
            await client.aclose()
        proxy.next(Cut(pattern=b"SEARCH", direction=Direction.TO_SERVER))
        async with IMAPClient(config) as client:
            with suppress(IMAPConnectionLost):
                await client.mailbox("INBOX").search()
        assert [struck.connection for struck in proxy.struck] == [1]
        assert b"LOGIN" in proxy.sent[0] or b"AUTHENTICATE" in proxy.sent[0]


async def test_beginning_to_accept_can_be_cancelled_at_any_await(
    server: Endpoint,
) -> None:
    """Nobody is left listening on the port, so it can be tried again."""
    async with FaultProxy(server.host, server.port) as proxy:
        port = proxy.port

        async def accept() -> None:
            await proxy.refuse()
            await proxy.accept()

        async for _ in cancel_at_every_await(accept):
            await proxy.accept()
            assert proxy.port == port
            _, writer = await asyncio.open_connection(proxy.host, port)
            writer.close()
