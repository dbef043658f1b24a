"""The fixtures aiosage brings to the tests of other programs."""

from __future__ import annotations

import pytest

SETTINGS = """
[pytest]
asyncio_mode = {mode}
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""

TESTS = """
import pytest
from aiosage import IMAPClient, IMAPConnectionLost
from aiosage.testing import Cut



@pytest.mark.asyncio
async def test_an_account_is_empty(imap_client):
    assert not await imap_client.mailbox("INBOX").search()


@pytest.mark.asyncio
async def test_mailboxes_are_made(imap_client, mailbox_factory):
    inbox = await mailbox_factory("INBOX", [b"Subject: a\\r\\n\\r\\n"] * 3)
    work = await mailbox_factory("Work")
    assert len(await inbox.search()) == 3
    assert not await work.search()


@pytest.mark.asyncio
async def test_the_network_is_bad(imap_server, fault_proxy):
    async with IMAPClient(imap_server.through(fault_proxy)) as client:
        await client.mailbox("INBOX").search()
        assert fault_proxy.connections == 1
        fault_proxy.cut()
        await client.mailbox("INBOX").search()
        assert len(fault_proxy.sent) == 2


def test_it_is_the_server_that_was_asked_for(imap_server):
    assert type(imap_server.backend).__name__ == "{server}"
    assert imap_server.username in str(imap_server.config)
"""

REPLAY = r'''
from pathlib import Path
from aiosage.connection import IMAPConnection

SESSION = r"""
S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello
C: T1 AUTHENTICATE PLAIN ...
S: T1 OK [CAPABILITY IMAP4rev1] in
C: T2 LOGOUT
S: * BYE
S: T2 OK
"""

async def test_a_session_is_played(imap_transcript):
    config = await imap_transcript(SESSION)
    async with await IMAPConnection.open(config):
        pass

async def test_from_a_file(imap_transcript, tmp_path):
    (tmp_path / "session.txt").write_text(SESSION)
    config = await imap_transcript(tmp_path / "session.txt")
    async with await IMAPConnection.open(config):
        pass

async def test_a_difference_is_told(imap_transcript):
    config = await imap_transcript(SESSION)
    async with await IMAPConnection.open(config) as connection:
        await connection.noop()
'''


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_fixtures_are_there(pytester: pytest.Pytester, mode: str) -> None:
    """Without a line in the settings, in both modes of pytest-asyncio."""
    pytester.makeini(SETTINGS.format(mode=mode))
    pytester.makepyfile(TESTS.replace("{server}", "MemoryServer"))

    pytester.runpytest_subprocess().assert_outcomes(passed=4)


@pytest.mark.usefixtures("dovecot")  # skips where there is none
@pytest.mark.parametrize("way", ["option", "settings"])
def test_dovecot_by_name(pytester: pytest.Pytester, way: str) -> None:
    """On the command line, or in the settings."""
    line = "imap_server = dovecot\n" if way == "settings" else ""
    pytester.makeini(SETTINGS.format(mode="auto") + line)
    pytester.makepyfile(TESTS.replace("{server}", "DovecotServer"))
    options = ["--imap-server=dovecot"] if way == "option" else []

    pytester.runpytest_subprocess(*options).assert_outcomes(passed=4)


def test_a_transcript_is_played(pytester: pytest.Pytester) -> None:
    """What differs fails the test, at its end at the latest."""
    pytester.makeini(SETTINGS.format(mode="auto"))
    pytester.makepyfile(REPLAY)

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*TranscriptMismatch: *NOOP*"])


def test_a_server_nobody_knows_is_refused(pytester: pytest.Pytester) -> None:
    """By a word that says which there are."""
    pytester.makeini(SETTINGS.format(mode="auto") + "imap_server = exchange\n")
    pytester.makepyfile("def test_it(imap_server): pass")

    result = pytester.runpytest_subprocess()

    result.stdout.fnmatch_lines(["*memory*dovecot*exchange*"])
