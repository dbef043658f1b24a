"""Changing flags; copying, moving and removing messages."""

from __future__ import annotations

from collections.abc import Iterable

from ..connection import IMAPConnection
from ..model import Flag, IMAPSearchCriteria, MessageSet
from ..wire import CopyUidCode
from ..wire.commands import (
    Command,
    StoreMode,
    UidCopy,
    UidExpunge,
    UidMove,
    UidSearch,
    UidStore,
)
from ._access import MailboxAccess, pieces, require_uidplus
from ._results import CopyResult


def settable(flags: Iterable[Flag]) -> frozenset[Flag]:
    r"""Return *flags* without ``\Recent``, which only servers set (RFC 3501 §2.3.2)."""
    return frozenset(map(Flag, flags)) - {Flag.RECENT}


async def store(
    access: MailboxAccess, messages: MessageSet, mode: StoreMode, flags: Iterable[Flag]
) -> dict[int, frozenset[Flag]]:
    """Change flags; return those of messages that have changed, by UID."""
    names = settable(flags)
    if not names and mode is not StoreMode.REPLACE:
        raise ValueError("no flags given")
    now: dict[int, frozenset[Flag]] = {}
    async with access.connection(messages, known_uid=messages.last) as connection:
        for piece in pieces(messages):
            now.update(await connection.execute(UidStore(piece, mode, names)))
    return now


async def copy(access: MailboxAccess, messages: MessageSet, mailbox: str) -> CopyResult:
    """Copy *messages* to *mailbox*."""
    async with access.connection(messages, known_uid=messages.last) as connection:
        return await _copy_all(connection, messages, mailbox, UidCopy)


async def move(access: MailboxAccess, messages: MessageSet, mailbox: str) -> CopyResult:
    """Move *messages* to *mailbox*, by three commands where there is no MOVE."""
    async with access.connection(messages, known_uid=messages.last) as connection:
        if connection.supports("MOVE"):
            return await _copy_all(connection, messages, mailbox, UidMove)
        require_uidplus(connection, "move")
        # Only what the session sees now is copied, so only that may go.
        found = [
            await connection.execute(UidSearch(IMAPSearchCriteria.uid(piece)))
            for piece in pieces(messages)
        ]
        seen = MessageSet.from_ranges(uids for piece in found for uids in piece.ranges)
        copied = await _copy_all(connection, seen, mailbox, UidCopy)
        await _expunge_all(connection, seen)
        return copied


async def expunge(access: MailboxAccess, messages: MessageSet) -> None:
    """Remove *messages* for good, and no others."""
    async with access.connection(messages, known_uid=messages.last) as connection:
        require_uidplus(connection, "expunge only these messages")
        await _expunge_all(connection, messages)


async def _copy_all(
    connection: IMAPConnection,
    messages: MessageSet,
    mailbox: str,
    command: type[UidCopy],
) -> CopyResult:
    uidvalidity: int | None = None
    uids: dict[int, int] = {}
    for piece in pieces(messages):
        code: CopyUidCode | None = await connection.execute(command(piece, mailbox))
        if code is not None:
            uidvalidity = code.uidvalidity
            uids.update(
                (source, copy) for source, copy in code.pairs() if source in piece
            )
    return CopyResult(mailbox, uidvalidity, uids)


async def _expunge_all(connection: IMAPConnection, messages: MessageSet) -> None:
    for piece in pieces(messages):
        commands: tuple[Command[object], ...] = (
            UidStore(piece, StoreMode.ADD, frozenset({Flag.DELETED})),
            UidExpunge(piece),
        )
        for command in commands:
            await connection.execute(command)
