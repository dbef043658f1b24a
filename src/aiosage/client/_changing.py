"""Changing mailboxes across lost connections: was it done, or may it be done again?

A mailbox is looked at before it is changed, and again if the connection is lost before
the answer: by LIST, and by what it keeps for life, MAILBOXID (RFC 8474 §4) or
UIDVALIDITY.
"""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Generic, TypeVar

from ..connection import IMAPConnection
from ..errors import IMAPConnectionError, IMAPMailboxError, IMAPTimeoutError
from ..model import MailboxInfo
from ..pool import IMAPConnectionPool
from ..wire.commands import Command, StatusItem
from ._listing import find
from ._recovery import Recovery

R = TypeVar("R")
S = TypeVar("S")

IDENTITY: Final = (StatusItem.UIDVALIDITY, StatusItem.MAILBOXID)

_UNSEEN: Final = "there was none of that very name"
"""One may be there now, or the server takes the name for another's, as Cyrus ``A/``."""


class Outcome(Enum):
    """What became of a command whose answer was lost."""

    DONE = "done"
    NOT_DONE = "not done"


@dataclass(frozen=True, slots=True)
class Change(Generic[R, S]):
    """A command that changes mailboxes, and how to find out whether it did.

    Attributes:
        command: what is sent.
        look: returns how things stand.
        judge: says by how they stood before, and stand now, whether it was done; or
            in words what is found, if that cannot tell.
        takes_away: a mailbox loses its name, so that none may be open: servers end
            sessions in one that goes, or one below it. Before it is sent again it
            is looked whether that name is another's by now.
        is_state: how things stand now tells alone, so that it is not looked
            before; *judge* is given that twice.
    """

    command: Command[R]
    look: Callable[[IMAPConnection], Awaitable[S]]
    judge: Callable[[S, S], Outcome | str]
    takes_away: bool = False
    is_state: bool = False


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """Connections of an account, whatever is open on them.

    Attributes:
        pool: where they come from.
        recovery: how to go on after errors.
    """

    pool: IMAPConnectionPool
    recovery: Recovery = field(default_factory=Recovery)

    async def run(self, work: Callable[[IMAPConnection], Awaitable[R]]) -> R:
        """Return what *work* returns, on as many connections as it takes.

        Args:
            work: such that twice is like once.
        """

        async def attempt() -> R:
            async with self.pool.connection() as connection:
                return await work(connection)

        return await self.recovery.persist(attempt, repeatable=True)

    async def change(self, change: Change[R, S]) -> R | S:
        """Execute the command, once.

        Returns:
            Its result; how things stand, if that shows that it was done.

        Raises:
            IMAPConnectionError: the connection was lost, and if its
                ``maybe_executed`` is true, it cannot be told what became of it.
        """
        return await _Changing(self, change).run()


class _Changing(Generic[R, S]):
    """A change under way.

    Attributes:
        lost: the error that left open whether it was done; None if that is known.
    """

    def __init__(self, access: AccountAccess, change: Change[R, S]) -> None:
        self._access = access
        self._change = change
        self._before: list[S] = []  # one, as soon as it is known
        self._lost_once: IMAPConnectionError | None = None
        self.lost: IMAPConnectionError | None = None

    async def run(self) -> R | S:
        """Do it, however often the connection is lost."""
        return await self._access.recovery.persist(
            self._attempt, doubt=lambda: self.lost
        )

    async def _attempt(self) -> R | S:
        change = self._change
        async with self._access.pool.connection() as connection:
            if self.lost is not None or (self._before and change.takes_away):
                now = await change.look(connection)
                if self._is_done(now):
                    return now
            elif self._needs_before:
                self._before = [await change.look(connection)]
            if change.takes_away:
                await connection.unselect()
            try:
                return await connection.execute(change.command)
            except IMAPConnectionError as error:
                if error.maybe_executed and (self._before or change.is_state):
                    self.lost = self._lost_once = error
                raise
            except IMAPMailboxError:
                # What is refused now may have been done late, after it was looked.
                if self._lost_once is not None:
                    now = await change.look(connection)
                    if self._judge(now) is Outcome.DONE:
                        return now
                raise

    @property
    def _needs_before(self) -> bool:
        if self._before or self._change.is_state:
            return False
        return self._access.recovery.policy is not None  # else nobody will ask

    def _judge(self, now: S) -> Outcome | str:
        (before,) = self._before or (now,)
        return self._change.judge(before, now)

    def _is_done(self, now: S) -> bool:
        """Return whether it was done, or needs not be any more.

        Raises:
            IMAPConnectionError: like the one that left that open, if it cannot be told.
            IMAPMailboxError: it was not done, and the mailbox may be another by now.
        """
        outcome, lost = self._judge(now), self.lost
        if outcome is Outcome.NOT_DONE and isinstance(lost, IMAPTimeoutError):
            raise lost  # the server is slow, so it may still be at it: look again
        self.lost = None
        if isinstance(outcome, Outcome):
            return outcome is Outcome.DONE
        if self._lost_once is None:
            raise IMAPMailboxError(
                self._change.command.name, "NO", None, f"not done: {outcome}"
            )
        unclear = copy.copy(self._lost_once)  # tracebacks must not be shared
        unclear.hint = f"It cannot be told whether that was done: {outcome}."
        raise unclear from self._lost_once


