"""The task that holds IDLE and turns what the server says into events.

It runs in two nested circles. The outer one has a connection, or gets one again
after a loss; it then looks at the whole mailbox and tells the difference to what
was told so far, which also covers whatever was missed. The inner one waits in
IDLE, tells each change, and leaves IDLE to ask for UIDs of new messages and to
renew it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import anyio
import anyio.abc

from ..connection import IMAPConnection, News
from ..errors import (
    IMAPAuthenticationError,
    IMAPConnectionError,
    IMAPOperationError,
    IMAPPoolTimeout,
)
from ..pool import IMAPConnectionPool
from ..resilience import backoff
from ..wire import Condition, Status
from ..wire.commands import SelectResult, UidScan
from ._events import (
    ConnectionState,
    FlagsChanged,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)
from ._view import Flags, MailboxView

log = logging.getLogger("aiosage.watch")

_UNTOLD_MAX: Final = 10_000
"""Events held while the queue is full; beyond, they are worked out anew."""

_TRUST: Final = 60.0
"""Seconds for which warnings of the server are ignored after a look they caused."""

_LONG_LIFE: Final = 5.0
"""Seconds a connection must last for its loss not to count as one more failure."""


@asynccontextmanager
async def watch(
    pool: IMAPConnectionPool, *mailboxes: str, queue_size: int = 1000
) -> AsyncGenerator[asyncio.Queue[WatchEvent]]:
    """Tell what happens in *mailboxes* from the beginning of the block to its end.

    Each mailbox holds one connection of *pool*. What a lost connection hid is
    told when there is one again, so every change is told once, in order. When
    the queue is full the watch waits; what happens meanwhile is told as one
    difference later.

    Args:
        pool: where connections come from.
        mailboxes: to watch.
        queue_size: most events that wait for the consumer, at least 1.

    Raises:
        ValueError: *queue_size* is less than 1.
        IMAPMailboxError: a mailbox cannot be opened, or has been removed.
        IMAPAuthenticationError: the credentials are refused now.
        IMAPConnectionError: no connection at the beginning. Later losses are
            made good, and told as `ConnectionState`.
    """
    if queue_size < 1:
        raise ValueError(f"a queue holds at least one event, not {queue_size}")
    queue: asyncio.Queue[WatchEvent] = asyncio.Queue(queue_size)
    error: BaseException
    try:
        async with anyio.create_task_group() as tasks:
            for mailbox in mailboxes:
                await tasks.start(_Watcher(pool, mailbox, queue).run)
            yield queue
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # The others, if any, are further watched mailboxes failing likewise.
        error = group.exceptions[0]
    else:
        return
    raise error  # out here, so that it keeps the cause and context it has


def _is_transient(error: Exception) -> bool:
    return isinstance(error, IMAPConnectionError | IMAPPoolTimeout) or (
        isinstance(error, IMAPAuthenticationError | IMAPOperationError)
        and error.retryable
    )


class _Watcher:
    """One watched mailbox.

    Two accounts are kept: `view` is the mailbox as the server tells it, `told`
    is the mailbox as the consumer knows it from the events in the queue. What
    is between them waits in `untold`, or can be worked out as their difference.
    """

    def __init__(
        self, pool: IMAPConnectionPool, mailbox: str, queue: asyncio.Queue[WatchEvent]
    ) -> None:
        self._pool = pool
        self._mailbox = mailbox
        self._queue = queue
        self._view = MailboxView(mailbox, None, 0)
        self._told: dict[int, Flags] | None = None  # None until the first look
        self._told_uidvalidity: int | None = None
        self._untold: deque[WatchEvent] = deque()
        self._must_compare = True  # `untold` does not hold everything
        self._is_opening = True  # what is said is about no mailbox yet
        self._is_doubtful = False  # the server has warned
        self._trusted_until = 0.0
        self._loss: IMAPConnectionError | None = None
        self._news = asyncio.Event()

    async def run(
        self,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Watch until cancelled, over any number of connections.

        *task_status* is told when the mailbox has been looked at for the first
        time: from then on no change is missed. Errors before that are raised.
        """
        failures = 0
        is_first = True
        is_told_lost = False
        while True:
            since: float | None = None  # when all was known on this connection
            try:
                async with self._pool.connection() as connection:
                    connection.add_listener(self._hear)
                    try:
                        while True:
                            await self._look(connection)
                            since = time.monotonic()
                            if is_first:
                                is_first = False
                                task_status.started()
                            if is_told_lost:
                                await self._queue.put(
                                    ConnectionState(self._mailbox, True)
                                )
                                is_told_lost = False
                            await self._follow(connection)
                    finally:
                        connection.remove_listener(self._hear)
            except (
                IMAPConnectionError,
                IMAPPoolTimeout,
                IMAPAuthenticationError,
                IMAPOperationError,
            ) as error:
                if is_first or not _is_transient(error):
                    raise
                if since is not None and time.monotonic() - since > _LONG_LIFE:
                    failures = 0
                failures += 1
                if not is_told_lost:
                    await self._queue.put(
                        ConnectionState(self._mailbox, False, str(error))
                    )
                    is_told_lost = True
                log.info("watch of %r lost: %s", self._mailbox, error)
                await anyio.sleep(backoff(failures))

    def _hear(self, news: News) -> None:
        """Take in what the server says; called from the receive path."""
        if isinstance(news, IMAPConnectionError):
            self._loss = news
        elif isinstance(news, SelectResult):
            self._is_opening = False
            self._view = MailboxView(self._mailbox, news.uidvalidity, news.exists)
        elif self._is_opening:
            return
        elif isinstance(news, Status):
            if (
                news.condition is not Condition.NO
                or time.monotonic() < self._trusted_until
            ):
                return
            self._is_doubtful = True
        else:
            events = self._view.apply(news)
            if self._must_compare:
                for _ in events:
                    pass
            else:
                self._untold.extend(events)
                if len(self._untold) > _UNTOLD_MAX:
                    self._untold.clear()
                    self._must_compare = True
        self._news.set()

    async def _look(self, connection: IMAPConnection) -> None:
        """Look at the whole mailbox and tell what changed since the last event."""
        self._loss = None
        self._untold.clear()
        self._must_compare = True
        self._is_opening = True
        self._is_doubtful = False
        await connection.reselect(self._mailbox, read_only=True)
        await self._identify(connection)
        if self._told is None:
            self._told = dict(self._view.flags)
            self._must_compare = False
        elif self._told_uidvalidity != self._view.uidvalidity:
            self._told = {}
            await self._queue.put(MailboxReset(self._mailbox, self._view.uidvalidity))
        self._told_uidvalidity = self._view.uidvalidity
        await self._tell()

    async def _identify(self, connection: IMAPConnection) -> None:
        """Ask for the UIDs and flags of messages that are known by number only.

        A message that is expunged before it can be asked for stays unknown until
        the server says that it is gone. So does one that the server counts, but
        tells nothing of, as some do if it is broken.
        """
        while self._view.has_unknown:
            unknown = self._view.unknown_count
            await connection.execute(UidScan(self._view.unknown))
            if self._view.unknown_count >= unknown:
                await connection.noop()
                if self._view.unknown_count >= unknown:
                    self._view.note_asked()
                    return

    async def _tell(self) -> None:
        """Put what is untold into the queue, waiting for room."""
        told = self._told
        assert told is not None
        while self._must_compare or self._untold:
            if self._must_compare:
                self._untold = deque(self._view.changes_since(told))
                self._must_compare = False
                continue
            event = self._untold[0]
            await self._queue.put(event)
            # Meanwhile the receive path may have dropped what is untold.
            if self._untold and self._untold[0] is event:
                self._untold.popleft()
            if isinstance(event, MessageExpunged):
                told.pop(event.uid, None)
            elif isinstance(event, NewMessage | FlagsChanged):
                told[event.uid] = event.flags

    async def _follow(self, connection: IMAPConnection) -> None:
        """Tell changes as they happen, until the connection is lost.

        Returns if a warning makes it doubtful that they are heard: Dovecot warns,
        and no more, when the mailbox was removed and made again.
        """
        config = connection.config
        while not self._is_doubtful:
            if connection.supports("IDLE"):
                with anyio.move_on_after(config.idle_renewal):
                    async with connection.idle():
                        while not (self._view.has_unasked or self._is_doubtful):
                            await self._wait_for_news()
                            await self._tell()
            else:
                await anyio.sleep(config.poll_interval)
                await connection.noop()
            await self._identify(connection)
            await self._tell()
            if self._loss is not None:
                raise self._loss
        self._trusted_until = time.monotonic() + _TRUST

    async def _wait_for_news(self) -> None:
        await self._news.wait()
        self._news.clear()
        if self._loss is not None:
            raise self._loss
