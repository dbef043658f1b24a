"""Commands between being asked for and being answered."""

from __future__ import annotations

import asyncio
import copy
from typing import TypeVar

from ..errors import IMAPConnectionError
from ..wire import EncodedCommand, Receiver, Status, Untagged
from ..wire.commands import Command, Idle, Logout
from ._stream import SectionStream

T = TypeVar("T")


class Pending:
    """A command between its `submit` and its tagged response."""

    __slots__ = (
        "abandoned_at",
        "claimed",
        "command",
        "deadline",
        "done",
        "encoded",
        "flight",
        "held",
        "invited",
        "kept",
        "ready",
        "stream",
        "tag",
    )

    def __init__(
        self,
        tag: str,
        command: Command[object],
        encoded: EncodedCommand,
        loop: asyncio.AbstractEventLoop,
        *,
        held: bool = False,
    ) -> None:
        self.tag = tag
        self.command = command
        self.encoded = encoded
        self.flight = 0  # flights sent so far; 0 while waiting
        self.claimed: list[Untagged | Status] = []
        self.kept = 0  # octets that takes, roughly
        self.stream: SectionStream | None = None  # what takes the answer instead
        self.done: asyncio.Future[Status] = loop.create_future()
        self.abandoned_at: int | None = None  # octets received by then
        self.deadline: asyncio.TimerHandle | None = None  # of an abandoned command
        # IDLE keeps its second flight, DONE, until it shall end.
        self.held = held or isinstance(command, Idle)
        self.invited = False  # the server said "+" to the flight before
        self.ready: asyncio.Future[None] | None = (
            loop.create_future() if self.held else None
        )

    @property
    def is_sent(self) -> bool:
        """Whether the server has the whole command."""
        return self.flight == len(self.encoded.flights)

    @property
    def ends_session(self) -> bool:
        """Whether BYE is what it asks for."""
        return isinstance(self.command, Logout)

    def take(self, response: Untagged | Status, receiver: Receiver) -> None:
        """Keep *response*, the last that *receiver* made, for the result."""
        if self.stream is not None:
            self.stream.take(response)
            return
        self.claimed.append(response)
        self.kept += receiver.memory

    def drop_deadline(self) -> None:
        """Let the end of a command free what it held."""
        if self.deadline is not None:
            self.deadline.cancel()
            self.deadline = None

    def fail(self, error: IMAPConnectionError) -> None:
        """End the wait: the session ended by *error*."""
        self.drop_deadline()
        risky = self.is_sent and not self.command.may_be_repeated
        end_with(self.done, again(error, maybe_executed=risky))
        if self.ready is not None:
            end_with(self.ready, again(error, maybe_executed=False))


def end_with(future: asyncio.Future[T], error: Exception) -> None:
    """Let *future* fail, unless it is done."""
    if not future.done():
        future.set_exception(error)
        # Nobody may be left to ask; asyncio must not complain about that.
        future.exception()


def again(error: IMAPConnectionError, *, maybe_executed: bool) -> IMAPConnectionError:
    """Return a copy of *error* for one waiter: tracebacks must not be shared."""
    again = copy.copy(error)
    again.maybe_executed = maybe_executed
    again.__cause__ = error
    return again
