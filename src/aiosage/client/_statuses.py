"""How mailboxes stand: which STATUS items to ask for, and how (RFC 9051 §6.3.11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Final

from ..connection import IMAPConnection
from ..errors import IMAPOperationError
from ..model import MailboxStatus
from ..wire import StatusData
from ..wire.commands import GetStatus, StatusItem
from ._server import profile_for, trusted
from ._together import execute_all

USUAL_ITEMS: Final = (
    StatusItem.MESSAGES,
    StatusItem.UNSEEN,
    StatusItem.UIDNEXT,
    StatusItem.UIDVALIDITY,
    StatusItem.HIGHESTMODSEQ,
    StatusItem.SIZE,
)
"""What is asked for if nothing else is wanted, as far as the server can tell it."""

_NEEDS: Final[Mapping[StatusItem, frozenset[str]]] = {
    StatusItem.DELETED: frozenset({"QUOTA=RES-MESSAGE"}),
    StatusItem.SIZE: frozenset({"STATUS=SIZE"}),
    StatusItem.HIGHESTMODSEQ: frozenset({"CONDSTORE", "QRESYNC"}),
    StatusItem.APPENDLIMIT: frozenset({"APPENDLIMIT"}),
    StatusItem.MAILBOXID: frozenset({"OBJECTID"}),
    StatusItem.DELETED_STORAGE: frozenset({"QUOTA=RES-STORAGE"}),
}
"""Of each item, the capabilities of which one will do; none for the others."""

_IN_REV2: Final = {StatusItem.DELETED, StatusItem.SIZE}


def tellable(
    items: Iterable[StatusItem], capabilities: Set[str], *, rev2: bool
) -> tuple[StatusItem, ...]:
    """Return those of *items* that a server can tell.

    Args:
        items: what is wanted.
        capabilities: of the server, in upper case.
        rev2: the session is one of IMAP4rev2, which has no RECENT.
    """
    return tuple(
        item
        for item in dict.fromkeys(map(StatusItem, items))
        if (rev2 and item in _IN_REV2)
        or (
            not (rev2 and item is StatusItem.RECENT)
            and (item not in _NEEDS or not _NEEDS[item].isdisjoint(capabilities))
        )
    )


def items_for(
    connection: IMAPConnection, wanted: Iterable[StatusItem]
) -> tuple[StatusItem, ...]:
    """Return what to ask the server of *connection* for; MESSAGES at the least."""
    rev2 = "IMAP4REV2" in connection.enabled or not connection.supports("IMAP4rev1")
    items = tellable(wanted, trusted(connection), rev2=rev2)
    return items or (StatusItem.MESSAGES,)


def must_split(connection: IMAPConnection, items: tuple[StatusItem, ...]) -> bool:
    """Return whether the server cannot be asked for all *items* at once."""
    return (
        StatusItem.MAILBOXID in items
        and len(items) > 1
        and profile_for(connection).mailbox_id_alone
    )


async def statuses(
    connection: IMAPConnection,
    mailboxes: Iterable[str],
    wanted: Iterable[StatusItem] = USUAL_ITEMS,
) -> dict[str, MailboxStatus | IMAPOperationError]:
    """Return how *mailboxes* stand, or why that is not told, in their order."""
    items = items_for(connection, wanted)
    requests = [items]
    if must_split(connection, items):
        rest = tuple(item for item in items if item is not StatusItem.MAILBOXID)
        requests = [rest, (StatusItem.MAILBOXID,)]
    names = tuple(dict.fromkeys(mailboxes))
    answers = await execute_all(
        connection,
        [GetStatus(name, request) for name in names for request in requests],
    )
    width = len(requests)
    return {
        name: _joined(answers[width * n : width * (n + 1)])
        for n, name in enumerate(names)
    }


def _joined(
    answers: list[StatusData | IMAPOperationError],
) -> MailboxStatus | IMAPOperationError:
    items: dict[str, int | str | None] = {}
    for answer in answers:
        if isinstance(answer, IMAPOperationError):
            return answer
        items.update(answer.items)
    return status_of(StatusData("", items))


def status_of(data: StatusData) -> MailboxStatus:
    """Return what *data* tells, without the name of the mailbox."""
    return MailboxStatus(
        messages=data.messages,
        unseen=data.unseen,
        uidnext=data.uidnext,
        uidvalidity=data.uidvalidity,
        highest_modseq=data.highest_modseq,
        size=data.size,
        recent=data.recent,
        deleted=data.deleted,
        deleted_storage=data.deleted_storage,
        append_limit=data.append_limit,
        mailbox_id=data.mailbox_id,
    )
