"""A proxy in front of a server, which does to connections what networks do."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Any, Final, Self

from ._faults import (
    CutHow,
    Direction,
    End,
    Fault,
    FaultScript,
    Pass,
    Refuse,
    Strike,
    Struck,
    Wait,
)

_HOST: Final = "127.0.0.1"
_PIECE: Final = 65536  # octets read at once
_END_GRACE: Final = 1.0  # seconds for a TLS connection to say goodbye
_RESET: Final = struct.pack("ii", 1, 0)  # linger on, for no time: RST, not FIN


class FaultProxy:
    """Passes octets between clients and the server at *host* and *port*, not unharmed.

    It is an async context manager; clients connect to `host` and `port`::

        async with FaultProxy(server.host, server.port) as proxy:
            proxy.next(Cut(pattern=b"FETCH (", after=100))
            ...  # the next connection is reset within the first message
            proxy.cut()  # and now every connection is

    TLS passes through as it is, and patterns see what is encrypted. With the two
    contexts the proxy ends TLS itself and begins its own, and sees what is said.

    Args:
        host: where the server is.
        port: its port.
        faults: what befalls every connection.
        seed: of all chance. The same seed and octets bring the same faults.
        server_context: TLS with which clients are served.
        client_context: TLS with which the server is connected to.

    Attributes:
        faults: what befalls every connection from now on.
        plan: called with the number of a new connection, from 0, and a source of
            chance; returns what befalls it beside `faults`.
        struck: what has struck, in order.
        sent: what each client has sent, before any fault, in the order of connecting.
        before_sending: called with what a client sent, before it is passed on.
        most: the most connections there were at once.
    """

    faults: Sequence[Fault]
    plan: Callable[[int, Random], Sequence[Fault]] | None
    struck: list[Struck]
    sent: list[bytearray]
    before_sending: Callable[[bytes], None] | None
    most: int

    def __init__(
        self,
        host: str,
        port: int,
        *faults: Fault,
        seed: int = 0,
        server_context: ssl.SSLContext | None = None,
        client_context: ssl.SSLContext | None = None,
    ) -> None:
        self._upstream = (host, port)
        self._server_context = server_context
        self._client_context = client_context
        self._seed = seed
        self._next: list[Sequence[Fault]] = []
        self._links: dict[asyncio.Task[None], _Link] = {}
        self._server: asyncio.Server | None = None
        self._port = 0
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._changed = asyncio.Event()
        self.faults = faults
        self.plan = None
        self.struck = []
        self.sent = []
        self.before_sending = None
        self.most = 0

    @property
    def host(self) -> str:
        """Where clients connect to."""
        return _HOST

    @property
    def port(self) -> int:
        """Where clients connect to; the same for as long as the proxy is."""
        return self._port

    @property
    def connections(self) -> int:
        """How many connections there are."""
        return len(self._links)

    def next(self, *faults: Fault) -> None:
        """Let *faults* befall the next connection that has none of its own yet."""
        self._next.append(faults)

    def cut(self, how: CutHow = CutHow.RST) -> None:
        """Cut every connection there is."""
        for link in self._links.values():
            link.cut(how)

    def freeze(self) -> None:
        """Pass nothing on, until `thaw`."""
        self._thawed.clear()

    def thaw(self) -> None:
        """Pass everything on again, what came meanwhile first."""
        self._thawed.set()

    async def refuse(self) -> None:
        """Let nobody connect, as if nobody listened there, until `accept`."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def accept(self) -> None:
        """Let clients connect, on the same port as ever."""
        if self._server is None:
            server = await asyncio.start_server(
                self._serve,
                _HOST,
                self._port,
                ssl=self._server_context,
                start_serving=False,
            )
            try:
                await server.start_serving()
            except BaseException:  # cancelled, with nobody else to close it
                server.close()
                raise
            self._server = server
            self._port = server.sockets[0].getsockname()[1]

    async def wait_connections(self, count: int) -> None:
        """Wait until there are *count* connections."""
        while len(self._links) != count:
            self._changed.clear()
            await self._changed.wait()

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.refuse()
        tasks = list(self._links)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        number = len(self.sent)
        self.sent.append(bytearray())
        faults = self._faults_of(number)
        link = _Link(
            reader,
            writer,
            # A seed for each direction: one must not depend on the other's pace.
            [
                FaultScript(faults, to, Random(f"{self._seed} {to} {number}"))
                for to in (Direction.TO_SERVER, Direction.TO_CLIENT)
            ],
            thawed=self._thawed,
            taken=partial(self._take, number),
            note=lambda fault, at: self.struck.append(Struck(number, fault, at)),
        )
        self._links[task] = link
        self.most = max(self.most, len(self._links))
        self._changed.set()
        try:
            # Cancelled: the proxy ends, and does so in its own time.
            with suppress(OSError, asyncio.CancelledError):
                if Refuse() in faults:
                    self.struck.append(Struck(number, Refuse(), 0))
                    await link.close(CutHow.RST)
                else:
                    await link.run(self._upstream, self._client_context)
        finally:
            del self._links[task]
            self._changed.set()

    def _faults_of(self, number: int) -> list[Fault]:
        faults = [*self.faults]
        if self.plan is not None:
            faults += self.plan(number, Random(f"{self._seed} plan {number}"))
        if self._next:
            faults += self._next.pop(0)
        return faults

    def _take(self, number: int, octets: bytes) -> None:
        self.sent[number] += octets
        if self.before_sending is not None:
            self.before_sending(octets)


