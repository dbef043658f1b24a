"""`IMAP4` and `IMAP4_SSL`: aioimaplib's clients on aiosage's engine.

A program written for aioimaplib changes its import and goes on: the same calls
give the same ``Response(result, lines)``. What differs is what failed: answers
of any size are cut up in linear time, a body is never taken for protocol, a
lost connection ends every command at once, and a cancelled one leaves the
session usable. Commands take turns, in the order they were given.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import async_timeout
from aioimaplib import aioimaplib

from ..errors import IMAPConnectionError
from ..model import Secret
from ._legacy_calls import TimedCalls
from ._legacy_protocol import LegacyProtocol
from .sasl import Credentials

ConnectionLostCallback: TypeAlias = Callable[[Exception | None], None]
ProtocolFactory: TypeAlias = Callable[
    [asyncio.AbstractEventLoop, ConnectionLostCallback | None], LegacyProtocol
]

_TIMEOUT: Final = aioimaplib.IMAP4.TIMEOUT_SECONDS
_TWENTY_NINE_MINUTES: Final = 29 * 60.0


class IMAP4(TimedCalls):
    """``aioimaplib.IMAP4`` without its hangs, losses and quadratic time.

    Args:
        host: name or address; with *sock*, what a certificate must be for.
        port: TCP port.
        loop: the running loop, which None means too.
        timeout: seconds most calls may take; seconds without progress for
            ``fetch``, ``append`` and ``uid``'s FETCH.
        conn_lost_cb: called once when the connection ends: with the cause, or
            None after ``logout`` or when the server closed it without a word.
        ssl_context: for TLS from the start.
        sock: a connected socket, as through a proxy, in place of a new one.
        protocol_factory: makes the protocol, such as with limits of its own.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = aioimaplib.IMAP4_PORT,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout: float = _TIMEOUT,
        conn_lost_cb: ConnectionLostCallback | None = None,
        ssl_context: ssl.SSLContext | None = None,
        *,
        sock: socket.socket | None = None,
        protocol_factory: ProtocolFactory = LegacyProtocol,
    ) -> None:
        self._sock = sock  # before the base calls `create_client`
        self._protocol_factory = protocol_factory
        self._tasks: set[asyncio.Future[Any]] = set()
        absent: Any = None  # the base takes None and does not say so
        super().__init__(
            host,
            port,
            loop or absent,
            timeout,
            conn_lost_cb or absent,
            ssl_context or absent,
        )

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop,  # or None, which the base does not say
        conn_lost_cb: Any = None,  # None or a callable
        ssl_context: Any = None,  # None or a context
    ) -> None:
        """Begin to connect; `wait_hello_from_server` waits for it."""
        running = loop or asyncio.get_running_loop()
        protocol = self._protocol_factory(running, conn_lost_cb)
        self.protocol = protocol
        if self._sock is None:
            connecting = running.create_connection(
                lambda: protocol, host, port, ssl=ssl_context
            )
        else:
            connecting = running.create_connection(
                lambda: protocol,
                sock=self._sock,
                ssl=ssl_context,
                server_hostname=host if ssl_context else None,
            )
        self._client_task: asyncio.Task[Any] = running.create_task(connecting)

    async def wait_hello_from_server(self) -> None:
        """Wait until the server has greeted; if it does not, nothing stays open.

        Raises:
            OSError: there is no connection.
            TimeoutError: there was none, or no greeting, in time.
            aioimaplib.Abort: the server refused, or is none.
            TypeError: an overriding `create_client` has made a protocol of
                aioimaplib.
        """
        if not isinstance(self.protocol, LegacyProtocol):
            self._client_task.cancel()
            raise TypeError("create_client must make the protocol by protocol_factory")
        try:
            await self._within_timeout(self._wait_connection_and_hello())
        except BaseException:
            await self.aclose()
            raise

    async def _wait_connection_and_hello(self) -> None:
        await self._client_task
        await self.protocol.hello()

    async def starttls(self, ssl_context: ssl.SSLContext | None = None) -> None:
        """Go on over TLS, before `login`; by default certificates are verified.

        Raises:
            aioimaplib.Abort: it cannot be; do not go on in the clear.
            TimeoutError: it took too long, and the session is ended.
        """
        context = ssl_context or ssl.create_default_context()
        await self._within_timeout(self.protocol.starttls(context, self.host))

    async def authenticate(
        self, mechanism: str, user: str, secret: str, *, authzid: str | None = None
    ) -> Any:
        """Log in by a SASL mechanism, such as PLAIN, SCRAM-SHA-256 or OAUTHBEARER.

        Args:
            mechanism: one that the server offers, as ``has_capability("AUTH=...")``
                tells.
            user: who logs in.
            secret: the password, or the OAuth 2.0 access token.
            authzid: as whom to act, if not as *user*.

        Raises:
            ValueError: user or secret cannot be sent by it.
            aiosage.errors.IMAPConfigurationError: it needs an extra, as SCRAM does.
            aioimaplib.Abort: the server does not offer it here, or has not proved
                what it must.
            TimeoutError: it took too long.
        """
        hidden = Secret(secret)
        credentials = Credentials(user, hidden, authzid, hidden, self.host, self.port)
        return await self._within_timeout(
            self.protocol.authenticate(mechanism, credentials)
        )

    async def logout(self) -> Any:
        """End the session and close the socket."""
        try:
            return await self._within_timeout(self.protocol.logout())
        finally:
            self.protocol.hang_up()

    async def uid(self, command: str, *criteria: str) -> Any:
        """Send one of the UID commands; also SEARCH, with the criteria as given."""
        if command.upper() == "FETCH":
            return await super().uid(command, *criteria)
        return await self._within_timeout(self.protocol.uid(command, *criteria))

    async def idle_start(
        self,
        timeout: float = _TWENTY_NINE_MINUTES,  # noqa: ASYNC109 - as aioimaplib has it
    ) -> asyncio.Future[Any]:
        """Enter IDLE; return what ends when IDLE ends.

        Args:
            timeout: seconds until `wait_server_push` is told to stop.

        Raises:
            aioimaplib.Abort: the server refused, or the session ended.
            TimeoutError: the server said nothing to it in time.
        """
        if self._idle_waiter is not None:
            self._idle_waiter.cancel()
        begun = asyncio.Event()
        idle: asyncio.Future[Any] = asyncio.ensure_future(self.protocol.idle(begun))
        ready = asyncio.ensure_future(begun.wait())
        self._tasks.update((idle, ready))
        idle.add_done_callback(self._forget)
        ready.add_done_callback(self._forget)
        try:
            await asyncio.wait(
                {idle, ready},
                timeout=self.timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
        except asyncio.CancelledError:
            idle.cancel()
            raise
        finally:
            is_answered = ready.done() or idle.done()
            ready.cancel()
        if not is_answered:
            idle.cancel()
            raise TimeoutError("the server has not answered IDLE")
        if not begun.is_set():
            await idle  # which is about to end; raises, if the session did
            raise aioimaplib.Abort("server returned error to IDLE command")
        waiter = self.protocol.loop.call_later(timeout, self._stop_waiting)
        idle.add_done_callback(lambda _: waiter.cancel())
        self._idle_waiter = waiter
        return idle

    def _forget(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a lost session is told to who waits for pushes

    def _stop_waiting(self) -> None:
        if self.has_pending_idle():
            self.protocol.idle_queue.put_nowait(aioimaplib.STOP_WAIT_SERVER_PUSH)

    async def wait_server_push(
        self,
        timeout: float = _TWENTY_NINE_MINUTES,  # noqa: ASYNC109 - as aioimaplib has it
    ) -> Any:
        """Return the next batch of lines heard in IDLE.

        Raises:
            TimeoutError: there was none within *timeout* seconds.
            aioimaplib.Abort: the session ended.
        """
        async with async_timeout.timeout(timeout):
            return await self.protocol.idle_queue.get()

    async def aclose(self) -> None:
        """Close the socket, which ``close`` (IMAP's CLOSE) does not."""
        self._client_task.cancel()
        self.protocol.fail(IMAPConnectionError("the connection was closed"))
        if self._idle_waiter is not None:
            self._idle_waiter.cancel()
        await asyncio.wait([self._client_task])
        if self.protocol.is_connected:
            await self.protocol.closed.wait()


class IMAP4_SSL(aioimaplib.IMAP4_SSL, IMAP4):  # noqa: N801 - aioimaplib's name
    """``aioimaplib.IMAP4_SSL`` likewise: TLS from the start.

    Certificates are verified unless *ssl_context* says otherwise. The other
    arguments are those of `IMAP4`.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = aioimaplib.IMAP4_SSL_PORT,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout: float = _TIMEOUT,
        ssl_context: ssl.SSLContext | None = None,
        conn_lost_cb: ConnectionLostCallback | None = None,
        *,
        sock: socket.socket | None = None,
        protocol_factory: ProtocolFactory = LegacyProtocol,
    ) -> None:
        # Past the base's, which knows no conn_lost_cb; its `create_client`, which
        # makes the context, is called all the same.
        IMAP4.__init__(
            self,
            host,
            port,
            loop,
            timeout,
            conn_lost_cb,
            ssl_context,
            sock=sock,
            protocol_factory=protocol_factory,
        )
