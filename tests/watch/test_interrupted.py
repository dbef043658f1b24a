"""Watches whose connection is cut at any octet, or that are cancelled at any await."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from aiosage import Flag, NewMessage
from aiosage.testing import MemoryServer, cancel_at_every_await

from ..client.accounts import OtherClient, client_of, small
from ..conftest import Endpoint
from .mirror import Mirrors

NONE = frozenset[Flag]()
TOGETHER = 100
OCTETS = 300


class CuttingRelay:
    """Passes octets on until the first client has got *count* since IDLE began."""

    def __init__(self, port: int, count: int) -> None:
        self._upstream = port
        self._left = count
        self._is_idle = False
        self.was_cut = False

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_server, to_server = await asyncio.open_connection(
            "127.0.0.1", self._upstream
        )
        pumps = [
            asyncio.ensure_future(self._up(reader, to_server)),
            asyncio.ensure_future(self._down(from_server, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            writer.transport.abort()
            to_server.transport.abort()

    async def _up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                self._is_idle = self._is_idle or b" IDLE\r\n" in data
                writer.write(data)

    async def _down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self._is_idle and not self.was_cut:
                    if len(data) >= self._left:
                        self.was_cut = True
                        writer.write(data[: self._left])
                        await writer.drain()
                        return
                    self._left -= len(data)
                writer.write(data)


@pytest.mark.parametrize(
    ("disable", "step"), [((), 1), (("CONDSTORE",), 9)], ids=["condstore", "scan"]
)
async def test_a_connection_cut_at_any_octet_loses_and_doubles_nothing(
    disable: tuple[str, ...], step: int
) -> None:
    """From the moment IDLE is asked for, through news, DONE and a look elsewhere."""
    async with MemoryServer(disable=disable) as server:

        async def run(count: int) -> bool:
            account = server.add_account(f"user{count}", "secret")
            inbox, box = account.mailbox("INBOX"), account.create_mailbox("A")
            inbox.deliver(small(1))
            relay = CuttingRelay(server.port, count)
            endpoint = Endpoint(
                *("memory", server.host, await relay.__aenter__(), 0),
                *(f"user{count}", "secret"),
                ssl_context=None,  # type: ignore[arg-type]  # not used without TLS
                backend=server,
            )
            mirrors = Mirrors({"INBOX": {1: NONE}, "A": {}})
            try:
                async with (
                    client_of(endpoint, poll_interval=0.2) as client,
                    client.watch("INBOX", "A") as events,
                ):
                    inbox.deliver(small(2))
                    inbox.add_flags([1], Flag.SEEN)
                    box.deliver(small(1))
                    inbox.expunge([1])
                    until = {"INBOX": {2: NONE}, "A": {1: NONE}}
                    await mirrors.follow(events, until)
                    inbox.deliver(small(3))
                    until["INBOX"][3] = NONE
                    await mirrors.follow(events, until)
                    assert events.empty()
            finally:
                await relay.__aexit__()
            return relay.was_cut

        for start in range(1, OCTETS, TOGETHER * step):
            counts = range(start, start + TOGETHER * step, step)
            assert all(await asyncio.gather(*map(run, counts)))


async def test_a_watch_cancelled_at_any_await_gives_its_connection_back(
    server: Endpoint, other: OtherClient
) -> None:
    """And what comes next is heard."""
    other.create("A")
    number = 0
    async with client_of(server, max_connections=1, poll_interval=0.05) as client:

        async def operation() -> None:
            nonlocal number
            async with client.watch("INBOX", "A", queue_size=1) as events:
                number += 1
                other.deliver(small(number))
                while not isinstance(await events.get(), NewMessage):
                    pass

        async for _ in cancel_at_every_await(operation):
            assert client.stats().busy == 0
            async with asyncio.timeout(10):
                assert len(await client.mailbox().search()) == number
