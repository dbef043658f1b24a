"""Copying, moving and removing messages."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

from ..connection import IMAPConnection, News
from ..errors import (
    IMAPConnectionError,
    IMAPError,
    IMAPOperationError,
    IMAPProtocolError,
)
from ..model import Flag, IMAPSearchCriteria, MessageSet, ResponseCode
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
from ._baseline import Baseline, arrived_since, message_ids, pair_up
from ._progress import Progress, not_repeatable
from ._recovery import find_out
from ._results import CopyResult, ExpungeResult

_ATTEMPTS: Final = 5
"""Times a command is sent whose messages others expunge meanwhile."""


class _Copying(Progress[CopyResult]):
    """A copy or move under way.

    Attributes:
        lost: the error that left open whether `uncertain` was copied or moved;
            None if that is known, or cannot be found out.
        by_copy: it was copied, there being no MOVE.
        copied: messages to be removed still, being in the other mailbox.
    """

    def __init__(
        self, access: MailboxAccess, messages: MessageSet, mailbox: str
    ) -> None:
        super().__init__(messages)
        self._access = access
        self._mailbox = mailbox
        self._uidvalidity: int | None = None
        self._uids: dict[int, int] = {}
        self._baseline: Baseline | None = None
        self.lost: IMAPConnectionError | None = None
        self.by_copy = True
        self.copied: MessageSet | None = None

    def note(self, code: CopyUidCode, piece: MessageSet) -> None:
        """Take from COPYUID what it tells of *piece*."""
        if code.count > len(piece):
            return  # of other messages, and any number of them
        pairs = {pair[0]: pair[1] for pair in code.pairs() if pair[0] in piece}
        self._note_pairs(code.uidvalidity, pairs)

    def _note_pairs(self, uidvalidity: int, pairs: Mapping[int, int]) -> None:
        self._uidvalidity = uidvalidity
        self._uids.update(pairs)
        if pairs:
            baselines = self._access.recovery.baselines
            baselines.note(self._mailbox, uidvalidity, pairs.values())

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

    async def copy(self, connection: IMAPConnection, piece: MessageSet) -> MessageSet:
        """Copy *piece*; return what was copied, as far as that is told."""
        self._baseline = await self._access.recovery.baseline(connection, self._mailbox)
        with self.noticing_loss(can_find_out=self._baseline is not None):
            code = await _execute(connection, UidCopy(piece, self._mailbox))
        if code is None:
            self.forget_baseline()
            return piece
        self.note(code, piece)
        return piece & MessageSet.from_ranges(code.source)

    def forget_baseline(self) -> None:
        """Look anew at the other mailbox: nobody told what was added."""
        self._access.recovery.baselines.forget(self._mailbox)

    @contextmanager
    def noticing_loss(self, *, can_find_out: bool) -> Generator[None]:
        """Note that nobody knows whether the command in the block was executed."""
        try:
            yield
        except IMAPConnectionError as error:
            if error.maybe_executed and can_find_out:
                self.lost = error
            raise

    async def find_out(self) -> MessageSet | None:
        """Return those of `uncertain` that were copied after all; None if none was.

        COPY is all or nothing (RFC 9051 §6.4.7), so that is all that are there.

        Raises:
            IMAPConnectionError: that which left it open, if it cannot be told.
        """
        lost, baseline = self.lost, self._baseline
        assert lost is not None
        assert baseline is not None
        async with self._access.connection(self.messages, read_only=True) as connection:
            source = await message_ids(connection, self.uncertain)
        target = MailboxAccess(self._access.pool, self._mailbox)

        async def look() -> dict[int, int] | None:
            async with target.connection(read_only=True) as connection:
                return pair_up(source, await arrived_since(connection, baseline))

        pairs = await find_out(lost, look, is_done=lambda pairs: pairs != {})
        self.lost = None
        if pairs is None:
            raise lost
        if not pairs:
            self.uncertain = self.of(())
            return None
        self._note_pairs(baseline.uidvalidity, pairs)
        return self.of([MessageSet(pairs)])

    async def find_left(self) -> MessageSet:
        """Return those of `uncertain` that are where they were."""
        async with self._access.connection(self.messages, read_only=True) as connection:
            criteria = IMAPSearchCriteria.uid(self.uncertain)
            return self.uncertain & await connection.execute(UidSearch(criteria))

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


async def _execute(connection: IMAPConnection, command: UidCopy) -> CopyUidCode | None:
    """Copy or move, again if some of the messages turn out to be gone.

    A session that has not been told yet that others expunged a message may be
    refused all of them (RFC 5530 §3, EXPUNGEISSUED). What it is told of is gone
    is left out as if it had never been named (RFC 9051 §6.4.9).
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return await connection.execute(command)
        except IMAPOperationError as error:
            if error.code != ResponseCode.EXPUNGEISSUED:
                raise
        await connection.noop()  # it is told here
    return await connection.execute(command)


