"""One account, from the server into a store."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Collection
from typing import TypeAlias

import anyio

from ..client import IMAPClient
from ..connection import ConnectionConfig
from ..errors import IMAPError
from ..model import MailboxInfo
from ._mailbox import MailboxSync, never
from ._report import AccountReport, MailboxReport, ProgressCallback
from ._retry import retrying
from ._store import Store

log = logging.getLogger("aiosage.sync")

MailboxFilter: TypeAlias = Collection[str] | Callable[[MailboxInfo], bool]
"""Which mailboxes: their names, or a function that says yes or no to each. It is
asked about those that are in the mirror only, too, of which but the name is known."""


class AccountSync:
    """One account on its way into a store; it may be done in several turns."""

    def __init__(
        self,
        account: str,
        store: Store,
        *,
        mailboxes: MailboxFilter | None,
        connections: int,
        attempts: int,
        on_progress: ProgressCallback | None,
    ) -> None:
        if connections < 1 or attempts < 1:
            raise ValueError("connections and attempts are at least 1")
        self._account = account
        self._store = store
        self._filter = mailboxes
        self._connections = connections
        self._attempts = attempts
        self._on_progress = on_progress
        self._todo: deque[MailboxSync] | None = None
        self._begun: dict[str, MailboxSync] = {}
        self._errors: dict[str, Exception] = {}
        self._removed: tuple[str, ...] = ()
        self._error: Exception | None = None
        self._seconds = 0.0

    async def run(
        self, client: IMAPClient, is_over: Callable[[], bool] = never
    ) -> bool:
        """Go on until all is done or *is_over*; return whether all is done.

        Errors are kept for the report: those of a mailbox end that mailbox,
        those of the account end it.
        """
        begin = time.monotonic()
        try:
            if self._todo is None:
                self._todo = deque(await self._plan(client))
            async with anyio.create_task_group() as tasks:
                for _ in range(min(self._connections, len(self._todo))):
                    tasks.start_soon(
                        self._work, client, self._todo, is_over, tasks.cancel_scope
                    )
        # Whatever was wrong with this account, the others are not to suffer.
        except Exception as error:
            self._fail(error)
        finally:
            self._seconds += time.monotonic() - begin
        return self._error is not None or not self._todo

    def _fail(self, error: Exception) -> None:
        """Give the account up."""
        self._error = error
        _log(self._account, error)

    async def _plan(self, client: IMAPClient) -> list[MailboxSync]:
        """Return what to synchronise; forget mailboxes that are gone."""
        listed = await retrying(client.folders.list, attempts=self._attempts)
        there = {mailbox.name for mailbox in listed if mailbox.is_selectable}
        wanted = [
            mailbox.name
            for mailbox in listed
            if mailbox.name in there and self._is_wanted(mailbox)
        ]
        # An account has an INBOX at least: an empty list is no list.
        if listed:
            gone = [
                mailbox.name
                for mailbox in await self._store.mailboxes(self._account)
                if mailbox.name not in there
                and self._is_wanted(MailboxInfo(mailbox.name, None, frozenset()))
            ]
            for name in gone:
                await self._store.remove_mailbox(self._account, name)
            self._removed = tuple(gone)
        if self._filter is not None and not callable(self._filter):
            # The server shall say what is wrong with those it did not list.
            named = {_folded(name) for name in self._filter}
            wanted += sorted(named - there - set(self._removed))
        return [
            MailboxSync(
                self._account,
                name,
                self._store,
                attempts=self._attempts,
                on_progress=self._on_progress,
            )
            for name in wanted
        ]

    def _is_wanted(self, mailbox: MailboxInfo) -> bool:
        if self._filter is None:
            return True
        if callable(self._filter):
            return self._filter(mailbox)
        return _folded(mailbox.name) in {_folded(name) for name in self._filter}

    async def _work(
        self,
        client: IMAPClient,
        todo: deque[MailboxSync],
        is_over: Callable[[], bool],
        scope: anyio.CancelScope,
    ) -> None:
        """Synchronise one mailbox after the other, on one connection."""
        while todo:
            sync = todo.popleft()
            self._begun[sync.mailbox] = sync
            try:
                is_finished = await sync.run(client, is_over)
            # As for accounts: the other mailboxes are not to suffer.
            except Exception as error:
                self._errors[sync.mailbox] = error
                if not sync.is_reached:
                    self._fail(error)
                    scope.cancel()
                    return
                _log(f"{self._account} {sync.mailbox!r}", error)
            else:
                if not is_finished:
                    todo.appendleft(sync)
            if is_over():
                return

    def report(self) -> AccountReport:
        """Return what was done."""
        return AccountReport(
            self._account,
            tuple(self._mailbox_report(sync) for sync in self._begun.values()),
            self._removed,
            self._seconds,
            self._error,
        )

    def _mailbox_report(self, sync: MailboxSync) -> MailboxReport:
        error = self._errors.get(sync.mailbox)
        if error is None and not sync.is_finished:
            error = self._error
        return sync.report(error)


async def sync_account(
    account: ConnectionConfig | IMAPClient,
    store: Store,
    *,
    mailboxes: MailboxFilter | None = None,
    connections: int = 2,
    attempts: int = 5,
    on_progress: ProgressCallback | None = None,
) -> AccountReport:
    """Make the mirror of one account in *store* like the account.

    Mailboxes that are gone from the server are removed from the mirror; one that
    was renamed is removed under the old name and fetched under the new one.
    Cancelled or killed at any instant, it may be called again and does what is
    left.

    Args:
        account: to log in to, or a client that is used and left open.
        store: the mirror.
        mailboxes: to look at; None for all that hold messages. The rest of the
            mirror stays as it is.
        connections: most to use at once, one for each mailbox under way.
        attempts: that may fail in a row, without progress, for a lost
            connection before a mailbox or the account is given up.
        on_progress: told of progress.

    Returns:
        What was done, and the errors: they are not raised, so that a mailbox
        that fails does not disturb the others.
    """
    config = account.config if isinstance(account, IMAPClient) else account
    sync = AccountSync(
        config.account,
        store,
        mailboxes=mailboxes,
        connections=connections,
        attempts=attempts,
        on_progress=on_progress,
    )
    if isinstance(account, IMAPClient):
        await sync.run(account)
        return sync.report()
    client = IMAPClient(account, max_connections=connections)
    try:
        # Not opened: what goes wrong then belongs into the report.
        await sync.run(client)
    finally:
        await client.aclose()
    return sync.report()


def _folded(name: str) -> str:
    """Return *name*, of which only INBOX is without regard to case."""
    # Only ASCII letters have no case here: "\u0131".upper() is "I", too.
    return "INBOX" if name.isascii() and name.upper() == "INBOX" else name


def _log(what: str, error: Exception) -> None:
    if isinstance(error, IMAPError):
        log.info("%s is not in sync: %s", what, error)  # the report tells it
    else:
        log.error("%s is not in sync", what, exc_info=error)
