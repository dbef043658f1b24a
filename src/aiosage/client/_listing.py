"""LIST with all that is wanted of each mailbox: in one command, or in several at once.

What a server cannot tell with LIST is asked for by a command for each mailbox; these
travel together, so that it takes two round trips instead of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from ..connection import IMAPConnection
from ..errors import IMAPCapabilityError, IMAPOperationError
from ..model import Flag, MailboxInfo, MailboxStatus, Rights
from ..wire import ListData
from ..wire.commands import (
    Command,
    GetMetadata,
    ListedMailbox,
    ListMailboxes,
    ListReturn,
    ListSelect,
    Lsub,
    MyRights,
    StatusItem,
    Xlist,
)
from ._names import canonical
from ._server import trusted
from ._statuses import items_for, must_split, status_of, statuses
from ._together import execute_all

R = TypeVar("R")

_SUBSCRIBED: Final = Flag("\\Subscribed")
_NOSELECT: Final = Flag("\\Noselect")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list, and what to tell of each mailbox.

    Attributes:
        pattern: as in LIST.
        reference: likewise.
        subscribed: only those that are subscribed to, even if they do not exist.
        status: items; none for no status.
        rights: what the user may do.
        metadata: names of annotations.
    """

    pattern: str = "*"
    reference: str = ""
    subscribed: bool = False
    status: tuple[StatusItem, ...] = ()
    rights: bool = False
    metadata: tuple[str, ...] = ()


async def list_mailboxes(
    connection: IMAPConnection, wanted: Wanted
) -> tuple[MailboxInfo, ...]:
    """Return the mailboxes, ordered by name, INBOX first.

    Raises:
        IMAPCapabilityError: the server has no way to tell the rights or metadata.
    """
    offered = trusted(connection)
    _check_possible(connection, wanted)
    items = items_for(connection, wanted.status) if wanted.status else ()
    extended = "LIST-EXTENDED" in offered
    with_status = "LIST-STATUS" in offered and not must_split(connection, items)
    command = ListMailboxes(
        wanted.pattern,
        wanted.reference,
        select=frozenset({ListSelect.SUBSCRIBED})
        if wanted.subscribed and extended
        else frozenset(),
        returns=_returns(wanted, offered) if extended else frozenset(),
        status=items if extended and with_status else (),
        metadata=wanted.metadata if extended and "LIST-METADATA" in offered else (),
    )
    found = await _list(connection, command, wanted, offered)
    if wanted.status and not command.status:
        found = await _with_statuses(connection, found, items)
    if wanted.rights and ListReturn.MYRIGHTS not in command.returns:
        found = await _with_rights(connection, found)
    if wanted.metadata and not command.metadata:
        found = await _with_metadata(connection, found, wanted.metadata)
    return tuple(sorted(found, key=lambda info: (info.name != "INBOX", info.name)))


def _check_possible(connection: IMAPConnection, wanted: Wanted) -> None:
    for is_wanted, capability in (
        (wanted.rights, "ACL"),
        (bool(wanted.metadata), "METADATA"),
    ):
        if is_wanted and not connection.supports(capability):
            raise IMAPCapabilityError(
                f"{connection.config.address} cannot list this: it does not announce"
                f" {capability}",
                capability=capability,
            )


def _returns(wanted: Wanted, offered: Set[str]) -> frozenset[ListReturn]:
    # Servers tell children unasked, but not where RETURN stands.
    returns = {ListReturn.CHILDREN, ListReturn.SUBSCRIBED}
    if "SPECIAL-USE" in offered:
        returns.add(ListReturn.SPECIAL_USE)
    if wanted.rights and "LIST-MYRIGHTS" in offered:
        returns.add(ListReturn.MYRIGHTS)
    return frozenset(returns)


