"""Messages with their text, without what is attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ..connection import IMAPConnection
from ..model import FetchedMessage, MessagePart, MessageSet
from ._access import MailboxAccess
from ._parts import add_texts, text_parts
from ._reading import Reader, offered, read_items
from ._windows import MESSAGE_OCTETS

_BLOCK: Final = 500
"""Messages whose structures are held while their texts are read."""


class TextSource(Reader):
    """Messages of *owner*'s mailbox with their text, and *wanted* of each."""

    def __init__(
        self, access: MailboxAccess, owner: MessageSet, wanted: tuple[MessagePart, ...]
    ) -> None:
        super().__init__(access, owner, read_only=all(item.peek for item in wanted))
        self._wanted = tuple(dict.fromkeys((*wanted, MessagePart.BODY_STRUCTURE)))
        self._known: dict[int, FetchedMessage] = {}  # whose texts are to be read

    @property
    def block(self) -> int:
        """Their structures tell how long the texts are."""
        return _BLOCK

    async def sizes(self, uids: Sequence[int]) -> Mapping[int, int]:
        """Return the octets of their texts, as encoded."""
        messages = self._some(uids)
        self._known = await self._read(
            messages, lambda connection: self._structures(connection, messages)
        )
        return {
            uid: MESSAGE_OCTETS + sum(part.size or 0 for part in text_parts(message))
            for uid, message in self._known.items()
        }

    async def read(self, uids: Sequence[int]) -> Sequence[FetchedMessage]:
        """Return them with their text."""
        messages = self._some(uids)

        async def ask(connection: IMAPConnection) -> list[FetchedMessage]:
            if self._known.keys().isdisjoint(uids):  # nobody asked for the sizes
                self._known = await self._structures(connection, messages)
            known = [self._known[uid] for uid in uids if uid in self._known]
            return await add_texts(connection, self._owner, known)

        return await self._read(messages, ask)

    async def _structures(
        self, connection: IMAPConnection, messages: MessageSet
    ) -> dict[int, FetchedMessage]:
        wanted = offered(connection, self._wanted)
        return {
            data.uid: self._message(connection, data)
            for data in await read_items(connection, messages, wanted)
            if data.uid is not None
        }
