"""Reading messages of one mailbox."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import Final

from ..errors import IMAPMessageError
from ..model import BodyStructure, EmailMessage, MessagePart, MessageSet
from . import _fetching, _processing, _saving
from ._access import MailboxAccess
from ._downloading import Download, download
from ._fetching import Windows
from ._items import ItemSource
from ._order import FetchOrder, in_order
from ._results import ProcessProgress, ProcessResult, SortResult
from ._texts import TextSource
from ._windows import LARGEST_WINDOW

_MANY: Final = 10 * LARGEST_WINDOW
"""Messages of which it is asked how many there are, before windows are made."""


class MessageReader:
    """Messages of one mailbox, read by UID: part of `IMAPMailboxUIDService`."""

    _access: MailboxAccess

    def fetch(
        self,
        messages: MessageSet | Iterable[int],
        *items: MessagePart,
        order: FetchOrder = FetchOrder.ASCENDING,
    ) -> AsyncGenerator[EmailMessage]:
        r"""Yield *messages* with *items* of each, in windows.

        The windows follow the size of the messages, so memory stays bounded
        however many there are: a few MiB, or one message that is larger. The next
        window is under way while the body of the loop runs, if both fit; a task
        reads it, which ends with the generator. Messages that are gone are not
        yielded. Nothing sets ``\Seen`` unless an item says so by name.

        Args:
            messages: of this mailbox.
            items: what to read; without any, the flags and the whole message.
                ``PREVIEW`` is made from the text where the server has none.
            order: in which they are read and yielded.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPMessageError: the server refused.
            IMAPCapabilityError: the server does not have one of *items*.
            IMAPConnectionError: the session ended; fetching the rest is safe.
        """
        given = _given(messages)
        source = self._source(given, items)
        return _yield_from(source, given, order)

    def fetch_text(
        self,
        messages: MessageSet | Iterable[int],
        *items: MessagePart,
        order: FetchOrder = FetchOrder.ASCENDING,
    ) -> AsyncGenerator[EmailMessage]:
        """Yield *messages* with their text, but not what is attached to them.

        Their ``text``, ``html`` and ``body_structure`` are there, which is all
        that a reader shows. Otherwise as `fetch`.

        Args:
            messages: of this mailbox.
            items: what to read beside it; without any, flags and envelope.
            order: in which they are read and yielded.
        """
        given = _given(messages)
        wanted = items or (MessagePart.FLAGS, MessagePart.ENVELOPE)
        source = TextSource(self._access, self._access.own(given), wanted)
        return _yield_from(source, given, order)

    def _source(
        self, given: MessageSet | Iterable[int], items: tuple[MessagePart, ...]
    ) -> ItemSource:
        wanted = items or (MessagePart.FLAGS, MessagePart.FULL)
        return ItemSource(self._access, self._access.own(given), wanted)

    async def fetch_one(self, uid: int, *items: MessagePart) -> EmailMessage:
        """Return the message *uid* with *items*; otherwise as `fetch`.

        Raises:
            IMAPMessageError: there is no such message.
            IMAPError: as for `fetch`.
        """
        async with aclosing(self.fetch([uid], *items)) as found:
            async for message in found:
                return message
        raise IMAPMessageError("UID FETCH", "NO", None, f"there is no message {uid}")

    async def process_in_batches(
        self,
        messages: MessageSet | Iterable[int],
        handler: Callable[[EmailMessage], Awaitable[object]],
        *items: MessagePart,
        batch_size: int = 50,
        concurrency: int = 4,
        attempts: int = 3,
        order: FetchOrder = FetchOrder.ASCENDING,
        on_progress: Callable[[ProcessProgress], object] | None = None,
    ) -> ProcessResult:
        """Call *handler* with each of *messages*, and tell what became of each.

        A batch is read while the one before is processed. Those messages of it for
        which *handler* raises an exception are tried again, after a pause, and end
        up in ``failed`` if that does not help; the others go on. Cancelling it
        cancels the handlers.

        Args:
            messages: of this mailbox.
            handler: called once for each attempt, in no certain order within a
                batch.
            items: as for `fetch`.
            batch_size: most messages in a batch; fewer if they are large.
            concurrency: most calls of *handler* at once.
            attempts: most calls of *handler* for one message.
            order: as for `fetch`.
            on_progress: called after each batch.

        Raises:
            ValueError: a number is less than 1.
            IMAPError: as for `fetch`. Its ``partial`` is the result so far.
        """
        given = _given(messages)
        source = self._source(given, items)
        return await _processing.process(
            source,
            _yield_from(source, given, order),
            handler,
            _processing.Terms(batch_size, concurrency, attempts),
            on_progress,
        )

    def download(
        self, uid: int, part: str | BodyStructure = ""
    ) -> AbstractAsyncContextManager[Download]:
        """Stream one part of a message, decoded, for the block.

        ::

            async with inbox.download(uid, "2") as octets:
                async for piece in octets:
                    print(octets.received, "of", octets.size)

        However large it is, little is held: while the reader is behind, the server
        waits. Text is not decoded, only its transfer encoding. The block holds a
        connection; if that is lost, another one goes on where it was. A block that
        is left early may cost the connection.

        Args:
            uid: of the message.
            part: such as ``2`` or ``1.2``, or what ``body_structure`` tells of it;
                ``HEADER``, ``TEXT`` or "" for the whole message, as they are.

        Raises:
            IMAPMessageError: there is no such message or part.
            UIDValidityChanged: the mailbox was made anew meanwhile.
            IMAPConnectionError: the session was lost again and again.
        """
        return download(self._access, uid, part)

    async def download_to(
        self,
        path: str | os.PathLike[str],
        uid: int,
        part: str | BodyStructure = "",
        *,
        overwrite: bool = False,
        on_progress: Callable[[int, int], object] | None = None,
    ) -> int:
        """Write one part of a message, decoded, to a file; return its octets.

        The file appears whole or not at all, whatever happens.

        Args:
            path: of the file; its folder must be there.
            uid: of the message.
            part: as for `download`.
            overwrite: replace a file that is there.
            on_progress: called with ``received`` and ``size`` of the `Download`.

        Raises:
            FileExistsError: there is one.
            OSError: it cannot be written.
            IMAPError: as for `download`.
        """
        return await _saving.download_to(
            self._access, Path(path), uid, part, overwrite, on_progress
        )


def _given(messages: MessageSet | Iterable[int]) -> MessageSet | Iterable[int]:
    """Return *messages* such that they can be read twice."""
    if isinstance(messages, MessageSet | SortResult | bytes | bytearray):
        return messages
    return tuple(messages)


def _yield_from(
    source: ItemSource | TextSource,
    given: MessageSet | Iterable[int],
    order: FetchOrder,
) -> AsyncGenerator[EmailMessage]:
    if isinstance(given, MessageSet) and len(given) > _MANY:
        return _yield_existing(source, order)
    return _fetching.fetch(Windows(source, in_order(given, order)))


async def _yield_existing(
    source: ItemSource | TextSource, order: FetchOrder
) -> AsyncGenerator[EmailMessage]:
    """Yield messages of a range such as 1 to 2^32-1, most of which is empty."""
    windows = Windows(source, in_order(await source.existing(), order))
    async with aclosing(_fetching.fetch(windows)) as messages:
        async for message in messages:
            yield message
