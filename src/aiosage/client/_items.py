"""Messages with the items that the caller names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..connection import IMAPConnection
from ..model import FetchedMessage, MessagePart, MessageSet
from ..wire import FetchData
from ._access import MailboxAccess
from ._parts import add_previews
from ._reading import Reader, offered, read_items
from ._windows import LARGEST_WINDOW, MESSAGE_OCTETS, content_octets, is_content


class ItemSource(Reader):
    """Messages of *owner*'s mailbox, with the items *wanted* of each."""

    def __init__(
        self, access: MailboxAccess, owner: MessageSet, wanted: tuple[MessagePart, ...]
    ) -> None:
        super().__init__(access, owner, read_only=all(item.peek for item in wanted))
        self._wanted = wanted
        self._content = tuple(item for item in wanted if is_content(item))

    @property
    def block(self) -> int | None:
        """Sizes are asked for if there is content."""
        return LARGEST_WINDOW if self._content else None

    async def sizes(self, uids: Sequence[int]) -> Mapping[int, int]:
        """Return the most that their content can be, in octets."""

        async def ask(
            connection: IMAPConnection, messages: MessageSet
        ) -> list[FetchData]:
            return await read_items(connection, messages, (MessagePart.SIZE,))

        return {
            data.uid: MESSAGE_OCTETS + content_octets(data.size, self._content)
            for data in await self._read_in_pieces(uids, ask)
            if data.uid is not None
        }

    async def read(self, uids: Sequence[int]) -> Sequence[FetchedMessage]:
        """Return what is wanted of them."""

        async def ask(
            connection: IMAPConnection, messages: MessageSet
        ) -> list[FetchedMessage]:
            wanted = offered(connection, self._wanted)
            found = [
                self._message(connection, data)
                for data in await read_items(connection, messages, wanted)
            ]
            if MessagePart.PREVIEW in self._wanted:
                return await add_previews(connection, self._owner, found)
            return found

        return await self._read_in_pieces(uids, ask)
