"""Reading messages in windows."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ..model import EmailMessage, MessagePart, MessageSet
from ..wire import is_gone, to_message
from ..wire.commands import UidFetch
from ._access import MailboxAccess, pieces
from ._windows import (
    FIRST_WINDOW,
    LARGEST_WINDOW,
    MESSAGE_OCTETS,
    content_octets,
    cut_by_size,
    is_content,
    next_window,
)


async def fetch(
    access: MailboxAccess, messages: MessageSet, wanted: tuple[MessagePart, ...]
) -> AsyncGenerator[EmailMessage]:
    """Yield *messages* with what is *wanted* of each."""
    read_only = all(item.peek for item in wanted)
    content = tuple(item for item in wanted if is_content(item))
    window = FIRST_WINDOW
    for rest in pieces(messages):
        while rest:
            block = next(rest.iter_batches(LARGEST_WINDOW if content else window))
            rest -= block
            for piece in await _split(access, block, content):
                async with access.connection(piece, read_only=read_only) as lent:
                    found = await lent.execute(UidFetch(piece, wanted))
                octets = 0
                for data in found:
                    if is_gone(data):
                        continue
                    message = to_message(data, access.mailbox)
                    octets += sum(map(len, message.sections.values()))
                    octets += len(message.header or b"") + MESSAGE_OCTETS
                    yield message
                window = next_window(window, octets)


async def _split(
    access: MailboxAccess, block: MessageSet, content: tuple[MessagePart, ...]
) -> list[MessageSet]:
    """Return *block* in pieces whose *content* memory can hold."""
    if not content or len(block) == 1:
        return [block]
    async with access.connection(block, read_only=True) as connection:
        found = await connection.execute(UidFetch(block, (MessagePart.SIZE,)))
    sizes = {
        data.uid: content_octets(data.size, content)
        for data in found
        if data.uid is not None
    }
    return [
        MessageSet(piece, mailbox=block.mailbox, uidvalidity=block.uidvalidity)
        for piece in cut_by_size(dict(sorted(sizes.items())))
    ]
