"""The tasks that watch, one for each connection they hold.

A task has a connection, or gets one again after a loss. If commands wait in the pool
and only watches hold connections, it leaves its own to them for a while, which ends
as a loss does: nothing is missed, only told later. It then looks at its
mailboxes and tells what is other than was told so far, which also covers whatever
was missed. After that it tells what it hears (see `WatchSession`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio
import anyio.abc

from ..errors import (
    CircuitOpen,
    IMAPAuthenticationError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPOperationError,
    IMAPPoolTimeout,
)
from ..model import MessagePart
from ..pool import IMAPConnectionPool
from ..resilience import backoff
from ..wire import with_inbox
from ._cursor import WatchCursor
from ._events import ConnectionState
from ._hub import Hub
from ._pattern import is_pattern
from ._queue import EventQueue
from ._scope import Scope
from ._session import WatchSession

log = logging.getLogger("aiosage.watch")

_LONG_LIFE: Final = 5.0
"""Seconds a connection must last for its loss not to count as one more failure."""
_SHORT_LIVES: Final = 6
"""Failures that connections count as, at most, on which all was heard for a moment.

That is better than nothing, so there is a few seconds' wait between them, no more.
"""

_PAUSES: Final = 4.0
"""Seconds that a connection is left to others, for each that looking anew took."""

_SHORTEST_PAUSE: Final = 0.1
"""Seconds that it is left to them, at least."""


@asynccontextmanager
async def watch(
    pool: IMAPConnectionPool,
    *mailboxes: str,
    queue_size: int = 1000,
    connections: int = 1,
    fetch: Sequence[MessagePart] = (),
    since: WatchCursor | str | None = None,
) -> AsyncGenerator[EventQueue]:
    """Tell what happens in *mailboxes* from the beginning of the block to its end.

    What a lost connection hid is told when there is one again, so every change is
    told once, in order. When the queue is full, what happens meanwhile is told
    later, as the difference it makes.

    Args:
        pool: where connections come from.
        mailboxes: names, or patterns in which ``*`` stands for anything and ``%``
            for anything on one level. The first is heard at once; the others at
            once where the server offers NOTIFY (RFC 5465), else they are asked
            after every ``poll_interval`` seconds. Mailboxes that a pattern fits
            may come and go.
        queue_size: most events that wait for the consumer, at least 1.
        connections: to hold, at least 1, but for when commands wait for one in vain.
            Each but the last is for one name, in the order of *mailboxes*, and the
            last for all others.
        fetch: what to read of each new message before it is told of. As many as
            the queue has room for are held in memory.
        since: the cursor of an earlier watch, to be told first what has happened
            since then. Mailboxes that it does not know begin as they are now;
            what it knows of others is forgotten.

    Raises:
        ValueError: a number is less than 1, or *since* is no cursor.
        IMAPMailboxError: a mailbox cannot be opened, or has been removed.
        IMAPAuthenticationError: the credentials are refused now.
        IMAPConnectionError: no connection at the beginning. Later losses are
            made good, and told as `ConnectionState`.
    """
    if not mailboxes:
        raise ValueError("name at least one mailbox to watch")
    if connections < 1:
        raise ValueError(f"a watch holds at least one connection, not {connections}")
    if isinstance(since, str):
        since = WatchCursor.parse(since)
    hub = Hub()
    queue = hub.queue(queue_size, fetches=bool(fetch))
    scopes = _scopes(mailboxes, connections, since)
    for name in {name for scope in scopes for name in scope.names}:
        if since is not None and name in since.mailboxes:
            hub.mailbox(name).resume(since.mailboxes[name])
    error: BaseException
    try:
        async with anyio.create_task_group() as tasks:
            for scope in scopes:
                await tasks.start(_Watcher(pool, hub, scope, fetch).run)
            yield queue
            tasks.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # The others, if any, are further watched mailboxes failing likewise.
        error = group.exceptions[0]
    else:
        return
    finally:
        hub.end()
    raise error  # out here, so that it keeps the cause and context it has


def _scopes(
    mailboxes: Sequence[str], connections: int, since: WatchCursor | None
) -> list[Scope]:
    """Return which of *mailboxes* to watch on each connection, each on one."""
    known = since.mailboxes if since is not None else None
    watched = dict.fromkeys(map(with_inbox, mailboxes))
    alone = [name for name in watched if not is_pattern(name)][: connections - 1]
    shared = [name for name in watched if name not in alone]
    scopes = [Scope([name]) for name in alone]
    return [*scopes, Scope(shared, known, elsewhere=alone)] if shared else scopes


def _is_transient(error: Exception) -> bool:
    if isinstance(error, CircuitOpen):
        return not isinstance(error.__cause__, Exception) or _is_transient(
            error.__cause__
        )
    return isinstance(error, IMAPConnectionError | IMAPPoolTimeout) or (
        isinstance(error, IMAPAuthenticationError | IMAPOperationError)
        and error.retryable
    )


def failures_after(failures: int, lasted: float | None) -> int:
    """Return how many failures in a row there are, with the loss of a connection.

    Args:
        failures: before that.
        lasted: seconds for which all was heard on it; None if it never was.
    """
    if lasted is None:
        return failures + 1
    return 1 if lasted > _LONG_LIFE else min(failures + 1, _SHORT_LIVES)


class _Watcher:
    """Watches on one connection after the other."""

    def __init__(
        self,
        pool: IMAPConnectionPool,
        hub: Hub,
        scope: Scope,
        fetch: Sequence[MessagePart],
    ) -> None:
        self._pool = pool
        self._hub = hub
        self._scope = scope
        self._fetch = fetch
        self._session: WatchSession | None = None
        self._is_ready = False
        self._is_told = False  # that it is connected
        self._is_wanted = False  # the connection, by others
        self._pause = _SHORTEST_PAUSE
        self._since: float | None = None  # when all was known on this connection
        hub.wake_by(self._wake)

    def _wake(self) -> None:
        if self._session is not None:
            self._session.wake()

    def _give_way(self) -> None:
        self._is_wanted = True
        if self._session is not None:
            self._session.give_way()

    async def run(
        self,
        *,
        task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
    ) -> None:
        """Watch until cancelled, over any number of connections.

        *task_status* is told when everything has been looked at for the first
        time: from then on no change is missed. Errors before that are raised.
        """
        failures = 0
        while True:
            self._since = None
            try:
                await self._watch(task_status)
                await anyio.sleep(self._pause)
            except (
                CircuitOpen,
                IMAPConnectionError,
                IMAPPoolTimeout,
                IMAPAuthenticationError,
                IMAPOperationError,
            ) as error:
                # At first, only one that was idle in the pool may have died there.
                is_stale = not failures and isinstance(error, IMAPConnectionLost)
                if not (self._is_ready or is_stale) or not _is_transient(error):
                    raise
                lasted = None if self._since is None else time.monotonic() - self._since
                failures = failures_after(failures, lasted)
                title = self._scope.title
                if self._is_ready:
                    self._is_told = False
                    self._hub.state(ConnectionState(title, False, str(error)))
                log.info("watch of %r lost: %s", title, error)
                await anyio.sleep(max(backoff(failures), error.retry_after or 0.0))

    async def _watch(self, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Watch on one connection, until it is lost or others want it."""
        async with self._pool.connection(on_wanted=self._give_way) as connection:
            begun = time.monotonic()
            session = WatchSession(connection, self._hub, self._scope, self._fetch)
            connection.add_listener(session.hear)
            self._session = session
            try:
                await session.begin()
                self._since = time.monotonic()
                self._pause = max(_SHORTEST_PAUSE, _PAUSES * (self._since - begun))
                if not self._is_ready:
                    self._is_ready = True
                    task_status.started()
                if not self._is_told:
                    self._is_told = True
                    self._hub.state(ConnectionState(self._scope.title, True))
                if self._is_wanted:
                    session.give_way()
                await session.follow()
            finally:
                self._session = None
                self._is_wanted = False
                connection.remove_listener(session.hear)
                if session.must_end:
                    await connection.aclose()
