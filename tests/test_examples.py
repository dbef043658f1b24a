"""Every program in ``examples/``, run against Dovecot, and what it must print.

Each gets an account of its own with the mail of `example_mail`. ``main`` is run in
this process, so that no example can expunge or mark mail as read unnoticed; those
that need a process of their own are run as a program, as anybody would.
"""

from __future__ import annotations

import asyncio
import logging
import re
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from aiosage import ConnectionConfig, IMAPClient
from aiosage.testing import Certificates, DovecotServer

from .example_mail import COUNT
from .example_runs import DEADLINE, FOLDER, NEWS, ROOT, Accounts, load, program

PERIOD: Final = 0.05
"""Seconds between messages that arrive while an example watches."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an example must do.

    Attributes:
        lines: what must be printed: a regular expression for a whole line each.
        news: whether messages arrive meanwhile.
    """

    lines: tuple[str, ...]
    news: bool = False


def prints(*lines: str, news: bool = False) -> Expected:
    """Return what is expected of an example that prints *lines*, and others."""
    return Expected(lines, news)


IN_PROCESS: Final[Mapping[str, Expected]] = {
    "connect/capabilities.py": prints("Dovecot Dovecot", "MOVE yes", "X-GM-EXT-1 no"),
    "connect/circuit_breaker.py": prints(
        "24 unread", "failed: IMAPConnectError", "not tried, again in 30 s", "open"
    ),
    "connect/connection_pool.py": prints(
        r"\{'INBOX': 36, 'Archive': 0, .*",
        "connections: 2 of 2 busy: 0",
        "SELECTED 36 messages",
        "the same connection: True",
    ),
    "connect/context_manager.py": prints("36 messages", "connections left: 0"),
    "connect/dependency_injection.py": prints(r"24 unread by \d+ people"),
    "connect/errors.py": prints(
        "24 unread",
        "choose another mailbox: there is none of that name",
        "ask for another password",
    ),
    "connect/from_threads.py": prints("unread: 24 0 0", "marked: 24", "unread: 0"),
    "connect/health.py": prints(
        "healthy 36 messages, 24 unread", "unhealthy IMAPAuthenticationError: .*"
    ),
    "connect/retry.py": prints("attempt 1 failed: IMAPConnectError", "24 unread"),
    "connect/secure_tls.py": prints(
        "36 messages over TLS 1.3", "refused: .*certificate.*"
    ),
    "connect/see_the_protocol.py": prints(r".* UID SEARCH .*ALL", r".*\*\*\*.*"),
    "connect/session_states.py": prints(
        "AUTHENTICATED",
        r"SELECTED 36 \d+",
        "listening",
        "LOGOUT True",
    ),
    "connect/several_servers.py": prints(
        "each time 36 messages", "127.0.0.1:9 failing", r"127.0.0.1:\d+ healthy"
    ),
    "connect/settings.py": prints(
        "no progress for 30.0 s is an error",
        "may be logged: .*",
        "logged in to Dovecot",
        r"port: 70000 is not in 1\.\.65535",
        "username: is empty",
    ),
    "connect/timeouts.py": prints("given up", "36 messages", "nobody there: .*"),
    "folders/copy_structure.py": prints(
        "Archive -> Backup 0", "Archive/2026 -> Backup/2026 36"
    ),
    "folders/list_folders.py": prints(
        r"INBOX: folder, 36 messages, 24 unread, UIDVALIDITY \d+",
        r"Sent: SENT, 0 messages, .*",
        "trash: Trash",
    ),
    "folders/manage_folders.py": prints(
        "top Größe & Maß",
        "below 2025",
        "renamed: Measures Measures/2025 Measures/2026",
        "removed: Measures/20.. Measures/20.. Measures",
    ),
    "search/cached_search.py": prints(
        "24 unread, asked 1 times", "0 unread, asked 2 times"
    ),
    "search/count.py": prints("24 unread", "from 1 to 36", "how: UID SEARCH: .*"),
    "search/criteria.py": prints(
        "unread this week: 12",
        "old, not flagged: 21",
        "about money: 6",
        "large: 1",
        "on a list: 1",
        "Grüße: [1-9].*",
    ),
    "search/index.py": prints(
        "from the boss: 34:35 and small: 34:35", r"\{'large': 1, .*"
    ),
    "search/progressive_search.py": prints(
        "everything: 36", "this month: 12", "unread: 12", "flagged: 1", "left: 34"
    ),
    "search/sort.py": prints(
        "done by UID SORT", r"2\d{5} Holiday pictures", "newest: Lunch tomorrow\\?"
    ),
    "search/threads.py": prints(
        "10 conversations of 12 messages", "29: Budget", "    31: Re: Budget"
    ),
    "messages/download_part.py": prints(
        r"33\.2 204800 beach\.jpg", "begins with b'From:'"
    ),
    "messages/incoming.py": prints(
        "ticket: Help: the printer is on fire by Zoë <zoe@customer.example>",
        r"\{'general': 8, 'order': 2, 'support': 1, 'with attachments': 1\}",
        "left: 0",
    ),
    "messages/mark_and_star.py": prints(
        "read: 24", r"34 Today \\Flagged.*", "left alone: 34"
    ),
    "messages/move_and_delete.py": prints(
        "copied: 29:31 -> 1:3",
        "in Trash 1:3",
        "restored as 37",
        "gone for good: 2:3",
    ),
    "messages/overview.py": prints(
        r"33 2\d{5} ann@example.org Holiday pictures", "At noon\\?"
    ),
    "messages/read_messages.py": prints(
        "30: reply of 2026-03-02 from bob@example.org",
        ".*Invoice 2026-17 . See attachments.",
        r" +with \.\./invoice\.pdf logo\.png",
    ),
    "messages/save_attachments.py": prints(
        "25 files/error.log 14 octets",
        r"27 files/\S*invoice\.pdf 400 octets",
        "27 images/logo.png 240 octets",
    ),
    "messages/store_messages.py": prints(
        "saved in Sent as 1", "uploaded 3 files", "drafts: 2 is 2"
    ),
    "messages/text_only.py": prints(
        r"33 Holiday pictures \| Hello", " +left there: beach.jpg", "newest: Lunch .*"
    ),
    "batches/adaptive_batches.py": prints(
        "worked on 5 of 1:5", "worked on 10 of 6:15", "worked on 20 of 16:35"
    ),
    "batches/bulk_archive.py": prints("archived 10", "archived 1", "old ones left: 3"),
    "batches/bulk_changes.py": prints(
        "marked: 36 uncertain: 0", "copied: 36 to Archive"
    ),
    "batches/by_priority.py": prints(
        "high: 4", " +URGENT: sign today", r"normal: 22", "low: 10"
    ),
    "batches/fixed_batches.py": prints(
        "batch 1: 15 messages, 1:15",
        "batch 3: 6 messages, 31:36",
        r"36 messages, \d+ a second",
    ),
    "batches/in_parallel.py": prints("batch of 10", "batch of 6", "True [123]"),
    "batches/process_in_batches.py": prints(
        "20 of 36, 0 failed",
        "36 of 36, 1 failed",
        "35 succeeded",
        "32 failed: nobody reads the news",
    ),
    "batches/rate_limited.py": prints(
        "not faster than allowed: True", "6 calls", "the rate has risen: True"
    ),
    "batches/resumable.py": prints("36 to do", "interrupted", "16 to do", "finished"),
    "batches/spam_cleanup.py": prints(
        "1.00 WINNER: CLAIM YOUR FREE PRIZE", "0.25 URGENT: .*", "moved to Junk 1"
    ),
    "batches/streaming.py": prints(
        r"read \d{6} octets; bounded: True", r"first with attachments: \d+", "busy: 0"
    ),
    "batches/throughput.py": prints(
        "10 messages, .*", r"in all: 36 messages, .*", r"PoolStats\(size=1, .*"
    ),
    "watch/broadcast.py": prints("listening", "new in INBOX", news=True),
    "watch/notify_handlers.py": prints(
        r"high newsletter \| urgent: backup \d+ \| noreply@example.com",
        "failed: no pager for noreply@example.com",
        news=True,
    ),
    "watch/several_mailboxes.py": prints("gone from INBOX", "new in Archive"),
    "watch/watch_inbox.py": prints(
        "listening", r"new: noreply <noreply@example.com> Urgent: backup \d+", news=True
    ),
    "sync/each_account.py": prints(
        "account 1 has 24 unread",
        "account 2 has 24 unread",
        "intruder failed: IMAPAuthenticationError",
    ),
    "sync/incremental_sync.py": prints(
        "36 new, 0 gone, 0 with other flags",
        "0 new, 0 gone, 0 with other flags",
        "1 new, 3 gone, 33 with other flags",
    ),
    "sync/mirror_account.py": prints(
        "INBOX 36 new", "complete: True", "large: Holiday pictures"
    ),
    "sync/several_accounts.py": prints(
        r"\d mailboxes 36 new", "given up: IMAPAuthenticationError", "complete: False"
    ),
    "sync/since_last_uid.py": prints(
        "known: 36 up to 36", "new: 37 News 0", "new: 38 News 1"
    ),
    "sync/uid_validity.py": prints(
        "refused: .*UIDVALIDITY.*", "the other message was left alone: True"
    ),
    "analysis/analytics.py": prints(
        r"most: \S+ \d+ \S+ \d+ \S+ \d+", r"busiest: \w+day", r"\d+ with attachments"
    ),
    "analysis/classify.py": prints("Money 3", "Work 4", "Other 5", "left: 0"),
    "analysis/extract.py": prints(
        r"26 Order\(number='1042', amount=Decimal\('12'\), currency='EUR', day=.*",
        "27 failed: no order, or not all about it",
        "left: 1",
    ),
    "analysis/route.py": prints("Support 1", "Sales 2", "News 1", r"left: \d+"),
    "analysis/sensitive_mail.py": prints(r"35 high <FetchedMessage uid=35 \d+ octets>"),
}
"""The examples whose ``main`` is called."""

