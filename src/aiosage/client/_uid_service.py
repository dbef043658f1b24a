"""Messages of one mailbox, always by UID."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from ..model import Flag, SpecialUse
from ..wire.commands import StoreMode
from . import (
    _appending,
    _catenating,
    _flagging,
    _moving,
    _replacing,
)
from ._finding import MessageFinder
from ._message_reader import MessageReader
from ._messages import AnyMessages
from ._results import (
    AppendResult,
    CopyResult,
    ExpungeResult,
    FlagResult,
    LabelResult,
)
from ._sections import MessageSection
from ._sources import AppendItem, Messages, MessageSource
from ._specials import already_in, find_target


class IMAPMailboxUIDService(MessageReader, MessageFinder):
    """Search, read, change, move and add messages of one mailbox.

    It holds no connection between calls, nor while the body of an ``async for``
    runs: commands inside the loop, ``break`` and exceptions are safe, with a
    pool of one, too.

    After a lost connection, or when the server is busy, it goes on where it was, as
    ``retry`` of `IMAPClient` says. An error tells that this did not help, or that it
    cannot be known whether something was done (``maybe_executed``).
    """

    async def add_flags(
        self,
        messages: AnyMessages,
        *flags: Flag,
        unchanged_since: int | None = None,
        silent: bool = False,
    ) -> FlagResult:
        """Add *flags*; return the flags that messages have now.

        Args:
            messages: of this mailbox: a set, UIDs, fetched messages, or criteria,
                which are searched for first.
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
        access, owned = await self._own(messages)
        return await _flagging.store(
            access,
            owned,
            StoreMode.ADD,
            flags,
            unchanged_since,
            silent,
        )

    async def remove_flags(
        self,
        messages: AnyMessages,
        *flags: Flag,
        unchanged_since: int | None = None,
        silent: bool = False,
    ) -> FlagResult:
        """Remove *flags*; otherwise as `add_flags`."""
        access, owned = await self._own(messages)
        return await _flagging.store(
            access,
            owned,
            StoreMode.REMOVE,
            flags,
            unchanged_since,
            silent,
        )

    async def set_flags(
        self,
        messages: AnyMessages,
        *flags: Flag,
        unchanged_since: int | None = None,
        silent: bool = False,
    ) -> FlagResult:
        """Replace all flags by *flags*, none removes all; otherwise as `add_flags`."""
        access, owned = await self._own(messages)
        return await _flagging.store(
            access,
            owned,
            StoreMode.REPLACE,
            flags,
            unchanged_since,
            silent,
        )

    async def add_labels(self, messages: AnyMessages, *labels: str) -> LabelResult:
        r"""Add Gmail's *labels*, such as ``Work`` or ``\Starred``.

        Raises:
            IMAPCapabilityError: the server is not Gmail (X-GM-EXT-1).
            IMAPError: as for `add_flags`.
        """
        access, owned = await self._own(messages)
        return await _flagging.store_labels(access, owned, StoreMode.ADD, labels)

    async def remove_labels(self, messages: AnyMessages, *labels: str) -> LabelResult:
        """Remove Gmail's *labels*; otherwise as `add_labels`."""
        access, owned = await self._own(messages)
        return await _flagging.store_labels(access, owned, StoreMode.REMOVE, labels)

    async def set_labels(self, messages: AnyMessages, *labels: str) -> LabelResult:
        """Replace all of Gmail's labels by *labels*; otherwise as `add_labels`."""
        access, owned = await self._own(messages)
        return await _flagging.store_labels(access, owned, StoreMode.REPLACE, labels)

    async def copy(
        self, messages: AnyMessages, mailbox: str | SpecialUse
    ) -> CopyResult:
        """Copy *messages* to *mailbox*.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPMailboxError: *mailbox* does not exist.
            IMAPConnectionError: the session ended; see ``maybe_executed`` and
                ``partial``.
        """
        access, owned = await self._own(messages)
        target = await find_target(access, mailbox)
        return await _moving.copy(access, owned, target)

    async def move(
        self, messages: AnyMessages, mailbox: str | SpecialUse
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
        access, owned = await self._own(messages)
        target = await find_target(access, mailbox)
        return await _moving.move(access, owned, target)

    async def delete(
        self, messages: AnyMessages, *, trash: str | None = None
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
        access, owned = await self._own(messages)
        target = await find_target(access, SpecialUse.TRASH if trash is None else trash)
        if target == access.mailbox:
            raise already_in(target)
        return await _moving.move(access, owned, target)

    async def archive(self, messages: AnyMessages) -> CopyResult:
        r"""Move *messages* to the archive; otherwise as `move`.

        That is the mailbox marked ``\Archive`` (RFC 6154 §2), or else one with a
        name that is known to be it.

        Raises:
            IMAPMailboxError: there is no archive, or this mailbox is it.
            IMAPError: as for `move`.
        """
        return await self.move(messages, SpecialUse.ARCHIVE)

    async def junk(self, messages: AnyMessages) -> CopyResult:
        r"""Move *messages* to where spam goes; otherwise as `archive`.

        Many servers learn from that. No flag is set: add ``Flag.JUNK`` before if
        programs should see it.
        """
        return await self.move(messages, SpecialUse.JUNK)

    async def expunge(self, messages: AnyMessages) -> ExpungeResult:
        """Remove *messages* for good, and no others (RFC 4315 §2.1).

        Raises:
            IMAPCapabilityError: the server has no UIDPLUS, so it could only
                expunge all messages that anybody marked as deleted.
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPConnectionError: the session ended; expunging again is safe.
        """
        access, owned = await self._own(messages)
        return await _moving.expunge(access, owned)

    async def append(
        self,
        message: MessageSource,
        *,
        flags: Iterable[Flag] = (),
        internal_date: datetime | None = None,
        size: int | None = None,
        normalize_line_ends: bool = False,
    ) -> AppendResult:
        """Add *message* to the mailbox.

        It is read into memory before a connection is taken. One that holds NUL is
        sent as binary (RFC 3516). A server without UIDPLUS does not tell the UID;
        then it is looked for by Message-ID, and told if it is certain.

        Args:
            message: octets are stored as they are, with CRLF line ends if they
                are to be mail. Files are read in a thread.
            flags: that it has from the beginning.
            internal_date: aware; None for now.
            size: in octets, if that is to be checked; needed of a message that
                comes piecewise.
            normalize_line_ends: make every line end a CRLF.

        Raises:
            IMAPMailboxError: the mailbox does not exist.
            IMAPQuotaError: there is no room.
            IMAPMessageError: the server does not take this message; if it is too
                large and the server has said so, it is not sent (RFC 7889).
            IMAPCapabilityError: the message holds NUL, and the server has no
                BINARY.
            IMAPConnectionError: the session ended; see ``maybe_executed``.
            ValueError: it is no whole message, or has not *size* octets, or
                *internal_date* is naive.
            OSError: the file cannot be read.
        """
        item = AppendItem(message, flags, internal_date, size)
        return await _appending.append(
            await self._access(),
            await _appending.new_message(item, normalize_line_ends),
        )

    async def append_many(
        self,
        messages: Messages,
        *,
        normalize_line_ends: bool = False,
        on_added: Callable[[AppendResult], object] = lambda result: None,
    ) -> tuple[AppendResult, ...]:
        """Add *messages* in order, and return where each is.

        They are read and sent in batches of a few MiB, each in one command where
        the server has MULTIAPPEND (RFC 3502): then a batch arrives whole or not
        at all. No connection is held while messages are read, so they may come
        from another mailbox of the same account.

        Args:
            messages: any number, as they are or as an `AppendItem` each.
            normalize_line_ends: as for `append`.
            on_added: told where each is once its batch has arrived, so that it is
                known what is there even if a message cannot be read, or a
                cancellation ends it.

        Raises:
            IMAPError: as for `append`. Its ``partial`` is the results of those
                that were added, which are the first of *messages*.
            ValueError: as for `append`; messages before may have been added.
        """
        return await _appending.append_many(
            await self._access(), messages, normalize_line_ends, on_added
        )

    async def append_parts(
        self,
        parts: Iterable[bytes | MessageSection],
        *,
        flags: Iterable[Flag] = (),
        internal_date: datetime | None = None,
    ) -> AppendResult:
        """Add a message made of *parts*, in order.

        What is on the server is copied there and not downloaded (CATENATE, RFC
        4469), if the server can; else it is downloaded and sent.

        Args:
            parts: octets, and parts of other messages of this account.
            flags: as for `append`.
            internal_date: as for `append`.

        Raises:
            IMAPMessageError: there is no such part.
            IMAPError: as for `append`.
            UIDValidityChanged: a part belongs to an earlier life of its mailbox.
        """
        return await _catenating.append_parts(
            await self._access(), parts, flags, internal_date
        )

    async def replace(
        self,
        uid: int,
        message: MessageSource,
        *,
        flags: Iterable[Flag] | None = None,
        internal_date: datetime | None = None,
        size: int | None = None,
        normalize_line_ends: bool = False,
    ) -> AppendResult:
        """Put *message* in the place of another, as one does with a draft.

        Without REPLACE (RFC 8508) it is added before the other is expunged by UID.
        If an error comes in between, its ``partial`` tells where the new message
        is, and both are there: `expunge` the old one.

        After a lost connection it is found out what was done, by Message-ID and by
        whether the old message is there, before it is done again.

        Args:
            uid: of the message that goes.
            message: as for `append`.
            flags: None for those that the old message has.
            internal_date: as for `append`.
            size: as for `append`.
            normalize_line_ends: as for `append`.

        Raises:
            IMAPMessageError: there is no message *uid*, or the server does not
                take the new one.
            IMAPCapabilityError: the server has neither REPLACE nor UIDPLUS.
            IMAPError: as for `append`.
        """
        item = AppendItem(message, flags or (), internal_date, size)
        new = await _appending.new_message(item, normalize_line_ends)
        return await _replacing.replace(await self._access(), uid, new, flags)
