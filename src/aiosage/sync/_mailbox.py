"""One mailbox, from the server into a store.

An attempt opens the mailbox to read (EXAMINE), asks for all its UIDs, compares
flags of what the mirror has, range by range, and fetches what it has not, batch
by batch. Each range and each batch is one transaction; the UIDs in the store
are the checkpoint. So an attempt may end at any instant, and the next one, on
another connection or in another process, does what is left: it knows no more
than the store does. UIDs are compared within one UIDVALIDITY only, which the
store checks again in each transaction.

Of a new message the size is asked for first, so that a batch holds a bounded
number of octets however large messages are.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final

from anyio import to_thread

from ..client import IMAPClient
from ..connection import IMAPConnection
from ..errors import IMAPMessageError
from ..model import MessagePart, MessageSet, mailbox_diff
from ..wire import FetchData
from ..wire.commands import SelectResult, UidFetch
from ._diff import cut_sizes, cut_uids
from ._records import is_withheld, to_record, whole_message
from ._remote import SCAN_MESSAGES, fetch_flags, fetch_sizes, search_all, uidvalidity_of
from ._report import MailboxReport, ProgressCallback, SyncPhase, SyncProgress
from ._retry import retrying
from ._store import Changes, Checkpoint, Store, StoredMessage

log = logging.getLogger("aiosage.sync")

# A mailbox of which more cannot be read has another problem than odd messages.
_MAX_UNREADABLE: Final = 100

_WANTED: Final = (
    MessagePart.FLAGS,
    MessagePart.INTERNAL_DATE,
    MessagePart.SIZE,
    MessagePart.FULL,
)


def never() -> bool:
    """Never give up a turn."""
    return False


class MailboxSync:
    """One mailbox on its way into a store; it counts over all attempts.

    Args:
        account: whose it is.
        mailbox: its name.
        store: where it goes.
        attempts: that may fail in a row, without progress.
        on_progress: told of progress.

    Attributes:
        is_reached: there was a connection to the server at the last attempt.
        is_finished: the mirror was made complete.
    """

    def __init__(
        self,
        account: str,
        mailbox: str,
        store: Store,
        *,
        attempts: int,
        on_progress: ProgressCallback | None,
    ) -> None:
        self.mailbox = mailbox
        self.is_reached = False
        self.is_finished = False
        self._account = account
        self._store = store
        self._attempts = attempts
        self._on_progress = on_progress
        self._compared: SelectResult | None = None
        self._moved = 0
        self._new = 0
        self._vanished = 0
        self._flags_changed = 0
        self._octets = 0
        self._seconds = 0.0
        self._retries = 0
        self._unreadable = MessageSet()

    def report(self, error: Exception | None) -> MailboxReport:
        """Return what was done so far, and why no more."""
        return MailboxReport(
            self.mailbox,
            self._new,
            self._vanished,
            self._flags_changed,
            self._octets,
            self._seconds,
            self._retries,
            self._unreadable,
            error,
        )

    async def run(
        self, client: IMAPClient, is_over: Callable[[], bool] = never
    ) -> bool:
        """Make the mirror complete, over as many connections as it takes.

        Args:
            client: the account.
            is_over: asked after each batch whether to leave the rest for later.

        Returns:
            Whether the mirror is complete, rather than left for later.

        Raises:
            IMAPError: it cannot be completed.
        """
        begin = time.monotonic()
        self._retries -= 1  # the first attempt is none
        try:
            self.is_finished = await retrying(
                lambda: self._attempt(client, is_over),
                attempts=self._attempts,
                moved=lambda: self._moved,
            )
        except Exception:
            self._tell(SyncPhase.FAILED, self._new, self._new)
            raise
        finally:
            self._seconds += time.monotonic() - begin
        return self.is_finished

    async def _attempt(self, client: IMAPClient, is_over: Callable[[], bool]) -> bool:
        self._retries += 1
        self.is_reached = False
        async with client.pool.connection() as connection:
            self.is_reached = True
            # Anew, since one that is open already may hide what has changed.
            selected = await connection.reselect(self.mailbox, read_only=True)
            uidvalidity = uidvalidity_of(selected)
            remote = await search_all(connection)
            opened = await self._store.open_mailbox(
                self._account, self.mailbox, uidvalidity
            )
            self._vanished += opened.dropped
            known, remote = opened.known, remote.bound_to(self.mailbox, uidvalidity)
            if self._compared is None or self._compared.uidvalidity != uidvalidity:
                self._unreadable = MessageSet()
                await self._compare(connection, uidvalidity, known, remote)
                self._compared = selected
            is_complete = await self._fetch(
                connection, uidvalidity, remote - known, is_over
            )
        if not is_complete:
            return False
        if not self._unreadable:
            # How the mailbox was when the comparison began: what changed since
            # then about messages already compared is for the next run.
            checkpoint = Checkpoint(
                self._compared.uidnext, self._compared.highest_modseq, datetime.now(UTC)
            )
            await self._commit(uidvalidity, Changes(checkpoint=checkpoint))
        self._tell(SyncPhase.FINISHED, self._new, self._new)
        return True

    async def _compare(
        self,
        connection: IMAPConnection,
        uidvalidity: int,
        known: MessageSet,
        remote: MessageSet,
    ) -> None:
        """Remove what vanished from the mirror, and bring its flags up to date."""
        done = 0
        for part in cut_uids(known, SCAN_MESSAGES) if known else ():
            mirrored = await self._store.flags(self._account, self.mailbox, part)
            told = await fetch_flags(connection, known & remote & part)
            found = mailbox_diff(mirrored, remote & part, told)
            if found.vanished or found.flags_changed:
                changes = Changes(vanished=found.vanished, flags=found.flags_changed)
                await self._commit(uidvalidity, changes)
                self._vanished += len(found.vanished)
                self._flags_changed += len(found.flags_changed)
            done += len(mirrored)
            self._tell(SyncPhase.COMPARING, done, len(known))

    async def _fetch(
        self,
        connection: IMAPConnection,
        uidvalidity: int,
        missing: MessageSet,
        is_over: Callable[[], bool],
    ) -> bool:
        """Store the messages *missing*; return whether that is all of them."""
        total = self._new + len(missing)
        self._tell(SyncPhase.FETCHING, self._new, total)
        wanted = missing - self._unreadable
        async with aclosing(fetch_sizes(connection, wanted)) as windows:
            async for sizes in windows:
                for uids in cut_sizes(sizes):
                    messages = await self._read(connection, MessageSet(uids))
                    await self._commit(uidvalidity, Changes(new=messages))
                    self._new += len(messages)
                    self._octets += sum(len(raw) for _, raw in messages)
                    self._tell(SyncPhase.FETCHING, self._new, total)
                    if is_over():
                        return False
        return True

    async def _read(
        self, connection: IMAPConnection, messages: MessageSet
    ) -> list[tuple[StoredMessage, bytes]]:
        """Return *messages*, without those that the server does not give.

        Servers refuse a whole FETCH for one message they cannot read, so what is
        refused is asked for by halves.
        """
        read: list[tuple[StoredMessage, bytes]] = []
        todo = [messages]
        while todo:
            batch = todo.pop()
            try:
                found = await connection.execute(UidFetch(batch, _WANTED))
            except IMAPMessageError as error:
                if len(batch) > 1:
                    todo.extend(reversed([*batch.iter_batches((len(batch) + 1) // 2)]))
                    continue
                self._unreadable |= batch
                log.warning("%s %r: %s", self._account, self.mailbox, error)
                if len(self._unreadable) > _MAX_UNREADABLE:
                    raise
            else:
                # Headers of hundreds of messages take longer than a loop may be
                # kept waiting.
                read += await to_thread.run_sync(_records, found)
                self._unreadable |= MessageSet(
                    data.uid for data in found if data.uid and is_withheld(data)
                )
        return read

    async def _commit(self, uidvalidity: int, changes: Changes) -> None:
        await self._store.commit(self._account, self.mailbox, uidvalidity, changes)
        self._moved += 1

    def _tell(self, phase: SyncPhase, done: int, total: int) -> None:
        if self._on_progress is not None:
            self._on_progress(
                SyncProgress(
                    self._account, self.mailbox, phase, done, total, self._octets
                )
            )


def _records(found: tuple[FetchData, ...]) -> list[tuple[StoredMessage, bytes]]:
    return [
        (to_record(data, raw), raw)
        for data in found
        if data.uid is not None and (raw := whole_message(data)) is not None
    ]


async def sync_mailbox(
    client: IMAPClient,
    mailbox: str,
    store: Store,
    *,
    attempts: int = 5,
    on_progress: ProgressCallback | None = None,
) -> MailboxReport:
    """Make the mirror of one mailbox in *store* like the mailbox.

    Cancelled or killed at any instant, it may be called again and does what is
    left; nothing is fetched twice but the batch that was under way.

    Args:
        client: the account, of which one connection is used.
        mailbox: its name.
        store: the mirror.
        attempts: that may fail in a row, without progress, for a lost
            connection before that is raised.
        on_progress: told of progress.

    Raises:
        IMAPMailboxError: the mailbox cannot be opened.
        IMAPConnectionError: the account cannot be reached.
        IMAPAuthenticationError: the server refused the credentials.
        UIDValidityChanged: it was changed in the store by somebody else.
        StoreError: the store failed.
    """
    sync = MailboxSync(
        client.config.account,
        mailbox,
        store,
        attempts=attempts,
        on_progress=on_progress,
    )
    await sync.run(client)
    return sync.report(None)
