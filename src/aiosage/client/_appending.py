"""Adding messages to a mailbox."""

from __future__ import annotations

import email.message
from collections.abc import Iterable
from datetime import datetime

from ..model import EmailMessage, Flag
from ..wire.commands import Append
from ._access import MailboxAccess
from ._flagging import settable
from ._results import AppendResult


async def append(
    access: MailboxAccess,
    message: bytes | EmailMessage | email.message.Message,
    flags: Iterable[Flag],
    internal_date: datetime | None,
) -> AppendResult:
    """Add *message* to the mailbox."""
    command = Append(access.mailbox, _octets(message), settable(flags), internal_date)
    async with access.pool.connection() as connection:
        code = await connection.execute(command)
    if code is None or not code.uids:
        return AppendResult(access.mailbox, None, None)
    return AppendResult(access.mailbox, code.uidvalidity, code.uids[0][0])


def _octets(message: bytes | EmailMessage | email.message.Message) -> bytes:
    if isinstance(message, bytes):
        return message
    if isinstance(message, EmailMessage):
        if message.raw is None:
            raise ValueError("only a whole message can be appended: fetch FULL")
        return message.raw
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
