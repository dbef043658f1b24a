"""Reading messages of one mailbox."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from ..errors import IMAPMessageError
from ..model import (
    BodyStructure,
    EmailMessage,
    FetchedMessage,
    IMAPSearchCriteria,
    MessagePart,
)
from . import _fetching, _processing, _saving
from ._downloading import Download, download
from ._fetching import Windows
from ._items import ItemSource
from ._mailbox_service import MailboxService
from ._messages import AnyMessages, Named, resolve, snapshot
from ._order import FetchOrder, in_order
from ._part_source import PartSource
from ._parts import text_parts
from ._results import ProcessProgress, ProcessResult
from ._windows import LARGEST_WINDOW

_WHOLE: Final = (MessagePart.FLAGS, MessagePart.FULL)
_MANY: Final = 10 * LARGEST_WINDOW
"""Messages of which it is asked how many there are, before windows are made."""


class MessageReader(MailboxService):
    """Messages of one mailbox, read by UID: part of `IMAPMailboxUIDService`."""

    def fetch(
        self,
        messages: AnyMessages,
        *items: MessagePart,
        order: FetchOrder | None = None,
    ) -> AsyncGenerator[FetchedMessage]:
        r"""Yield *messages* with *items* of each, in windows.

        The windows follow the size of the messages, so memory stays bounded
        however many there are: a few MiB, or one message that is larger. The next
        window is under way while the body of the loop runs, if both fit; a task
        reads it, which ends with the generator. Messages that are gone are not
        yielded. Nothing sets ``\Seen`` unless an item says so by name.

        Args:
            messages: of this mailbox: a set, UIDs, what `sort` returns, or criteria,
                which are searched for first.
            items: what to read; without any, the flags and the whole message.
                ``PREVIEW`` is made from the text where the server has none.
            order: in which they are read and yielded; None for the one they were
                sorted in, or else ascending.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPMessageError: the server refused.
            IMAPCapabilityError: the server does not have one of *items*.
            IMAPConnectionError: the session ended; fetching the rest is safe.
        """
        wanted = items or _WHOLE
        return self._fetch(ItemSource, snapshot(messages), wanted, order)

    def fetch_text(
        self,
        messages: AnyMessages,
        *items: MessagePart,
        order: FetchOrder | None = None,
    ) -> AsyncGenerator[FetchedMessage]:
        """Yield *messages* with their text, but not what is attached to them.

        Their ``text``, ``html`` and ``body_structure`` are there, which is all
        that a reader shows. Otherwise as `fetch`.

        Args:
            messages: of this mailbox.
            items: what to read beside it; without any, flags and envelope.
            order: as for `fetch`.
        """
        wanted = items or (MessagePart.FLAGS, MessagePart.ENVELOPE)
        source = partial(PartSource, choose=text_parts)
        return self._fetch(source, snapshot(messages), wanted, order)

    def fetch_attachments(
        self,
        messages: AnyMessages,
        *items: MessagePart,
        wanted: Callable[[BodyStructure], bool] = lambda part: True,
        order: FetchOrder | None = None,
    ) -> AsyncGenerator[FetchedMessage]:
        """Yield those of *messages* that have attachments, with these, not the text.

        ::

            def is_pdf(part: BodyStructure) -> bool:
                return part.content_type == "application/pdf"

            async for message in inbox.fetch_attachments(criteria, wanted=is_pdf):
                for attachment in message.attachments:
                    attachment.save_to("invoices")

        A message is held with all of its attachments that are wanted; one that is
        too large for that is for `download_to`. Otherwise as `fetch`.

        Args:
            messages: as for `fetch`.
            items: what to read beside them; without any, flags and envelope.
            wanted: whether to read an attachment, by its ``filename``,
                ``content_type``, ``size`` (as encoded) and so on. Messages with none
                that is wanted are not yielded.
            order: as for `fetch`.
        """

        def choose(message: EmailMessage) -> Sequence[BodyStructure] | None:
            root = message.body_structure
            parts = root.attachments() if root else ()
            return tuple(filter(wanted, parts)) or None

        source = partial(PartSource, choose=choose)
        shown = items or (MessagePart.FLAGS, MessagePart.ENVELOPE)
        return self._fetch(source, snapshot(messages), shown, order)

    async def _fetch(
        self,
        source: Callable[..., ItemSource | PartSource],
        messages: IMAPSearchCriteria | Named,
        wanted: tuple[MessagePart, ...],
        order: FetchOrder | None,
    ) -> AsyncGenerator[FetchedMessage]:
        access = await self._access()
        named = await resolve(access, messages)
        messages_of = source(access, named.messages, wanted)
        async with aclosing(_yield_from(messages_of, named, order)) as found:
            async for message in found:
                yield message

    async def fetch_one(self, uid: int, *items: MessagePart) -> FetchedMessage:
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
        messages: AnyMessages,
        handler: Callable[[FetchedMessage], Awaitable[object]],
        *items: MessagePart,
        batch_size: int = 50,
        concurrency: int = 4,
        attempts: int = 3,
        order: FetchOrder | None = None,
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
        terms = _processing.Terms(batch_size, concurrency, attempts)
        access = await self._access()
        named = await resolve(access, snapshot(messages))
        source = ItemSource(access, named.messages, items or _WHOLE)
        return await _processing.process(
            source,
            _yield_from(source, named, order),
            handler,
            terms,
            on_progress,
        )

    @asynccontextmanager
    async def download(
        self, uid: int, part: str | BodyStructure = ""
    ) -> AsyncGenerator[Download]:
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
        async with download(await self._access(), uid, part) as found:
            yield found

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
            await self._access(), Path(path), uid, part, overwrite, on_progress
        )


async def _yield_from(
    source: ItemSource | PartSource, named: Named, order: FetchOrder | None
) -> AsyncGenerator[FetchedMessage]:
    if named.uids is None and len(named.messages) > _MANY:
        named = Named(await source.existing())  # of a range that is mostly empty
    windows = Windows(source, in_order(named, order))
    async with aclosing(_fetching.fetch(windows)) as found:
        async for message in found:
            yield message
