from __future__ import annotations

import asyncio
import builtins
import os
import sqlite3
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aiosage import Flag, MessageSet, UIDValidityChanged
from aiosage.errors import StoreError
from aiosage.sync import (
    Changes,
    Checkpoint,
    SQLiteStore,
    Store,
    StoreCounts,
    StoredMailbox,
    StoredMessage,
)

ANN, BOB = "ann@example.org:993", "bob@example.org:993"
SEEN = frozenset({Flag.SEEN})
WHEN = datetime(2026, 11, 20, 9, tzinfo=UTC)


def message(uid: int, flags: frozenset[Flag] = SEEN) -> tuple[StoredMessage, bytes]:
    raw = b"message %d\r\n" % uid
    return (
        StoredMessage(
            uid=uid,
            flags=flags,
            internal_date=WHEN,
            size=len(raw),
            subject=None,
            sender="",
            recipients="",
            date=None,
            message_id=None,
            sha256="0" * 64,
        ),
        raw,
    )


async def uids(store: Store, account: str = ANN, mailbox: str = "INBOX") -> list[int]:
    return [m.uid async for m in store.messages(account, mailbox)]


async def filled(store: Store, *numbers: int) -> None:
    await store.open_mailbox(ANN, "INBOX", 7)
    new = [message(uid) for uid in numbers]
    await store.commit(ANN, "INBOX", 7, Changes(new=new))


async def test_what_was_committed_is_there(store: Store) -> None:
    await filled(store, 3, 1, 2**32 - 1)

    assert await uids(store) == [1, 3, 2**32 - 1]
    [first, *_] = [m async for m in store.messages(ANN, "INBOX")]
    assert first == message(1)[0]
    assert await store.raw(ANN, "INBOX", 3) == b"message 3\r\n"
    assert await store.accounts() == (ANN,)
    assert await store.counts() == StoreCounts(1, 1, 3, 11 * 2 + 20)


async def test_what_is_not_there_is_nothing(store: Store) -> None:
    assert await uids(store) == []
    assert await store.raw(ANN, "INBOX", 1) is None
    assert await store.mailboxes(ANN) == ()
    assert await store.accounts() == ()
    assert await store.flags(ANN, "INBOX", MessageSet([1])) == {}
    assert await store.counts() == StoreCounts(0, 0, 0, 0)
    await store.remove_mailbox(ANN, "INBOX")


async def test_a_mailbox_opened_again_tells_its_messages(store: Store) -> None:
    await filled(store, 1, 2, 3, 7, 9, 10)

    opened = await store.open_mailbox(ANN, "INBOX", 7)

    assert opened.known == MessageSet.parse(
        "1:3,7,9:10", mailbox="INBOX", uidvalidity=7
    )
    assert opened.dropped == 0


async def test_another_uidvalidity_drops_the_messages(store: Store) -> None:
    await filled(store, 1, 2)
    checkpoint = Checkpoint(3, 99, WHEN)
    await store.commit(ANN, "INBOX", 7, Changes(checkpoint=checkpoint))

    opened = await store.open_mailbox(ANN, "INBOX", 8)

    assert (len(opened.known), opened.dropped) == (0, 2)
    assert await uids(store) == []
    assert await store.mailboxes(ANN) == (
        StoredMailbox(account=ANN, name="INBOX", uidvalidity=8),
    )


async def test_changes_of_another_uidvalidity_are_refused_whole(store: Store) -> None:
    """Somebody else has moved the mirror on: these UIDs mean nothing now."""
    await filled(store, 1, 2)

    with pytest.raises(UIDValidityChanged):
        await store.commit(
            ANN, "INBOX", 6, Changes(new=[message(5)], vanished=MessageSet([1]))
        )
    with pytest.raises(UIDValidityChanged):
        await store.commit(ANN, "Gone", 7, Changes(new=[message(5)]))

    assert await uids(store) == [1, 2]


