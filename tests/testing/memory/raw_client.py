"""A client that knows nothing of IMAP but lines, literals and tags."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")


class RawClient:
    """One connection, driven octet by octet."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self._count = 0

    def send(self, octets: bytes) -> None:
        """Send *octets* as they are."""
        self.writer.write(octets)

    async def response(self) -> bytes:
        """Return the next response, with its literals and line end."""
        pieces = [await self._line()]
        while found := _LITERAL.search(pieces[-1]):
            pieces.append(await self.reader.readexactly(int(found[1])))
            pieces.append(await self._line())
        return b"".join(pieces)

    async def _line(self) -> bytes:
        return await self.reader.readuntil(b"\r\n")

    async def until(self, *starts: bytes) -> list[bytes]:
        """Return the responses up to the first that begins with one of *starts*."""
        responses = [await self.response()]
        while not responses[-1].startswith(starts):
            responses.append(await self.response())
        return responses

    async def command(self, text: str | bytes, *literals: bytes) -> list[bytes]:
        """Send a command; return the responses, the tagged one last.

        *literals* are synchronizing: each is sent when the server asks for it,
        and not at all if it refuses.
        """
        self._count += 1
        tag = b"a%d" % self._count
        line = text.encode() if isinstance(text, str) else text
        responses: list[bytes] = []
        for literal in literals:
            self.send((tag + b" " if not responses else b"") + line)
            self.send(b" {%d}\r\n" % len(literal))
            responses += await self.until(b"+", tag + b" ")
            if not responses[-1].startswith(b"+"):
                return responses
            line = literal
        self.send((tag + b" " if not responses else b"") + line + b"\r\n")
        responses += await self.until(tag + b" ")
        return responses

    async def ok(self, text: str | bytes, *literals: bytes) -> list[bytes]:
        """Run a command that succeeds; return what came before the tagged OK."""
        *responses, tagged = await self.command(text, *literals)
        assert b" OK" in tagged[:12], tagged
        return [r for r in responses if not r.startswith(b"+")]

    async def append(self, raw: bytes, mailbox: str = "INBOX", flags: str = "") -> None:
        """Append *raw* to *mailbox*."""
        await self.ok(f"APPEND {mailbox} ({flags})", raw)


@asynccontextmanager
async def connected(
    host: str, port: int, *, context: ssl.SSLContext | None = None
) -> AsyncIterator[RawClient]:
    """A connection, its greeting not yet read."""
    name = "localhost" if context else None
    reader, writer = await asyncio.open_connection(
        host, port, ssl=context, server_hostname=name, limit=2**24
    )
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def logged_in(
    host: str, port: int, username: str = "alice", password: str = "secret"
) -> AsyncIterator[RawClient]:
    """A connection that is logged in."""
    async with connected(host, port) as client:
        assert (await client.response()).startswith(b"* OK")
        await client.ok(f"LOGIN {username} {password}")
        yield client
