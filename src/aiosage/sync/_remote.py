"""What a synchronisation asks of an open mailbox."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from ..connection import IMAPConnection
from ..errors import IMAPCapabilityError
from ..model import Flags, IMAPSearchCriteria, MessagePart, MessageSet
from ..wire import SET_OCTETS
from ..wire.commands import SelectResult, UidFetch, UidSearch
from ._diff import BATCH_OCTETS

# Messages whose flags or sizes are asked for at once: some 100 octets each.
SCAN_MESSAGES: Final = 5000
# Octets of UIDs in one command. RFC 7162 §4 asks servers for lines of 8192.


def uidvalidity_of(selected: SelectResult) -> int:
    """Return the UIDVALIDITY of the open mailbox.

    Raises:
        IMAPCapabilityError: the server has none (RFC 9051 §2.3.1.1).
    """
    if selected.uidvalidity is None:
        raise IMAPCapabilityError(
            f"the server does not tell the UIDVALIDITY of {selected.mailbox!r}, so"
            " a mirror could not be kept in step with it",
            capability="UIDVALIDITY",
        )
    return selected.uidvalidity


async def search_all(connection: IMAPConnection) -> MessageSet:
    """Return the UIDs of all messages."""
    return await connection.execute(
        UidSearch(IMAPSearchCriteria.ALL, connection.supports("ESEARCH"))
    )


async def fetch_flags(
    connection: IMAPConnection, messages: MessageSet
) -> dict[int, Flags]:
    """Return the flags of *messages* by UID.

    With CONDSTORE it would be enough to ask for those changed since the
    checkpoint (RFC 7162 §3.1.4.1).
    """
    flags: dict[int, Flags] = {}
    for piece in messages.iter_wire(SET_OCTETS):
        for data in await connection.execute(UidFetch(piece, (MessagePart.FLAGS,))):
            if data.uid is not None and data.flags is not None:
                flags[data.uid] = data.flags
    return flags


async def fetch_sizes(
    connection: IMAPConnection, messages: MessageSet
) -> AsyncGenerator[dict[int, int]]:
    """Yield octets by UID, some thousands of *messages* at a time.

    Where the server tells no size, it is that of a whole batch.
    """
    for batch in messages.iter_batches(SCAN_MESSAGES):
        for piece in batch.iter_wire(SET_OCTETS):
            found = await connection.execute(UidFetch(piece, (MessagePart.SIZE,)))
            yield {
                data.uid: BATCH_OCTETS if data.size is None else data.size
                for data in found
                if data.uid is not None
            }