async def test_all_kinds_of_changes_at_once(store: Store) -> None:
    await filled(store, 1, 2, 3, 4, 5)
    flagged = frozenset({Flag.FLAGGED, Flag("$Work")})

    await store.commit(
        ANN,
        "INBOX",
        7,
        Changes(
            new=[message(8)],
            vanished=MessageSet([2, 3, 99]),
            flags={4: flagged, 5: frozenset(), 77: SEEN},
            checkpoint=Checkpoint(9, None, WHEN),
        ),
    )

    assert await uids(store) == [1, 4, 5, 8]
    assert await store.flags(ANN, "INBOX", MessageSet.from_range(2, 8)) == {
        4: flagged,
        5: frozenset(),
        8: SEEN,
    }
    [mailbox] = await store.mailboxes(ANN)
    assert (mailbox.uidnext, mailbox.highest_modseq) == (9, None)
    assert mailbox.synced_at == WHEN


async def test_a_message_committed_twice_is_there_once(store: Store) -> None:
    """Two processes may synchronise the same mailbox at once."""
    await filled(store, 1, 2)

    changes = Changes(new=[message(2, frozenset()), message(3)])
    await store.commit(ANN, "INBOX", 7, changes)

    assert await uids(store) == [1, 2, 3]
    assert (await store.flags(ANN, "INBOX", MessageSet([2])))[2] == SEEN


async def test_mailboxes_and_accounts_do_not_mix(store: Store) -> None:
    for account, name in ((ANN, "a"), (ANN, "A"), (BOB, "a"), (BOB, "日本%_")):
        await store.open_mailbox(account, name, 1)
        await store.commit(account, name, 1, Changes(new=[message(1)]))

    await store.commit(ANN, "a", 1, Changes(vanished=MessageSet([1])))
    await store.remove_mailbox(BOB, "a")

    assert await uids(store, ANN, "a") == []
    assert await uids(store, ANN, "A") == [1]
    assert [m.name for m in await store.mailboxes(ANN)] == ["A", "a"]
    assert [m.name for m in await store.mailboxes(BOB)] == ["日本%_"]
    assert await store.raw(BOB, "a", 1) is None
    assert await store.counts() == StoreCounts(2, 3, 2, 22)


async def test_messages_may_be_written_while_they_are_read(store: Store) -> None:
    """Nothing is held between two messages: not a lock, not a connection."""
    await filled(store, *range(1, 1201))
    seen: list[int] = []

    async for found in store.messages(ANN, "INBOX"):
        seen.append(found.uid)
        if found.uid == 1:
            await store.commit(ANN, "INBOX", 7, Changes(flags={1: frozenset()}))

    assert seen == list(range(1, 1201))


async def test_a_file_keeps_everything(tmp_path: Path) -> None:
    async with SQLiteStore(tmp_path / "mail.db") as store:
        await filled(store, 1, 2)
    async with SQLiteStore(tmp_path / "mail.db") as store:
        assert await uids(store) == [1, 2]
        assert (await store.open_mailbox(ANN, "INBOX", 7)).known


async def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """It holds mail. SQLite gives its other files the same mode."""
    async with SQLiteStore(tmp_path / "mail.db") as store:
        await filled(store, 1)
        files = list(os.scandir(tmp_path))
        modes = {stat.S_IMODE(file.stat().st_mode) for file in files}

    assert len(files) == 3
    assert modes == {0o600}


async def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    async with SQLiteStore(path):
        pass
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()

    with pytest.raises(StoreError, match="version 99, newer than 1"):
        await SQLiteStore(path).open()


async def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE message (id)")
    database.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="another program"):
        await SQLiteStore(path).open()

    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ann,\n" * 1000)

    with pytest.raises(StoreError, match="not a database"):
        await SQLiteStore(path).open()

    assert path.read_text() == "Dear Ann,\n" * 1000


