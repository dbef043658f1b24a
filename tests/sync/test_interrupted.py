"""A sync that is cut, cancelled or killed loses nothing and doubles nothing."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from pathlib import Path

import pytest

from aiosage import ConnectionConfig, Flag, IMAPClient, IMAPConnectionLost
from aiosage.sync import MemoryStore, SQLiteStore, Store, sync_account
from aiosage.testing import DovecotServer

from ..conftest import Endpoint
from .mirror import account, assert_in_sync, fill, mail, of_store
from .relay import How, Relay

ROOT = Path(__file__).parents[2]
BATCH = 500  # messages in one transaction
COUNT = 1300


def of(server: Endpoint, port: int | None = None) -> ConnectionConfig:
    return account(server.host, port or server.port, server.username, server.password)


async def assert_complete(store: Store, config: ConnectionConfig, count: int) -> None:
    assert len((await of_store(store, config))["INBOX"]) == count
    await assert_in_sync(store, config)


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("after", [0, 200, 1500, 60_000, 250_000, 500_000])
async def test_a_cut_connection_is_made_good(
    server: Endpoint, sqlite: SQLiteStore, how: How, after: int
) -> None:
    """In the greeting, after login, among the sizes, and within messages."""
    await fill(of(server), [mail(n) for n in range(COUNT)])
    async with Relay(server.host, server.port).listening() as relay:
        config = of(server, relay.port)
        relay.cuts = [(after, how)]

        report = await sync_account(config, sqlite, mailboxes=["INBOX"])

        assert report.ok
        assert report.new == COUNT
        assert relay.connections == 2
        # A cut before anything else was made good before the mailbox was begun.
        assert report.mailboxes[0].retries == (1 if after > 1000 else 0)
        assert relay.bodies - COUNT < BATCH, "what was committed is not fetched again"
        await sync_account(config, sqlite)
        await assert_complete(sqlite, config, COUNT)


async def test_a_line_that_breaks_all_the_time_is_enough(
    server: Endpoint, sqlite: SQLiteStore
) -> None:
    """It moves on each time, so it is not given up, with a single attempt."""
    await fill(of(server), [mail(n) for n in range(6 * BATCH)])
    async with Relay(server.host, server.port).listening() as relay:
        config = of(server, relay.port)
        relay.cuts = [(550_000, "rst")] * 50

        report = await sync_account(config, sqlite, mailboxes=["INBOX"], attempts=1)

        assert report.ok
        assert relay.connections > 2
        relay.cuts = []
        await sync_account(config, sqlite)
        await assert_complete(sqlite, config, 6 * BATCH)


async def test_a_line_that_never_moves_on_is_given_up(
    server: Endpoint, store: Store
) -> None:
    await fill(of(server), [mail(n) for n in range(COUNT)])
    async with Relay(server.host, server.port).listening() as relay:
        relay.cuts = [(100_000, "fin")] * 50

        report = await sync_account(
            of(server, relay.port), store, mailboxes=["INBOX"], attempts=3
        )

    [inbox] = report.mailboxes
    assert isinstance(inbox.error, IMAPConnectionLost)
    assert inbox.retries == 2
    assert relay.connections == 3
    assert (await store.counts()).messages == 0


async def test_a_mailbox_made_anew_while_the_connection_was_cut(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    """UIDVALIDITY is looked at after every reconnect, not once for all."""
    user = dovecot.new_user()
    direct = account(dovecot.host, dovecot.port, user, dovecot.password)
    async with IMAPClient(direct) as client:
        await client.folders.create("Work")
    await fill(direct, [mail(n) for n in range(COUNT)], "Work")
    examined = 0

    def make_anew(line: bytes) -> None:
        nonlocal examined
        examined += b"EXAMINE Work" in line
        if examined == 2:
            examined += 1
            dovecot.doveadm("mailbox", "delete", "-u", user, "Work")
            dovecot.doveadm("mailbox", "create", "-u", user, "Work")
            dovecot.doveadm("save", "-u", user, "-m", "Work", stdin=mail(7777))

    async with Relay(dovecot.host, dovecot.port).listening() as relay:
        relay.refuse = make_anew
        relay.cuts = [(500_000, "rst")]
        config = account(relay.host, relay.port, user, dovecot.password)

        report = await sync_account(config, sqlite, mailboxes=["Work"])

        [work] = report.mailboxes
        assert report.ok
        assert work.vanished >= BATCH, "some of the earlier life was there"
        assert len((await of_store(sqlite, config))["Work"]) == 1
        [stored] = await sqlite.mailboxes(config.account)
        assert stored.uidnext == 2, "the checkpoint is that of this life"
        await sync_account(config, sqlite)
        await assert_in_sync(sqlite, config)


async def test_changes_made_between_two_attempts_are_mirrored(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    user = dovecot.new_user()
    direct = account(dovecot.host, dovecot.port, user, dovecot.password)
    await fill(direct, [mail(n) for n in range(COUNT)])
    examined = 0

    def change(line: bytes) -> None:
        nonlocal examined
        examined += b"EXAMINE" in line
        if examined == 2:
            examined += 1
            for command in ("flags add -u {} \\Seen", "expunge -u {}"):
                uids = "uid", "1:40" if "flags" in command else "900:950"
                words = command.format(user).split()
                dovecot.doveadm(*words, "mailbox", "INBOX", *uids)

    async with Relay(dovecot.host, dovecot.port).listening() as relay:
        relay.refuse = change
        relay.cuts = [(500_000, "rst")]
        config = account(relay.host, relay.port, user, dovecot.password)

        assert (await sync_account(config, sqlite)).ok
        assert (await sync_account(config, sqlite)).ok

        mirror = (await of_store(sqlite, config))["INBOX"]
        assert sum(Flag.SEEN in flags for flags, _ in mirror.values()) == 40
        await assert_complete(sqlite, config, COUNT - 51)


@pytest.mark.parametrize("seed", range(8))
async def test_cancelled_anywhere_it_resumes(
    server: Endpoint, sqlite: SQLiteStore, seed: int
) -> None:
    """Several times in a row, each after a random number of steps of the loop."""
    config = of(server)
    await fill(config, [mail(n) for n in range(COUNT)])
    steps = random.Random(seed)
    before = asyncio.all_tasks()

    for _ in range(5):
        run = asyncio.create_task(sync_account(config, sqlite))
        for _ in range(steps.randrange(400)):
            await asyncio.sleep(0)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        left = asyncio.all_tasks() - before
        # The server in this process ends its side of a connection by and by.
        assert server.kind == "memory" or not left

    kept = (await sqlite.counts()).messages
    report = await sync_account(config, sqlite)

    assert report.ok
    assert report.new == COUNT - kept
    await assert_complete(sqlite, config, COUNT)


async def test_killed_anywhere_it_resumes(
    dovecot: DovecotServer, tmp_path: Path
) -> None:
    """By SIGKILL, which nothing can prepare for, again and again."""
    count = 6 * BATCH
    path = tmp_path / "mail.db"
    async with Relay(dovecot.host, dovecot.port).listening() as relay:
        user = dovecot.new_user()
        config = account("127.0.0.1", relay.port, user, dovecot.password)
        await fill(config, [mail(n) for n in range(count)])
        when = random.Random(1)
        kept = 0
        for lines in (1, 2, 3, 3, 4):
            await _kill_after(config, path, lines, when.uniform(0, 0.03))
            database = sqlite3.connect(path)
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            [(stored,)] = database.execute("SELECT count(*) FROM message")
            database.close()
            assert stored % BATCH == 0, "batches are whole, or not there"
            assert stored >= kept, "nothing that was committed is lost"
            kept = stored
        assert kept > 0

        async with SQLiteStore(path) as store:
            fetched = relay.bodies
            report = await sync_account(config, store)

            assert report.ok
            assert report.new == count - kept
            assert relay.bodies - fetched == count - kept
            await assert_complete(store, config, count)


async def _kill_after(
    config: ConnectionConfig, path: Path, lines: int, seconds: float
) -> None:
    """Kill a process that synchronises, some time after it told of progress."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sync.child",
        config.host,
        str(config.effective_port),
        config.username,
        config.password.reveal(),
        str(path),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    for _ in range(lines):
        await child.stdout.readline()
    # Any instant will do: there is no event in the middle of a transaction.
    await asyncio.sleep(seconds)
    if child.returncode is None:
        child.kill()
    await child.communicate()


async def test_a_failure_of_the_store_is_reported(server: Endpoint) -> None:
    """A full disk, say. Nothing is retried, nothing else is disturbed."""

    class Full(MemoryStore):
        async def commit(self, *arguments: object) -> None:
            raise OSError(28, "No space left on device")

    config = of(server)
    await fill(config, [mail(1)])

    report = await sync_account(config, Full())

    assert not report.ok
    assert report.error is None
    assert all(isinstance(mailbox.error, OSError) for mailbox in report.mailboxes)