async def copy(access: MailboxAccess, messages: MessageSet, mailbox: str) -> CopyResult:
    """Copy *messages* to *mailbox*."""
    copying = _Copying(access, messages, mailbox)

    async def attempt() -> CopyResult:
        if copying.lost is not None and await copying.find_out():
            copying.finish(copying.uncertain)
        async with access.connection(
            copying.messages, known_uid=messages.last
        ) as connection:
            rest = copying.begin(access.bound(messages, connection))
            for piece in command_pieces(connection, rest):
                with copying.working_on(piece, atomic=True):
                    await copying.copy(connection, piece)
        return copying.result()

    with copying.telling(repeatable=False):
        return await access.recovery.persist(
            attempt, doubt=lambda: copying.lost, progress=lambda: copying.steps
        )


async def move(access: MailboxAccess, messages: MessageSet, mailbox: str) -> CopyResult:
    """Move *messages* to *mailbox*, by three commands where there is no MOVE."""
    moving = _Copying(access, messages, mailbox)

    async def attempt() -> CopyResult:
        if moving.lost is not None:
            await _find_out(moving)
        async with access.connection(
            moving.messages, known_uid=messages.last
        ) as connection:
            has_move = connection.supports("MOVE")
            if not has_move:
                require_uidplus(connection, "move")
            rest = moving.begin(access.bound(messages, connection))
            if moving.copied is not None:
                piece = moving.uncertain
                with moving.working_on(piece):
                    await _remove_copied(connection, moving)
                rest -= piece
            for piece in command_pieces(connection, rest):
                with moving.working_on(piece):
                    if has_move:
                        await _move(connection, piece, mailbox, moving)
                    else:
                        await _move_by_copy(connection, piece, moving)
        return moving.result()

    with moving.telling():
        try:
            return await access.recovery.persist(
                attempt,
                doubt=lambda: moving.lost,
                progress=lambda: (moving.steps, moving.copied is None),
            )
        except IMAPError as error:
            if moving.copied is not None:
                not_repeatable(error)  # it would copy them again
            raise


async def _find_out(moving: _Copying) -> None:
    """Go on from where it is not known what became of the last command."""
    assert moving.lost is not None
    if moving.by_copy:
        moving.copied = await moving.find_out()
    else:
        # What was moved is gone, so that moving all again moves what is left. Two
        # sessions that do so at once may both copy it, though.
        await find_out(moving.lost, moving.find_left, is_done=lambda left: not left)
        moving.lost = None


async def _move(
    connection: IMAPConnection, piece: MessageSet, mailbox: str, moving: _Copying
) -> None:
    moving.by_copy = False
    with moving.hearing(connection, piece), moving.noticing_loss(can_find_out=True):
        code = await _execute(connection, UidMove(piece, mailbox))
    if code is not None:
        moving.note(code, piece)
    else:
        moving.forget_baseline()


async def _move_by_copy(
    connection: IMAPConnection, piece: MessageSet, moving: _Copying
) -> None:
    # Only what the session sees now is copied, so only that may go.
    seen = await connection.execute(UidSearch(IMAPSearchCriteria.uid(piece)))
    seen &= piece
    if not seen:
        return
    moving.by_copy = True
    moving.copied = await moving.copy(connection, seen)
    untold = seen - moving.copied
    await _remove_copied(connection, moving)
    if untold and await _exist(connection, untold):
        error = IMAPProtocolError("UID COPY: COPYUID of other messages")
        error.maybe_executed = True
        raise error


async def _exist(connection: IMAPConnection, messages: MessageSet) -> bool:
    found = await connection.execute(UidSearch(IMAPSearchCriteria.uid(messages)))
    return bool(found & messages)


async def _remove_copied(connection: IMAPConnection, moving: _Copying) -> None:
    if moving.copied:
        await expunge_piece(connection, moving.copied)
    moving.copied = None


async def expunge(access: MailboxAccess, messages: MessageSet) -> ExpungeResult:
    """Remove *messages* for good, and no others."""
    expunging = _Expunging(messages)

    async def attempt() -> ExpungeResult:
        async with access.connection(
            expunging.messages, known_uid=messages.last
        ) as connection:
            require_uidplus(connection, "expunge only these messages")
            rest = expunging.begin(access.bound(messages, connection))
            for piece in command_pieces(connection, rest):
                with expunging.working_on(piece):
                    await expunge_piece(connection, piece)
        return expunging.result()

    with expunging.telling():
        return await access.recovery.persist(
            attempt, repeatable=True, progress=lambda: expunging.steps
        )


async def expunge_piece(connection: IMAPConnection, piece: MessageSet) -> None:
    r"""Mark *piece* as ``\Deleted`` and expunge it by UID."""
    deleted = frozenset({Flag.DELETED})
    await connection.execute(UidStore(piece, StoreMode.ADD, deleted, silent=True))
    await connection.execute(UidExpunge(piece))
