"""What reads messages on one connection, whatever the server has them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

from ..connection import IMAPConnection
from ..errors import IMAPCapabilityError
from ..model import MessagePart, MessageSet
from ..wire import FetchData, is_gone
from ..wire.commands import UidFetch
from ._access import MailboxAccess, command_pieces
from ._server import trusted

R = TypeVar("R")

_PREVIEWS: Final = (MessagePart.PREVIEW, MessagePart.PREVIEW_LAZY)
_NEEDS: Final = {
    "MODSEQ": ("CONDSTORE", "QRESYNC"),
    "EMAILID": ("OBJECTID",),
    "THREADID": ("OBJECTID",),
    "SAVEDATE": ("SAVEDATE",),
    "BINARY": ("BINARY",),
    "BINARY.SIZE": ("BINARY",),
    "X-GM-MSGID": ("X-GM-EXT-1",),
    "X-GM-THRID": ("X-GM-EXT-1",),
    "X-GM-LABELS": ("X-GM-EXT-1",),
}


class Reader:
    """Reads messages in one life of a mailbox: that in which it read first."""

    def __init__(
        self, access: MailboxAccess, owner: MessageSet, *, read_only: bool
    ) -> None:
        """Begin.

        Args:
            access: to the mailbox.
            owner: messages of it, of which some are read.
            read_only: that no flag is changed by reading.
        """
        self._access = access
        self._owner = owner
        self._read_only = read_only

    @property
    def owner(self) -> MessageSet:
        """The messages; of a known life of the mailbox, once it has read."""
        return self._owner

    def _some(self, uids: Iterable[int]) -> MessageSet:
        return some_of(self._owner, uids)

    async def _read(
        self, messages: MessageSet, work: Callable[[IMAPConnection], Awaitable[R]]
    ) -> R:
        """Return what *work* returns, given a connection; twice is like once."""

        async def bind(connection: IMAPConnection) -> R:
            result = await work(connection)
            if self._owner.uidvalidity is None:
                self._owner = self._access.bound(self._owner, connection)
            return result

        return await self._access.run(bind, messages, read_only=self._read_only)


def some_of(owner: MessageSet, uids: Iterable[int]) -> MessageSet:
    """Return *uids* as messages of the mailbox that *owner* is of."""
    return MessageSet(uids, mailbox=owner.mailbox, uidvalidity=owner.uidvalidity)


async def read_items(
    connection: IMAPConnection, messages: MessageSet, items: tuple[MessagePart, ...]
) -> list[FetchData]:
    """Return *items* of *messages* that are there, in as many commands as needed."""
    return [
        data
        for piece in command_pieces(connection, messages)
        for data in await connection.execute(UidFetch(piece, items))
        if not is_gone(data)
    ]


def offered(
    connection: IMAPConnection, wanted: tuple[MessagePart, ...]
) -> tuple[MessagePart, ...]:
    """Return *wanted* without PREVIEW, if the server of *connection* has it not.

    Raises:
        IMAPCapabilityError: it does not have another one of them.
    """
    there = trusted(connection)
    for item in wanted:
        needed = _NEEDS.get(item.item)
        if needed is not None and there.isdisjoint(needed):
            raise IMAPCapabilityError(
                f"the server has no {item}: it does not announce {needed[0]}",
                capability=needed[0],
            )
    if "PREVIEW" in there:
        return wanted
    rest = tuple(item for item in wanted if item not in _PREVIEWS)
    return rest or (MessagePart.UID,)  # no server takes an empty list
