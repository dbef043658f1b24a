"""The table of extensions is true, and nothing is missing from it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from operator import attrgetter

import pytest

import aiosage.connection
import aiosage.model
import aiosage.wire
import aiosage.wire.commands
from aiosage.connection import Security
from aiosage.connection.sasl import MECHANISMS as IMPLEMENTED
from aiosage.testing import Certificates, CyrusServer, DovecotServer
from aiosage.wire.commands import Command

from .announcements import announcements
from .extensions import EXTENSIONS, MECHANISMS, PAGE, TESTS, Extension, On, page, ways
from .test_compress import ZLIB
from .test_mailbox_commands import PLUGINS

PACKAGES = (
    aiosage.wire.commands,
    aiosage.wire,
    aiosage.model,
    aiosage.connection,
)
SPOKEN = [row for row in EXTENSIONS if not row.left_out]


@pytest.fixture(scope="module")
def marked() -> dict[str, set[On]]:
    """What each test named in the table needs: the union over its parameters."""
    files = {TESTS / proof.file for row in SPOKEN for proof in row.proofs}
    told = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q"),
            *("-p", "tests.connection.marked", "-p", "no:cacheprovider"),
            *sorted(map(str, files)),
        ],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found: dict[str, set[On]] = {}
    for line in told.splitlines():
        word, _, rest = line.partition("\t")
        if word == "marked":
            node, _, markers = rest.rpartition("\t")
            function = node.partition("[")[0].removeprefix("tests/")
            real = {On.DOVECOT, On.CYRUS} & {*markers.split(",")}
            found.setdefault(function, set()).update(real or {On.TRANSCRIPT})
    return found


@pytest.mark.parametrize("row", SPOKEN, ids=lambda row: row.name)
def test_what_is_said_to_be_shown_is_tested_there(
    row: Extension, marked: dict[str, set[On]]
) -> None:
    assert row.proofs
    for proof in row.proofs:
        assert {*proof.on} <= marked.get(f"{proof.file}::{proof.function}", set()), (
            proof.test
        )


@pytest.mark.parametrize("row", SPOKEN, ids=lambda row: row.name)
def test_what_is_said_to_speak_it_exists(row: Extension) -> None:
    assert row.spoken_by
    for name in row.spoken_by.split():
        assert any(_has(package, name) for package in PACKAGES), name


def _has(package: object, name: str) -> bool:
    try:
        attrgetter(name)(package)
    except AttributeError:
        return False
    return True


COMMANDS = [
    found
    for found in vars(aiosage.wire.commands).values()
    if isinstance(found, type)
    and issubclass(found, Command)
    and found.requires is not None
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_what_a_command_requires_is_what_it_speaks(
    command: type[Command[object]],
) -> None:
    speaks = [row.name for row in SPOKEN if command.__name__ in row.spoken_by.split()]
    assert command.requires in speaks


def test_no_capability_is_there_twice() -> None:
    names = [row.name for row in EXTENSIONS]
    assert len({*names}) == len(names)


@pytest.fixture(scope="module")
def whole_dovecot(
    dovecot: DovecotServer, certificates: Certificates
) -> Iterator[DovecotServer]:
    """A Dovecot with every plugin that adds a capability."""
    with DovecotServer(
        certificates=certificates, extra_config=PLUGINS + ZLIB
    ) as server:
        yield server


@pytest.mark.parametrize("security", Security)
async def test_all_that_dovecot_announces_is_shown_on_it(
    whole_dovecot: DovecotServer, security: Security
) -> None:
    told = await announcements(whole_dovecot, security)
    assert "COMPRESS=DEFLATE" in told.after
    assert "ACL" in told.after
    expect_rows(told.before | told.after, On.DOVECOT)


@pytest.mark.parametrize("security", Security)
async def test_all_that_cyrus_announces_is_shown_on_it(
    cyrus: CyrusServer, security: Security
) -> None:
    told = await announcements(cyrus, security)
    expect_rows(told.before | told.after, On.CYRUS)


def expect_rows(announced: frozenset[str], server: On) -> None:
    """Fail unless each capability has a row, and is shown on *server* or left out."""
    for capability in announced:
        if capability.startswith("AUTH="):
            continue  # a mechanism, see `MECHANISMS`
        rows = [row for row in EXTENSIONS if row.covers(capability)]
        assert len(rows) == 1, capability
        assert rows[0].left_out or rows[0].is_proved_on(server), capability


def test_every_mechanism_there_is_is_shown_on_a_server() -> None:
    assert {name for server in MECHANISMS for _, name in ways(server)} == {*IMPLEMENTED}


def test_the_page_of_the_docs_is_the_table() -> None:
    """``python -m tests.connection.extensions`` writes it."""
    assert PAGE.read_text("utf-8") == page()
