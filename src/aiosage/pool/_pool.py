"""A bounded set of connections to one account."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType

import anyio
from anyio import to_thread

from ..connection import CLOSE_GRACE, ConnectionConfig, IMAPConnection, News
from ..errors import (
    IMAPConfigurationError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPPoolClosed,
    IMAPPoolTimeout,
)
from ..wire import Condition, Status
from ..wire.commands import SelectResult
from ._plan import IdleConnection, plan

log = logging.getLogger("aiosage.pool")


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How a pool stands.

    Attributes:
        size: connections there are, or are being opened.
        idle: of these, those nobody uses.
        busy: of these, those lent out.
        waiting: callers waiting for a connection.
        opened: connections opened so far.
        closed: connections that ended so far.
    """

    size: int
    idle: int
    busy: int
    waiting: int
    opened: int
    closed: int


@dataclass(slots=True)
class _Idle:
    connection: IMAPConnection
    idle_since: float
    expires_at: float


class IMAPConnectionPool:
    """Lends connections, at most *max_size* at a time, first come first served.

    Connections are opened when they are needed and kept for the next caller.
    It owns no task; use it as ``async with``, or `open` and `aclose`.

    Args:
        config: the account.
        min_size: connections opened by `open`. With 0 a wrong password shows at
            the first use only.
        max_size: most connections at once; providers cap them, Gmail at 15.
        max_idle: seconds after which an unused connection is not lent again.
        max_lifetime: seconds after which a connection is not lent again, give
            or take a tenth so that not all go at once.
        acquire_timeout: seconds to wait for a connection to come free.
        check_after: seconds unused after which the server is asked for a sign
            of life before the connection is lent.
        check_timeout: seconds it has to give one; then another is lent.
        clock: seconds, never going back.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        *,
        min_size: int = 1,
        max_size: int = 4,
        max_idle: float = 10 * 60.0,
        max_lifetime: float = 60 * 60.0,
        acquire_timeout: float = 60.0,
        check_after: float = 30.0,
        check_timeout: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        mistakes: list[str] = []
        if max_size < 1:
            mistakes.append(f"max_size: {max_size} is less than 1")
        if not 0 <= min_size <= max(max_size, 0):
            mistakes.append(f"min_size: {min_size} is not in 0..max_size")
        if mistakes:
            raise IMAPConfigurationError(mistakes)
        self._config = config
        self._ready_config: ConnectionConfig | None = None
        self._min_size = min_size
        self._max_size = max_size
        self._max_idle = max_idle
        self._max_lifetime = max_lifetime
        self._acquire_timeout = acquire_timeout
        self._check_after = check_after
        self._check_timeout = check_timeout
        self._clock = clock
        self._slots = anyio.Semaphore(max_size)
        self._idle: list[_Idle] = []
        self._busy: dict[IMAPConnection, float] = {}  # to when each expires
        self._lent = 0
        self._opened = 0
        self._closed = 0
        self._is_closed = False
        self._all_back = anyio.Event()  # closed, and nobody holds a connection

    @property
    def config(self) -> ConnectionConfig:
        """The account."""
        return self._config

    async def __aenter__(self) -> IMAPConnectionPool:
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
        stats = self.stats()
        return (
            f"<IMAPConnectionPool {self._config.account}: {stats.busy} busy,"
            f" {stats.idle} idle of {self._max_size}>"
        )

    def stats(self) -> PoolStats:
        """Return how the pool stands."""
        return PoolStats(
            size=len(self._idle) + self._lent,
            idle=len(self._idle),
            busy=self._lent,
            waiting=self._slots.statistics().tasks_waiting,
            opened=self._opened,
            closed=self._closed,
        )

    async def open(self) -> None:
        """Open the first *min_size* connections, so that mistakes show now.

        Raises:
            IMAPPoolClosed: the pool is closed.
            IMAPConnectionError: the server cannot be reached.
            IMAPAuthenticationError: it refused the credentials.
        """
        self._check_open()
        try:
            async with AsyncExitStack() as held:
                # Counted anew each time: callers may be opening some themselves.
                while len(self._idle) + self._lent < self._min_size:
                    await held.enter_async_context(self.connection())
        except BaseException:
            await self._close_idle()
            raise

    @asynccontextmanager
    async def connection(
        self,
        mailbox: str | None = None,
        *,
        read_only: bool = False,
        known_uid: int | None = None,
    ) -> AsyncGenerator[IMAPConnection]:
        """Lend a connection for the block, with *mailbox* open if one is named.

        A session sees a mailbox as it was at its last command. So if it is open
        already it is brought up to date, or what has just arrived, and is known
        from elsewhere, would not be found in it.

        Safe to cancel: the slot and the connection always come back.

        Args:
            mailbox: to be open; None for whichever, if any, is.
            read_only: reading is enough.
            known_uid: messages up to this UID are all that matters, and not
                their flags; saves a round trip if they were there already
                when the mailbox was opened.

        Raises:
            IMAPPoolTimeout: none came free in time.
            IMAPPoolClosed: the pool is closed.
            IMAPMailboxError: the mailbox cannot be opened.
            IMAPConnectionError: the server cannot be reached.
            IMAPAuthenticationError: it refused the credentials.
        """
        await self._acquire_slot()
        self._lent += 1
        try:
            connection = await self._check_out(mailbox, read_only, known_uid)
            try:
                yield connection
            finally:
                self._check_in(connection)
        finally:
            self._lent -= 1
            self._slots.release()
            self._note_all_back()

    def _check_open(self) -> None:
        if self._is_closed:
            raise IMAPPoolClosed(f"the pool of {self._config.account} is closed")

    async def _acquire_slot(self) -> None:
        self._check_open()
        with anyio.move_on_after(self._acquire_timeout) as scope:
            await self._slots.acquire()
        if scope.cancelled_caught:
            raise IMAPPoolTimeout(
                f"no connection to {self._config.account} came free within"
                f" {self._acquire_timeout:g} s",
                seconds=self._acquire_timeout,
                hint=f"All {self._max_size} are in use: raise max_size, or hold them"
                " for less long. A watch holds one all the time.",
            )
        self._check_open()  # a slot of a closed pool is of use to nobody

    async def _check_out(
        self, mailbox: str | None, read_only: bool, known_uid: int | None
    ) -> IMAPConnection:
        while True:
            decision = plan(
                [self._describe(entry) for entry in self._idle],
                mailbox=mailbox,
                read_only=read_only,
                now=self._clock(),
                max_idle=self._max_idle,
                check_after=self._check_after,
            )
            lent = None if decision.lend is None else self._idle[decision.lend]
            for entry in [self._idle[index] for index in decision.close]:
                self._idle.remove(entry)
                self._end(entry.connection)
            if lent is None:
                connection, expires_at = await self._connect()
            else:
                self._idle.remove(lent)
                connection, expires_at = lent.connection, lent.expires_at
            self._busy[connection] = expires_at
            try:
                if decision.check:
                    await self._check_alive(connection)
                if mailbox is not None:
                    before = connection.selected
                    selected = await connection.select(mailbox, read_only=read_only)
                    if selected is before and not (
                        decision.check or _has_known(selected, known_uid)
                    ):
                        await _bring_up_to_date(connection, selected)
            except IMAPConnectionError:
                self._check_in(connection)
                # An old connection may have died unnoticed: take another one.
                if lent is None:
                    raise
            except BaseException:
                self._check_in(connection)
                raise
            else:
                return connection

    async def _check_alive(self, connection: IMAPConnection) -> None:
        with anyio.move_on_after(self._check_timeout) as scope:
            await connection.noop()
        if scope.cancelled_caught:
            connection.abort()
            raise IMAPConnectionLost(
                f"the server gave no sign of life for {self._check_timeout:g} s"
            )

    def _describe(self, entry: _Idle) -> IdleConnection:
        selected = entry.connection.selected
        return IdleConnection(
            mailbox=selected.mailbox if selected else None,
            read_only=selected.read_only if selected else False,
            idle_since=entry.idle_since,
            expires_at=entry.expires_at,
            is_alive=not entry.connection.is_closed,
            is_quiet=entry.connection.is_quiet,
        )

    async def _connect(self) -> tuple[IMAPConnection, float]:
        if self._ready_config is None:
            # One TLS context for all: making it costs 20 ms, and 1 MiB.
            self._ready_config = await to_thread.run_sync(self._config.prepared)
        connection = await IMAPConnection.open(self._ready_config)
        self._opened += 1
        if self._is_closed:
            self._end(connection)
            self._check_open()
        lifetime = self._max_lifetime * random.uniform(0.9, 1.1)
        return connection, self._clock() + lifetime

    def _check_in(self, connection: IMAPConnection) -> None:
        """Take a connection back. Cannot wait, so cannot be cancelled."""
        expires_at = self._busy.pop(connection)
        if connection.is_closed or self._is_closed:
            self._end(connection)
        else:
            self._idle.append(_Idle(connection, self._clock(), expires_at))

    def _end(self, connection: IMAPConnection) -> None:
        connection.abort()
        self._closed += 1

    def _note_all_back(self) -> None:
        if self._is_closed and not self._lent:
            self._all_back.set()

    async def aclose(self) -> None:
        """Close the pool: nobody gets a connection any more.

        Who waits for one gets an `IMAPPoolClosed`. Connections in use may come
        back for `CLOSE_GRACE` seconds; then they are cut, and whoever uses them
        gets an `IMAPConnectionLost`. May be called again.
        """
        self._is_closed = True
        self._note_all_back()
        for _ in range(self._slots.statistics().tasks_waiting):
            self._slots.release()  # wakes them; they see that it is closed
        try:
            await self._close_idle()
            with anyio.move_on_after(CLOSE_GRACE):
                await self._all_back.wait()
        finally:
            for connection in tuple(self._busy):
                connection.abort()

    async def _close_idle(self) -> None:
        entries, self._idle = self._idle, []
        try:
            async with anyio.create_task_group() as tasks:
                for entry in entries:
                    tasks.start_soon(entry.connection.aclose)
        finally:
            for entry in entries:
                self._end(entry.connection)


async def _bring_up_to_date(connection: IMAPConnection, selected: SelectResult) -> None:
    """Hear what is new in the open mailbox; if something is wrong, open it anew.

    Dovecot answers NO, untagged, once the mailbox was removed and made again,
    and goes on showing what was in the old one.
    """
    is_warned = False

    def hear(news: News) -> None:
        nonlocal is_warned
        is_warned |= isinstance(news, Status) and news.condition is Condition.NO

    connection.add_listener(hear)
    try:
        await connection.noop()
    finally:
        connection.remove_listener(hear)
    if is_warned:
        await connection.reselect(selected.mailbox, read_only=selected.read_only)


def _has_known(selected: SelectResult, uid: int | None) -> bool:
    """Return whether *uid* was given before the mailbox was *selected*."""
    return uid is not None and selected.uidnext is not None and uid < selected.uidnext
