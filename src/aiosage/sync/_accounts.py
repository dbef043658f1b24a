"""Many accounts, from their servers into one store."""

from __future__ import annotations

import time
from collections.abc import Iterable

import anyio

from ..client import IMAPAccounts
from ..connection import ConnectionConfig
from ..pool import ConnectionBudget
from ._account import AccountSync, MailboxFilter
from ._report import ProgressCallback, SyncReport
from ._store import Store


async def sync_accounts(
    accounts: Iterable[ConnectionConfig],
    store: Store,
    *,
    mailboxes: MailboxFilter | None = None,
    concurrency: int = 8,
    connections: int = 2,
    attempts: int = 5,
    turn: float = 30.0,
    on_progress: ProgressCallback | None = None,
) -> SyncReport:
    """Make the mirror of *accounts* in *store* like the accounts, at once.

    An account that fails does not disturb the others. Large accounts do not
    hold up small ones: accounts take turns. Cancelled or killed at any instant,
    it may be called again and does what is left.

    Args:
        accounts: to log in to, each once.
        store: the mirror of all of them.
        mailboxes: of each account to look at; see `sync_account`.
        concurrency: most accounts under way at once.
        connections: most to use at once for one account.
        attempts: that may fail in a row, without progress, for a lost
            connection before a mailbox or an account is given up.
        turn: seconds after which an account lets the next one in, if one waits.
        on_progress: told of progress.

    Returns:
        What was done, and the errors of servers and store: they are not raised.

    Raises:
        ValueError: an account is given twice, or a number is too small.
    """
    configs = tuple(accounts)
    names = [config.account for config in configs]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"given more than once: {', '.join(twice)}")
    if concurrency < 1:
        raise ValueError("concurrency is at least 1")
    begin = time.monotonic()
    limiter = anyio.CapacityLimiter(concurrency)
    syncs = [
        AccountSync(
            config.account,
            store,
            mailboxes=mailboxes,
            connections=connections,
            attempts=attempts,
            on_progress=on_progress,
        )
        for config in configs
    ]

    async def take_turns(sync: AccountSync, name: str) -> None:
        is_finished = False
        while not is_finished:
            async with limiter:  # first come, first served
                until = time.monotonic() + turn

                def is_over(until: float = until) -> bool:
                    waiting = limiter.statistics().tasks_waiting
                    return waiting > 0 and time.monotonic() >= until

                is_finished = await sync.run(clients[name], is_over)
                if is_finished:
                    await clients.remove(name)

    # Connections of who waits for its next turn make room for who has its own.
    budget = ConnectionBudget(total=concurrency * connections)
    async with (
        IMAPAccounts(
            configs, budget=budget, max_connections=connections, retry=None
        ) as clients,
        anyio.create_task_group() as tasks,
    ):
        for sync, name in zip(syncs, names, strict=True):
            tasks.start_soon(take_turns, sync, name)
    return SyncReport(tuple(sync.report() for sync in syncs), time.monotonic() - begin)
