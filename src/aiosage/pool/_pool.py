"""A bounded set of connections to one account.

What happens is decided by `Slots` and its `plan`, and by the budget, none of which
can wait. Here is what they decide about: a caller waits for an event, and checks and
selects in its own task. Connections are opened in tasks of the pool, each for whoever
is first when it is ready. Whatever makes a connection or a slot free calls `_serve`,
which hands over all there is to the callers who are first.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from types import TracebackType
from typing import Final

import anyio
from anyio import lowlevel

from ..connection import CLOSE_GRACE, ConnectionConfig, IMAPConnection, News
from ..errors import (
    CircuitOpen,
    IMAPConnectionError,
)
from ..resilience import RateLimiter
from ._alarm import Alarm
from ._allocation import Permit
from ._budget import ConnectionBudget
from ._complaints import check_sizes, in_another_loop, pool_closed, pool_timeout
from ._entry import Entry, ask_back
from ._freshness import make_ready
from ._opener import Opener
from ._plan import Request
from ._slots import Slots, Ticket
from ._stats import Counts, PoolStats
from ._warming import Upkeep

log = logging.getLogger("aiosage.pool")

_LOOK_AGAIN: Final = 1.0
"""Seconds between two looks whether a connection is still opened for somebody."""

_PATIENCE: Final = 5.0
"""Seconds, at most, to wait until connecting is tried again; else callers are told."""


class IMAPConnectionPool:
    """Lends connections, at most *max_size* at a time, first come first served.

    Connections are opened when they are needed and kept for the next caller.
    Use it as ``async with``, or `open` and `aclose`.

    Args:
        config: the account.
        min_size: connections opened by `open`, and again after a loss leaves fewer,
            by a task of its own that lasts as long as that takes. With 0 a wrong
            password shows at the first use only.
        max_size: most connections at once; providers cap them, Gmail at 15.
        max_idle: seconds after which an unused connection is closed.
        max_lifetime: seconds after which a connection is not lent again, give
            or take a tenth so that not all go at once.
        acquire_timeout: seconds to wait for a connection to come free, or for one
            to begin to be opened.
        check_after: seconds unused after which the server is asked for a sign
            of life before the connection is lent.
        check_timeout: seconds it has to give one; then another is lent.
        close_grace: seconds that connections in use have to come back when the
            pool is closed.
        budget: bounds the connections of this pool and others together; None
            for what is known, or learned, of the provider's bound only.
        rate: of commands. Each waits for it before it is sent, but for NOOP, IDLE
            and LOGOUT, so that sessions stay alive. It learns from the answers and
            how long they take. Pools may share one.
        prepare: makes a configuration ready, in a thread; for pools that are to
            share what is made.
        clock: seconds, never going back.

    Raises:
        IMAPConfigurationError: the sizes cannot be.
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
        close_grace: float = CLOSE_GRACE,
        budget: ConnectionBudget | None = None,
        rate: RateLimiter | None = None,
        prepare: Callable[[ConnectionConfig], ConnectionConfig] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_sizes(min_size, max_size)
        self._config = config
        self._min_size = min_size
        self._max_lifetime = max_lifetime
        self._acquire_timeout = acquire_timeout
        self._check_timeout = check_timeout
        self._close_grace = close_grace
        self._clock = clock
        self._slots = Slots[Entry](
            max_size, Entry.describe, max_idle=max_idle, check_after=check_after
        )
        budget = budget or ConnectionBudget(clock=clock)
        self._share = budget.join(config, reclaim=self._reclaim, notify=self._serve)
        self._busy: dict[Entry, None] = {}  # in the order they were lent
        self._loop: asyncio.AbstractEventLoop | None = None  # that it is used in
        self._alarm = Alarm(self._serve, clock)  # though nobody may come
        self._held_until = 0.0  # when connecting is tried again
        self._counts = Counts()
        self._opener = Opener(config, prepare, self._share, budget, self._counts, rate)
        self._upkeep = Upkeep(self._is_short, self._warm_up)
        self._closing = anyio.Event()
        self._all_back = anyio.Event()  # closed, and nobody holds a connection

    @property
    def config(self) -> ConnectionConfig:
        """The account."""
        return self._config

    @property
    def last_error(self) -> Exception | None:
        """Why the last attempt to open a connection failed; None if it did not."""
        return self._opener.last_error

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
            f" {stats.idle} idle of {stats.max_size}>"
        )

    def stats(self) -> PoolStats:
        """Return how the pool stands."""
        return PoolStats(
            size=self._slots.size,
            idle=len(self._slots.idle),
            busy=self._slots.lent,
            opening=self._slots.opening,
            waiting=max(0, self._slots.waiting - self._slots.opening),
            min_size=self._min_size,
            max_size=self._slots.max_size,
            circuit=self._opener.circuits.snapshot(),
            rate=self._opener.rate_snapshot(),
            **asdict(self._counts),
        )

    async def open(self, *, probe: bool = False) -> None:
        """Open the first *min_size* connections at once, so that mistakes show now.

        If that fails, or is cancelled, none is left open.

        Args:
            probe: open one before the others, even if *min_size* is 0.

        Raises:
            IMAPPoolClosed: the pool is closed.
            IMAPPoolTimeout: the budget had no room for them in time.
            IMAPConnectionError: the server cannot be reached.
            IMAPAuthenticationError: it refused the credentials.
        """
        self._check_open()
        try:
            if probe:
                async with self.connection():
                    pass  # it is there for who comes first
            await self._warm_up()
        except BaseException:
            await self._close_idle()
            raise
        self._upkeep.is_wanted = True

    @property
    def _least(self) -> int:
        bound = self._share.bound
        return self._min_size if bound is None else min(self._min_size, bound)

    @property
    def _missing(self) -> int:
        # What is being opened counts when it is: who wants it may give up.
        return self._least - len(self._slots.idle) - self._slots.lent

    def _is_short(self) -> bool:
        return not self._closing.is_set() and self._missing > 0

    async def _warm_up(self) -> None:
        if self._missing > 0:
            await self._wait(*self._join(Request(is_new=True)))

    async def resize(
        self, *, min_size: int | None = None, max_size: int | None = None
    ) -> None:
        """Change how many connections there may be, and open those now missing.

        Who waits is served at once if there is more room. If there is less,
        connections in use stay until they come back.

        Args:
            min_size: None to leave it.
            max_size: None to leave it.

        Raises:
            IMAPConfigurationError: the sizes cannot be; nothing is changed.
            IMAPError: as from `open`; the sizes are changed.
        """
        new_min = self._min_size if min_size is None else min_size
        new_max = self._slots.max_size if max_size is None else max_size
        check_sizes(new_min, new_max)
        self._check_open()
        self._min_size = new_min
        self._slots.max_size = new_max
        self._opener.end_but(max(0, new_max - self._slots.lent))
        self._serve()
        await self._warm_up()

    def drain(self) -> None:
        """Have every connection replaced: idle ones now, others when they come back.

        For when credentials or the server have changed.
        """
        for entry in (*self._slots.idle, *self._busy):
            entry.expires_at = self._clock()
        self._serve()

    @asynccontextmanager
    async def connection(
        self,
        mailbox: str | None = None,
        *,
        read_only: bool = False,
        known_uid: int | None = None,
        on_wanted: Callable[[], object] | None = None,
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
            on_wanted: called once, if somebody waits for a connection and only such
                as have this hold any: give it back soon, and borrow it again. For
                who holds one for long, as a watch does.

        Raises:
            IMAPPoolTimeout: none came free in time.
            IMAPPoolClosed: the pool is closed, or was used in another event loop.
            IMAPMailboxError: the mailbox cannot be opened.
            IMAPConnectionError: the server cannot be reached.
            IMAPAuthenticationError: it refused the credentials.
            CircuitOpen: either was so again and again; not tried for now. What
                is tried again within seconds is waited for.
        """
        request = Request(mailbox, read_only, is_patient=on_wanted is not None)
        entry = await self._check_out(request, known_uid)
        self._counts.served += 1
        try:
            entry.on_wanted = on_wanted
            self._press()
            yield entry.connection
        finally:
            self._check_in(entry)

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise pool_closed(self._config.account)
        self._loop = self._loop or asyncio.get_running_loop()
        if self._loop is not asyncio.get_running_loop():
            raise in_another_loop(self._config.account, self._loop)

    async def _check_out(self, request: Request, known_uid: int | None) -> Entry:
        """Wait for a connection, and make it ready for *request*."""
        await lowlevel.checkpoint()  # or a caller in a loop might let nobody else run
        self._check_open()
        ticket, event = self._join(request)
        while True:
            await self._wait(ticket, event)
            entry = ticket.connection
            assert entry is not None  # that is what it has waited for
            try:
                await make_ready(
                    entry.connection,
                    request,
                    self._check_timeout if ticket.check else None,
                    known_uid,
                )
            except IMAPConnectionError:
                is_new = entry.number >= ticket.number
                self._check_in(entry, serve=is_new)
                # An old connection may have died unnoticed: take another one.
                if is_new:
                    raise
            except BaseException:
                self._check_in(entry)
                raise
            else:
                entry.number = 0  # it is of use: whoever has it next, it is old
                return entry
            self._check_open()
            event = anyio.Event()
            ticket.wake = event.set
            self._slots.rejoin(ticket)

    def _join(self, request: Request) -> tuple[Ticket[Entry], anyio.Event]:
        event = anyio.Event()
        deadline = anyio.current_time() + self._acquire_timeout
        return self._slots.join(request, event.set, deadline), event

    async def _wait(self, ticket: Ticket[Entry], event: anyio.Event) -> None:
        """Wait until *ticket* is handed a connection; or there are enough, if new."""
        self._serve()
        if not event.is_set():
            begin = self._clock()
            try:
                await self._wait_turn(ticket, event)
            except BaseException:
                self._abandon(ticket)
                raise
            self._counts.note_wait(self._clock() - begin)
        if self._closing.is_set() or not event.is_set():
            self._abandon(ticket)
            self._check_open()
            self._counts.timeouts += 1
            raise pool_timeout(
                self._config.account,
                self._acquire_timeout,
                self.stats(),
                self._share.why_full(),
            )
        if ticket.error is not None:
            raise ticket.error

    async def _wait_turn(self, ticket: Ticket[Entry], event: anyio.Event) -> None:
        """Wait until the deadline, and on while a connection is opened for *ticket*.

        That has time limits of its own, and may have to wait for others' logins.
        """
        deadline = ticket.deadline
        while not event.is_set():
            with anyio.CancelScope(deadline=deadline):
                await event.wait()
            if not self._slots.has_turn(ticket):
                break
            deadline = anyio.current_time() + _LOOK_AGAIN

    def _abandon(self, ticket: Ticket[Entry]) -> None:
        """Do without *ticket*, and let others have what it was handed."""
        if ticket.connection is not None:
            self._check_in(ticket.connection)
        else:
            self._slots.leave(ticket)
            self._end_superfluous()
            self._serve()  # it may have wanted a permit

    def _serve(self) -> None:
        """Hand over what there is to who is first. Cannot wait."""
        if self._closing.is_set():
            return
        served = self._slots.serve(self._clock(), self._least)
        for entry in (*served.lent, *served.ended):
            entry.connection.remove_listener(entry.listener)
            self._share.set_busy(entry.permit)
        self._busy.update(dict.fromkeys(served.lent))
        for entry in served.ended:
            self._end(entry)
        is_held = self._clock() < self._held_until
        for permit in self._share.want(0 if is_held else self._slots.wanted):
            self._slots.begin_opening()
            self._opener.start(permit, self._opened)
        if len(self._slots.idle) + len(self._busy) >= self._least:
            self._slots.dismiss_new()
        if served.review_at is not None:
            self._alarm.set(served.review_at)
        if self._slots.wanted and is_held:
            self._alarm.set(self._held_until)
        if self._slots.wanted and (delay := self._share.grows_in()) is not None:
            self._alarm.set(self._clock() + delay)
        self._press()

    def _press(self) -> None:
        """Ask for a connection back if none comes back by itself."""
        if self._busy and not self._slots.opening and self._slots.is_pressed:
            ask_back(self._busy)

    def _reclaim(self, permit: Permit) -> None:
        """Close the idle connection of *permit*: the budget needs it for another."""
        entry = next(entry for entry in self._slots.idle if entry.permit is permit)
        self._slots.lose(entry)
        self._cut(entry)

    def _lose(self, entry: Entry) -> None:
        """An idle connection has ended."""
        self._slots.lose(entry)
        self._end(entry)
        self._upkeep.start()

    def _opened(
        self,
        permit: Permit,
        connection: IMAPConnection | None,
        error: BaseException | None,
    ) -> None:
        """Let whoever is first have the *connection*, or know of the *error*."""
        self._slots.end_opening()
        if connection is not None:
            self._held_until = 0.0
            lifetime = self._max_lifetime * random.uniform(0.9, 1.1)
            number = self._slots.last_number
            entry = Entry(connection, permit, self._clock() + lifetime, number)
            entry.listener = self._listener(entry)
            if self._slots.hand_over(entry):
                self._busy[entry] = None
                self._serve()
            else:
                self._keep(entry)
        else:
            if error is not None:
                self._tell(error)
            self._serve()
        self._note_all_back()

    def _tell(self, error: BaseException) -> None:
        first = self._slots.first
        if first is not None and isinstance(error, CircuitOpen):
            wait = error.retry_after or 0.0
            if wait <= min(_PATIENCE, first.deadline - anyio.current_time()):
                # Open none until then. Who waits gets what comes back meanwhile.
                self._held_until = self._clock() + wait
                return
        if not self._slots.fail(error):
            log.info("nobody waits for a connection that failed: %s", error)
        self._end_superfluous()

    def _end_superfluous(self) -> None:
        """Open no more than somebody waits for."""
        self._opener.end_but(self._slots.needed(self._least))

    def _keep(self, entry: Entry) -> None:
        """Let whoever is first have the connection, or else keep it."""
        entry.idle_since = self._clock()
        entry.connection.add_listener(entry.listener)
        self._slots.idle.append(entry)
        self._serve()
        if entry in self._slots.idle:
            self._share.set_idle(entry.permit)

    def _listener(self, entry: Entry) -> Callable[[News], None]:
        def hear(news: News) -> None:
            if isinstance(news, IMAPConnectionError):
                self._lose(entry)

        return hear

    def _check_in(self, entry: Entry, *, serve: bool = True) -> None:
        """Take a connection back. Cannot wait, so cannot be cancelled."""
        del self._busy[entry]
        entry.on_wanted, entry.is_asked = None, False
        is_lost = entry.connection.is_closed
        self._slots.give_back()
        if (
            is_lost
            or self._closing.is_set()
            or (self._slots.waiting and self._share.must_yield(entry.permit))
        ):
            self._end(entry)
            if serve:
                self._serve()
        else:
            self._keep(entry)
        if is_lost:
            self._upkeep.start()
        self._note_all_back()

    def _end(self, entry: Entry) -> None:
        self._cut(entry)
        self._share.release(entry.permit)

    def _cut(self, entry: Entry) -> None:
        entry.connection.remove_listener(entry.listener)
        if self._loop is not None and not self._loop.is_closed():
            entry.connection.abort()
        self._counts.closed += 1

    def _note_all_back(self) -> None:
        if self._closing.is_set() and not (self._slots.lent or self._opener.is_busy):
            self._all_back.set()

    async def aclose(self) -> None:
        """Close the pool: nobody gets a connection any more.

        Who waits for one, or opens one, gets an `IMAPPoolClosed`. Connections in
        use may come back for ``close_grace`` seconds; then they are cut, and whoever
        uses them gets an `IMAPConnectionLost`. May be called again.

        Raises:
            IMAPPoolClosed: it is in use in another event loop, which runs.
        """
        if self._loop not in (None, asyncio.get_running_loop()):
            self._forget()
            return
        if not self._closing.is_set():
            self._closing.set()
            self._slots.dismiss()
            self._share.leave()
            self._upkeep.end()
            self._opener.end_but(0)
            self._alarm.cancel()
        self._note_all_back()
        try:
            await self._close_idle()
            await self._upkeep.wait_ended()
            with anyio.move_on_after(self._close_grace):
                await self._all_back.wait()
        finally:
            for entry in tuple(self._busy):
                entry.connection.abort()

    def _forget(self) -> None:
        """Close the pool without its loop, which has ended, and its connections too."""
        assert self._loop is not None
        if not self._loop.is_closed():
            raise in_another_loop(self._config.account, self._loop)
        if not self._closing.is_set():
            self._closing.set()
            self._share.leave()
            entries, self._slots.idle = (*self._slots.idle, *self._busy), []
            for entry in entries:
                self._end(entry)

    async def _close_idle(self) -> None:
        entries, self._slots.idle = self._slots.idle, []
        for entry in entries:
            entry.connection.remove_listener(entry.listener)
            self._share.set_busy(entry.permit)  # saying goodbye
        try:
            async with anyio.create_task_group() as tasks:
                for entry in entries:
                    tasks.start_soon(entry.connection.aclose)
        finally:
            for entry in entries:
                self._end(entry)
