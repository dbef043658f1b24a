"""Opening the connections of a pool."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from anyio import CancelScope, to_thread

from ..connection import ConnectionConfig, IMAPConnection
from ..resilience import RateLimiter, RateSnapshot
from ._allocation import Permit
from ._budget import ConnectionBudget
from ._pacing import paced
from ._refusals import too_many
from ._share import BudgetShare
from ._stats import Counts

log = logging.getLogger("aiosage.pool")

Opened: TypeAlias = Callable[
    [Permit, IMAPConnection | None, BaseException | None], None
]
"""Takes what came of a permit: a connection, or why there is none.

Neither if there are too many, and others will end; or if nobody wants one any more.
"""


class Opener:
    """Opens connections to one account, unless that has failed too often just now.

    Args:
        config: the account.
        prepare: makes *config* ready, in a thread.
        share: where permits go if it fails.
        budget: says whether to try, and how soon.
        counts: of the pool.
        rate: as for the pool.

    Attributes:
        circuits: that say whether to try.
        last_error: why the last attempt failed; None if it did not.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        prepare: Callable[[ConnectionConfig], ConnectionConfig] | None,
        share: BudgetShare,
        budget: ConnectionBudget,
        counts: Counts,
        rate: RateLimiter | None,
    ) -> None:
        self._config = config
        self._ready_config: ConnectionConfig | None = None
        self._prepare = prepare or ConnectionConfig.prepared
        self._share = share
        self._limiter = budget.limiter(config)
        self._counts = counts
        self._rate = rate
        self.circuits = budget.circuits(config)
        self.last_error: Exception | None = None
        self._under_way: dict[CancelScope, asyncio.Task[None]] = {}
        self._context = contextvars.copy_context()

    def start(self, permit: Permit, opened: Opened) -> None:
        """Open a connection in a task of its own, and call *opened* with it.

        If there is none, *permit* has been given back by then. Cannot wait.
        """
        scope = CancelScope()
        # What a token provider sees must not depend on who happened to be served.
        self._under_way[scope] = asyncio.get_running_loop().create_task(
            self._run(permit, scope, opened), context=self._context.copy()
        )

    @property
    def is_busy(self) -> bool:
        """Whether connections are being opened."""
        return bool(self._under_way)

    def end_but(self, count: int) -> None:
        """End what is under way, but for the first *count*. Cannot wait."""
        under_way = [scope for scope in self._under_way if not scope.cancel_called]
        for scope in under_way[count:]:
            scope.cancel()

    async def _run(self, permit: Permit, scope: CancelScope, opened: Opened) -> None:
        connection: IMAPConnection | None = None
        error: BaseException | None = None
        try:
            with scope:
                connection = await self._open()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as failed:  # as of a token provider that was cancelled
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            error = failed
        finally:
            del self._under_way[scope]
            if connection is not None and scope.cancel_called:
                connection.abort()  # nobody wants it any more
                self._counts.closed += 1
                connection = None
            if connection is None:
                self._share.release(permit)
            opened(permit, connection, None if scope.cancel_called else error)

    async def _open(self) -> IMAPConnection | None:
        await self._wait_turn()
        with self.circuits.connecting(self.last_error):
            connection = await self._try()
        if connection is None:
            return None
        if self._rate is not None:
            connection.pace_by(partial(paced, self._rate))
        self._counts.opened += 1
        self._counts.failures = 0
        self.last_error = None
        return connection

    async def _wait_turn(self) -> None:
        """Wait until the host takes another login.

        It comes before connecting: a probe that waited would keep the others waiting,
        and who waits while the host goes away is not to try it, too.
        """
        if self._limiter is not None:
            self.circuits.check(self.last_error)
            await self._limiter.acquire()

    def rate_snapshot(self) -> RateSnapshot | None:
        """Return how the rate of commands stands; None if there is none."""
        return self._rate.snapshot() if self._rate is not None else None

    async def _try(self) -> IMAPConnection | None:
        try:
            if self._ready_config is None:
                # One TLS context for all: making it costs 20 ms, and 1 MiB.
                self._ready_config = await to_thread.run_sync(
                    self._prepare, self._config
                )
            if self._limiter is None:
                return await IMAPConnection.open(self._ready_config)
            with self._limiter.watching():
                return await IMAPConnection.open(self._ready_config)
        except Exception as error:  # such as of a token provider
            self._counts.failures += 1
            self.last_error = error
            reason = too_many(error)
            if reason is None or not self._share.refuse(reason):
                raise
            log.info("waiting for another connection to end: %s", error)
            return None
