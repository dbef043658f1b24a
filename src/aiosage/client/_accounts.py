"""`IMAPAccounts`: many accounts in one process, each on its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TypeGuard, TypeVar

import anyio

from ..connection import ConnectionConfig, Security
from ..errors import IMAPPoolClosed
from ..pool import ConnectionBudget, IMAPConnectionPool
from ..resilience import RateLimiter, RetryPolicy
from ._account_health import AccountHealth, AccountOutcome, AccountsStats
from ._client import USUAL_RETRY, IMAPClient

T = TypeVar("T")

Rate = float | RateLimiter | Callable[[ConnectionConfig], RateLimiter | None] | None


def _limiter(rate: Rate, config: ConnectionConfig) -> RateLimiter | None:
    """Return what paces the commands of the account."""
    if isinstance(rate, int | float):
        return RateLimiter(rate)
    if rate is None or isinstance(rate, RateLimiter):
        return rate
    return rate(config)


class IMAPAccounts(Mapping[str, IMAPClient]):
    """Many accounts under one budget; what befalls one is no matter to the others.

    ::

        budget = ConnectionBudget(total=500)
        async with IMAPAccounts({"jane": config, ...}, budget=budget) as accounts:
            found = await accounts["jane"].mailbox("INBOX").search()

    A mapping of names to clients, in the order they were added. An account
    connects when it is first used, so thousands cost little, and a wrong password
    shows then, to who uses that account. Each has connections of its own, logged
    in with its own credentials, and never lent to another, not even to one of
    the same user.

    Args:
        configs: the accounts, named by ``config.account``; or by names of one's own.
        budget: bounds their connections together; None for what is known, or
            learned, of each provider's bound only. Where one host may stop to
            answer, its ``per_host`` less than ``total`` keeps room for the others.
        max_connections: most to each account. A watched mailbox holds one.
        retry: as for `IMAPClient`.
        rate: of commands, as for `IMAPClient`: a number for each account, a limiter
            for all together, or a function that returns the limiter for an account,
            which may be one for all of a host.

    Raises:
        ValueError: a name is given twice, or *rate* is not a positive number.
        IMAPConfigurationError: a number is too small.
    """

    def __init__(
        self,
        configs: Iterable[ConnectionConfig] | Mapping[str, ConnectionConfig] = (),
        *,
        budget: ConnectionBudget | None = None,
        max_connections: int = 4,
        retry: RetryPolicy | None = USUAL_RETRY,
        rate: Rate = None,
    ) -> None:
        self._retry = retry
        if isinstance(rate, int | float):
            RateLimiter(rate)  # whether it can be shows now, not at the first account
        self._rate = rate
        self._budget = budget or ConnectionBudget()
        self._max_connections = max_connections
        self._contexts = _SharedContexts()
        self._clients: dict[str, IMAPClient] = {}
        self._is_closed = False
        if _is_named(configs):
            for name, config in configs.items():
                self.add(config, name=name)
            return
        for one in configs:
            if not isinstance(one, ConnectionConfig):
                raise TypeError(f"{type(one).__name__} is no ConnectionConfig")
            self.add(one)

    @property
    def budget(self) -> ConnectionBudget:
        """What bounds their connections together."""
        return self._budget

    def __getitem__(self, name: str) -> IMAPClient:
        return self._clients[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._clients))  # accounts may come and go meanwhile

    def __len__(self) -> int:
        return len(self._clients)

    def __repr__(self) -> str:
        return f"<IMAPAccounts: {len(self)} accounts>"

    async def __aenter__(self) -> IMAPAccounts:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def add(self, config: ConnectionConfig, *, name: str | None = None) -> IMAPClient:
        """Add an account, without connecting.

        Args:
            config: the account.
            name: to call it; None for ``config.account``.

        Raises:
            ValueError: there is one of that name.
            IMAPPoolClosed: the accounts are closed.
        """
        if self._is_closed:
            raise IMAPPoolClosed("the accounts are closed")
        name = config.account if name is None else name
        if name in self._clients:
            raise ValueError(f"there is an account {name!r} already")
        pool = IMAPConnectionPool(
            config,
            min_size=0,
            max_size=self._max_connections,
            budget=self._budget,
            rate=_limiter(self._rate, config),
            prepare=self._contexts.prepare,
        )
        client = self._clients[name] = IMAPClient.from_pool(pool, retry=self._retry)
        return client

    async def remove(self, name: str) -> None:
        """Remove an account, and close its connections as `IMAPClient.aclose` does.

        Raises:
            KeyError: there is none of that name.
        """
        await self._clients.pop(name).aclose()

    async def aclose(self) -> None:
        """Log out of all accounts, at once. May be called again."""
        self._is_closed = True
        clients, self._clients = self._clients, {}
        async with anyio.create_task_group() as tasks:
            for client in clients.values():
                tasks.start_soon(client.aclose)

    async def map(
        self,
        function: Callable[[IMAPClient], Awaitable[T]],
        *,
        concurrency: int | None = None,
    ) -> dict[str, AccountOutcome[T]]:
        """Do the same with every account, and say of each what came of it.

        ::

            async def unseen(client: IMAPClient) -> int:
                criteria = IMAPSearchCriteria().unseen()
                return await client.mailbox("INBOX").count(criteria)

            for name, outcome in (await accounts.map(unseen)).items():
                print(name, outcome.error or outcome.value)

        Args:
            function: awaited with each client. What it raises stays with its
                account.
            concurrency: most accounts at once, in their order; None for all, as
                far as the budget has room. A slow account then holds up nobody.

        Returns:
            The outcomes by name, in the order of the accounts.
        """
        if concurrency is not None and concurrency < 1:
            raise ValueError("concurrency is at least 1")
        clients = dict(self._clients)
        outcomes: dict[str, AccountOutcome[T]] = {}
        limiter = anyio.Semaphore(min(len(clients), concurrency or len(clients)))

        async def run(name: str, client: IMAPClient) -> None:
            async with limiter:
                try:
                    outcomes[name] = AccountOutcome(name, await function(client))
                except (Exception, asyncio.CancelledError) as error:
                    # Kept for its account, unless it is this task that is cancelled.
                    task = asyncio.current_task()
                    if isinstance(error, asyncio.CancelledError) and (
                        task is None or task.cancelling()
                    ):
                        raise
                    outcomes[name] = AccountOutcome(name, None, error)

        async with anyio.create_task_group() as tasks:
            for name, client in clients.items():
                tasks.start_soon(run, name, client)
        return {name: outcomes[name] for name in clients}

    def health(self) -> dict[str, AccountHealth]:
        """Return how each account stands, by name."""
        return {
            name: AccountHealth.of(name, client.pool)
            for name, client in self._clients.items()
        }

    def stats(self) -> AccountsStats:
        """Return how they stand together."""
        return AccountsStats.of(self.health().values(), self._budget.stats())


def _is_named(
    configs: Iterable[ConnectionConfig] | Mapping[str, ConnectionConfig],
) -> TypeGuard[Mapping[str, ConnectionConfig]]:
    return isinstance(configs, Mapping)


class _SharedContexts:
    """TLS contexts, one for all accounts that trust the same.

    A context of its own takes an account 1 MiB and 20 ms. These hold no
    credentials: one that does is the user's own, and stays with its account.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str | None, ssl.SSLContext] = {}

    def prepare(self, config: ConnectionConfig) -> ConnectionConfig:
        """Return *config* with its context; may be called from any thread."""
        if config.security is Security.PLAIN or config.ssl_context is not None:
            return config
        with self._lock:
            context = self._contexts.get(config.ca_file)
            if context is None:
                context = self._contexts[config.ca_file] = config.make_ssl_context()
        return replace(config, ssl_context=context, ca_file=None)
