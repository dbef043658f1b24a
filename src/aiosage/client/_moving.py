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
from ._access import MailboxAccess, command_pieces, pieces, require_uidplus
from ._baseline import (
    Baseline,
    arrived_since,
    message_ids,
    message_looks,
    pair_up,
)
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
        except BaseException as error:
            # Others must not take what it may have added for theirs.
            self.forget_baseline()
            if isinstance(error, IMAPConnectionError) and error.maybe_executed:
                self.lost = error if can_find_out else None
            raise

    async def move(self, connection: IMAPConnection, piece: MessageSet) -> None:
        """Move *piece* by one command."""
        self.by_copy, self._baseline = False, None
        if connection.supports("UIDPLUS"):  # else what is there stays here, too
            self._baseline = await self._access.recovery.baseline(
                connection, self._mailbox
            )
        with self.hearing(connection, piece), self.noticing_loss(can_find_out=True):
            code = await _execute(connection, UidMove(piece, self._mailbox))
        if code is not None:
            self.note(code, piece)
        else:
            self.forget_baseline()

    async def find_out(self) -> MessageSet | None:
        """Return what of `uncertain` came to the other mailbox; None if nothing did.

        COPY is all or nothing (RFC 9051 §6.4.7), so that is all that are there. Of a
        MOVE only those are returned that are here still, too: a server that is killed
        on its way may leave any number of them so, and others where they were.

        Raises:
            IMAPConnectionError: that which left it open, if it cannot be told.
        """
        lost = self.lost
        assert lost is not None
        left, pairs = await find_out(lost, self._look, self._is_over)
        self.lost = None
        if not self.by_copy and (gone := self.uncertain - left):
            self.finish(gone)
        if pairs is None:
            raise lost
        if pairs and self._baseline is not None:
            self._note_pairs(self._baseline.uidvalidity, pairs)
        copied = self.of([MessageSet(pairs)])
        if not copied or not self.by_copy:
            self.uncertain = copied
        return copied or None

    def _is_over(self, seen: tuple[MessageSet, dict[int, int] | None]) -> bool:
        left, pairs = seen
        if self.by_copy:
            return pairs != {}
        return len(left) == len(pairs or ())

    async def _look(self) -> tuple[MessageSet, dict[int, int] | None]:
        """Return which of `uncertain` are here still, and where these are there.

        The latter as `pair_up` does.
        """
        async with self._access.connection(self.messages, read_only=True) as connection:
            # Of what is broken, FETCH may tell nothing, but it is here.
            criteria = IMAPSearchCriteria.uid(self.uncertain)
            left = self.uncertain & await connection.execute(UidSearch(criteria))
            if self._baseline is None or not left:
                return left, {}
            names = await message_ids(connection, self.uncertain)
            here = await message_looks(connection, self.uncertain)
        target = MailboxAccess(self._access.pool, self._mailbox)
        async with target.connection(read_only=True, anew=True) as connection:
            arrived = await arrived_since(connection, self._baseline)
            source = {uid: names.get(uid) for uid in left}
            pairs = pair_up(source, arrived, partly=not self.by_copy)
            if pairs:
                there = await message_looks(connection, self._baseline.later)
                # What is there may be removed here, so a draft that is moved must
                # not be taken for another state of it, whose Message-ID is the same;
                # nor a message for a copy of itself: it may be the same mailbox.
                is_other = self._baseline.uidvalidity != self.messages.uidvalidity
                if not all(
                    uid in here
                    and here[uid] == there.get(at)
                    and (is_other or uid != at)
                    for uid, at in pairs.items()
                ):
                    pairs = None
        return left, pairs

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
            moving.copied = await moving.find_out()
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
                if has_move:
                    with moving.working_on(piece):
                        await moving.move(connection, piece)
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


async def _move_by_copy(
    connection: IMAPConnection, piece: MessageSet, moving: _Copying
) -> None:
    # Only what the session sees now is copied, so only that may go.
    seen = await connection.execute(UidSearch(IMAPSearchCriteria.uid(piece)))
    seen &= piece
    if missing := piece - seen:
        moving.finish(missing)
    for part in pieces(seen):  # it may have more ranges
        with moving.working_on(part):
            moving.by_copy = True
            moving.copied = await moving.copy(connection, part)
            untold = part - moving.copied
            await _remove_copied(connection, moving)
            if untold and await _exist(connection, untold):
                error = IMAPProtocolError("UID COPY: COPYUID of other messages")
                error.maybe_executed = True
                raise error


async def _exist(connection: IMAPConnection, messages: MessageSet) -> bool:
    found = await connection.execute(UidSearch(IMAPSearchCriteria.uid(messages)))
    return bool(found & messages)


async def _remove_copied(connection: IMAPConnection, moving: _Copying) -> None:
    for piece in pieces(moving.copied or MessageSet()):
        await expunge_piece(connection, piece)
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
