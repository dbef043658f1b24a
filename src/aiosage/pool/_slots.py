"""The pool's semaphore, without I/O: who waits, and what for.

It is a counting semaphore whose slots are handed over, first come first served,
each with a connection. It says how many more to open; whoever has waited longest
gets the one that is ready first, be it new or come back. It has no clock and no
loop, and nothing in it can wait.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Generic, TypeVar

from ._plan import IdleConnection, Request, plan

C = TypeVar("C")


@dataclass(slots=True, eq=False)
class Ticket(Generic[C]):
    """One caller: waits, or has been handed one of two things.

    Attributes:
        number: who came earlier has the lower one.
        request: what it wants.
        wake: called when it has been handed something, or was dismissed.
        deadline: until when it waits, in seconds of the event loop's clock.
        connection: to use.
        check: see first whether the server of that one still answers.
        error: why there is no connection.
    """

    number: int
    request: Request
    wake: Callable[[], None]
    deadline: float
    connection: C | None = None
    check: bool = False
    error: BaseException | None = None


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


class Slots(Generic[C]):
    """At most *max_size* connections, idle, in use or being opened.

    Attributes:
        max_size: may be set at any time; `serve` does what follows.
        idle: connections nobody uses.
        lent: connections that callers use.
        opening: connections that are being opened.
        wanted: how many more to open, as soon as there are permits.
        last_number: of the caller who came last.
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
        self.opening = 0
        self.wanted = 0
        self.last_number = 0
        self._describe = describe
        self._max_idle = max_idle
        self._check_after = check_after
        self._waiting: OrderedDict[int, Ticket[C]] = OrderedDict()
        self._wanting_new: OrderedDict[int, Ticket[C]] = OrderedDict()

    @property
    def size(self) -> int:
        """Connections there are, or are being opened."""
        return len(self.idle) + self.lent + self.opening

    @property
    def waiting(self) -> int:
        """Callers who wait."""
        return len(self._waiting)

    @property
    def first(self) -> Ticket[C] | None:
        """Who has waited longest; the pool itself comes last."""
        return next(iter((self._waiting or self._wanting_new).values()), None)

    @property
    def is_pressed(self) -> bool:
        """Whether anybody waits who is not patient."""
        return any(not one.request.is_patient for one in self._waiting.values())

    def join(
        self, request: Request, wake: Callable[[], None], deadline: float = math.inf
    ) -> Ticket[C]:
        """Queue a caller."""
        self.last_number += 1
        ticket = Ticket[C](self.last_number, request, wake, deadline)
        self._queue(ticket)[ticket.number] = ticket
        return ticket

    def _queue(self, ticket: Ticket[C]) -> OrderedDict[int, Ticket[C]]:
        return self._wanting_new if ticket.request.is_new else self._waiting

    def rejoin(self, ticket: Ticket[C]) -> None:
        """Queue a caller whose connection was of no use where it was before."""
        ticket.connection = None
        ticket.check = False
        queue = self._queue(ticket)
        earlier = list(takewhile(lambda number: number < ticket.number, queue))
        queue[ticket.number] = ticket
        for number in (ticket.number, *reversed(earlier)):
            queue.move_to_end(number, last=False)

    def leave(self, ticket: Ticket[C]) -> None:
        """Forget a caller who does not wait any more, or was dismissed."""
        self._queue(ticket).pop(ticket.number, None)

    def has_turn(self, ticket: Ticket[C]) -> bool:
        """Return whether a connection is being opened for *ticket*."""
        if ticket.request.is_new:
            return self.opening > len(self._waiting)
        return ticket.number in islice(self._waiting, self.opening)

    def serve(self, now: float, least: int) -> Served[C]:
        """Hand idle connections to callers, and find out how many to open.

        Args:
            now: seconds of the pool's clock.
            least: connections that the pool itself wants there to be, if it waits.
        """
        heads = tuple(islice(self._waiting.values(), max(0, self.max_size - self.lent)))
        decision = plan(
            [ticket.request for ticket in heads],
            [self._describe(connection) for connection in self.idle],
            lent=self.lent + self.opening,
            opening=self.opening,
            max_size=self.max_size,
            now=now,
            max_idle=self._max_idle,
            check_after=self._check_after,
        )
        lent = tuple(self.idle[loan.idle] for loan in decision.loans)
        ended = tuple(self.idle[index] for index in decision.close)
        if ended:
            self.dismiss_new()
        gone = {*decision.close, *(loan.idle for loan in decision.loans)}
        if gone:
            self.idle = [one for i, one in enumerate(self.idle) if i not in gone]
        for ticket, loan, connection in zip(heads, decision.loans, lent, strict=False):
            ticket.connection, ticket.check = connection, loan.check
            del self._waiting[ticket.number]
            self.lent += 1
            ticket.wake()
        size = self.size + decision.opens
        missing = min(least, self.max_size) - size if self._wanting_new else 0
        self.wanted = decision.opens + max(0, missing)
        return Served(lent, ended, decision.review_at)

    def begin_opening(self) -> None:
        """Note that one of those *wanted* is being opened."""
        self.wanted -= 1
        self.opening += 1

    def end_opening(self) -> None:
        """Note that one is not being opened any more."""
        self.opening -= 1

    def needed(self, least: int) -> int:
        """Return how many are waited for, of those that are being opened.

        Args:
            least: as for `serve`.
        """
        missing = least - len(self.idle) - self.lent if self._wanting_new else 0
        return max(self.waiting, missing)

    def fail(self, error: BaseException) -> bool:
        """Tell *error* to who is first; return whether anybody is."""
        ticket = self.first
        if ticket is None:
            return False
        self.leave(ticket)
        ticket.error = error
        ticket.wake()
        return True

    def give_back(self) -> None:
        """Note that a caller uses its connection no more."""
        self.lent -= 1

    def hand_over(self, connection: C) -> bool:
        """Hand a new connection to who is first; return whether anybody may have it.

        However old connections may get: it is as good as it will ever be.
        """
        if not self._waiting or self.size >= self.max_size:
            return False
        _, ticket = self._waiting.popitem(last=False)
        ticket.connection = connection
        self.lent += 1
        ticket.wake()
        return True

    def lose(self, connection: C) -> None:
        """Forget an idle connection."""
        self.idle.remove(connection)
        self.dismiss_new()

    def dismiss(self) -> None:
        """Wake all who wait; they are handed nothing."""
        self.wanted = 0
        self.dismiss_new()
        waiting, self._waiting = self._waiting, OrderedDict()
        for ticket in waiting.values():
            ticket.wake()

    def dismiss_new(self) -> None:
        """Wake the pool itself: there are enough.

        Or one has ended: if that is why more are missing, it might open for ever.
        """
        waiting, self._wanting_new = self._wanting_new, OrderedDict()
        for ticket in waiting.values():
            ticket.wake()
