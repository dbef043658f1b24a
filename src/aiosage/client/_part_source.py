"""Messages with some of their parts, such as their text, and not the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from ..connection import IMAPConnection
from ..model import (
    BodyStructure,
    EmailMessage,
    FetchedMessage,
    MessagePart,
    MessageSet,
)
from ._access import MailboxAccess
from ._parts import add_parts
from ._reading import Reader, offered, read_items
from ._windows import MESSAGE_OCTETS

_BLOCK: Final = 500
"""Messages whose structures are held while their parts are read."""

Parts: TypeAlias = Sequence[BodyStructure]


class PartSource(Reader):
    """Messages of *owner*'s mailbox with some parts, and *wanted* of each.

    Args:
        access: to the mailbox.
        owner: the messages.
        wanted: of each, beside its parts.
        choose: returns the parts to read of a message, by its structure; None to
            leave it out.
    """

    def __init__(
        self,
        access: MailboxAccess,
        owner: MessageSet,
        wanted: tuple[MessagePart, ...],
        choose: Callable[[EmailMessage], Parts | None],
    ) -> None:
        super().__init__(access, owner, read_only=all(item.peek for item in wanted))
        self._wanted = tuple(dict.fromkeys((*wanted, MessagePart.BODY_STRUCTURE)))
        self._choose = choose
        self._known: dict[int, tuple[FetchedMessage, Parts]] = {}  # to be read

    @property
    def block(self) -> int:
        """Their structures tell how long the parts are."""
        return _BLOCK

    async def sizes(self, uids: Sequence[int]) -> Mapping[int, int]:
        """Return the octets of their parts, as encoded."""

        async def ask(
            connection: IMAPConnection, messages: MessageSet
        ) -> Iterable[tuple[int, tuple[FetchedMessage, Parts]]]:
            return (await self._structures(connection, messages)).items()

        self._known = dict(await self._read_in_pieces(uids, ask))
        return {
            uid: MESSAGE_OCTETS + sum(part.size or 0 for part in parts)
            for uid, (_, parts) in self._known.items()
        }

    async def read(self, uids: Sequence[int]) -> Sequence[FetchedMessage]:
        """Return them with their parts."""

        async def ask(
            connection: IMAPConnection, messages: MessageSet
        ) -> list[FetchedMessage]:
            if self._known.keys().isdisjoint(uids):  # nobody asked for the sizes
                self._known = await self._structures(connection, messages)
            known = dict(self._known[uid] for uid in messages if uid in self._known)
            return await add_parts(connection, self._owner, known)

        return await self._read_in_pieces(uids, ask)

    async def _structures(
        self, connection: IMAPConnection, messages: MessageSet
    ) -> dict[int, tuple[FetchedMessage, Parts]]:
        wanted = offered(connection, self._wanted)
        known: dict[int, tuple[FetchedMessage, Parts]] = {}
        for data in await read_items(connection, messages, wanted):
            message = self._message(connection, data)
            parts = self._choose(message)
            if parts is not None:
                known[message.uid] = message, parts
        return known
