"""A store in a SQLite file."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from ..errors import StoreError
from ..model import Flag, MessageSet
from ._store import (
    Changes,
    OpenedMailbox,
    StoreCounts,
    StoredMailbox,
    StoredMessage,
)

if TYPE_CHECKING:
    from ._sql_engine import SqlEngine

_PAGE: Final = 500


class SQLiteStore:
    """A `Store` in the SQLite file *path*, made if it is not there.

    ::

        async with SQLiteStore("mail.db") as store:
            report = await sync_accounts(accounts, store)

    Killed at any instant, the file holds every transaction that was committed
    and no part of another. Several processes may use it at once: they take
    turns to write. Its tables are ``account``, ``mailbox`` and ``message``. A
    method that is cancelled ends its transaction first.

    Needs SQLAlchemy and aiosqlite: ``pip install 'aiosage[db]'``.

    Args:
        path: the file; next to it SQLite keeps two more while it is in use.
        busy_timeout: seconds to wait while another process writes.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, busy_timeout: float = 30.0
    ) -> None:
        self._path = Path(path)
        self._busy_timeout = busy_timeout
        self._opened: SqlEngine | None = None

    def __repr__(self) -> str:
        return f"<SQLiteStore {self._path}>"

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    async def open(self) -> None:
        """Open the file; `aclose` must follow. ``async with`` does both.

        Raises:
            StoreError: the file cannot be used, or is of a newer aiosage.
            ImportError: SQLAlchemy or aiosqlite is not installed.
        """
        if self._opened is not None:
            return
        if str(self._path) == ":memory:":  # to SQLite, one for each connection
            raise StoreError(
                ":memory: is not a file", hint="A MemoryStore is kept in memory."
            )
        try:
            from ._sql_engine import SqlEngine

            self._opened = await SqlEngine.open(self._path, self._busy_timeout)
        except ImportError as error:
            raise ImportError(
                "SQLiteStore needs SQLAlchemy and aiosqlite: pip install 'aiosage[db]'",
                name=error.name,
            ) from error

    async def aclose(self) -> None:
        """Close the file; harmless when closed already."""
        engine, self._opened = self._opened, None
        if engine is not None:
            await engine.aclose()

    async def __aenter__(self) -> SQLiteStore:
        await self.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def _engine(self) -> SqlEngine:
        if self._opened is None:
            raise StoreError(
                f"the store {self._path} is not open",
                hint="Use it inside: async with SQLiteStore(path) as store.",
            )
        return self._opened

    async def open_mailbox(
        self, account: str, mailbox: str, uidvalidity: int
    ) -> OpenedMailbox:
        """See `Store.open_mailbox`."""
        return await self._engine.write(
            lambda mirror: mirror.open_mailbox(account, mailbox, uidvalidity)
        )

    async def flags(
        self, account: str, mailbox: str, messages: MessageSet
    ) -> dict[int, frozenset[Flag]]:
        """See `Store.flags`."""
        return await self._engine.read(
            lambda mirror: mirror.flags(account, mailbox, messages)
        )

    async def commit(
        self, account: str, mailbox: str, uidvalidity: int, changes: Changes
    ) -> None:
        """See `Store.commit`."""
        await self._engine.write(
            lambda mirror: mirror.commit(account, mailbox, uidvalidity, changes)
        )

    async def remove_mailbox(self, account: str, mailbox: str) -> None:
        """See `Store.remove_mailbox`."""
        await self._engine.write(lambda mirror: mirror.remove_mailbox(account, mailbox))

    async def accounts(self) -> tuple[str, ...]:
        """See `Store.accounts`."""
        return await self._engine.read(lambda mirror: mirror.accounts())

    async def mailboxes(self, account: str) -> tuple[StoredMailbox, ...]:
        """See `Store.mailboxes`."""
        return await self._engine.read(lambda mirror: mirror.mailboxes(account))

    async def messages(
        self, account: str, mailbox: str
    ) -> AsyncGenerator[StoredMessage]:
        """See `Store.messages`."""
        after = 0
        while page := await self._page(account, mailbox, after):
            for message in page:
                yield message
            after = page[-1].uid

    async def _page(
        self, account: str, mailbox: str, after: int
    ) -> list[StoredMessage]:
        return await self._engine.read(
            lambda mirror: mirror.page(account, mailbox, after, _PAGE)
        )

    async def raw(self, account: str, mailbox: str, uid: int) -> bytes | None:
        """See `Store.raw`."""
        return await self._engine.read(lambda mirror: mirror.raw(account, mailbox, uid))

    async def counts(self) -> StoreCounts:
        """See `Store.counts`."""
        return await self._engine.read(lambda mirror: mirror.counts())
