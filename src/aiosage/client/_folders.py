"""Making, removing and renaming mailboxes, alone or with what is below them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..connection import IMAPConnection
from ..errors import IMAPMailboxError, IMAPOperationError
from ..model import MailboxInfo, SpecialUse
from ..wire.commands import Create, Delete, Rename, SetMetadata
from ._listing import find, subtree
from ._names import canonical
from ._results import CreateResult
from ._server import trusted

_USE_ENTRY: Final = "/private/specialuse"
"""The annotation that is a special use as well (RFC 6154 §4)."""


async def create(
    connection: IMAPConnection, mailbox: str, use: SpecialUse | None
) -> CreateResult:
    """Make *mailbox*, for *use* if the server can keep that in some way."""
    offered = trusted(connection)
    is_refused = False
    if use is not None and "CREATE-SPECIAL-USE" in offered:
        try:
            made = await connection.execute(Create(mailbox, frozenset({use})))
            return CreateResult(mailbox, made, use)
        except IMAPMailboxError as error:
            if error.code != "USEATTR":
                raise
            is_refused = True  # the use, and nothing was made (RFC 6154 §3)
    made = await connection.execute(Create(mailbox))
    if use is None or is_refused:
        return CreateResult(mailbox, made, None)
    if {"METADATA", "SPECIAL-USE"} <= offered:
        try:
            await connection.execute(SetMetadata(mailbox, {_USE_ENTRY: str(use)}))
            return CreateResult(mailbox, made, use)
        except IMAPOperationError:
            pass  # it is there all the same; the result says without its use
    return CreateResult(mailbox, made, None)


async def ensure(
    connection: IMAPConnection, mailbox: str, use: SpecialUse | None
) -> bool:
    """Make *mailbox* unless it is there; return whether it was made."""
    if _is_there(await find(connection, mailbox)):
        return False
    try:
        await create(connection, mailbox, use)
    except IMAPMailboxError:
        # Somebody else may have made it just now; few servers say so in a code.
        if _is_there(await find(connection, mailbox)):
            return False
        raise
    return True


def _is_there(info: MailboxInfo | None) -> bool:
    return info is not None and info.is_selectable


async def delete_all(
    connection: IMAPConnection, mailbox: str, on_deleted: Callable[[str], object]
) -> tuple[str, ...]:
    """Remove what is below *mailbox*, the lowest first, and then itself.

    It ends at the first that cannot be removed, so none is removed before what is
    below it.

    Raises:
        ValueError: *mailbox* is INBOX, which cannot be removed.
    """
    if canonical(mailbox) == "INBOX":
        raise ValueError("INBOX cannot be deleted")
    below = await subtree(connection, mailbox)
    if not below:
        await connection.execute(Delete(mailbox))  # which tells why it cannot
        on_deleted(mailbox)
        return (mailbox,)
    names = sorted(below, key=lambda name: _depth(below[name]), reverse=True)
    for name in names:
        await _delete(connection, name)
        on_deleted(name)
    return tuple(names)


async def _delete(connection: IMAPConnection, name: str) -> None:
    try:
        await connection.execute(Delete(name))
    except IMAPMailboxError:
        # A mere name goes by itself with the last mailbox below it.
        if await find(connection, name) is not None:
            raise


def _depth(info: MailboxInfo) -> int:
    return info.name.count(info.delimiter) if info.delimiter else 0


async def rename_all(
    connection: IMAPConnection,
    mailbox: str,
    to_name: str,
    on_renamed: Callable[[str, str], object],
) -> dict[str, str]:
    """Rename *mailbox*, and what is below it where the server leaves it behind.

    Of INBOX only the messages need to go (RFC 9051 §6.3.6): what is below it goes
    or stays as the server likes.
    """
    old = canonical(mailbox)
    below = await subtree(connection, old)
    below.pop(old, None)
    await connection.execute(Rename(old, to_name))
    on_renamed(old, to_name)
    renamed = {old: to_name}
    left = await subtree(connection, old) if below else {}
    for name in below:
        new_name = to_name + name[len(old) :]
        if name in left:
            if old == "INBOX":
                continue
            await _rename(connection, name, new_name)
        on_renamed(name, new_name)
        renamed[name] = new_name
    return renamed


async def _rename(connection: IMAPConnection, name: str, to_name: str) -> None:
    try:
        await connection.execute(Rename(name, to_name))
    except IMAPMailboxError:
        # It may have gone along with the one above it.
        if await find(connection, name) is not None:
            raise
