"""What is asked, and asked to be told, of mailboxes that are not open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from ..connection import IMAPConnection
from ..errors import IMAPOperationError
from ..wire import StatusData
from ..wire.commands import (
    EventGroup,
    GetStatus,
    Notify,
    NotifyEvent,
    NotifyFilter,
    StatusItem,
)
from ._scope import Scope

_TOGETHER: Final = 100
"""Commands under way at once."""

_NAMES_OCTETS: Final = 2000
"""Characters of names in one command, which may become four times as many octets."""

_MARKS: Final = (
    StatusItem.UIDVALIDITY,
    StatusItem.UIDNEXT,
    StatusItem.MESSAGES,
    StatusItem.UNSEEN,
)
_OF_MESSAGES: Final = frozenset(
    {NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE, NotifyEvent.FLAG_CHANGE}
)
_OF_ALL: Final = _OF_MESSAGES | {NotifyEvent.MAILBOX_NAME}


def notify(scope: Scope) -> Notify:
    """Return what has a server tell of the mailboxes of *scope* (RFC 5465)."""
    # What fits a pattern may not be there yet, and a line has its limits.
    if scope.patterns or sum(map(len, scope.explicit)) > _NAMES_OCTETS:
        others = EventGroup(NotifyFilter.PERSONAL, _OF_ALL)
    else:  # what is left out now, too: it may be mended
        others = EventGroup(NotifyFilter.MAILBOXES, _OF_ALL, scope.explicit)
    return Notify((EventGroup(NotifyFilter.SELECTED, _OF_MESSAGES), others))


async def ask(
    connection: IMAPConnection, names: Sequence[str], *, condstore: bool
) -> list[StatusData | IMAPOperationError]:
    """Return how mailboxes stand, or why that is not told, in the order of *names*.

    Args:
        connection: to the server.
        names: of the mailboxes.
        condstore: ask for the highest mod-sequence, too.

    Raises:
        IMAPConnectionError: the session ended.
    """
    items = (*_MARKS, StatusItem.HIGHESTMODSEQ) if condstore else _MARKS
    results: list[StatusData | IMAPOperationError] = []
    for at in range(0, len(names), _TOGETHER):
        answers = await asyncio.gather(
            *(
                connection.execute(GetStatus(name, items))
                for name in names[at : at + _TOGETHER]
            ),
            return_exceptions=True,
        )
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(
                answer, IMAPOperationError
            ):
                raise answer
            results.append(answer)
    return results
