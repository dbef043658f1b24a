"""``aiosage sync``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from rich.progress import (
    BarColumn,
    DownloadColumn,
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
    SyncProgress,
    SyncReport,
    sync_accounts,
)
from ._exit import ExitCode, exit_code
from ._output import Output
from ._passwords import account_from_url

log = logging.getLogger("aiosage.cli")


async def run_sync(
    output: Output,
    urls: Sequence[str],
    *,
    store: Path,
    mailboxes: Sequence[str] | None,
    password_command: str | None,
) -> ExitCode:
    """Bring the mirror of the accounts that *urls* name up to date."""
    accounts = [
        await account_from_url(url, password_command=password_command) for url in urls
    ]
    names = [account.account for account in accounts]
    if len(set(names)) < len(names):
        raise IMAPConfigurationError(["an account is named twice"])
    async with SQLiteStore(store) as mirror:
        report = await sync_with_progress(output, accounts, mirror, mailboxes=mailboxes)
    show_report(output, report, title=f"Mirror in {store}")
    errors = [account.error for account in report.accounts if account.error]
    if not errors:
        return ExitCode.OK if report.ok else ExitCode.FAILED
    codes = {exit_code(error) for error in errors}
    # One kind of failure of all accounts is told apart; a mix is just a failure.
    return (
        codes.pop()
        if len(errors) == len(names) and len(codes) == 1
        else (ExitCode.FAILED)
    )


async def sync_with_progress(
    output: Output,
    accounts: Sequence[ConnectionConfig],
    store: Store,
    *,
    mailboxes: Sequence[str] | None = None,
) -> SyncReport:
    """Synchronise, and show how far it is on a terminal."""
    with _Bars.make(output) as bars:
        return await sync_accounts(
            accounts,
            store,
            mailboxes=mailboxes,
            on_progress=bars.show if bars else None,
        )


class _Bars:
    """One bar per account."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._mailboxes: dict[tuple[str, str], SyncProgress] = {}

    @staticmethod
    def make(output: Output) -> AbstractContextManager[_Bars | None]:
        """Return the bars, or None where nobody would see them."""
        if output.is_json or not output.progress.is_terminal:
            return nullcontext()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            DownloadColumn(),
        )
        return _Bars(Progress(*columns[:3], console=output.progress, transient=True))

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, record: SyncProgress) -> None:
        """Move the bar of the account *record* tells of."""
        account = record.account
        self._mailboxes[account, record.mailbox] = record
        mine = [r for (name, _), r in self._mailboxes.items() if name == account]
        if account not in self._bars:
            self._bars[account] = self._progress.add_task(account, total=None)
        self._progress.update(
            self._bars[account],
            completed=sum(r.done for r in mine),
            total=sum(r.total or 0 for r in mine),
        )


def show_report(output: Output, report: SyncReport, *, title: str) -> None:
    """Write what was done, a row per account, and what failed."""
    for account in report.accounts:
        if output.is_json:
            output.record("account", _fields(account))
        for error in account.errors:
            output.error(f"{account.account}: {error}")
    output.table(
        title,
        ("Account", "Mailboxes", "New", "Flags", "Gone", "KiB", "Seconds"),
        [
            (
                account.account,
                account.mailboxes,
                account.new,
                account.flags_changed,
                account.vanished,
                account.octets // 1024,
                round(account.seconds, 2),
            )
            for account in report.accounts
        ],
    )


def _fields(account: AccountReport) -> dict[str, object]:
    return {**asdict(account)}
