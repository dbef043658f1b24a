"""The pool's semaphore, without I/O: who waits, and who holds a slot.

It is a counting semaphore whose slots are handed over, first come first served,
together with what to do with them: use this idle connection, or open another.
It has no clock and no loop, and nothing in it can wait.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Generic, TypeVar

from ._plan import IdleConnection, Request, plan

C = TypeVar("C")
P = TypeVar("P")


@dataclass(slots=True, eq=False)
class Ticket(Generic[C, P]):
    """One caller: waits, or has been handed one of two things.

    Attributes:
        number: who came earlier has the lower one.
        request: what it wants.
        wake: called when it has been handed something.
        connection: to use.
        check: see first whether the server of that one still answers.
        permit: to open another.
    """

    number: int
    request: Request
    wake: Callable[[], None]
    connection: C | None = None
    check: bool = False
    permit: P | None = None

    @property
    def is_served(self) -> bool:
        """Whether it holds a slot."""
        return self.connection is not None or self.permit is not None


@dataclass(frozen=True, slots=True)
class Served(Generic[C]):
    """What changed hands.

    Attributes:
        lent: connections that are idle no more.
        ended: connections that must be closed.
        review_at: when to look again for what is too old.
    """

    lent: tuple[C, ...]
    ended: tuple[C, ...]
    review_at: float | None


class Slots(Generic[C, P]):
    """At most *max_size* connections, idle, in use or being opened.

    Attributes:
        max_size: may be set at any time; `serve` does what follows.
        idle: connections nobody uses.
        lent: slots held by callers.
        wanted: callers, those at the head of the queue and after them who want a
            new one, that may open a connection each as soon as there is a permit.
    """

    def __init__(
        self,
        max_size: int,
        describe: Callable[[C], IdleConnection],
        *,
        max_idle: float,
        check_after: float,
    ) -> None:
        self.max_size = max_size
        self.idle: list[C] = []
        self.lent = 0
        self.wanted = 0
        self._describe = describe
        self._max_idle = max_idle
        self._check_after = check_after
        self._waiting: OrderedDict[int, Ticket[C, P]] = OrderedDict()
        self._wanting_new: OrderedDict[int, Ticket[C, P]] = OrderedDict()
        self._last_number = 0

    @property
    def size(self) -> int:
        """Connections there are, or are being opened."""
        return len(self.idle) + self.lent

    @property
    def waiting(self) -> int:
        """Callers who wait, without those who want a new one."""
        return len(self._waiting)

    @property
    def wanting_new(self) -> int:
        """Callers who wait for a new one."""
        return len(self._wanting_new)

    @property
    def is_pressed(self) -> bool:
        """Whether anybody waits who is not patient."""
        return any(not one.request.is_patient for one in self._waiting.values())

    def join(self, request: Request, wake: Callable[[], None]) -> Ticket[C, P]:
        """Queue a caller."""
        self._last_number += 1
        ticket = Ticket[C, P](self._last_number, request, wake)
        self._queue(ticket)[ticket.number] = ticket
        return ticket

    def _queue(self, ticket: Ticket[C, P]) -> OrderedDict[int, Ticket[C, P]]:
        return self._wanting_new if ticket.request.is_new else self._waiting

    def rejoin(self, ticket: Ticket[C, P]) -> None:
        """Queue a caller whose slot was of no use where it was before."""
        ticket.connection = ticket.permit = None
        ticket.check = False
        queue = self._queue(ticket)
        earlier = list(takewhile(lambda number: number < ticket.number, queue))
        queue[ticket.number] = ticket
        for number in (ticket.number, *reversed(earlier)):
            queue.move_to_end(number, last=False)

    def leave(self, ticket: Ticket[C, P]) -> None:
        """Forget a caller who does not wait any more, or was dismissed."""
        self._queue(ticket).pop(ticket.number, None)

    def serve(self, now: float) -> Served[C]:
        """Hand idle connections to callers, and find out how many to open."""
        room = max(0, self.max_size - self.lent)
        heads = tuple(islice(self._waiting.values(), room))
        decision = plan(
            [ticket.request for ticket in heads],
            [self._describe(connection) for connection in self.idle],
            lent=self.lent,
            max_size=self.max_size,
            now=now,
            max_idle=self._max_idle,
            check_after=self._check_after,
        )
        lent = tuple(self.idle[loan.idle] for loan in decision.loans)
        ended = tuple(self.idle[index] for index in decision.close)
        gone = {*decision.close, *(loan.idle for loan in decision.loans)}
        if gone:
            self.idle = [one for i, one in enumerate(self.idle) if i not in gone]
        for ticket, loan, connection in zip(heads, decision.loans, lent, strict=False):
            ticket.connection, ticket.check = connection, loan.check
            self._hand_over(ticket)
        room = max(0, self.max_size - self.size - decision.opens)
        self.wanted = decision.opens + min(room, len(self._wanting_new))
        return Served(lent, ended, decision.review_at)

    def admit(self, permit: P) -> None:
        """Let the first of those *wanted* open a connection."""
        queue = self._waiting or self._wanting_new
        ticket = next(iter(queue.values()))
        ticket.permit = permit
        self.wanted -= 1
        self._hand_over(ticket)

    def _hand_over(self, ticket: Ticket[C, P]) -> None:
        del self._queue(ticket)[ticket.number]
        self.lent += 1
        ticket.wake()

    def give_back(self, connection: C | None) -> None:
        """End the use of a slot; its *connection*, if any is left, is idle now."""
        self.lent -= 1
        if connection is not None:
            self.idle.append(connection)

    def lose(self, connection: C) -> None:
        """Forget an idle connection."""
        self.idle.remove(connection)

    def dismiss(self) -> None:
        """Wake all who wait; they are handed nothing."""
        self.wanted = 0
        self.dismiss_new()
        waiting, self._waiting = self._waiting, OrderedDict()
        for ticket in waiting.values():
            ticket.wake()

    def dismiss_new(self) -> None:
        """Wake all who wait for a new connection; they are handed nothing."""
        waiting, self._wanting_new = self._wanting_new, OrderedDict()
        for ticket in waiting.values():
            ticket.wake()
