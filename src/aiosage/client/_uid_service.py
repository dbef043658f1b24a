"""Messages of one mailbox, always by UID."""

from __future__ import annotations

import email.message
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from datetime import datetime

from ..model import EmailMessage, Flag, IMAPSearchCriteria, MessagePart, MessageSet
from ..pool import IMAPConnectionPool
from ..wire.commands import StoreMode
from . import _appending, _fetching, _flagging, _moving, _searching
from ._access import MailboxAccess
from ._results import (
    AppendResult,
    CopyResult,
    ExpungeResult,
    FlagResult,
    LabelResult,
)
from ._trash import already_in_trash, find_trash


class IMAPMailboxUIDService:
    """Search, read, change, move and add messages of one mailbox.

    It holds no connection between calls, nor while the body of an ``async for``
    runs: commands inside the loop, ``break`` and exceptions are safe, with a
    pool of one, too.
    """

    def __init__(self, pool: IMAPConnectionPool, mailbox: str) -> None:
        self._access = MailboxAccess(pool, mailbox)

    def __repr__(self) -> str:
        return f"<IMAPMailboxUIDService {self.name!r}>"

    @property
    def name(self) -> str:
        """The mailbox."""
        return self._access.mailbox

    async def search(
        self, criteria: IMAPSearchCriteria = IMAPSearchCriteria.ALL
    ) -> MessageSet:
        """Return the messages that match *criteria*.

        Raises:
            IMAPSearchError: the server cannot search like this.
            IMAPMailboxError: the mailbox cannot be opened.
            IMAPConnectionError: the session ended; searching again is safe.
        """
        return await _searching.search(self._access, criteria)

    async def search_batches(
        self,
        criteria: IMAPSearchCriteria = IMAPSearchCriteria.ALL,
        batch_size: int = 500,
    ) -> AsyncIterator[MessageSet]:
        """Yield the messages that match *criteria*, *batch_size* at a time.

        Batches ascend; the last may be smaller. Nothing is yielded when nothing
        matches.

        Raises:
            ValueError: *batch_size* is less than 1.
            IMAPError: as `search`.
        """
        if batch_size < 1:
            raise ValueError(f"a batch holds at least one message, not {batch_size}")
        found = await self.search(criteria)
        for batch in found.iter_batches(batch_size):
            yield batch

    async def fetch(
        self, messages: MessageSet | Iterable[int], *items: MessagePart
    ) -> AsyncGenerator[EmailMessage]:
        r"""Yield *messages* with *items* of each, in windows.

        The windows follow the size of the messages, so memory stays bounded
        however many there are: a few MiB, or one message that is larger.
        Messages that are gone are not yielded; the others come in ascending
        order of UID, if the server keeps it. Nothing sets ``\Seen`` unless an
        item says so by name.

        Args:
            messages: of this mailbox.
            items: what to read; without any, the flags and the whole message.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPMessageError: the server refused.
            IMAPConnectionError: the session ended; fetching the rest is safe.
        """
        wanted = items or (MessagePart.FLAGS, MessagePart.FULL)
        owned = self._access.own(messages)
        async with aclosing(_fetching.fetch(self._access, owned, wanted)) as found:
            async for message in found:
                yield message

    async def add_flags(
        self,
        messages: MessageSet | Iterable[int],
        *flags: Flag,
        unchanged_since: int | None = None,
        silent: bool = False,
    ) -> FlagResult:
        """Add *flags*; return the flags that messages have now.

        Args:
            messages: of this mailbox.
            flags: at least one.
            unchanged_since: leave messages alone whose mod-sequence is larger;
                the result tells which (RFC 7162 §3.1.3). After an error, one that
                was changed already is among them.
            silent: the server need not tell the flags, which is less to send.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPCapabilityError: the server cannot tell what has changed since.
            IMAPOperationError: the server refused.
            IMAPConnectionError: the session ended; adding them again is safe.
        """
        return await _flagging.store(
            self._access,
            self._access.own(messages),
            StoreMode.ADD,
            flags,
            unchanged_since,
            silent,
        )

    async def remove_flags(
        self,
        messages: MessageSet | Iterable[int],
        *flags: Flag,
        unchanged_since: int | None = None,
        silent: bool = False,
    ) -> FlagResult:
        """Remove *flags*; otherwise as `add_flags`."""
        return await _flagging.store(
            self._access,
            self._access.own(messages),
            StoreMode.REMOVE,
            flags,
            unchanged_since,
            silent,
        )

    async def set_flags(
        self,
        messages: MessageSet | Iterable[int],
        *flags: Flag,
        unchanged_since: int | None = None,
        silent: bool = False,
    ) -> FlagResult:
        """Replace all flags by *flags*, none removes all; otherwise as `add_flags`."""
        return await _flagging.store(
            self._access,
            self._access.own(messages),
            StoreMode.REPLACE,
            flags,
            unchanged_since,
            silent,
        )

    async def add_labels(
        self, messages: MessageSet | Iterable[int], *labels: str
    ) -> LabelResult:
        r"""Add Gmail's *labels*, such as ``Work`` or ``\Starred``.

        Raises:
            IMAPCapabilityError: the server is not Gmail (X-GM-EXT-1).
            IMAPError: as for `add_flags`.
        """
        owned = self._access.own(messages)
        return await _flagging.store_labels(self._access, owned, StoreMode.ADD, labels)

    async def remove_labels(
        self, messages: MessageSet | Iterable[int], *labels: str
    ) -> LabelResult:
        """Remove Gmail's *labels*; otherwise as `add_labels`."""
        owned = self._access.own(messages)
        return await _flagging.store_labels(
            self._access, owned, StoreMode.REMOVE, labels
        )

    async def set_labels(
        self, messages: MessageSet | Iterable[int], *labels: str
    ) -> LabelResult:
        """Replace all of Gmail's labels by *labels*; otherwise as `add_labels`."""
        owned = self._access.own(messages)
        return await _flagging.store_labels(
            self._access, owned, StoreMode.REPLACE, labels
        )

    async def copy(
        self, messages: MessageSet | Iterable[int], mailbox: str
    ) -> CopyResult:
        """Copy *messages* to *mailbox*.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPMailboxError: *mailbox* does not exist.
            IMAPConnectionError: the session ended; see ``maybe_executed`` and
                ``partial``.
        """
        owned = self._access.own(messages)
        return await _moving.copy(self._access, owned, mailbox)

    async def move(
        self, messages: MessageSet | Iterable[int], mailbox: str
    ) -> CopyResult:
        r"""Move *messages* to *mailbox*.

        Without MOVE they are copied, marked ``\Deleted`` and expunged by UID;
        without UIDPLUS that would expunge other mail, so nothing is done.

        Raises:
            IMAPCapabilityError: the server has neither MOVE nor UIDPLUS.
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPMailboxError: *mailbox* does not exist.
            IMAPConnectionError: the session ended; see ``maybe_executed`` and
                ``partial``.
        """
        owned = self._access.own(messages)
        return await _moving.move(self._access, owned, mailbox)

    async def delete(
        self, messages: MessageSet | Iterable[int], *, trash: str | None = None
    ) -> CopyResult:
        r"""Move *messages* to the trash; `expunge` removes them for good.

        Args:
            messages: of this mailbox.
            trash: the mailbox; None for the one marked ``\Trash`` (RFC 6154 §2),
                or else one with a name that is known to be it.

        Raises:
            IMAPMailboxError: there is no trash, or this mailbox is it.
            IMAPError: as for `move`.
        """
        owned = self._access.own(messages)
        if trash is None:
            trash = await find_trash(self._access.pool)
        if trash == self.name:
            raise already_in_trash(trash)
        return await _moving.move(self._access, owned, trash)

    async def expunge(self, messages: MessageSet | Iterable[int]) -> ExpungeResult:
        """Remove *messages* for good, and no others (RFC 4315 §2.1).

        Raises:
            IMAPCapabilityError: the server has no UIDPLUS, so it could only
                expunge all messages that anybody marked as deleted.
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPConnectionError: the session ended; expunging again is safe.
        """
        return await _moving.expunge(self._access, self._access.own(messages))

    async def append(
        self,
        message: bytes | EmailMessage | email.message.Message,
        *,
        flags: Iterable[Flag] = (),
        internal_date: datetime | None = None,
    ) -> AppendResult:
        """Add *message* to the mailbox.

        Args:
            message: octets are stored as they are, with CRLF line ends if they
                are to be mail.
            flags: that it has from the beginning.
            internal_date: aware; None for now.

        Raises:
            IMAPMailboxError: the mailbox does not exist.
            IMAPQuotaError: there is no room.
            IMAPMessageError: the server does not take this message.
            IMAPConnectionError: the session ended; see ``maybe_executed``.
            ValueError: the message holds NUL, or *internal_date* is naive.
        """
        return await _appending.append(self._access, message, flags, internal_date)
