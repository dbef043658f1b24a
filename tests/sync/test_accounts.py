from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from aiosage import (
    ConnectionConfig,
    IMAPAuthenticationError,
    IMAPConnectError,
    IMAPTimeoutError,
)
from aiosage.sync import (
    MemoryStore,
    SQLiteStore,
    SyncPhase,
    SyncProgress,
    sync_accounts,
)
from aiosage.testing import DovecotServer, MemoryServer

from .mirror import account, assert_in_sync, fill, mail, of_store
from .relay import Relay


def user(dovecot: DovecotServer, **options: float) -> ConnectionConfig:
    return account(
        dovecot.host, dovecot.port, dovecot.new_user(), dovecot.password, **options
    )


@contextlib.asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A server that takes connections and never says a word."""
    over = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def refused_port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_accounts_that_fail_do_not_disturb_the_others(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    good = [user(dovecot) for _ in range(3)]
    for config in good:
        await fill(config, [mail(n) for n in range(50)])
    wrong = user(dovecot).with_password("wrong")
    refused = account("127.0.0.1", await refused_port(), "ann", "secret")

    async with silent_server() as port:
        silent = account("127.0.0.1", port, "ann", "secret", connect_timeout=0.2)
        report = await sync_accounts(
            [wrong, good[0], refused, good[1], silent, good[2]], sqlite, attempts=2
        )

    errors = {entry.account: entry.error for entry in report.accounts}
    assert list(errors) == [
        config.account for config in (wrong, good[0], refused, good[1], silent, good[2])
    ]
    assert isinstance(errors[wrong.account], IMAPAuthenticationError)
    assert isinstance(errors[refused.account], IMAPConnectError)
    assert isinstance(errors[silent.account], IMAPTimeoutError)
    assert not report.ok
    assert report.new == 150
    for config in good:
        assert errors[config.account] is None
        await assert_in_sync(sqlite, config)


async def test_accounts_take_turns(dovecot: DovecotServer) -> None:
    """One at a time, and the first is large: the others need not wait for its end."""
    large, *small = [user(dovecot) for _ in range(3)]
    await fill(large, [mail(n) for n in range(2500)])
    for config in small:
        await fill(config, [mail(1)])
    told: list[SyncProgress] = []
    store = MemoryStore()

    report = await sync_accounts(
        [large, *small], store, concurrency=1, turn=0.0, on_progress=told.append
    )

    assert report.ok
    assert report.new == 2502
    finished = [
        p.account
        for p in told
        if p.phase is SyncPhase.FINISHED and p.mailbox == "INBOX"
    ]
    assert sorted(finished[:2]) == sorted(config.account for config in small)
    await assert_in_sync(store, large)


async def test_no_more_accounts_at_once_than_asked_for(dovecot: DovecotServer) -> None:
    configs = [user(dovecot) for _ in range(6)]
    async with Relay(dovecot.host, dovecot.port).listening() as relay:
        relayed = [
            account("127.0.0.1", relay.port, config.username, dovecot.password)
            for config in configs
        ]
        report = await sync_accounts(
            relayed, MemoryStore(), concurrency=2, connections=2
        )

    assert report.ok
    assert len(report.accounts) == 6
    assert relay.most <= 4


async def test_an_account_given_twice_is_a_mistake(dovecot: DovecotServer) -> None:
    config = user(dovecot)

    with pytest.raises(ValueError, match="more than once"):
        await sync_accounts([config, config], MemoryStore())


async def test_no_accounts_are_in_sync() -> None:
    report = await sync_accounts([], MemoryStore())

    assert report.ok
    assert report.accounts == ()


async def test_two_programs_may_synchronise_into_one_file(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    """They do some work twice, but the mirror is right."""
    config = user(dovecot)
    await fill(config, [mail(n) for n in range(1500)])

    async with SQLiteStore(sqlite.path) as other:
        reports = await asyncio.gather(
            sync_accounts([config], sqlite), sync_accounts([config], other)
        )

    assert all(report.ok for report in reports)
    await assert_in_sync(sqlite, config)


async def test_cancelling_ends_every_account_and_a_later_run_completes(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    configs = [user(dovecot) for _ in range(3)]
    for config in configs:
        await fill(config, [mail(n) for n in range(1200)])
    is_under_way = asyncio.Event()

    def on_progress(progress: SyncProgress) -> None:
        if progress.octets:
            is_under_way.set()

    before = asyncio.all_tasks()
    run = asyncio.create_task(sync_accounts(configs, sqlite, on_progress=on_progress))
    await is_under_way.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert asyncio.all_tasks() == before
    stored = (await sqlite.counts()).messages
    assert 0 < stored < 3600
    report = await sync_accounts(configs, sqlite)
    assert report.ok
    assert report.new == 3600 - stored
    for config in configs:
        await assert_in_sync(sqlite, config)


async def test_accounts_on_one_server_are_kept_apart(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    ann, bob = user(dovecot), user(dovecot)
    await fill(ann, [mail(1)])
    await fill(bob, [mail(2), mail(3)])

    await sync_accounts([ann, bob], sqlite)

    assert len((await of_store(sqlite, ann))["INBOX"]) == 1
    assert len((await of_store(sqlite, bob))["INBOX"]) == 2
    assert await sqlite.accounts() == tuple(sorted([ann.account, bob.account]))


async def test_turns_share_the_connections_there_may_be() -> None:
    """Who waits for its next turn holds none that another needs."""
    async with MemoryServer() as memory:
        configs: list[ConnectionConfig] = []
        for name in ("ann", "bob", "eve"):
            memory.add_account(name, "secret").mailbox("INBOX").deliver(mail(1))
            configs.append(account(memory.host, memory.port, name, "secret"))
        most = 0

        def count(progress: SyncProgress) -> None:
            nonlocal most
            most = max(most, memory.connections)

        report = await sync_accounts(
            configs,
            MemoryStore(),
            concurrency=1,
            connections=1,
            turn=0.0,
            on_progress=count,
        )
        assert report.ok
        assert report.new == 3
        # One may be closing while the next is opened.
        assert 1 <= most <= 2
        await memory.wait_connections(0)
