"""``aiosage demo``: what a newcomer runs first."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from .command_line import environment, run, started


async def test_demo_shows_the_whole_story_and_leaves_a_mirror(tmp_path: Path) -> None:
    """Exit code 0, nothing missed, and the last line is a command that works."""
    store = tmp_path / "mirror.sqlite"

    ended = await run("demo", "--messages", "60", "--store", store)

    assert ended.code == 0, ended
    assert "0 events missed" in ended.out
    assert "All as promised." in ended.out
    for person in ("ada", "grace", "jürgen", "maría"):
        assert f"account={person}@example.org" in ended.out
    hint = ended.out.splitlines()[-1].partition(":")[2].strip()
    shell = await asyncio.create_subprocess_shell(
        hint, env=environment(), stdout=asyncio.subprocess.PIPE
    )
    rows, _ = await shell.communicate()
    assert shell.returncode == 0
    assert len(rows.decode().splitlines()) > 3
    with sqlite3.connect(store) as mirror:
        [(count,)] = mirror.execute("SELECT count(*) FROM message")
    mirror.close()
    # 60, and of each of four people three came and two went.
    assert count == 60 + 4 * (3 - 2)


async def test_demo_for_machines_writes_nothing_but_json(tmp_path: Path) -> None:
    """Each line of stdout parses, and the last one tells how it went."""
    store = tmp_path / "mirror.sqlite"

    ended = await run("demo", "--messages", "60", "--json", "--store", store)

    assert ended.code == 0, ended
    assert ended.err == ""
    kinds = [record["type"] for record in ended.records]
    assert {"account", "new", "flags", "expunged", "connected", "disconnected"} <= set(
        kinds
    )
    last = ended.records[-1]
    assert (last["type"], last["ok"], last["missed"]) == ("demo", True, 0)
    assert last["store"] == str(store)
    first, second = ended.records_of("account")[:4], ended.records_of("account")[4:]
    assert sum(account["new"] for account in first) == 60
    assert [account["new"] for account in second] == [3] * 4  # the difference only


async def test_demo_never_writes_into_a_file_that_exists(tmp_path: Path) -> None:
    """It may be somebody's mirror."""
    store = tmp_path / "mine.sqlite"
    store.write_bytes(b"precious")

    ended = await run("demo", "--store", store)

    assert ended.code == 2
    assert "exists" in ended.err
    assert store.read_bytes() == b"precious"


async def test_a_reader_that_has_had_enough_causes_no_traceback(
    tmp_path: Path,
) -> None:
    """As with ``aiosage demo --json | head -1``."""
    store = tmp_path / "mirror.sqlite"
    arguments = ("demo", "--messages", "60", "--json", "--store", store)
    async with started(*arguments, env=environment()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        await process.stdout.readline()
        # asyncio gives no other way to close our end of the pipe now.
        process.stdout._transport.close()  # type: ignore[attr-defined]
        async with asyncio.timeout(60):
            err = await process.stderr.read()
            await process.wait()
    assert b"Traceback" not in err, err.decode()
