"""``aiosage sync``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
)

from ...connection import ConnectionConfig
from ...errors import IMAPConfigurationError
from ...sync import (
    AccountReport,
    SQLiteStore,
    Store,
    SyncPhase,
    SyncProgress,
    SyncReport,
    sync_accounts,
)
from ...wire import encode_mailbox_name
from ._exit import ExitCode, exit_code
from ._output import Output, printable
from ._passwords import account_from_url

_LINE_SECONDS: Final = 5.0
"""How often a mailbox that takes long gets a line."""


async def run_sync(
    output: Output,
    urls: Sequence[str],
    *,
    store: Path,
    mailboxes: Sequence[str] | None,
    password_command: str | None,
) -> ExitCode:
    """Bring the mirror of the accounts that *urls* name up to date."""
    check_mailbox_names(mailboxes or ())
    accounts = [
        await account_from_url(url, password_command=password_command) for url in urls
    ]
    names = [account.account for account in accounts]
    if len(set(names)) < len(names):
        raise IMAPConfigurationError(["an account is named twice"])
    async with SQLiteStore(store) as mirror:
        report = await sync_with_progress(output, accounts, mirror, mailboxes=mailboxes)
    show_report(output, report, title=f"Mirror in {store}")
    return report_code(report)


def check_mailbox_names(names: Iterable[str]) -> None:
    """Refuse what cannot be the name of a mailbox, before anything is tried.

    Raises:
        IMAPConfigurationError: with every mistake at once.
    """
    mistakes: list[str] = []
    for name in names:
        try:
            encode_mailbox_name(name)
        except UnicodeEncodeError:
            mistakes.append(f"mailbox: {name!r} is not text")
        except ValueError as error:
            mistakes.append(f"mailbox: {error}")
    if mistakes:
        raise IMAPConfigurationError(mistakes)


async def sync_with_progress(
    output: Output,
    accounts: Sequence[ConnectionConfig],
    store: Store,
    *,
    mailboxes: Sequence[str] | None = None,
) -> SyncReport:
    """Synchronise, and show how far it is: bars on a terminal, lines elsewhere."""
    bars = output.progress.is_terminal and not output.is_json
    with _Bars(output) if bars else nullcontext(_Lines(output)) as display:
        return await sync_accounts(
            accounts, store, mailboxes=mailboxes, on_progress=display.show
        )


class _Lines:
    """A line for each mailbox that is done, and now and then for one that is not."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._told_at = time.monotonic()

    def show(self, record: SyncProgress) -> None:
        """Tell of *record* if it is worth a line."""
        is_done = record.phase in (SyncPhase.FINISHED, SyncPhase.FAILED)
        now = time.monotonic()
        if not is_done and now - self._told_at < _LINE_SECONDS:
            return
        self._told_at = now
        if self._output.is_json:
            # A reader that has had enough is no failure of this mailbox.
            with suppress(BrokenPipeError):
                self._output.record("progress", asdict(record))
        elif record.total:
            self._output.note(
                f"{record.account} {record.mailbox}: {record.phase}"
                f" {record.done:,} of {record.total:,} messages"
            )


class _Bars:
    """One bar per account: new messages, and the mailbox that is worked on."""

    def __init__(self, output: Output) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[doing]}", markup=False),
            console=output.progress,
        )
        self._bars: dict[str, TaskID] = {}
        self._mailboxes: dict[tuple[str, str], SyncProgress] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for bar in self._bars.values():
            self._progress.update(bar, doing="")
        self._progress.stop()

    def show(self, record: SyncProgress) -> None:
        """Move the bar of the account *record* tells of."""
        account = record.account
        if account not in self._bars:
            self._bars[account] = self._progress.add_task(
                printable(account), total=None, doing=""
            )
        if record.phase is not SyncPhase.COMPARING:
            self._mailboxes[account, record.mailbox] = record
        mine = [r for (name, _), r in self._mailboxes.items() if name == account]
        self._progress.update(
            self._bars[account],
            completed=sum(r.done for r in mine),
            total=sum(r.total for r in mine),
            doing=printable(f"{record.phase} {record.mailbox}"),
        )


def show_report(output: Output, report: SyncReport, *, title: str) -> None:
    """Write what was done, a row per account, and what failed."""
    for account in report.accounts:
        if output.is_json:
            output.record("account", _fields(account))
        for what, error in _errors(account):
            output.error(f"{what}: {error}")
    output.table(
        title,
        ("Account", "Mailboxes", "New", "Flags", "Gone", "KiB", "Seconds"),
        [
            (
                account.account,
                len(account.mailboxes),
                account.new,
                account.flags_changed,
                account.vanished,
                account.octets // 1024,
                round(account.seconds, 2),
            )
            for account in report.accounts
        ],
    )


def report_code(report: SyncReport) -> ExitCode:
    """Return the exit code: of one kind of failure if all accounts share it."""
    if report.ok:
        return ExitCode.OK
    codes = {
        ExitCode.FAILED if account.error is None else exit_code(account.error)
        for account in report.accounts
    }
    return codes.pop() if len(codes) == 1 else ExitCode.FAILED


def _errors(account: AccountReport) -> Iterator[tuple[str, Exception | str]]:
    """Yield what failed: the account as a whole, or mailboxes of it."""
    if account.error is not None:
        yield account.account, account.error
        return
    for mailbox in account.mailboxes:
        where = f"{account.account} {mailbox.mailbox}"
        if mailbox.error is not None:
            yield where, mailbox.error
        elif mailbox.unreadable:
            yield where, f"the server did not send messages {mailbox.unreadable}"


def _fields(account: AccountReport) -> dict[str, object]:
    return {
        "account": account.account,
        "ok": account.ok,
        "mailboxes": len(account.mailboxes),
        "new": account.new,
        "flags_changed": account.flags_changed,
        "vanished": account.vanished,
        "removed": account.removed,
        "octets": account.octets,
        "seconds": round(account.seconds, 3),
        "errors": {what: str(error) for what, error in _errors(account)},
    }
