"""The embedded IMAP server: listeners, accounts, and every client's task."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import Final

from ._account import MemoryAccount
from ._capability import Capabilities
from ._serve import serve
from ._session import Session, SessionSettings
from ._stream import ClientStream

HOST: Final = "127.0.0.1"
_CLOSE_GRACE: Final = 1.0  # seconds for clients to take their BYE


class MemoryServer:
    """An IMAP server in this process, for tests and demonstrations.

    It speaks IMAP4rev1 with the extensions a modern server has, on free ports
    of the loopback interface, while inside ``async with``::

        async with MemoryServer() as server:
            alice = server.add_account("alice@example.org", "secret")
            alice.mailbox("INBOX").deliver(message.as_bytes())
            ...  # connect to server.host, server.port

    Everything happens on the event loop it was started on; its methods, and
    those of its accounts and mailboxes, are to be called there.

    Args:
        ssl_context: enables STARTTLS, and a listener with implicit TLS.
        capabilities: announced after login instead of the truth.
        disable: extensions to hide and refuse, such as ``"MOVE"``, so that the
            ways around them can be tested.
        greeting: sent instead of the greeting. After a BYE the connection is
            closed; if it is empty, the server accepts and stays silent.
        require_tls: refuse login before TLS, and say LOGINDISABLED.
        max_line: octets of the longest command accepted, without messages.
        max_message: octets of the largest message accepted from a client.

    Raises:
        ValueError: *disable* names what the server does not offer anyway, or
            *require_tls* is given without *ssl_context*.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        capabilities: Iterable[str] | None = None,
        disable: Iterable[str] = (),
        greeting: bytes | None = None,
        require_tls: bool = False,
        max_line: int = 64 * 1024,
        max_message: int = 64 * 2**20,
    ) -> None:
        if require_tls and ssl_context is None:
            raise ValueError("require_tls needs an ssl_context")
        self.commands: Counter[str] = Counter()
        """How often each command was sent, by name (``"UID FETCH"``)."""
        self._accounts: dict[str, MemoryAccount] = {}
        self._ssl_context = ssl_context
        self._greeting = greeting
        self._settings = SessionSettings(
            find_account=self._accounts.get,
            capabilities=Capabilities(
                disabled=disable,
                announced=capabilities,
                with_tls=ssl_context is not None,
                require_tls=require_tls,
            ),
            on_command=self._count,
            ssl_context=ssl_context,
            max_line=max_line,
            max_message=max_message,
        )
        self._listeners: list[asyncio.Server] = []
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._connections_changed = asyncio.Event()
        self._crashes: list[Exception] = []
        self._uidvalidity = int(time.time())
        self._is_closed = False

    async def __aenter__(self) -> MemoryServer:
        loop = asyncio.get_running_loop()
        try:
            for accept in self._accept, self._accept_tls:
                if accept == self._accept or self._ssl_context is not None:
                    factory = partial(ClientStream, accept)
                    self._listeners.append(await loop.create_server(factory, HOST, 0))
        except BaseException:
            self._close_listeners()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
        if self._crashes and error is None:
            raise ExceptionGroup("the server failed to serve a client", self._crashes)

    async def aclose(self) -> None:
        """Stop listening, say BYE to every client and close its connection.

        May be called again. If it is cancelled, connections are reset.
        """
        self._is_closed = True
        listeners = self._close_listeners()
        sessions = dict(self._sessions)
        for session in sessions.values():
            _say_bye(session)
        try:
            async with asyncio.timeout(_CLOSE_GRACE):
                await asyncio.gather(
                    *(session.stream.wait_closed() for session in sessions.values())
                )
        except TimeoutError:
            pass  # a client that does not read is not waited for
        finally:
            for task, session in sessions.items():
                session.stream.abort()
                task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
        await asyncio.gather(*(listener.wait_closed() for listener in listeners))

    @property
    def host(self) -> str:
        """The address it listens on."""
        return HOST

    @property
    def port(self) -> int:
        """The port for plain text and STARTTLS."""
        return self._port_of(0)

    @property
    def tls_port(self) -> int | None:
        """The port for implicit TLS; None without an ``ssl_context``."""
        return None if self._ssl_context is None else self._port_of(1)

    @property
    def connections(self) -> int:
        """How many client connections are open."""
        return len(self._sessions)

    async def wait_connections(self, count: int) -> None:
        """Wait until exactly *count* client connections are open."""
        while len(self._sessions) != count:
            await self._connections_changed.wait()

    @property
    def accounts(self) -> list[MemoryAccount]:
        """Every account, in the order they were added."""
        return list(self._accounts.values())

    def add_account(
        self, username: str, password: str, *, special: bool = False
    ) -> MemoryAccount:
        """Add an account with an INBOX.

        Args:
            username: what to log in with.
            password: and its password.
            special: make Drafts, Sent, Junk, Trash and Archive as well, with
                their attributes (RFC 6154), subscribed.

        Raises:
            ValueError: there is an account *username* already.
        """
        if username in self._accounts:
            raise ValueError(f"there is an account {username!r} already")
        account = MemoryAccount(
            username,
            password,
            special=special,
            next_uidvalidity=self._next_uidvalidity,
        )
        self._accounts[username] = account
        return account

    def account(self, username: str) -> MemoryAccount:
        """Return the account of *username*.

        Raises:
            KeyError: there is none.
        """
        return self._accounts[username]

    def disconnect_all(self, *, abort: bool = True) -> None:
        """Close every client connection; new ones are still accepted.

        Args:
            abort: reset them at once, as a broken network does; else say BYE.
        """
        for session in list(self._sessions.values()):
            if abort:
                session.stream.abort()
            else:
                _say_bye(session)

    def _next_uidvalidity(self) -> int:
        self._uidvalidity += 1
        return self._uidvalidity

    def _port_of(self, index: int) -> int:
        if index >= len(self._listeners):
            raise RuntimeError("the server is not running: use it in async with")
        port: int = self._listeners[index].sockets[0].getsockname()[1]
        return port

    def _close_listeners(self) -> list[asyncio.Server]:
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()
        return listeners

    def _accept_tls(self, stream: ClientStream) -> None:
        # The session's task does the handshake, so that it has an owner.
        stream.pause_reading()
        self._accept(stream, implicit_tls=True)

    def _accept(self, stream: ClientStream, *, implicit_tls: bool = False) -> None:
        if self._is_closed:  # accepted while the listener was being closed
            stream.abort()
            return
        session = Session(stream, self._settings)
        task = asyncio.get_running_loop().create_task(
            serve(session, greeting=self._greeting, implicit_tls=implicit_tls),
            name="aiosage MemoryServer",
        )
        self._sessions[task] = session
        self._tell_connections_changed()
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        del self._sessions[task]
        self._tell_connections_changed()
        if task.cancelled():
            return
        if isinstance(error := task.exception(), Exception):
            # A bug in the server: its user must not take it for the client's.
            self._crashes.append(error)

    def _tell_connections_changed(self) -> None:
        # Waiters see the event set, and later ones wait for the next.
        self._connections_changed.set()
        self._connections_changed = asyncio.Event()

    def _count(self, command: str) -> None:
        self.commands[command] += 1


def _say_bye(session: Session) -> None:
    session.say_bye("Server shutting down.")