async def look_at(connection: IMAPConnection, mailbox: str) -> MailboxInfo | None:
    """Return *mailbox*, with what tells it from another of that name."""
    return await find(connection, mailbox, IDENTITY)


async def look_at_both(
    connection: IMAPConnection, mailbox: str, other: str
) -> tuple[MailboxInfo | None, MailboxInfo | None]:
    """Return two mailboxes, as `look_at` does."""
    return await look_at(connection, mailbox), await look_at(connection, other)


def is_same(one: MailboxInfo | None, other: MailboxInfo | None) -> bool | None:
    """Return whether it is the same mailbox, maybe renamed; None if nobody tells."""
    if one is None or other is None:
        return False
    if one.status is None or other.status is None:
        return None
    for mine, its in (
        (one.status.mailbox_id, other.status.mailbox_id),
        (one.status.uidvalidity, other.status.uidvalidity),
    ):
        if mine and its:
            return mine == its
    return None


def is_open(info: MailboxInfo | None) -> bool:
    """Return whether there is a mailbox that can be opened."""
    return info is not None and info.is_selectable


def was_created(before: MailboxInfo | None, now: MailboxInfo | None) -> Outcome:
    """Return whether CREATE was done: there is a mailbox that was not there."""
    made = is_open(now) and not is_open(before)
    return Outcome.DONE if made else Outcome.NOT_DONE


def was_named(before: MailboxInfo | None, now: MailboxInfo | None) -> Outcome:
    """Return whether CREATE of a name to have others below it was done."""
    made = now is not None and before is None
    return Outcome.DONE if made else Outcome.NOT_DONE


def was_deleted(before: MailboxInfo | None, now: MailboxInfo | None) -> Outcome | str:
    """Return whether DELETE was done: the mailbox is gone.

    One of the same name that somebody made since is none of its business.
    """
    if before is None:
        return _UNSEEN
    if not is_open(now):
        # What has mailboxes below it stays as a mere name (RFC 9051 §6.3.5).
        is_gone = now is None or is_open(before)
        return Outcome.DONE if is_gone else Outcome.NOT_DONE
    same = is_same(before, now)
    if same is None:
        return f"{before.name!r} is there, and may have been made since"
    return Outcome.NOT_DONE if same else Outcome.DONE


def was_removed(before: MailboxInfo | None, now: MailboxInfo | None) -> Outcome | str:
    """Return whether what LIST told of is gone, be it with the last one below it."""
    return Outcome.DONE if now is None else was_deleted(before, now)


_Both = tuple[MailboxInfo | None, MailboxInfo | None]


def was_renamed(before: _Both, now: _Both) -> Outcome | str:
    """Return whether RENAME was done: what had the one name has the other now.

    Args:
        before: the mailbox, and the one of the new name.
        now: likewise.
    """
    old, occupant = before
    source, target = now
    if old is None:
        return _UNSEEN
    if is_same(old, source):
        return Outcome.NOT_DONE
    if is_same(old, target) and not is_same(occupant, target):
        return Outcome.DONE
    if (
        old.name == "INBOX"
        and is_same(old, source) is False
        and occupant is None
        and target is not None
    ):
        return Outcome.DONE  # it begins a new life, and its messages another
    if source is None and target is None:
        return f"{old.name!r} is gone, and there is none of the new name"
    if target is None:
        return f"{old.name!r} may be another, and there is none of the new name"
    return f"{target.name!r} is there, and may be another"
