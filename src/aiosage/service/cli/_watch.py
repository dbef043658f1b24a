"""``aiosage watch``."""

from __future__ import annotations

from datetime import datetime

from ...client import IMAPClient
from ._exit import ExitCode
from ._output import Output, describe
from ._passwords import account_from_url
from ._sync import check_mailbox_names


async def run_watch(
    output: Output, url: str, mailbox: str, *, password_command: str | None
) -> ExitCode:
    """Print what happens in *mailbox* until interrupted."""
    check_mailbox_names([mailbox])
    account = await account_from_url(url, password_command=password_command)
    async with (
        IMAPClient(account, max_connections=1) as client,
        client.watch(mailbox) as events,
    ):
        if output.is_json:
            output.record("watching", {"account": account.account, "mailbox": mailbox})
        output.line(f"watching {mailbox} of {account.account}, stop with Ctrl-C")
        while True:
            name, fields, text = describe(await events.get())
            if output.is_json:
                output.record(name, fields)
            output.line(f"{datetime.now():%H:%M:%S} {text}")
