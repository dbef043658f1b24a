"""Messages with the items that the caller names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..model import EmailMessage, MessagePart, MessageSet
from ._access import MailboxAccess
from ._messages import to_message
from ._parts import add_previews
from ._reading import offered, read_items, some_of
from ._windows import LARGEST_WINDOW, MESSAGE_OCTETS, content_octets, is_content


class ItemSource:
    """Messages of *owner*'s mailbox, with the items *wanted* of each."""

    def __init__(
        self, access: MailboxAccess, owner: MessageSet, wanted: tuple[MessagePart, ...]
    ) -> None:
        self._access = access
        self._owner = owner
        self._wanted = wanted
        self._content = tuple(item for item in wanted if is_content(item))
        self._read_only = all(item.peek for item in wanted)

    @property
    def block(self) -> int | None:
        """Sizes are asked for if there is content."""
        return LARGEST_WINDOW if self._content else None

    async def sizes(self, uids: Sequence[int]) -> Mapping[int, int]:
        """Return the most that their content can be, in octets."""
        messages = some_of(self._owner, uids)
        async with self._access.connection(messages, read_only=True) as lent:
            found = await read_items(lent, messages, (MessagePart.SIZE,))
        return {
            data.uid: MESSAGE_OCTETS + content_octets(data.size, self._content)
            for data in found
            if data.uid is not None
        }

    async def read(self, uids: Sequence[int]) -> Sequence[EmailMessage]:
        """Return what is wanted of them."""
        messages = some_of(self._owner, uids)
        async with self._access.connection(messages, read_only=self._read_only) as lent:
            wanted = offered(lent, self._wanted)
            found = [
                to_message(data, self._access.mailbox)
                for data in await read_items(lent, messages, wanted)
            ]
            if MessagePart.PREVIEW in self._wanted:
                return await add_previews(lent, self._owner, found)
            return found
