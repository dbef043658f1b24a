"""Small real proxies: SOCKS 5, SOCKS 4A and HTTP CONNECT, with faults on demand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias

from aiosage.connection import Proxy, ProxyKind
from aiosage.model import Secret

_Say: TypeAlias = Callable[[bytes], Awaitable[None]]


class Cut(Exception):
    """The proxy ends the connection."""


@dataclass
class FakeProxy:
    """Connects every host it is asked for with `upstream`.

    Attributes:
        kind: what it speaks.
        upstream: host and port of the server behind it.
        username: who may use it; empty for everybody.
        password: with what.
        refusal: what it answers instead of connecting: a code of SOCKS, or the
            rest of HTTP's status line.
        cut: octets of its own answers after which it ends the connection.
        size: octets of its answers sent at once.
        greets_late: wait for the server's first octets, and send them together
            with the answer.
        hangs: say nothing.
        asked: the hosts and ports it was asked for.
        open: how many connections it holds.
    """

    kind: ProxyKind
    upstream: tuple[str, int]
    username: str = ""
    password: str = ""
    refusal: int | str | None = None
    cut: int | None = None
    size: int = 10_000
    greets_late: bool = False
    hangs: bool = False
    asked: list[tuple[str, int]] = field(default_factory=list)
    headers: list[bytes] = field(default_factory=list)
    open: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def configured(self, **changes: str) -> Proxy:
        """Return how to go through it."""
        return Proxy(
            kind=self.kind,
            host="127.0.0.1",
            port=self.port,
            username=changes.get("username", self.username),
            password=Secret(changes.get("password", self.password)),
        )

    async def wait_open(self, count: int) -> None:
        """Wait until it holds *count* connections."""
        async with asyncio.timeout(5.0):
            while self.open != count:
                self._changed.clear()
                await self._changed.wait()

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        self.open += 1
        self._changed.set()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        left = self.cut

        async def say(octets: bytes) -> None:
            nonlocal left
            if left is not None:
                octets, left = octets[:left], left - len(octets)
            for at in range(0, len(octets), self.size):
                writer.write(octets[at : at + self.size])
                await asyncio.sleep(0)
            if left is not None and left <= 0:
                raise Cut

        upstream: asyncio.StreamWriter | None = None
        try:
            with suppress(Cut, OSError, asyncio.IncompleteReadError):
                if self.hangs or self.cut == 0:
                    await (reader.read() if self.hangs else say(b""))
                    return
                handshake = {
                    ProxyKind.SOCKS5: self._socks5,
                    ProxyKind.SOCKS4A: self._socks4a,
                    ProxyKind.HTTP: self._http,
                }[self.kind]
                answer = await handshake(reader, say)
                if self.refusal is not None:
                    await say(answer)
                    return
                from_server, upstream = await asyncio.open_connection(*self.upstream)
                if self.greets_late:
                    answer += await from_server.read(65536)
                await say(answer)
                async with asyncio.TaskGroup() as tasks:
                    pumps = [
                        tasks.create_task(_pump(reader, upstream)),
                        tasks.create_task(_pump(from_server, writer)),
                    ]
                    await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                    for pump in pumps:
                        pump.cancel()
        finally:
            for end in (writer, upstream):
                if end is not None:
                    end.close()
            self.open -= 1
            self._changed.set()

    async def _socks5(self, reader: asyncio.StreamReader, say: _Say) -> bytes:
        version, count = await reader.readexactly(2)
        assert version == 5
        methods = await reader.readexactly(count)
        if self.username:
            await say(b"\5\2" if 2 in methods else b"\5\xff")
            _, size = await reader.readexactly(2)
            user = await reader.readexactly(size)
            (size,) = await reader.readexactly(1)
            password = await reader.readexactly(size)
            good = (user.decode(), password.decode()) == (self.username, self.password)
            await say(b"\1\0" if good else b"\1\1")
        else:
            await say(b"\5\0")
        head = await reader.readexactly(4)
        assert head[:3] == b"\5\1\0"
        if head[3] == 3:
            (size,) = await reader.readexactly(1)
            host = (await reader.readexactly(size)).decode()
        else:
            packed = await reader.readexactly({1: 4, 4: 16}[head[3]])
            host = packed.hex()
        self.asked.append((host, int.from_bytes(await reader.readexactly(2), "big")))
        code = 0 if self.refusal is None else int(self.refusal)
        where = b"\3\4here" if head[3] == 3 else b"\4" + bytes(16)
        return bytes([5, code, 0]) + where + b"\0\7"

    async def _socks4a(self, reader: asyncio.StreamReader, say: _Say) -> bytes:
        head = await reader.readexactly(8)
        assert head[:2] == b"\4\1"
        user = (await reader.readuntil(b"\0"))[:-1].decode()
        host = head[4:].hex()
        if head[4:7] == b"\0\0\0":
            host = (await reader.readuntil(b"\0"))[:-1].decode()
        self.asked.append((host, int.from_bytes(head[2:4], "big")))
        code = 90 if self.refusal is None else int(self.refusal)
        return bytes([0, code if user == self.username else 93]) + bytes(6)

    async def _http(self, reader: asyncio.StreamReader, say: _Say) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        self.headers.append(head)
        target = head.split(b" ")[1].decode()
        host, _, port = target.rpartition(":")
        self.asked.append((host, int(port)))
        words = base64.b64encode(f"{self.username}:{self.password}".encode())
        if self.username and b"Basic " + words + b"\r\n" not in head:
            await say(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            raise Cut
        status = "200 Connection established"
        if self.refusal is not None:
            status = str(self.refusal)
        return f"HTTP/1.1 {status}\r\nVia: a proxy\r\n\r\n".encode()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
