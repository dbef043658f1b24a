"""`IMAPClient`: one account, a pool behind it."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Final, TypedDict, Unpack, overload

from ..connection import ConnectionConfig, Security, TokenProvider, Trace
from ..errors import IMAPConfigurationError
from ..model import MessagePart, Secret, SpecialUse
from ..pool import IMAPConnectionPool, PoolStats
from ..resilience import RateLimiter, RetryPolicy
from ..watch import EventQueue, WatchCursor, watch
from ..wire import Limits
from ._account_health import AccountHealth
from ._folder_service import IMAPFolderService
from ._recovery import Recovery
from ._server import ServerInfo, server_info
from ._uid_service import IMAPMailboxUIDService

USUAL_RETRY: Final = RetryPolicy()


class ConnectionOptions(TypedDict, total=False):
    """The rest of a `ConnectionConfig`, for `IMAPClient` by host name."""

    auth: str
    authzid: str | None
    token: TokenProvider | Secret | None
    port: int | None
    security: Security
    ssl_context: ssl.SSLContext | None
    ca_file: str | None
    connect_timeout: float
    read_timeout: float
    idle_renewal: float
    idle_check: float
    poll_interval: float
    limits: Limits
    trace: Trace | None
    trace_literals: bool


class IMAPClient:
    """One account: its mailboxes, its messages, and what happens in them.

    ::

        async with IMAPClient("imap.example.org", "jane", password) as client:
            inbox = client.mailbox("INBOX")
            async for message in inbox.fetch(await inbox.search()):
                print(message.subject)

    Any number of tasks may use it at once; they share its connections. It owns
    no task. Entering it connects, so that a wrong password or host shows there.

    Args:
        config: the account, or the name of its server.
        username: to log in as, with the name of a server.
        password: likewise.
        max_connections: most connections to this account at once. Each watch
            holds one, and lends it to commands if there is no other.
        retry: how often and how long the services try again what a lost connection
            or a busy server interrupted, where it is safe; None for never. Opening
            the client is tried once.
        rate: commands per second, at most; or a `RateLimiter` with a burst, or an
            `AdaptiveRateLimiter` that finds out what the server takes, which other
            clients may share. What keeps sessions alive does not wait for it. None
            for any number.
        options: likewise the other fields of `ConnectionConfig`.

    Raises:
        IMAPConfigurationError: something is missing or wrong.
        ValueError: *rate* is not a positive number.
    """

    @overload
    def __init__(
        self,
        config: ConnectionConfig,
        /,
        *,
        max_connections: int = 4,
        retry: RetryPolicy | None = USUAL_RETRY,
        rate: float | RateLimiter | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self,
        host: str,
        /,
        username: str,
        password: str | Secret,
        *,
        max_connections: int = 4,
        retry: RetryPolicy | None = USUAL_RETRY,
        rate: float | RateLimiter | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> None: ...

    def __init__(
        self,
        config: ConnectionConfig | str,
        /,
        username: str = "",
        password: str | Secret = "",
        *,
        max_connections: int = 4,
        retry: RetryPolicy | None = USUAL_RETRY,
        rate: float | RateLimiter | None = None,
        **options: Unpack[ConnectionOptions],
    ) -> None:
        if isinstance(config, str):
            if isinstance(password, str):
                password = Secret(password)
            config = ConnectionConfig(
                host=config, username=username, password=password, **options
            )
        elif username or password or options:
            raise IMAPConfigurationError(
                ["everything about the account goes into its ConnectionConfig"]
            )
        pool = IMAPConnectionPool(
            config,
            min_size=0,
            max_size=max_connections,
            rate=RateLimiter(rate) if isinstance(rate, int | float) else rate,
        )
        self._use(pool, retry)

    def _use(self, pool: IMAPConnectionPool, retry: RetryPolicy | None) -> None:
        self._pool = pool
        self._recovery = Recovery(retry)
        self._folders = IMAPFolderService(pool, self._recovery)

    @classmethod
    def from_pool(
        cls, pool: IMAPConnectionPool, *, retry: RetryPolicy | None = USUAL_RETRY
    ) -> IMAPClient:
        """Return a client with a *pool* of one's own making.

        For other settings of the pool, and for pools that share a budget. The
        client opens and closes it.
        """
        client = cls.__new__(cls)
        client._use(pool, retry)
        return client

    @property
    def config(self) -> ConnectionConfig:
        """The account."""
        return self._pool.config

    @property
    def pool(self) -> IMAPConnectionPool:
        """Its connections, for commands of one's own."""
        return self._pool

    @property
    def folders(self) -> IMAPFolderService:
        """Its mailboxes: list, make, rename, remove."""
        return self._folders

    def mailbox(self, name: str | SpecialUse = "INBOX") -> IMAPMailboxUIDService:
        """Return the messages of the mailbox *name*. Costs nothing.

        By what it is for, as ``client.mailbox(SpecialUse.SENT)``, it is looked for
        when the first call needs it, as `IMAPFolderService.specials` does; where
        there is none, that call raises an `IMAPMailboxError`.
        """
        return IMAPMailboxUIDService(self._pool, name, self._recovery)

    def watch(
        self,
        *mailboxes: str,
        queue_size: int = 1000,
        connections: int = 1,
        fetch: Sequence[MessagePart] = (),
        since: WatchCursor | str | None = None,
    ) -> AbstractAsyncContextManager[EventQueue]:
        """Tell what happens in *mailboxes* while an ``async with`` block lasts.

        ::

            async with client.watch("INBOX", "Lists/*") as events:
                async for event in events:
                    print(event)

        It holds one connection, or *connections*, and leaves it to commands that
        wait while only watches hold any. See `aiosage.watch.watch`.
        """
        if not mailboxes:
            raise ValueError("name at least one mailbox to watch")
        return watch(
            self._pool,
            *mailboxes,
            queue_size=queue_size,
            connections=connections,
            fetch=fetch,
            since=since,
        )

    async def server(self) -> ServerInfo:
        """Return what is known of the server, and what is done differently with it."""
        async with self._pool.connection() as connection:
            return server_info(connection)

    def stats(self) -> PoolStats:
        """Return how its connections stand."""
        return self._pool.stats()

    def health(self) -> AccountHealth:
        """Return whether it can be connected to, as it was when last tried.

        Asks nobody, so it suits a probe that is asked often.
        """
        return AccountHealth.of(self.config.account, self._pool)

    async def open(self) -> None:
        """Connect and log in; `aclose` must follow. ``async with`` does both.

        Raises:
            IMAPConnectError: no session came about.
            IMAPTimeoutError: not within ``connect_timeout``.
            IMAPAuthenticationError: the server refused the credentials.
        """
        await self._pool.open(probe=True)

    async def aclose(self) -> None:
        """Log out and close the connections."""
        await self._pool.aclose()

    async def __aenter__(self) -> IMAPClient:
        await self.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<IMAPClient {self.config.account}>"