AS_PROGRAM: Final = (
    "batches/in_processes.py",
    "deploy/service.py",
    "service/json_logs.py",
    "service/metrics.py",
    "service/web_app.py",
    "service/worker.py",
    "watch/webhook.py",
)
"""Those that need a process of their own, here and in test_example_services.py."""
FOR_PYTEST: Final = ("testing/test_program.py",)
"""pytest finds it by itself."""


@pytest.fixture
def accounts(dovecot: DovecotServer, certificates: Certificates) -> Accounts:
    """Where accounts of the test's own come from."""
    return Accounts(dovecot, certificates)


@pytest.fixture(autouse=True)
def as_loud_as_before() -> Iterator[None]:
    """Let no example change what later tests hear in the log."""
    logger = logging.getLogger("aiosage")
    level = logger.level
    yield
    logger.setLevel(level)


@asynccontextmanager
async def _arriving(config: ConnectionConfig) -> AsyncIterator[None]:
    """Deliver messages to INBOX for the block, one after the other."""

    async def deliver() -> None:
        async with IMAPClient(config, max_connections=1) as client:
            number = 0
            while True:
                await client.mailbox().append(NEWS % number)
                number += 1
                await asyncio.sleep(PERIOD)

    delivering = asyncio.create_task(deliver())
    try:
        yield
    finally:
        delivering.cancel()
        await asyncio.wait([delivering])
        assert delivering.cancelled(), delivering


