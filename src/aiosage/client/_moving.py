"""Copying, moving and removing messages."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ..connection import IMAPConnection, News
from ..errors import IMAPConnectionError
from ..model import Flag, IMAPSearchCriteria, MessageSet
from ..wire import CopyUidCode, Status
from ..wire.commands import (
    StoreMode,
    UidCopy,
    UidExpunge,
    UidMove,
    UidSearch,
    UidStore,
)
from ._access import MailboxAccess, command_pieces, require_uidplus
from ._progress import Progress, not_repeatable
from ._results import CopyResult, ExpungeResult


class _Copying(Progress[CopyResult]):
    """A copy or move under way."""

    def __init__(self, messages: MessageSet, mailbox: str) -> None:
        super().__init__(messages)
        self._mailbox = mailbox
        self._uidvalidity: int | None = None
        self._uids: dict[int, int] = {}

    def note(self, code: CopyUidCode, piece: MessageSet) -> None:
        """Take from COPYUID what it tells of *piece*."""
        if code.count > len(piece):
            return  # of other messages, and any number of them
        self._uidvalidity = code.uidvalidity
        self._uids.update(pair for pair in code.pairs() if pair[0] in piece)

    @contextmanager
    def hearing(self, connection: IMAPConnection, piece: MessageSet) -> Generator[None]:
        """Note what a MOVE tells on its way, even if it is refused or cut then.

        A server may have moved some messages before it finds that it cannot move
        others, and COPYUID comes ahead of that (RFC 6851 §3.3, §4.3).
        """

        def hear(news: News) -> None:
            if isinstance(news, Status) and isinstance(news.code, CopyUidCode):
                self.note(news.code, piece)

        connection.add_listener(hear)
        try:
            yield
        finally:
            connection.remove_listener(hear)

    def result(self) -> CopyResult:
        """Return where the messages are now."""
        return CopyResult(
            self._mailbox, self._uidvalidity, self._uids, self.done, self.uncertain
        )


class _Expunging(Progress[ExpungeResult]):
    """An expunge under way."""

    def result(self) -> ExpungeResult:
        """Return which messages are gone."""
        return ExpungeResult(self.done, self.uncertain)


async def copy(access: MailboxAccess, messages: MessageSet, mailbox: str) -> CopyResult:
    """Copy *messages* to *mailbox*."""
    async with access.connection(messages, known_uid=messages.last) as connection:
        copying = _Copying(access.bound(messages, connection), mailbox)
        with copying.telling(repeatable=False):
            for piece in command_pieces(connection, messages):
                with copying.working_on(piece, atomic=True):
                    code = await connection.execute(UidCopy(piece, mailbox))
                if code is not None:
                    copying.note(code, piece)
        return copying.result()


async def move(access: MailboxAccess, messages: MessageSet, mailbox: str) -> CopyResult:
    """Move *messages* to *mailbox*, by three commands where there is no MOVE."""
    async with access.connection(messages, known_uid=messages.last) as connection:
        moving = _Copying(access.bound(messages, connection), mailbox)
        has_move = connection.supports("MOVE")
        if not has_move:
            require_uidplus(connection, "move")
        with moving.telling():
            for piece in command_pieces(connection, messages):
                with moving.working_on(piece):
                    if has_move:
                        await _move(connection, piece, mailbox, moving)
                    else:
                        await _move_by_copy(connection, piece, mailbox, moving)
        return moving.result()


async def _move(
    connection: IMAPConnection, piece: MessageSet, mailbox: str, moving: _Copying
) -> None:
    with moving.hearing(connection, piece):
        code = await connection.execute(UidMove(piece, mailbox))
    if code is not None:
        moving.note(code, piece)


async def _move_by_copy(
    connection: IMAPConnection, piece: MessageSet, mailbox: str, moving: _Copying
) -> None:
    # Only what the session sees now is copied, so only that may go.
    seen = await connection.execute(UidSearch(IMAPSearchCriteria.uid(piece)))
    seen &= piece
    if not seen:
        return
    code = await connection.execute(UidCopy(seen, mailbox))
    if code is not None:
        moving.note(code, seen)
        seen &= MessageSet.from_ranges(code.source)  # what was copied, for certain
    if seen:
        try:
            await expunge_piece(connection, seen)
        except IMAPConnectionError as error:
            not_repeatable(error)  # it would copy them again
            raise


async def expunge(access: MailboxAccess, messages: MessageSet) -> ExpungeResult:
    """Remove *messages* for good, and no others."""
    async with access.connection(messages, known_uid=messages.last) as connection:
        expunging = _Expunging(access.bound(messages, connection))
        require_uidplus(connection, "expunge only these messages")
        with expunging.telling():
            for piece in command_pieces(connection, messages):
                with expunging.working_on(piece):
                    await expunge_piece(connection, piece)
        return expunging.result()


async def expunge_piece(connection: IMAPConnection, piece: MessageSet) -> None:
    r"""Mark *piece* as ``\Deleted`` and expunge it by UID."""
    deleted = frozenset({Flag.DELETED})
    await connection.execute(UidStore(piece, StoreMode.ADD, deleted, silent=True))
    await connection.execute(UidExpunge(piece))
