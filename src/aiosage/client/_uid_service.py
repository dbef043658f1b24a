"""Messages of one mailbox, always by UID."""

from __future__ import annotations

import email.message
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, TypeVar

from ..connection import IMAPConnection
from ..errors import IMAPCapabilityError, IMAPSearchError, UIDValidityChanged
from ..model import (
    EmailMessage,
    Flag,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
)
from ..pool import IMAPConnectionPool
from ..wire import CopyUidCode
from ..wire.commands import (
    Append,
    Command,
    StoreMode,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidMove,
    UidSearch,
    UidStore,
)
from ._messages import is_gone, to_message
from ._results import AppendResult, CopyResult
from ._windows import (
    FIRST_WINDOW,
    LARGEST_WINDOW,
    content_octets,
    cut_by_size,
    is_content,
    next_window,
)

R = TypeVar("R")

# Octets of UIDs in one command. RFC 7162 §4 asks servers for lines of 8192.
_SET_OCTETS: Final = 7500

# Octets a message without content is taken for.
_MESSAGE_OCTETS: Final = 1024


class IMAPMailboxUIDService:
    """Search, read, change, move and add messages of one mailbox.

    It holds no connection between calls, nor while the body of an ``async for``
    runs: commands inside the loop, ``break`` and exceptions are safe, with a
    pool of one, too.
    """

    def __init__(self, pool: IMAPConnectionPool, mailbox: str) -> None:
        self._pool = pool
        self._mailbox = mailbox

    def __repr__(self) -> str:
        return f"<IMAPMailboxUIDService {self._mailbox!r}>"

    @property
    def name(self) -> str:
        """The mailbox."""
        return self._mailbox

    async def search(
        self, criteria: IMAPSearchCriteria = IMAPSearchCriteria.ALL
    ) -> MessageSet:
        """Return the messages that match *criteria*.

        Raises:
            IMAPSearchError: the server cannot search like this.
            IMAPMailboxError: the mailbox cannot be opened.
            IMAPConnectionError: the session ended; searching again is safe.
        """
        async with self._connection(read_only=True) as connection:
            esearch = connection.supports("ESEARCH")
            charset = criteria.needs_charset
            try:
                found = await connection.execute(UidSearch(criteria, esearch, charset))
            except IMAPSearchError as error:
                if error.code != "BADCHARSET":
                    raise
                # Some servers take UTF-8 only if it is not announced.
                found = await connection.execute(UidSearch(criteria, esearch))
            return found.bound_to(self._mailbox, _uidvalidity(connection))

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
        read_only = all(item.peek for item in wanted)
        content = tuple(item for item in wanted if is_content(item))
        window = FIRST_WINDOW
        for rest in _pieces(self._own(messages)):
            while rest:
                block = next(rest.iter_batches(LARGEST_WINDOW if content else window))
                rest -= block
                for piece in await self._split(block, content):
                    async with self._connection(piece, read_only=read_only) as lent:
                        found = await lent.execute(UidFetch(piece, wanted))
                    octets = 0
                    for data in found:
                        if is_gone(data):
                            continue
                        message = to_message(data)
                        octets += sum(map(len, message.sections.values()))
                        octets += len(message.header or b"") + _MESSAGE_OCTETS
                        yield message
                    window = next_window(window, octets)

    async def _split(
        self, block: MessageSet, content: tuple[MessagePart, ...]
    ) -> list[MessageSet]:
        """Return *block* in pieces whose *content* memory can hold."""
        if not content or len(block) == 1:
            return [block]
        async with self._connection(block, read_only=True) as connection:
            found = await connection.execute(UidFetch(block, (MessagePart.SIZE,)))
        sizes = {
            data.uid: content_octets(data.size, content)
            for data in found
            if data.uid is not None
        }
        pieces = cut_by_size(dict(sorted(sizes.items())))
        return [
            MessageSet(piece, mailbox=block.mailbox, uidvalidity=block.uidvalidity)
            for piece in pieces
        ]

    async def add_flags(
        self, messages: MessageSet | Iterable[int], *flags: Flag
    ) -> dict[int, frozenset[Flag]]:
        """Add *flags*; return the flags of messages that have changed, by UID.

        Servers tell nothing about messages that had them already.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPOperationError: the server refused.
            IMAPConnectionError: the session ended; adding them again is safe.
        """
        return await self._store(messages, StoreMode.ADD, flags)

    async def remove_flags(
        self, messages: MessageSet | Iterable[int], *flags: Flag
    ) -> dict[int, frozenset[Flag]]:
        """Remove *flags*; otherwise as `add_flags`."""
        return await self._store(messages, StoreMode.REMOVE, flags)

    async def set_flags(
        self, messages: MessageSet | Iterable[int], *flags: Flag
    ) -> dict[int, frozenset[Flag]]:
        """Replace all flags by *flags*, none removes all; otherwise as `add_flags`."""
        return await self._store(messages, StoreMode.REPLACE, flags)

    async def _store(
        self,
        messages: MessageSet | Iterable[int],
        mode: StoreMode,
        flags: Iterable[Flag],
    ) -> dict[int, frozenset[Flag]]:
        names = _settable(flags)
        if not names and mode is not StoreMode.REPLACE:
            raise ValueError("no flags given")
        now: dict[int, frozenset[Flag]] = {}
        owned = self._own(messages)
        async with self._connection(owned, known_uid=owned.last) as connection:
            for piece in _pieces(owned):
                now.update(await connection.execute(UidStore(piece, mode, names)))
        return now

    async def copy(
        self, messages: MessageSet | Iterable[int], mailbox: str
    ) -> CopyResult:
        """Copy *messages* to *mailbox*.

        Raises:
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPMailboxError: *mailbox* does not exist.
            IMAPConnectionError: the session ended; see ``maybe_executed``.
        """
        owned = self._own(messages)
        async with self._connection(owned, known_uid=owned.last) as connection:
            return await _copy_all(connection, owned, mailbox, UidCopy)

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
            IMAPConnectionError: the session ended; see ``maybe_executed``.
        """
        owned = self._own(messages)
        async with self._connection(owned, known_uid=owned.last) as connection:
            if connection.supports("MOVE"):
                return await _copy_all(connection, owned, mailbox, UidMove)
            _require_uidplus(connection, "move")
            # Only what the session sees now is copied, so only that may go.
            found = [
                await connection.execute(UidSearch(IMAPSearchCriteria.uid(piece)))
                for piece in _pieces(owned)
            ]
            seen = MessageSet.from_ranges(
                uids for piece in found for uids in piece.ranges
            )
            copied = await _copy_all(connection, seen, mailbox, UidCopy)
            await _expunge_all(connection, seen)
            return copied

    async def expunge(self, messages: MessageSet | Iterable[int]) -> None:
        """Remove *messages* for good, and no others (RFC 4315 §2.1).

        Raises:
            IMAPCapabilityError: the server has no UIDPLUS, so it could only
                expunge all messages that anybody marked as deleted.
            UIDValidityChanged: *messages* belong to an earlier life of the
                mailbox.
            IMAPConnectionError: the session ended; expunging again is safe.
        """
        owned = self._own(messages)
        async with self._connection(owned, known_uid=owned.last) as connection:
            _require_uidplus(connection, "expunge only these messages")
            await _expunge_all(connection, owned)

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
        command = Append(
            self._mailbox, _octets(message), _settable(flags), internal_date
        )
        async with self._pool.connection() as connection:
            code = await connection.execute(command)
        if code is None or not code.uids:
            return AppendResult(self._mailbox, None, None)
        return AppendResult(self._mailbox, code.uidvalidity, code.uids[0][0])

    def _own(self, messages: MessageSet | Iterable[int]) -> MessageSet:
        """Return *messages* as a set of this mailbox.

        Raises:
            ValueError: they belong to another one.
        """
        owned = messages if isinstance(messages, MessageSet) else MessageSet(messages)
        if owned.mailbox is not None and owned.mailbox != self._mailbox:
            raise ValueError(
                f"messages of {owned.mailbox!r} are not in {self._mailbox!r}"
            )
        return owned

    @asynccontextmanager
    async def _connection(
        self,
        messages: MessageSet | None = None,
        *,
        read_only: bool = False,
        known_uid: int | None = None,
    ) -> AsyncGenerator[IMAPConnection]:
        """Lend a connection on which the UIDs of *messages* are good.

        Args:
            messages: None for whatever there is.
            read_only: nothing will be changed.
            known_uid: as for the pool.
        """
        async with self._pool.connection(
            self._mailbox, read_only=read_only, known_uid=known_uid
        ) as connection:
            expected = messages.uidvalidity if messages is not None else None
            actual = _uidvalidity(connection)
            if expected is not None and actual is not None and expected != actual:
                raise UIDValidityChanged(self._mailbox, expected, actual)
            yield connection


def _uidvalidity(connection: IMAPConnection) -> int | None:
    return connection.selected.uidvalidity if connection.selected else None


def _require_uidplus(connection: IMAPConnection, what: str) -> None:
    if not connection.supports("UIDPLUS"):
        raise IMAPCapabilityError(
            f"the server cannot {what}: it does not announce UIDPLUS",
            capability="UIDPLUS",
            hint="A plain EXPUNGE would remove other mail, too.",
        )


def _pieces(messages: MessageSet) -> Iterator[MessageSet]:
    return messages.iter_wire(_SET_OCTETS)


async def _copy_all(
    connection: IMAPConnection,
    messages: MessageSet,
    mailbox: str,
    command: type[UidCopy],
) -> CopyResult:
    uidvalidity: int | None = None
    uids: dict[int, int] = {}
    for piece in _pieces(messages):
        code: CopyUidCode | None = await connection.execute(command(piece, mailbox))
        if code is not None:
            uidvalidity = code.uidvalidity
            uids.update(
                (source, copy) for source, copy in code.pairs() if source in piece
            )
    return CopyResult(mailbox, uidvalidity, uids)


async def _expunge_all(connection: IMAPConnection, messages: MessageSet) -> None:
    for piece in _pieces(messages):
        commands: tuple[Command[object], ...] = (
            UidStore(piece, StoreMode.ADD, frozenset({Flag.DELETED})),
            UidExpunge(piece),
        )
        for command in commands:
            await connection.execute(command)


def _settable(flags: Iterable[Flag]) -> frozenset[Flag]:
    r"""Return *flags* without ``\Recent``, which only servers set (RFC 3501 §2.3.2)."""
    return frozenset(map(Flag, flags)) - {Flag.RECENT}


def _octets(message: bytes | EmailMessage | email.message.Message) -> bytes:
    if isinstance(message, bytes):
        return message
    if isinstance(message, EmailMessage):
        if message.raw is None:
            raise ValueError("only a whole message can be appended: fetch FULL")
        return message.raw
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
