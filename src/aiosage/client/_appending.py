"""Adding messages to a mailbox."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ..connection import IMAPConnection
from ..errors import (
    IMAPConnectionError,
    IMAPError,
    IMAPMessageError,
)
from ..model import EmailMessage, IMAPSearchCriteria, MessageSet
from ..wire import AppendUidCode, append_limit
from ..wire.commands import (
    GetStatus,
    MultiAppend,
    NewMessage,
    StatusItem,
    TextPart,
    UidSearch,
)
from ._access import MailboxAccess
from ._baseline import Baseline, arrived_since, message_id, pair_up, stand
from ._flagging import settable
from ._progress import not_repeatable
from ._recovery import find_out
from ._results import AppendResult
from ._sources import AppendItem, Messages, as_item, read_source, with_crlf

log = logging.getLogger("aiosage.client")

BATCH_OCTETS: Final = 4 * 2**20
BATCH_MESSAGES: Final = 100
# What is larger takes longer to send in vain than to ask about.
_WORTH_ASKING: Final = 64 * 2**10
_HEADER_OCTETS: Final = 64 * 2**10


async def new_message(item: AppendItem, normalize_line_ends: bool) -> NewMessage:
    """Read the message of *item*, into memory."""
    octets = await read_source(item.message, item.size)
    if normalize_line_ends:
        octets = with_crlf(octets)
    return NewMessage(
        octets,
        settable(item.flags),
        item.internal_date,
        binary=b"\0" in octets,
    )


class _Adding:
    """Messages being added, in one command each or all in one.

    Attributes:
        results: of those that were added, which are the first.
        lost: the error that left open whether the next were added; None if that
            is known, or cannot be found out.
    """

    def __init__(
        self,
        access: MailboxAccess,
        messages: Sequence[NewMessage],
        on_added: Callable[[AppendResult], object] = lambda result: None,
    ) -> None:
        self._access = access
        self._messages = messages
        self._on_added = on_added
        self._baseline: Baseline | None = None
        self._names: list[bytes] = []  # Message-IDs of what is being added
        self.results: list[AppendResult] = []
        self.lost: IMAPConnectionError | None = None

    async def run(self) -> list[AppendResult]:
        """Add them, however often the connection is lost."""
        try:
            return await self._access.recovery.persist(
                self._attempt,
                doubt=lambda: self.lost,
                progress=lambda: len(self.results),
            )
        except BaseException:
            # It may have been added. Who adds another of that id, such as the
            # next state of a draft, must not take this one for it.
            self._access.recovery.baselines.forget(self._access.mailbox)
            raise

    async def _attempt(self) -> list[AppendResult]:
        if self.lost is not None:
            await self._find_out(self.lost)
        async with self._access.pool.connection() as connection:
            while rest := self._messages[len(self.results) :]:
                has_multi = connection.supports("MULTIAPPEND")
                await self._add(connection, rest if has_multi else rest[:1])
        return self.results

    async def _add(
        self, connection: IMAPConnection, messages: Sequence[NewMessage]
    ) -> None:
        mailbox, recovery = self._access.mailbox, self._access.recovery
        names = [name_of(message) for message in messages]
        self._names = [name for name in names if name is not None]
        self._baseline = None
        if len(self._names) == len(names):
            self._baseline = await recovery.baseline(connection, mailbox)
        try:
            if len(messages) == 1:
                added = [await append_one(connection, mailbox, messages[0])]
            else:
                added = await _append_batch(connection, mailbox, messages)
        except IMAPConnectionError as error:
            if error.maybe_executed and self._baseline is not None:
                self.lost = error
            raise
        self._note(added)

    def _note(self, added: Sequence[AppendResult]) -> None:
        self.results += added
        for result in added:
            self._access.recovery.baselines.note_append(result)
        for result in added:
            self._on_added(result)

    async def _find_out(self, lost: IMAPConnectionError) -> None:
        """See whether what was under way has been added; that is all or nothing.

        Raises:
            IMAPConnectionError: *lost*, if it cannot be told.
        """
        baseline = self._baseline
        assert baseline is not None

        async def look() -> dict[int, int] | None:
            async with self._access.connection(read_only=True, anew=True) as connection:
                arrived = await arrived_since(connection, baseline)
            return pair_up(dict(enumerate(self._names)), arrived)

        pairs = await find_out(lost, look, is_done=lambda pairs: pairs != {})
        self.lost = None
        if pairs is None:
            raise lost
        mailbox, uidvalidity = self._access.mailbox, baseline.uidvalidity
        self._note([AppendResult(mailbox, uidvalidity, uid) for uid in pairs.values()])


def name_of(message: NewMessage) -> bytes | None:
    """Return the Message-ID of *message*; None if it has none, or nobody knows."""
    if not isinstance(message.content, bytes):
        return None  # the server puts it together
    return message_id(message.content[:_HEADER_OCTETS])


async def append(access: MailboxAccess, message: NewMessage) -> AppendResult:
    """Add *message* to the mailbox."""
    (result,) = await _Adding(access, [message]).run()
    return result


async def append_many(
    access: MailboxAccess,
    items: Messages,
    normalize_line_ends: bool,
    on_added: Callable[[AppendResult], object],
) -> tuple[AppendResult, ...]:
    """Add messages in batches; no connection is held while *items* are read."""
    results: list[AppendResult] = []
    adding: _Adding | None = None
    try:
        async for batch in _batches(items, normalize_line_ends):
            adding = _Adding(access, batch, on_added)
            results += await adding.run()
            adding = None
    except IMAPError as error:
        if adding is not None:
            results += adding.results
        error.partial = tuple(results)
        if results:
            not_repeatable(error)
        raise
    return tuple(results)


async def _batches(
    items: Messages, normalize_line_ends: bool
) -> AsyncIterator[list[NewMessage]]:
    batch: list[NewMessage] = []
    octets = 0
    async for item in _each(items):
        message = await new_message(item, normalize_line_ends)
        size = size_of(message)
        if batch and (octets + size > BATCH_OCTETS or len(batch) == BATCH_MESSAGES):
            yield batch
            batch, octets = [], 0
        batch.append(message)
        octets += size
    if batch:
        yield batch


async def _each(items: Messages) -> AsyncIterator[AppendItem]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield as_item(item)
    else:
        for item in items:
            yield as_item(item)


async def _append_batch(
    connection: IMAPConnection, mailbox: str, batch: Sequence[NewMessage]
) -> list[AppendResult]:
    """Add all of *batch*, or none."""
    await check_size(connection, mailbox, *batch)
    code = await connection.execute(MultiAppend(mailbox, tuple(batch)))
    return placed(mailbox, code, len(batch))


def placed(
    mailbox: str, code: AppendUidCode | None, count: int = 1
) -> list[AppendResult]:
    """Return where *count* messages are, if *code* tells of as many."""
    uids = MessageSet.from_ranges(code.uids) if code is not None else MessageSet()
    if code is None or len(uids) != count:
        return [unknown(mailbox)] * count
    return [AppendResult(mailbox, code.uidvalidity, uid) for uid in uids]


async def append_one(
    connection: IMAPConnection, mailbox: str, message: NewMessage
) -> AppendResult:
    """Add *message* to *mailbox*, and find out its UID."""
    await check_size(connection, mailbox, message)
    search = await _Search.prepare(connection, mailbox, message)
    code = await connection.execute(MultiAppend(mailbox, (message,)))
    if code is None and search is not None:
        return await search.find(connection)
    return placed(mailbox, code)[0]


def unknown(mailbox: str) -> AppendResult:
    """Return that a message is in *mailbox*, without its UID."""
    return AppendResult(mailbox, None, None)


def size_of(message: NewMessage) -> int:
    """Return the octets of *message* that are sent."""
    if isinstance(message.content, bytes):
        return len(message.content)
    return sum(
        len(part.octets) for part in message.content if isinstance(part, TextPart)
    )


async def check_size(
    connection: IMAPConnection, mailbox: str, *messages: NewMessage
) -> None:
    """Refuse *messages*, before they are sent, if *mailbox* does not take them.

    Raises:
        IMAPMessageError: one is larger than the server says it may be (RFC 7889).
    """
    size = max(map(size_of, messages))
    limit = append_limit(connection.capabilities)
    if limit is None and size > _WORTH_ASKING and connection.supports("APPENDLIMIT"):
        status = GetStatus(mailbox, (StatusItem.APPENDLIMIT,))
        limit = (await connection.execute(status)).append_limit
    if limit is not None and size > limit:
        raise IMAPMessageError(
            "APPEND",
            "NO",
            "TOOBIG",
            f"a message has {size} octets, {mailbox!r} takes {limit}",
        )


@dataclass(frozen=True, slots=True)
class _Search:
    """How to find an appended message where the server does not tell its UID.

    It must be the only one with its Message-ID that has come since.
    """

    mailbox: str
    message_id: str
    baseline: Baseline

    @classmethod
    async def prepare(
        cls, connection: IMAPConnection, mailbox: str, message: NewMessage
    ) -> _Search | None:
        """Note how *mailbox* stands; None if the message cannot be found later."""
        if connection.supports("UIDPLUS") or not isinstance(message.content, bytes):
            return None
        header = message.content[:_HEADER_OCTETS]
        message_id = EmailMessage.from_bytes(header).message_id
        if not message_id or not message_id.isascii():
            return None
        baseline = await stand(connection, mailbox)
        return None if baseline is None else cls(mailbox, message_id, baseline)

    async def find(self, connection: IMAPConnection) -> AppendResult:
        """Return where the message is, if that is certain."""
        new = self.baseline.later
        criteria = IMAPSearchCriteria.uid(new) & IMAPSearchCriteria.header(
            "Message-ID", self.message_id
        )
        try:
            selected = await connection.select(self.mailbox, read_only=True)
            await connection.noop()  # it may have been open for long
            found = await connection.execute(UidSearch(criteria)) & new
        except IMAPError as error:
            # It is appended, whatever becomes of the search.
            log.info("the UID of an appended message is not known: %s", error)
            return unknown(self.mailbox)
        uidvalidity = self.baseline.uidvalidity
        if selected.uidvalidity != uidvalidity or len(found) != 1:
            return unknown(self.mailbox)
        return AppendResult(self.mailbox, uidvalidity, found.first)