async def _list(
    connection: IMAPConnection,
    command: ListMailboxes,
    wanted: Wanted,
    offered: Set[str],
) -> list[MailboxInfo]:
    """Execute *command*, and with it what the server has instead of its options."""
    place = (wanted.pattern, wanted.reference)
    by_lsub = wanted.subscribed and ListSelect.SUBSCRIBED not in command.select
    commands: list[Command[Sequence[ListedMailbox | ListData]]] = [command]
    if by_lsub:
        commands.append(Lsub(*place))
    if "XLIST" in offered and "SPECIAL-USE" not in offered:
        commands.append(Xlist(*place))
    listed: dict[str, MailboxInfo] = {}
    subscribed: set[str] = set()
    for answer in await execute_all(connection, commands):
        if isinstance(answer, IMAPOperationError):
            raise answer
        for told in answer:
            if isinstance(told, ListedMailbox):
                listed[told.data.name] = _info(told, command)
            elif told.subscribed_only:
                if "%" in wanted.pattern and _NOSELECT in told.attributes:
                    continue  # one below it is subscribed to (RFC 3501 §6.3.9)
                subscribed.add(told.name)
                listed.setdefault(told.name, _only_subscribed(told))
            elif (info := listed.get(told.name)) is not None:
                both = info.attributes | told.attributes
                listed[told.name] = replace(info, attributes=both)
    if not by_lsub:
        return list(listed.values())
    return [replace(listed[name], is_subscribed=True) for name in subscribed]


def _info(told: ListedMailbox, command: ListMailboxes) -> MailboxInfo:
    data = told.data
    knows = ListReturn.SUBSCRIBED in command.returns
    return MailboxInfo(
        data.name,
        data.delimiter,
        data.attributes,
        is_subscribed=_SUBSCRIBED in data.attributes if knows else None,
        status=status_of(told.status) if told.status is not None else None,
        rights=told.rights,
        metadata=told.metadata,
    )


def _only_subscribed(told: ListData) -> MailboxInfo:
    r"""Return what LSUB tells of a mailbox that LIST does not tell of.

    It does not exist any more: ``\Noselect`` of LSUB means something else.
    """
    return MailboxInfo(told.name, told.delimiter, frozenset({Flag("\\NonExistent")}))


async def _with_statuses(
    connection: IMAPConnection,
    mailboxes: list[MailboxInfo],
    items: tuple[StatusItem, ...],
) -> list[MailboxInfo]:
    names = [info.name for info in mailboxes if info.is_selectable]
    told = await statuses(connection, names, items)
    answers: Mapping[str, MailboxStatus] = {
        name: status
        for name, status in told.items()
        if isinstance(status, MailboxStatus)
    }
    return [replace(info, status=answers.get(info.name)) for info in mailboxes]


async def _with_rights(
    connection: IMAPConnection, mailboxes: list[MailboxInfo]
) -> list[MailboxInfo]:
    commands = [MyRights(info.name) for info in mailboxes]
    answers = await execute_all(connection, commands)
    return [
        replace(info, rights=answer if isinstance(answer, Rights) else None)
        for info, answer in zip(mailboxes, answers, strict=True)
    ]


async def _with_metadata(
    connection: IMAPConnection, mailboxes: list[MailboxInfo], entries: tuple[str, ...]
) -> list[MailboxInfo]:
    commands = [GetMetadata(info.name, entries) for info in mailboxes]
    answers = await execute_all(connection, commands)
    return [
        info
        if isinstance(answer, IMAPOperationError)
        else replace(info, metadata=answer.values)
        for info, answer in zip(mailboxes, answers, strict=True)
    ]


async def find(
    connection: IMAPConnection, mailbox: str, status: tuple[StatusItem, ...] = ()
) -> MailboxInfo | None:
    """Return the mailbox of that very name; None if there is none.

    Args:
        connection: of the account.
        mailbox: the name.
        status: items to tell with it.
    """
    name = canonical(mailbox)
    for info in await list_mailboxes(
        connection, Wanted(pattern_for(name), status=status)
    ):
        if info.name == name and info.exists:  # a name may hold wildcards
            return info
    return None


def pattern_for(name: str) -> str:
    """Return a pattern that matches *name*, and maybe others."""
    return name.replace("{", "%")  # Cyrus 3.6 crashes at {3}, which it takes for regex


async def subtree(connection: IMAPConnection, mailbox: str) -> dict[str, MailboxInfo]:
    """Return *mailbox* and those below it by name, each before what is below it."""
    name = canonical(mailbox)
    return {
        info.name: info
        for info in await list_mailboxes(connection, Wanted(f"{pattern_for(name)}*"))
        if info.name == name
        or (info.delimiter and info.name.startswith(name + info.delimiter))
    }


async def delimiter(connection: IMAPConnection) -> str | None:
    """Return what separates the levels of new names (RFC 9051 §6.3.9)."""
    for told in await connection.execute(ListMailboxes("")):
        return told.data.delimiter
    return None
