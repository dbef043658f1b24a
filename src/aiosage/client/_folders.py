"""Making, removing and renaming mailboxes, alone or with what is below them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from ..connection import IMAPConnection
from ..errors import IMAPError, IMAPMailboxError, IMAPOperationError
from ..model import MailboxInfo, SpecialUse
from ..wire.commands import (
    Create,
    Delete,
    DeleteAcl,
    GetAcl,
    Rename,
    SetMetadata,
    Subscribe,
    Unsubscribe,
)
from ._changing import (
    AccountAccess,
    Change,
    Outcome,
    is_open,
    look_at,
    look_at_both,
    was_created,
    was_deleted,
    was_named,
    was_removed,
    was_renamed,
)
from ._listing import Wanted, find, list_mailboxes, pattern_for, subtree
from ._names import canonical
from ._progress import not_repeatable
from ._results import CreateResult
from ._server import trusted

_USE_ENTRY: Final = "/private/specialuse"
"""The annotation that is a special use as well (RFC 6154 §4)."""


async def create(
    access: AccountAccess, mailbox: str, use: SpecialUse | None, delimiter: str | None
) -> CreateResult:
    """Make *mailbox*, for *use* if the server can keep that in some way."""
    offered = await access.run(_offered)
    is_refused = False
    if use is not None and "CREATE-SPECIAL-USE" in offered:
        try:
            made = await _create(access, mailbox, use, delimiter)
            return CreateResult(mailbox, made, use)
        except IMAPMailboxError as error:
            if error.code != "USEATTR":
                raise
            is_refused = True  # the use, and nothing was made (RFC 6154 §3)
    made = await _create(access, mailbox, None, delimiter)
    if use is None or is_refused:
        return CreateResult(mailbox, made, None)
    if {"METADATA", "SPECIAL-USE"} <= offered:
        command = SetMetadata(mailbox, {_USE_ENTRY: str(use)})
        try:
            await access.run(lambda connection: connection.execute(command))
            return CreateResult(mailbox, made, use)
        except IMAPOperationError:
            pass  # it is there all the same; the result says without its use
        except IMAPError as error:
            error.partial = CreateResult(mailbox, made, None)
            not_repeatable(error)  # it would find its own mailbox there
            raise
    return CreateResult(mailbox, made, None)


async def _offered(connection: IMAPConnection) -> frozenset[str]:
    return frozenset(trusted(connection))


async def _create(
    access: AccountAccess,
    mailbox: str,
    use: SpecialUse | None,
    delimiter: str | None,
) -> str | None:
    """Make *mailbox*; return its MAILBOXID, if that is told."""
    # That at the end says what it is for, and is no part of the name.
    name = mailbox.removesuffix(delimiter or "")
    judge = was_created if name == mailbox else was_named

    def judge_use(before: MailboxInfo | None, now: MailboxInfo | None) -> Outcome | str:
        outcome = judge(before, now)
        if outcome is Outcome.DONE and use and now and now.special_use != use:
            return f"{name!r} is there, and not for this use"
        return outcome

    uses = frozenset({use}) if use is not None else frozenset[SpecialUse]()
    # Without STATUS, at which Dovecot makes what it only listed until then.
    look = partial(find, mailbox=name)
    made = await access.change(Change(Create(mailbox, uses), look, judge_use))
    if isinstance(made, MailboxInfo):
        found = await access.run(partial(look_at, mailbox=name))
        return found.status.mailbox_id if found and found.status else None
    return made


async def ensure(
    access: AccountAccess, mailbox: str, use: SpecialUse | None, delimiter: str | None
) -> bool:
    """Make *mailbox* unless it is there; return whether it was made."""
    name = mailbox.removesuffix(delimiter or "")
    look = partial(find, mailbox=name)

    async def is_there() -> bool:
        found = await access.run(look)
        return is_open(found) or (name != mailbox and found is not None)

    if await is_there():
        return False
    try:
        await create(access, mailbox, use, delimiter)
    except IMAPMailboxError:
        # Somebody else may have made it just now; few servers say so in a code.
        if await is_there():
            return False
        raise
    return True


async def delete(access: AccountAccess, mailbox: str) -> None:
    """Remove *mailbox*, and nothing below it."""
    await _delete(access, mailbox, was_deleted)


async def _delete(
    access: AccountAccess,
    mailbox: str,
    judge: Callable[[MailboxInfo | None, MailboxInfo | None], Outcome | str],
) -> None:
    look = partial(look_at, mailbox=mailbox)
    await access.change(Change(Delete(mailbox), look, judge, takes_away=True))


async def delete_all(
    access: AccountAccess, mailbox: str, on_deleted: Callable[[str], object]
) -> tuple[str, ...]:
    """Remove what is below *mailbox*, the lowest first, and then itself.

    It ends at the first that cannot be removed, so none is removed before what is
    below it.

    Raises:
        ValueError: *mailbox* is INBOX, which cannot be removed.
    """
    if canonical(mailbox) == "INBOX":
        raise ValueError("INBOX cannot be deleted")
    below = await access.run(partial(subtree, mailbox=mailbox))
    if not below:
        await delete(access, mailbox)  # which tells why it cannot
        on_deleted(mailbox)
        return (mailbox,)
    names = sorted(below, key=lambda name: _depth(below[name]), reverse=True)
    for name in names:
        await _delete_listed(access, name)
        on_deleted(name)
    return tuple(names)


async def _delete_listed(access: AccountAccess, name: str) -> None:
    try:
        await _delete(access, name, was_removed)
    except IMAPMailboxError:
        # A mere name goes by itself with the last mailbox below it.
        if await access.run(partial(find, mailbox=name)) is not None:
            raise


def _depth(info: MailboxInfo) -> int:
    return info.name.count(info.delimiter) if info.delimiter else 0


async def rename_all(
    access: AccountAccess,
    mailbox: str,
    to_name: str,
    on_renamed: Callable[[str, str], object],
) -> dict[str, str]:
    """Rename *mailbox*, and what is below it where the server leaves it behind.

    Of INBOX only the messages need to go (RFC 9051 §6.3.6): what is below it goes
    or stays as the server likes.
    """
    old = canonical(mailbox)
    below = await access.run(partial(subtree, mailbox=old))
    # A mere name has no life of its own to know it by, but what is below it has.
    witness = next(filter(lambda name: is_open(below[name]), below), old)
    below.pop(old, None)
    await _rename(access, old, to_name, witness)
    on_renamed(old, to_name)
    renamed = {old: to_name}
    try:
        left = await access.run(partial(subtree, mailbox=old)) if below else {}
        for name in below:
            new_name = to_name + name[len(old) :]
            if name in left:
                if old == "INBOX":
                    continue
                await _rename_left(access, name, new_name)
            on_renamed(name, new_name)
            renamed[name] = new_name
    except IMAPError as error:
        error.partial = renamed
        not_repeatable(error)  # the first has its new name
        raise
    return renamed


async def _rename(access: AccountAccess, name: str, to_name: str, witness: str) -> None:
    """Rename *name*; *witness* is it, or one below that goes along."""
    goes_to = to_name + witness[len(name) :]
    look = partial(look_at_both, mailbox=witness, other=goes_to)
    await access.change(
        Change(Rename(name, to_name), look, was_renamed, takes_away=True)
    )


async def _rename_left(access: AccountAccess, name: str, to_name: str) -> None:
    try:
        await _rename(access, name, to_name, name)
    except IMAPMailboxError:
        # It may have gone along with the one above it.
        if await access.run(partial(find, mailbox=name)) is not None:
            raise


async def set_subscribed(access: AccountAccess, mailbox: str, wanted: bool) -> None:
    """Put *mailbox* on the list of subscribed ones, or take it off."""
    name = canonical(mailbox)
    pattern = Wanted(pattern_for(name), subscribed=True)

    async def look(connection: IMAPConnection) -> bool:
        found = await list_mailboxes(connection, pattern)
        return any(info.name == name for info in found)

    def judge(before: bool, now: bool) -> Outcome:
        return Outcome.DONE if now is wanted else Outcome.NOT_DONE

    command = Subscribe(mailbox) if wanted else Unsubscribe(mailbox)
    await access.change(Change(command, look, judge, is_state=True))


async def delete_acl(access: AccountAccess, mailbox: str, identifier: str) -> None:
    """Forget all that was granted to *identifier*."""

    async def look(connection: IMAPConnection) -> bool:
        return identifier in (await connection.execute(GetAcl(mailbox))).rights

    def judge(before: bool, now: bool) -> Outcome:
        return Outcome.NOT_DONE if now else Outcome.DONE

    command = DeleteAcl(mailbox, identifier)
    await access.change(Change(command, look, judge, is_state=True))
