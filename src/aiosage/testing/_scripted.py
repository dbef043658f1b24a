"""A server that says what a test scripts, for what no real server does."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, TypeAlias

from ._transcript import SERVER_TAG, TAG, Transcript, TranscriptLine

_HOST: Final = "127.0.0.1"
_END_GRACE: Final = 1.0  # seconds for what a client has said to arrive


class TranscriptMismatch(AssertionError):
    """The client did not do what the transcript says; tells what, and where."""


class PeerGone(Exception):
    """The client has closed the connection."""


class Peer:
    """The server's side of one connection.

    Attributes:
        reader: what the client sends.
        writer: what it is sent.
        tags: the client's tags by their names in transcripts, such as ``T1``.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.tags: dict[str, str] = {}
        self._awaited: TranscriptLine | None = None

    async def play(self, transcript: str | Transcript) -> None:
        """Play *transcript* to its end.

        Raises:
            TranscriptMismatch: the client said something else.
            PeerGone: it said no more.
            ValueError: *transcript* is none.
        """
        if isinstance(transcript, str):
            transcript = Transcript.parse(transcript)
        for line in transcript.lines:
            if line.kind == "S! ":
                await self._end(line.text)
            elif line.kind[0] == "S":
                self.send(self._said(line) + b"\r\n")
            else:
                self._awaited = line
                await self._expect(line)
                self._awaited = None

    @property
    def awaited(self) -> str:
        """What the client is to say next, for people."""
        line = self._awaited
        return f"line {line.number}, {str(line)!r}" if line else "the end of a script"

    def send(self, octets: bytes) -> None:
        """Send *octets* as they are."""
        self.writer.write(octets)

    async def line(self) -> str:
        """Return the next line from the client, without CRLF.

        Octets that are not UTF-8 are surrogate escapes.

        Raises:
            PeerGone: there is none.
        """
        line = bytearray()
        while not line.endswith(b"\r\n"):
            try:
                line += await self.reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as full:  # it holds so much, and no more
                line += await self.reader.readexactly(full.consumed)
            except asyncio.IncompleteReadError:
                raise PeerGone from None
        return line[:-2].decode("utf-8", "surrogateescape")

    async def gone(self) -> None:
        """Wait until the client closes, throwing away what it still says."""
        while await self.reader.read(65536):
            pass

    async def _end(self, how: str) -> None:
        if how == "reset":
            self.writer.transport.abort()
        else:
            self.writer.close()

    def _said(self, line: TranscriptLine) -> bytes:
        if line.kind == "S% ":
            return line.octets

        def tag(match: re.Match[str]) -> str:
            if match[0] not in self.tags:
                raise TranscriptMismatch(
                    f"line {line.number}: the client has sent no {match[0]} yet"
                )
            return self.tags[match[0]]

        return SERVER_TAG.sub(tag, line.text).encode("utf-8")

    async def _expect(self, line: TranscriptLine) -> None:
        said = await self.line()
        if line.kind == "C% ":
            is_same = said.encode("utf-8", "surrogateescape") == line.octets
        else:
            text, rest = line.text, said
            if name := TAG.match(text):
                tag, _, rest = said.partition(" ")
                self.tags[name[0]] = tag
                text = text[name.end() + 1 :]
            is_same = _pattern(text).fullmatch(rest) is not None
        if not is_same:
            raise TranscriptMismatch(
                f"line {line.number}: the client said {said!r}, not {str(line)!r}"
            )


def _pattern(text: str) -> re.Pattern[str]:
    """Return what matches a line of the client as a transcript writes it."""
    text, anything = (text[:-3], ".*") if text.endswith("...") else (text, "")
    words = ".*".join(map(re.escape, text.split("***")))
    return re.compile(words + anything, re.DOTALL)


Script: TypeAlias = str | Transcript | Callable[[Peer], Awaitable[None]]
"""What a `ScriptedServer` does: a transcript, or a function of one's own."""


class ScriptedServer:
    """Plays *scripts*, one after the other, to every client that connects.

    It is an async context manager. After the last script a connection stays open
    until the client closes it. What the client should have said and did not fails
    the block.

    Args:
        scripts: what to do.
        ssl_context: for TLS from the first octet.
        complete: that no client came, or one left early, fails the block, too.
    """

    def __init__(
        self,
        *scripts: Script,
        ssl_context: ssl.SSLContext | None = None,
        complete: bool = True,
    ) -> None:
        self._scripts = scripts
        self._ssl_context = ssl_context
        self._complete = complete
        self._failures: list[Exception] = []
        self._unfinished: list[Exception] = []  # may be but what came of a failure
        self._sessions: dict[asyncio.Task[None], asyncio.Future[None]] = {}
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def host(self) -> str:
        """The address it listens on."""
        return _HOST

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    async def __aenter__(self) -> ScriptedServer:
        self._server = await asyncio.start_server(
            self._accept, _HOST, 0, ssl=self._ssl_context
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        try:
            if self._complete and exc is None and self._sessions:
                await asyncio.wait(self._sessions.values(), timeout=_END_GRACE)
        finally:
            for session in self._sessions:
                session.cancel()
            await asyncio.gather(*self._sessions, return_exceptions=True)
        if self._failures and (exc is None or isinstance(exc, Exception)):
            raise self._failures[0]  # why whatever failed in the block did
        if self._complete and exc is None:
            if not self._sessions:
                raise TranscriptMismatch("no client came")
            if self._unfinished:
                raise self._unfinished[0]

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        played: asyncio.Future[None] = loop.create_future()
        session = loop.create_task(self._serve(Peer(reader, writer), played))
        self._sessions[session] = played

    async def _serve(self, peer: Peer, played: asyncio.Future[None]) -> None:
        try:
            await self._play(peer)
            played.set_result(None)
            await peer.gone()
        except ConnectionError:
            pass
        finally:
            if not played.done():
                played.set_result(None)
            peer.writer.transport.abort()
            with suppress(ConnectionError, ssl.SSLError, TimeoutError):
                # Cut off in the middle of STARTTLS, asyncio does not tell the end.
                async with asyncio.timeout(_END_GRACE):
                    await peer.writer.wait_closed()

    async def _play(self, peer: Peer) -> None:
        try:
            for script in self._scripts:
                await (script(peer) if callable(script) else peer.play(script))
        except (PeerGone, ConnectionError, asyncio.IncompleteReadError):
            self._unfinished.append(
                TranscriptMismatch(f"the client left before {peer.awaited}")
            )
            raise ConnectionAbortedError from None
        except asyncio.CancelledError:
            self._unfinished.append(
                TranscriptMismatch(f"the client has not said {peer.awaited}")
            )
            raise
        except Exception as error:
            self._failures.append(error)
            raise ConnectionAbortedError from None  # the client need not wait