class _Link:
    """One connection through a proxy.

    Args:
        reader: what the client says.
        writer: what it is told.
        scripts: what befalls what it says, and what it is told.
        thawed: whether anything passes at all.
        taken: called with what the client said.
        note: called with each fault that strikes, and where.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        scripts: Sequence[FaultScript],
        *,
        thawed: asyncio.Event,
        taken: Callable[[bytes], None],
        note: Callable[[Fault, int], None],
    ) -> None:
        self._reader = reader
        self._writers = [writer]
        self._scripts = scripts
        self._thawed = thawed
        self._taken = taken
        self._note = note
        self._ended: asyncio.Future[CutHow] = asyncio.get_running_loop().create_future()

    def cut(self, how: CutHow) -> None:
        """End it, unless that is done."""
        if not self._ended.done():
            self._ended.set_result(how)

    async def run(
        self, upstream: tuple[str, int], context: ssl.SSLContext | None
    ) -> None:
        """Pass octets both ways until either end, or a fault, ends it."""
        how = CutHow.RST
        try:
            reader, writer = await asyncio.open_connection(*upstream, ssl=context)
            self._writers.append(writer)
            said, told = self._scripts
            pumps = [
                asyncio.ensure_future(
                    self._pump(self._reader, writer, said, self._taken)
                ),
                asyncio.ensure_future(self._pump(reader, self._writers[0], told)),
            ]
            try:
                ends: list[asyncio.Future[Any]] = [*pumps, self._ended]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                results = await asyncio.gather(*pumps, return_exceptions=True)
            if self._ended.done():
                how = self._ended.result()
            elif not any(isinstance(result, Exception) for result in results):
                how = CutHow.FIN
            if how is CutHow.SILENCE:
                how = CutHow.RST  # when the client has had enough of it
                while await self._reader.read(_PIECE):
                    pass
        finally:
            await self.close(how)

    async def close(self, how: CutHow) -> None:
        """Close both ends."""
        for writer in self._writers:
            if how is CutHow.RST:
                sock = writer.get_extra_info("socket")
                with suppress(OSError):  # it is closed already
                    sock.setsockopt(SOL_SOCKET, SO_LINGER, _RESET)
                writer.transport.abort()
            else:
                writer.close()
        for writer in self._writers:
            try:
                with suppress(OSError, ssl.SSLError):
                    async with asyncio.timeout(_END_GRACE):
                        await writer.wait_closed()
            finally:
                writer.transport.abort()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        script: FaultScript,
        taken: Callable[[bytes], None] | None = None,
    ) -> None:
        octets = b""
        while await self._perform(script, octets, writer):
            octets = await reader.read(_PIECE)
            if not octets:
                return
            await self._thawed.wait()
            if taken is not None:
                taken(octets)

    async def _perform(
        self, script: FaultScript, octets: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        """Do to *octets* what *script* says; False when the connection is over."""
        for step in script.feed(octets):
            match step:
                case Pass(octets=piece):
                    writer.write(piece)
                    await writer.drain()
                case Wait(seconds=seconds):
                    await asyncio.sleep(seconds)
                case Strike(fault=fault, at=at):
                    self._note(fault, at)
                case End(how=how):
                    self.cut(how)
                    return False
        return True
