"""What reads messages on one connection, whatever the server has them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeVar

from ..connection import IMAPConnection
from ..errors import (
    IMAPCapabilityError,
    IMAPConnectionError,
    IMAPMessageError,
    refusal,
)
from ..model import FetchedMessage, IMAPSearchCriteria, MessagePart, MessageSet
from ..wire import FetchData, is_gone, to_message
from ..wire.commands import FetchResult, Noop, UidFetch
from ..wire.responses import MessageLimitCode
from ._access import MailboxAccess, command_pieces, uidvalidity_of
from ._searching import find
from ._server import trusted
from ._windows import LARGEST_WINDOW

R = TypeVar("R")
T = TypeVar("T")

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
        self._most = LARGEST_WINDOW  # messages in one piece

    @property
    def owner(self) -> MessageSet:
        """The messages; of a known life of the mailbox, once it has read."""
        return self._owner

    async def existing(self) -> MessageSet:
        """Return the messages, without UIDs that are none if those are the most."""
        messages = self._owner

        async def ask(connection: IMAPConnection) -> MessageSet:
            selected = connection.selected
            if selected is None or len(messages) <= 2 * selected.exists:
                return messages
            return await find(connection, IMAPSearchCriteria.uid(messages))

        return await self._read(messages, ask)

    def _some(self, uids: Iterable[int]) -> MessageSet:
        return some_of(self._owner, uids)

    def _message(self, connection: IMAPConnection, data: FetchData) -> FetchedMessage:
        """Return the message that *connection* tells of."""
        return to_message(data, self._access.mailbox, uidvalidity_of(connection))

    async def _read(
        self, messages: MessageSet, work: Callable[[IMAPConnection], Awaitable[R]]
    ) -> R:
        """Return what *work* returns, given a connection; twice is like once."""

        async def bind(connection: IMAPConnection) -> R:
            result = await work(connection)
            self._bind(connection)
            return result

        return await self._access.run(bind, messages, read_only=self._read_only)

    def _bind(self, connection: IMAPConnection) -> None:
        if self._owner.uidvalidity is None:
            self._owner = self._access.bound(self._owner, connection)

    async def _read_in_pieces(
        self,
        uids: Sequence[int],
        work: Callable[[IMAPConnection, MessageSet], Awaitable[Iterable[T]]],
    ) -> list[T]:
        """Return what *work* returns of *uids*: of all at once, unless that breaks off.

        Then it is asked of one, and of ever more, and what has come is kept, so that
        the worst of networks lets some through each time.
        """
        left, found = list(uids), list[T]()

        async def attempt() -> None:
            async with self._access.connection(
                self._some(left), read_only=self._read_only
            ) as connection:
                while left:
                    piece = left[: self._most]
                    try:
                        found.extend(await work(connection, self._some(piece)))
                    except IMAPConnectionError:
                        self._most = 1
                        raise
                    self._bind(connection)
                    self._most = min(4 * self._most, LARGEST_WINDOW)
                    del left[: len(piece)]

        await self._access.recovery.persist(
            attempt, repeatable=True, progress=lambda: len(left)
        )
        return found


def some_of(owner: MessageSet, uids: Iterable[int]) -> MessageSet:
    """Return *uids* as messages of the mailbox that *owner* is of."""
    return MessageSet(uids, mailbox=owner.mailbox, uidvalidity=owner.uidvalidity)


async def read_items(
    connection: IMAPConnection, messages: MessageSet, items: tuple[MessagePart, ...]
) -> list[FetchData]:
    """Return *items* of *messages* that are there, in as many commands as needed."""
    found: list[FetchData] = []
    for piece in command_pieces(connection, messages):
        rest = piece
        while rest:
            told = await _fetch(connection, UidFetch(rest, items))
            found.extend(data for data in told if is_there(data, items))
            rest = _left_out(rest, told.limit)
    return found


async def _fetch(connection: IMAPConnection, command: UidFetch) -> FetchResult:
    """Fetch, and once more if the server refuses since messages have gone.

    It may do so (RFC 2180 §4.1.1) until it could tell which (RFC 5530 §3).
    """
    try:
        return await connection.execute(command)
    except IMAPMessageError as error:
        if error.code != "EXPUNGEISSUED":
            raise
    await connection.execute(Noop())
    return await connection.execute(command)


def _left_out(messages: MessageSet, limit: MessageLimitCode | None) -> MessageSet:
    """Return which of *messages* a server that stopped early left out.

    Raises:
        IMAPOperationError: all of them (RFC 9738 §3.1).
    """
    if limit is None or limit.last == 1:
        return MessageSet()
    rest = messages
    if limit.last is not None:
        rest &= MessageSet.from_range(1, limit.last - 1)
    if len(rest) == len(messages):
        raise refusal("UID FETCH", "OK", "MESSAGELIMIT", "nothing was fetched")
    return rest


def is_there(data: FetchData, items: Iterable[MessagePart]) -> bool:
    """Return whether *data* is an answer to *items*, for a message that is there.

    When it is marked and expunged meanwhile, its flags may be all that is told.
    """
    if is_gone(data):
        return False
    if any(map(_is_of_every_message, items)):
        return bool(data.sections)
    told = {"ENVELOPE": data.envelope, "INTERNALDATE": data.internal_date}
    asked = [told[item.item] for item in items if item.item in told]
    return not asked or any(value is not None for value in asked)


def _is_of_every_message(item: MessagePart) -> bool:
    """Return whether every message has the section *item*, empty or not."""
    return item.of is not None and item.item == "BODY" and not item.of[:1].isdigit()


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
