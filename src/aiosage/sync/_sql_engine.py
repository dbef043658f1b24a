"""Transactions on a SQLite file, each of which happens or does not."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ..errors import StoreError
from ._sql_mirror import SqlMirror
from ._sql_schema import METADATA, SCHEMA_VERSION

T = TypeVar("T")

# Marks our files among all SQLite files: "AiSg".
_APPLICATION_ID: Final = 0x41695367

_BEGIN: Final = "aiosage_begin"
_READERS: Final = 4


class _StoreBusy(StoreError):
    """Another process writes."""


class SqlEngine:
    """A SQLite file that is open.

    One transaction writes at a time; others of this process wait for a lock,
    those of another process for *busy_timeout* seconds. Readers see the file as
    it was when they began and wait for nobody.
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._path = path
        self._writer = asyncio.Lock()
        self._readers = asyncio.Semaphore(_READERS)
        self._busy_timeout = busy_timeout
        self._engine = _create_engine(path, busy_timeout)

    @classmethod
    async def open(cls, path: Path, busy_timeout: float) -> SqlEngine:
        """Open the file, made and given tables if it is new.

        Raises:
            StoreError: it is of a newer aiosage, or no store, or unusable.
        """
        self = cls(path, busy_timeout)
        try:
            # It will hold mail: nobody but its owner may read it.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise StoreError(
                f"cannot open the store {path}: {error.strerror}"
            ) from error
        try:
            await self._prepare()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def _prepare(self) -> None:
        if not await self._run("DEFERRED", self._is_ready):
            await self._run("IMMEDIATE", self._create_tables)
        # SQLite waits for no other process here: two that wait could wait for
        # each other.
        until = time.monotonic() + self._busy_timeout
        while True:
            try:
                await self._run(None, _write_ahead)
                return
            except _StoreBusy:
                if time.monotonic() >= until:
                    raise
            await anyio.sleep(random.uniform(0.005, 0.05))

    def _is_ready(self, connection: Connection) -> bool:
        """Return whether there are tables of this version; False if there are none.

        Raises:
            StoreError: there is something else.
        """

        def number(statement: str) -> int:
            return int(connection.exec_driver_sql(statement).scalar_one())

        if not number("SELECT count(*) FROM sqlite_master"):
            return False
        if number("PRAGMA application_id") != _APPLICATION_ID:
            raise StoreError(
                f"{self._path} is a database of another program",
                hint="Name another file for the store.",
            )
        version = number("PRAGMA user_version")
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"the store {self._path} has version {version}, newer than"
                f" {SCHEMA_VERSION}, which this aiosage knows",
                hint="Use the aiosage that wrote it, or a newer one.",
            )
        return True

    def _create_tables(self, connection: Connection) -> None:
        if self._is_ready(connection):  # another process was quicker
            return
        METADATA.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")

    async def read(self, work: Callable[[SqlMirror], T]) -> T:
        """Return what *work* finds."""
        async with self._readers:
            return await self._run(
                "DEFERRED", lambda connection: work(SqlMirror(connection))
            )

    async def write(self, work: Callable[[SqlMirror], T]) -> T:
        """Commit what *work* does, all of it or, if it raises, nothing."""
        async with self._writer:
            return await self._run(
                "IMMEDIATE", lambda connection: work(SqlMirror(connection))
            )

    async def _run(self, begin: str | None, work: Callable[[Connection], T]) -> T:
        return await _finish(self._transaction(begin, work))

    async def _transaction(
        self, begin: str | None, work: Callable[[Connection], T]
    ) -> T:
        engine = self._engine.execution_options(**{_BEGIN: begin})
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        except DBAPIError as error:
            raise self._store_error(error) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                f"the store cannot hold {error.object!r}, which is not text",
                hint="Rename the mailbox on the server.",
            ) from None

    def _store_error(self, error: DBAPIError) -> StoreError:
        cause = error.orig
        code = getattr(cause, "sqlite_errorcode", None)
        # Extended codes keep the primary one in the lowest octet.
        if isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_BUSY:
            return _StoreBusy(
                f"the store {self._path} is in use by another process for more than"
                f" {self._busy_timeout:g} s",
                hint="Wait until it has finished, or use a store of your own.",
            )
        hint = ""
        if isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_CORRUPT:
            hint = "Move it away and synchronise again."
        return StoreError(f"the store {self._path} failed: {cause}", hint=hint)

    async def aclose(self) -> None:
        """Close the file."""
        await _finish(self._engine.dispose())


def _create_engine(path: Path, busy_timeout: float) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={"timeout": busy_timeout},
        pool_size=_READERS + 1,  # and one to write: so nobody waits for the pool
        max_overflow=0,
        hide_parameters=True,  # errors shall not show mail
    )

    # Any: what the driver gives, wrapped by SQLAlchemy, has no public type.
    def set_up(connection: Any, _record: object) -> None:
        # We begin transactions ourselves: sqlite3 would not before a SELECT.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        # Enough with a write-ahead log: a power cut may undo the last
        # transactions, which are then synchronised again.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get(_BEGIN)
        if mode is not None:
            connection.exec_driver_sql(f"BEGIN {mode}")

    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


def _write_ahead(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA journal_mode = WAL")


async def _finish(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of *work*, which ends even if the caller is cancelled.

    A driver left in the middle of a statement would use its connection on while
    the pool lends it to others. The caller's cancellation follows afterwards.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):  # else anyio would cancel on and on
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError as error:
                cancelled = error
            except BaseException:
                break
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # the cancellation is told instead
        raise cancelled
    return task.result()
