"""Putting a message in the place of another (REPLACE, RFC 8508)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace as replace_fields

from ..connection import IMAPConnection
from ..errors import IMAPError, IMAPMailboxError, IMAPMessageError
from ..model import Flag, MessagePart, MessageSet, ResponseCode
from ..wire.commands import NewMessage, UidFetch, UidReplace
from ._access import MailboxAccess, require_uidplus
from ._appending import append_one, check_size, placed
from ._moving import expunge_piece
from ._progress import not_repeatable
from ._results import AppendResult


async def replace(
    access: MailboxAccess, uid: int, message: NewMessage, flags: Iterable[Flag] | None
) -> AppendResult:
    """Put *message* in the place of *uid*: the new one comes before the old one goes.

    Args:
        access: the mailbox.
        uid: of the message that goes.
        message: the new one.
        flags: None for those of the old one.
    """
    old = MessageSet([uid], mailbox=access.mailbox)
    async with access.connection(old, known_uid=uid) as connection:
        in_one_step = connection.supports("REPLACE")
        if not in_one_step:
            require_uidplus(connection, "replace a message")
        # Also finds out whether it is there: else a repeated call would add again.
        kept = await _flags_of(connection, uid)
        if flags is None:
            message = replace_fields(message, flags=kept)
        access.recovery.baselines.forget(access.mailbox)
        if not in_one_step:
            return await _replace_by_append(connection, access.mailbox, old, message)
        await check_size(connection, access.mailbox, message)
        try:
            code = await connection.execute(UidReplace(uid, access.mailbox, message))
        except IMAPMailboxError as error:
            if error.code != ResponseCode.NONEXISTENT:
                raise
            raise _no_message(uid) from error  # not the mailbox, which is open
    return placed(access.mailbox, code)[0]


async def _flags_of(connection: IMAPConnection, uid: int) -> frozenset[Flag]:
    found = await connection.execute(UidFetch(MessageSet([uid]), (MessagePart.FLAGS,)))
    for data in found:
        if data.uid == uid and data.flags is not None:
            return data.flags - {Flag.RECENT, Flag.DELETED}
    raise _no_message(uid)


def _no_message(uid: int) -> IMAPMessageError:
    return IMAPMessageError("UID REPLACE", "NO", None, f"there is no message {uid}")


async def _replace_by_append(
    connection: IMAPConnection, mailbox: str, old: MessageSet, message: NewMessage
) -> AppendResult:
    added = await append_one(connection, mailbox, message)
    try:
        await expunge_piece(connection, old)
    except IMAPError as error:
        error.partial = added
        not_repeatable(error)  # it would add the message again
        raise
    return added
