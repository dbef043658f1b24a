"""Putting a message in the place of another (REPLACE, RFC 8508)."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace as replace_fields

from ..connection import IMAPConnection
from ..errors import (
    IMAPConnectionError,
    IMAPError,
    IMAPMailboxError,
    IMAPMessageError,
    IMAPTimeoutError,
)
from ..model import Flag, MessagePart, MessageSet, ResponseCode
from ..wire.commands import NewMessage, UidFetch, UidReplace
from ._access import MailboxAccess, require_uidplus
from ._appending import append, check_size, name_of, placed
from ._baseline import Baseline, arrived_since, message_ids, pair_up
from ._moving import expunge
from ._progress import not_repeatable
from ._results import AppendResult


async def replace(
    access: MailboxAccess, uid: int, message: NewMessage, flags: Iterable[Flag] | None
) -> AppendResult:
    """Put *message* in the place of *uid*: the new one comes before the old one goes.

    Args:
        access: the mailbox.
        uid: of the message that goes.
        message: the new one.
        flags: None for those of the old one.
    """
    return await _Replacing(access, uid, message, flags is None).run()


class _Replacing:
    """A message being replaced.

    Attributes:
        lost: the error that left open whether REPLACE was done; None if that is
            known, or cannot be found out.
    """

    def __init__(
        self, access: MailboxAccess, uid: int, message: NewMessage, keeps_flags: bool
    ) -> None:
        self._access = access
        self._uid = uid
        self._old = MessageSet([uid], mailbox=access.mailbox)
        self._message = message
        self._keeps_flags = keeps_flags
        self._baseline: Baseline | None = None
        self._lost_once: IMAPConnectionError | None = None
        self.lost: IMAPConnectionError | None = None

    async def run(self) -> AppendResult:
        """Do it, however often the connection is lost."""
        baselines = self._access.recovery.baselines
        # Drafts have one Message-ID: what was added before must not be taken for it.
        baselines.forget(self._access.mailbox)
        try:
            added = await self._access.recovery.persist(
                self._attempt, doubt=lambda: self.lost
            )
        except BaseException:
            baselines.forget(self._access.mailbox)
            raise
        if added is None:
            return await self._by_append()
        baselines.note_append(added)
        return added

    async def _attempt(self) -> AppendResult | None:
        if self.lost is not None:
            added = await self._find_out(self.lost)
            if added is not None:
                return added
        try:
            return await self._replace()
        except IMAPMessageError:
            # What is missing now may have been replaced late, after it was looked.
            if self._lost_once is None:
                raise
            added = await self._find_out(self._lost_once)
            if added is None:
                raise
            return added

    async def _replace(self) -> AppendResult | None:
        """Replace it; return None, having looked at it, without REPLACE."""
        access, mailbox = self._access, self._access.mailbox
        async with access.connection(self._old, known_uid=self._uid) as connection:
            in_one_step = connection.supports("REPLACE")
            if not in_one_step:
                require_uidplus(connection, "replace a message")
            self._old = access.bound(self._old, connection)
            # Also finds out whether it is there: else a repeated call would add again.
            kept = await _flags_of(connection, self._uid)
            if self._keeps_flags:
                self._message = replace_fields(self._message, flags=kept)
            if not in_one_step:
                return None
            await check_size(connection, mailbox, self._message)
            if self._lost_once is None and name_of(self._message) is not None:
                self._baseline = await access.recovery.baseline(connection, mailbox)
            command = UidReplace(self._uid, mailbox, self._message)
            try:
                code = await connection.execute(command)
            except IMAPConnectionError as error:
                if error.maybe_executed and self._baseline is not None:
                    self.lost = self._lost_once = error
                raise
            except IMAPMailboxError as error:
                if error.code != ResponseCode.NONEXISTENT:
                    raise
                raise _no_message(self._uid) from error  # the mailbox is open
        return placed(mailbox, code)[0]

    async def _find_out(self, lost: IMAPConnectionError) -> AppendResult | None:
        """Return where the new message is; None if it was not added.

        REPLACE does both or nothing (RFC 8508 §3.1).

        Raises:
            IMAPConnectionError: like *lost*, if it cannot be told.
        """
        assert self._baseline is not None
        name = name_of(self._message)
        async with self._access.connection(
            self._old, read_only=True, anew=True
        ) as connection:
            arrived = await arrived_since(connection, self._baseline)
            old_is_there = self._uid in await message_ids(connection, self._old)
            pairs = pair_up({self._uid: name}, arrived)
            # Drafts have one Message-ID, whoever keeps them.
            is_ours = not pairs or await self._is_ours(connection, pairs[self._uid])
        if pairs == {} and isinstance(lost, IMAPTimeoutError):
            raise lost  # the server is slow, so it may still be at it: look again
        self.lost = None
        if pairs == {}:
            return None  # if the old one is gone, somebody else removed it
        if pairs is None or old_is_there or not is_ours:
            found = "both" if pairs and is_ours else "others"
            unclear = copy.copy(lost)  # tracebacks must not be shared
            unclear.hint = (
                f"Look whether message {self._uid} was replaced: since then {found}"
                " came to be there."
            )
            raise unclear from lost
        (new,) = pairs.values()
        return AppendResult(self._access.mailbox, self._baseline.uidvalidity, new)

    async def _is_ours(self, connection: IMAPConnection, uid: int) -> bool:
        """Return whether message *uid* is as large as the new one."""
        assert isinstance(self._message.content, bytes)  # it has a Message-ID
        content, part = self._message.content, MessagePart.SIZE
        in_lines = len(content) + content.count(b"\n") - content.count(b"\r\n")
        found = await connection.execute(UidFetch(MessageSet([uid]), (part,)))
        sizes = {data.size for data in found if data.uid == uid}
        return bool(sizes & {None, len(content), in_lines})  # as servers count lines

    async def _by_append(self) -> AppendResult:
        added = await append(self._access, self._message)
        try:
            await expunge(self._access, self._old)
        except IMAPError as error:
            error.partial = added
            not_repeatable(error)  # it would add the message again
            raise
        return added


async def _flags_of(connection: IMAPConnection, uid: int) -> frozenset[Flag]:
    found = await connection.execute(UidFetch(MessageSet([uid]), (MessagePart.FLAGS,)))
    for data in found:
        if data.uid == uid and data.flags is not None:
            return data.flags - {Flag.RECENT, Flag.DELETED}
    raise _no_message(uid)


def _no_message(uid: int) -> IMAPMessageError:
    return IMAPMessageError("UID REPLACE", "NO", None, f"there is no message {uid}")
