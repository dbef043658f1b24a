"""The way from the services to connections: a mailbox, and whose messages they are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from ..connection import IMAPConnection
from ..errors import IMAPCapabilityError, UIDValidityChanged
from ..model import MessageSet
from ..pool import IMAPConnectionPool
from ..wire import SET_OCTETS, message_limit
from ..wire.commands import Command
from ._missing import OPENING, finding_missing
from ._recovery import Recovery

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class MailboxAccess:
    """Connections on which one mailbox is open.

    Attributes:
        pool: where they come from.
        mailbox: its name.
        recovery: how to go on after errors.
    """

    pool: IMAPConnectionPool
    mailbox: str
    recovery: Recovery = field(default_factory=Recovery)

    def own(self, messages: MessageSet) -> MessageSet:
        """Return *messages*, which are of this mailbox.

        Raises:
            ValueError: they belong to another one.
        """
        if messages.mailbox is not None and messages.mailbox != self.mailbox:
            raise ValueError(
                f"messages of {messages.mailbox!r} are not in {self.mailbox!r}"
            )
        return messages

    def bound(self, messages: MessageSet, connection: IMAPConnection) -> MessageSet:
        """Return *messages* as those of this life of the mailbox."""
        return messages.bound_to(self.mailbox, uidvalidity_of(connection))

    @asynccontextmanager
    async def connection(
        self,
        messages: MessageSet | None = None,
        *,
        read_only: bool = False,
        known_uid: int | None = None,
        anew: bool = False,
    ) -> AsyncGenerator[IMAPConnection]:
        """Lend a connection on which the UIDs of *messages* are good.

        Args:
            messages: None for whatever there is.
            read_only: nothing will be changed.
            known_uid: as for the pool.
            anew: the mailbox is opened now, whether or not it is open already, so
                that its UIDNEXT is that of now.
        """
        mailbox = None if anew else self.mailbox
        async with (
            finding_missing(self.pool, self.mailbox, OPENING),
            self.pool.connection(
                mailbox, read_only=read_only, known_uid=known_uid
            ) as connection,
        ):
            if anew:
                await connection.reselect(self.mailbox, read_only=read_only)
            expected = messages.uidvalidity if messages is not None else None
            actual = uidvalidity_of(connection)
            if expected is not None and actual is not None and expected != actual:
                raise UIDValidityChanged(self.mailbox, expected, actual)
            yield connection

    async def run(
        self,
        work: Callable[[IMAPConnection], Awaitable[R]],
        messages: MessageSet | None = None,
        *,
        read_only: bool = False,
        known_uid: int | None = None,
    ) -> R:
        """Return what *work* returns on such a connection.

        It is done again on another one if the session ends, so it must be such that
        twice is like once: reading, above all.

        Args:
            work: given the connection.
            messages: as for `connection`.
            read_only: likewise.
            known_uid: likewise.
        """

        async def attempt() -> R:
            async with self.connection(
                messages, read_only=read_only, known_uid=known_uid
            ) as connection:
                return await work(connection)

        return await self.recovery.persist(attempt, repeatable=True)

    async def read(
        self,
        command: Command[R],
        messages: MessageSet | None = None,
        *,
        read_only: bool = True,
        known_uid: int | None = None,
    ) -> R:
        """Return the result of *command*, which reads; otherwise as `run`."""
        return await self.run(
            lambda connection: connection.execute(command),
            messages,
            read_only=read_only,
            known_uid=known_uid,
        )


def uidvalidity_of(connection: IMAPConnection) -> int | None:
    """Return the UIDVALIDITY of the mailbox that is open."""
    return connection.selected.uidvalidity if connection.selected else None


def pieces(messages: MessageSet) -> Iterator[MessageSet]:
    """Yield *messages* in sets that fit into a command."""
    return messages.iter_wire(SET_OCTETS)


def command_pieces(
    connection: IMAPConnection, messages: MessageSet
) -> Iterator[MessageSet]:
    """Yield *messages* in sets that one command may be about on *connection*."""
    limit = message_limit(connection.capabilities)
    for batch in messages.iter_batches(limit) if limit else (messages,):
        yield from pieces(batch)


def require_uidplus(connection: IMAPConnection, what: str) -> None:
    """Refuse to do *what* if only a plain EXPUNGE could do it.

    Raises:
        IMAPCapabilityError: the server has no UIDPLUS.
    """
    if not connection.supports("UIDPLUS"):
        raise IMAPCapabilityError(
            f"the server cannot {what}: it does not announce UIDPLUS",
            capability="UIDPLUS",
            hint="A plain EXPUNGE would remove other mail, too.",
        )