@pytest.mark.parametrize("example", list(IN_PROCESS))
async def test_the_example_does_what_it_says(
    example: str,
    accounts: Accounts,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends by itself, and prints what is true of the account it was given."""
    monkeypatch.chdir(tmp_path)
    expected = IN_PROCESS[example]
    main, account = load(example).main, await accounts.new()
    async with asyncio.timeout(DEADLINE):
        if "configs" in main.__annotations__:
            await main([account, await accounts.new()])
        elif expected.news:
            async with _arriving(account):
                await main(account)
        else:
            await main(account)
    printed = capsys.readouterr().out
    for line in expected.lines:
        assert re.search(f"^{line}$", printed, re.MULTILINE), f"{line}\n\n{printed}"


async def test_work_goes_to_other_processes(accounts: Accounts, tmp_path: Path) -> None:
    """Spawned processes import the program anew: it must be one."""
    account = await accounts.new()
    async with program("batches/in_processes.py", account, tmp_path) as process:
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    printed = out.decode().splitlines()
    assert len(printed) == 12
    assert "2 attachments: Invoice 2026-17" in printed


async def test_a_worker_ends_in_order_when_told_to(
    accounts: Accounts, tmp_path: Path
) -> None:
    """It has done what was there, does what arrives, and heeds SIGTERM."""
    account = await accounts.new()
    async with program("service/worker.py", account, tmp_path) as process:
        assert process.stdout is not None
        first = await process.stdout.readline()
        assert first.decode() == f"waiting, done: {COUNT}\n"
        async with IMAPClient(account) as client:
            await client.mailbox().append(NEWS % 1)
        while f"done: {COUNT + 1}".encode() not in await process.stdout.readline():
            pass
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert out.decode().endswith("ended in order\n")


def test_every_example_is_run() -> None:
    """One that is not would be wrong one day."""
    files = {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*.py")}
    assert files == {*IN_PROCESS, *AS_PROGRAM, *FOR_PYTEST}


@pytest.mark.parametrize("example", [*IN_PROCESS, *AS_PROGRAM])
def test_every_example_is_a_program(example: str) -> None:
    """It says what it does, and runs ``main`` with accounts of the environment."""
    text = (FOLDER / example).read_text(encoding="utf-8")
    assert text.startswith('"""')
    assert len(text.splitlines()) <= 100
    _, _, end = text.partition('\nif __name__ == "__main__":\n')
    assert "asyncio.run(main(" in end
    assert "ConnectionConfig.from_env(" in end


def test_every_example_is_shown_and_in_the_cookbook() -> None:
    """One that nobody finds helps nobody; a link to none would be dead."""
    pages = ROOT / "docs" / "how-to"
    shown = (pages / "examples.md").read_text(encoding="utf-8")
    cookbook = (pages / "cookbook.md").read_text(encoding="utf-8")
    examples = {*IN_PROCESS, *AS_PROGRAM, *FOR_PYTEST}
    included = re.findall(r"\{literalinclude\} \.\./\.\./examples/(.*\.py)", shown)
    assert sorted(included) == sorted(examples)
    assert re.findall(r"^### (.*)", shown, re.MULTILINE) == included
    linked = re.findall(r"\[([^]]*\.py)\]\(examples\.md#([^)]*)\)", cookbook)
    assert {name for name, _ in linked} == examples
    for name, anchor in linked:
        assert anchor == re.sub(r"[/.]", "", name)
