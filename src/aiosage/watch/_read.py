"""Reading the messages that are told of."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

from ..connection import IMAPConnection
from ..errors import IMAPOperationError
from ..model import FetchedMessage, MessagePart, MessageSet
from ..wire import is_gone, to_message
from ..wire.commands import UidFetch

log = logging.getLogger("aiosage.watch")


class Read(NamedTuple):
    """What was read.

    Attributes:
        messages: by UID; None for those that are gone, or cannot be read.
        is_refused: the server has refused to tell of some.
    """

    messages: dict[int, FetchedMessage | None]
    is_refused: bool


async def read(
    connection: IMAPConnection,
    mailbox: str,
    uids: Sequence[int],
    items: tuple[MessagePart, ...],
) -> Read:
    """Read *items* of messages of the open *mailbox*.

    If the server refuses, each is asked for alone: another may be what is wrong.

    Raises:
        IMAPOperationError: it refuses for now.
        IMAPConnectionError: the session ended.
    """
    messages: dict[int, FetchedMessage | None] = dict.fromkeys(uids)
    is_refused = False
    todo = [MessageSet(uids)]
    while todo:
        some = todo.pop()
        try:
            found = await connection.execute(UidFetch(some, items))
        except IMAPOperationError as error:
            # Dovecot says SERVERBUG of a message that is broken, and will ever be.
            if error.retryable and error.code != "SERVERBUG":
                raise
            log.info("%s of %r cannot be read: %s", some, mailbox, error)
            is_refused = True
            if len(some) > 1:
                todo += some.iter_batches(1)
            continue
        selected = connection.selected
        uidvalidity = selected.uidvalidity if selected else None
        for data in found:
            if data.uid in messages and not is_gone(data):
                messages[data.uid] = to_message(data, mailbox, uidvalidity)
    return Read(messages, is_refused)