async def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file or directory"):
        await SQLiteStore(tmp_path / "nowhere" / "mail.db").open()


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not open"):
        await SQLiteStore(tmp_path / "mail.db").counts()


async def test_without_the_extra_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.startswith("aiosage.sync._sql_"):
            monkeypatch.delitem(sys.modules, name)
    really_import = builtins.__import__

    def refuse(name: str, *args: object) -> object:
        if name.partition(".")[0] == "sqlalchemy":
            raise ModuleNotFoundError("No module named 'sqlalchemy'", name=name)
        return really_import(name, *args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(builtins, "__import__", refuse)

    with pytest.raises(ImportError, match=r"pip install 'aiosage\[db\]'"):
        await SQLiteStore(tmp_path / "mail.db").open()

    assert os.listdir(tmp_path) == []


async def test_a_writer_of_another_process_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    async with SQLiteStore(path) as store:
        await filled(store, 1)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        waiting = asyncio.create_task(store.open_mailbox(ANN, "Work", 1))
        assert await uids(store) == [1], "readers wait for nobody"
        assert not waiting.done()
        other.execute("COMMIT")
        other.close()

        await waiting
        assert len(await store.mailboxes(ANN)) == 2


async def test_a_writer_that_does_not_end_is_an_error_that_says_so(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mail.db"
    async with SQLiteStore(path, busy_timeout=0.05) as store:
        await filled(store, 1)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(StoreError, match="in use by another process"):
                await store.open_mailbox(ANN, "Work", 1)
        finally:
            other.close()

        await store.open_mailbox(ANN, "Work", 1)


async def test_several_may_make_the_file_at_once(tmp_path: Path) -> None:
    stores = [SQLiteStore(tmp_path / "mail.db") for _ in range(6)]
    try:
        await asyncio.gather(*(store.open() for store in stores))
        await asyncio.gather(
            *(store.open_mailbox(ANN, f"m{n}", 1) for n, store in enumerate(stores))
        )
        assert len(await stores[0].mailboxes(ANN)) == 6
    finally:
        for store in stores:
            await store.aclose()


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 10, 20, 50, 100, 200, 400, 800])
async def test_a_cancelled_transaction_happens_or_does_not(
    sqlite: SQLiteStore, steps: int
) -> None:
    """Wherever it is cancelled, it is whole, and the store works on."""
    await filled(sqlite, 1)
    new = [message(uid) for uid in range(2, 502)]

    commit = asyncio.create_task(sqlite.commit(ANN, "INBOX", 7, Changes(new=new)))
    for _ in range(steps):
        await asyncio.sleep(0)
    commit.cancel()
    await asyncio.gather(commit, return_exceptions=True)

    other = sqlite3.connect(sqlite.path, timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # nothing is left under way
    other.close()
    assert len(await uids(sqlite)) in {1, 501}
    await sqlite.commit(ANN, "INBOX", 7, Changes(new=new))
    assert len(await uids(sqlite)) == 501


async def test_a_cancelled_method_ends_its_transaction_first(
    sqlite: SQLiteStore,
) -> None:
    """Else the file would be in use by nobody that anybody knows of."""
    await filled(sqlite, 1)
    other = sqlite3.connect(sqlite.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    changes = Changes(new=[message(2)])
    commit = asyncio.create_task(sqlite.commit(ANN, "INBOX", 7, changes))
    for _ in range(50):
        await asyncio.sleep(0)

    commit.cancel()
    await asyncio.wait([commit], timeout=0.1)
    assert not commit.done()
    other.execute("COMMIT")
    other.close()

    with pytest.raises(asyncio.CancelledError):
        await commit
    assert await uids(sqlite) == [1, 2]


async def test_readers_may_be_many(sqlite: SQLiteStore) -> None:
    """More than there are connections to the file: they take turns."""
    await filled(sqlite, *range(1, 100))

    found = await asyncio.gather(*(uids(sqlite) for _ in range(40)))

    assert all(len(one) == 99 for one in found)
