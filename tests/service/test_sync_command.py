"""``aiosage sync``."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from aiosage import Flag
from aiosage.testing import Certificates, MemoryServer, sample_messages

from ..client.accounts import OtherClient, small
from ..conftest import Endpoint
from .command_line import run, url_of


def _rows(store: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store)) as mirror:
        return mirror.execute(query).fetchall()


async def test_the_mirror_is_made_and_then_only_the_difference_moves(
    server: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """The same on both servers, over TLS, with the password of the environment."""
    store = tmp_path / "mirror.sqlite"
    other = OtherClient(server)
    messages = [small(number) for number in range(5)]
    other.deliver(*messages)
    other.create("Größe & Maß")
    other.deliver(small(9), mailbox="Größe & Maß")
    url = url_of(server, certificates)

    first = await run("sync", url, "--store", store, AIOSAGE_PASSWORD=server.password)
    assert first.code == 0, first
    assert "new=6" in first.out
    hashes = {hashlib.sha256(m).hexdigest() for m in (*messages, small(9))}
    assert {sha256 for (sha256,) in _rows(store, "SELECT sha256 FROM message")} == (
        hashes
    )

    other.add_flag(1, Flag.FLAGGED)
    other.expunge(2)
    other.deliver(small(7))
    second = await run(
        "sync", url, "--store", store, "--json", AIOSAGE_PASSWORD=server.password
    )
    assert second.code == 0, second
    assert second.err == ""
    [account] = second.records_of("account")
    assert account["ok"] is True
    assert (account["new"], account["flags_changed"], account["vanished"]) == (1, 1, 1)
    assert account["errors"] == {}
    assert len(_rows(store, "SELECT uid FROM message")) == 6


async def test_only_the_mailboxes_named_are_mirrored(
    server: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """Also one whose name has spaces and letters of its own."""
    store = tmp_path / "mirror.sqlite"
    other = OtherClient(server)
    other.deliver(small(1))
    other.create("Über uns")
    other.deliver(small(2), small(3), mailbox="Über uns")

    ended = await run(
        *("sync", url_of(server, certificates), "--store", store),
        *("--mailbox", "Über uns"),
        AIOSAGE_PASSWORD=server.password,
    )

    assert ended.code == 0, ended
    assert _rows(store, "SELECT name FROM mailbox") == [("Über uns",)]
    assert len(_rows(store, "SELECT uid FROM message")) == 2


async def test_an_account_that_fails_does_not_disturb_another(
    certificates: Certificates, tmp_path: Path
) -> None:
    """Exit code 1: some of it is done; what failed is said by its name."""
    store = tmp_path / "mirror.sqlite"
    async with MemoryServer(ssl_context=certificates.server_context()) as memory:
        for username in ("good@example.org", "bad@example.org"):
            account = memory.add_account(username, f"password of {username}")
            for arrived, raw in sample_messages(3):
                account.mailbox("INBOX").deliver(raw, date=arrived)
        urls = [
            f"imaps://{name}%40example.org@{memory.host}:{memory.tls_port}"
            f"?ca_file={certificates.ca_file}"
            for name in ("good", "bad")
        ]
        ended = await run(
            *("sync", *urls, "--store", str(store), "--json"),
            AIOSAGE_PASSWORD_GOOD_EXAMPLE_ORG="password of good@example.org",
            AIOSAGE_PASSWORD="wrong",
        )

    assert ended.code == 1, ended
    good, bad = ended.records_of("account")
    assert (good["ok"], good["new"]) == (True, 3)
    assert bad["ok"] is False
    assert "bad@example.org" in ended.err
    assert "password of" not in ended.out + ended.err


async def test_the_same_account_twice_is_a_mistake(
    server: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """Two that write the same rows would get into each other's way."""
    url = url_of(server, certificates)

    ended = await run(
        *("sync", url, url, "--store", tmp_path / "mirror.sqlite"),
        AIOSAGE_PASSWORD=server.password,
    )

    assert ended.code == 2
    assert "twice" in ended.err


async def test_a_store_that_is_none_is_said_to_be_none(
    server: Endpoint, certificates: Certificates, tmp_path: Path
) -> None:
    """And is left as it is."""
    store = tmp_path / "letter.txt"
    store.write_text("Dear Ann, this is a letter and no database. " * 100)

    ended = await run(
        *("sync", url_of(server, certificates), "--store", store),
        AIOSAGE_PASSWORD=server.password,
    )

    assert ended.code == 1
    assert str(store) in ended.err
    assert store.read_text().startswith("Dear Ann")
