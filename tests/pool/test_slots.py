"""The pool's semaphore under any interleaving: nobody starves, nothing leaks."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from aiosage.pool._plan import IdleConnection, Request
from aiosage.pool._slots import Slots, Ticket

MAX_IDLE = 50.0
INDEX = st.integers(0, 1_000_000)


@dataclass(eq=False)
class Connection:
    """What a pool would hold."""

    mailbox: str | None
    expires_at: float
    idle_since: float = 0.0
    is_open: bool = True

    def describe(self) -> IdleConnection:
        """Return what the plan needs to know."""
        return IdleConnection(self.mailbox, False, self.idle_since, self.expires_at)


@dataclass(eq=False)
class Caller:
    """Who holds a ticket."""

    woken: int = 0
    ticket: Ticket[Connection] = field(init=False)

    def wake(self) -> None:
        """Count being woken."""
        self.woken += 1


class _SlotsMachine(RuleBasedStateMachine):
    """Callers, connections and a budget do whatever they may, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.least = 2
        self.slots = Slots[Connection](
            3, Connection.describe, max_idle=MAX_IDLE, check_after=10
        )
        self.waiting: list[Caller] = []
        self.wanting_new: list[Caller] = []
        self.holders: list[Caller] = []
        self.open: list[Connection] = []
        self.permits = 2  # what the budget has to give
        self.over = 0  # connections still out from before the pool was made smaller

    def settle(self) -> None:
        """Do what the shell does after every change."""
        before = list(self.waiting)
        served = self.slots.serve(self.now, self.least)
        for connection in served.ended:
            self.close(connection)
        if served.ended:
            self.were_dismissed()
        while self.slots.wanted and self.permits:
            self.permits -= 1
            self.slots.begin_opening()
        for caller in before:
            if caller.ticket.connection is not None:
                assert caller.woken == 1
                self.waiting.remove(caller)
                self.holders.append(caller)
        # First come, first served: nobody is passed over.
        assert self.waiting == before[len(before) - len(self.waiting) :]
        if len(self.slots.idle) + self.slots.lent >= self.least:
            self.want_no_more()

    def close(self, connection: Connection) -> None:
        connection.is_open = False
        self.open.remove(connection)
        self.permits += 1

    @rule(mailbox=st.sampled_from([None, "INBOX", "Sent"]))
    def come(self, mailbox: str | None) -> None:
        caller = Caller()
        caller.ticket = self.slots.join(Request(mailbox), caller.wake)
        self.waiting.append(caller)
        self.settle()

    @rule(least=st.integers(0, 4))
    def want_as_many(self, least: int) -> None:
        """The pool itself wants so many, whoever uses them."""
        self.least = min(least, self.slots.max_size)
        caller = Caller()
        caller.ticket = self.slots.join(Request(is_new=True), caller.wake)
        self.wanting_new.append(caller)
        self.settle()

    @rule()
    def want_no_more(self) -> None:
        for caller in self.wanting_new:
            assert not caller.woken
        self.slots.dismiss_new()
        self.were_dismissed()

    def were_dismissed(self) -> None:
        for caller in self.wanting_new:
            ticket = caller.ticket
            assert (caller.woken, ticket.connection, ticket.error) == (1, None, None)
        self.wanting_new.clear()

    @precondition(lambda self: self.waiting)
    @rule(index=INDEX)
    def give_up_waiting(self, index: int) -> None:
        """By cancellation or timeout."""
        caller = self.waiting.pop(index % len(self.waiting))
        self.slots.leave(caller.ticket)
        self.settle()

    @precondition(lambda self: self.slots.opening)
    @rule(lifetime=st.floats(0, 200))
    def succeed_to_open(self, lifetime: float) -> None:
        connection = Connection(None, self.now + lifetime, self.now)
        self.open.append(connection)
        self.slots.end_opening()
        if self.slots.hand_over(connection):
            caller = self.waiting.pop(0)
            assert (caller.woken, caller.ticket.connection) == (1, connection)
            self.holders.append(caller)
        else:
            self.slots.idle.append(connection)
        self.settle()

    @precondition(lambda self: self.slots.opening)
    @rule(is_told=st.booleans())
    def fail_to_open(self, is_told: bool) -> None:
        """By an error; or there are too many, or it was ended, and nobody is told."""
        self.slots.end_opening()
        self.permits += 1
        callers = self.waiting or self.wanting_new
        if is_told:
            error = OSError()
            assert self.slots.fail(error) == bool(callers)
            if callers:
                caller = callers.pop(0)
                assert (caller.woken, caller.ticket.error) == (1, error)
        self.settle()

    @precondition(lambda self: self.holders)
    @rule(index=INDEX, is_lost=st.booleans())
    def finish(self, index: int, is_lost: bool) -> None:
        caller = self.holders.pop(index % len(self.holders))
        self.put_back(caller, is_lost=is_lost)
        self.settle()

    @precondition(lambda self: self.holders)
    @rule(index=INDEX)
    def find_it_dead(self, index: int) -> None:
        """An old connection does not answer: its borrower waits for another."""
        caller = self.holders.pop(index % len(self.holders))
        self.put_back(caller, is_lost=True)
        self.return_to_queue(caller)
        self.settle()

    def put_back(self, caller: Caller, *, is_lost: bool) -> None:
        connection = caller.ticket.connection
        assert connection is not None
        assert connection.is_open
        self.slots.give_back()
        if is_lost:
            self.close(connection)
        else:
            connection.idle_since = self.now
            self.slots.idle.append(connection)

    def return_to_queue(self, caller: Caller) -> None:
        caller.woken = 0
        self.slots.rejoin(caller.ticket)
        self.waiting.append(caller)
        self.waiting.sort(key=lambda one: one.ticket.number)

    @precondition(lambda self: self.slots.idle)
    @rule(index=INDEX)
    def lose_idle(self, index: int) -> None:
        """It ended, or the budget reclaimed it."""
        connection = self.slots.idle[index % len(self.slots.idle)]
        self.slots.lose(connection)
        self.were_dismissed()
        self.close(connection)
        self.settle()

    @rule(max_size=st.integers(1, 6))
    def resize(self, max_size: int) -> None:
        self.slots.max_size = max_size
        self.settle()
        self.least = min(self.least, max_size)
        self.over = max(0, self.slots.lent + self.slots.opening - max_size)

    @rule(permits=st.integers(0, 3))
    def change_budget(self, permits: int) -> None:
        self.permits = permits
        self.settle()

    @rule(seconds=st.floats(0.1, 60))
    def let_time_pass(self, seconds: float) -> None:
        self.now += seconds
        self.settle()

    @invariant()
    def bounds_hold(self) -> None:
        """Only those still out from before it was made smaller may be too many."""
        out = self.slots.lent + self.slots.opening
        self.over = min(self.over, max(0, out - self.slots.max_size))
        assert self.slots.size <= self.slots.max_size + self.over

    @invariant()
    def nothing_leaks(self) -> None:
        lent = [caller.ticket.connection for caller in self.holders]
        assert self.slots.lent == len(self.holders)
        assert self.slots.waiting == len(self.waiting)
        assert len(self.open) == len(lent) + len(self.slots.idle)
        assert set(self.open) == {*lent, *self.slots.idle}

    @invariant()
    def nobody_waits_without_need(self) -> None:
        if self.waiting:
            assert not self.slots.idle
        slots = self.slots
        if slots.size < slots.max_size and self.permits:
            assert slots.opening >= len(self.waiting)
            assert not self.wanting_new or slots.size >= self.least

    @invariant()
    def what_is_opened_is_for_the_first(self) -> None:
        turns = [self.slots.has_turn(caller.ticket) for caller in self.waiting]
        assert turns == [i < self.slots.opening for i in range(len(turns))]

    @invariant()
    def nothing_too_old_is_kept(self) -> None:
        for connection in self.slots.idle:
            assert self.now < connection.expires_at
            assert self.now < connection.idle_since + MAX_IDLE

    def teardown(self) -> None:
        """Whoever still waits is served once the others are done."""
        self.permits = max(self.permits, 1)
        self.settle()
        callers = len(self.waiting) + len(self.holders)
        for _ in range(10 * (callers + self.slots.opening + 1)):
            if self.slots.opening:
                self.succeed_to_open(100)
            elif self.holders:
                self.finish(0, False)
        assert not self.waiting
        self.nobody_waits_without_need()  # idle ones may leave no room for new ones
        assert self.slots.lent == 0


TestSlots = _SlotsMachine.TestCase
TestSlots.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)


def test_dismissed_callers_are_woken_with_nothing() -> None:
    """As when the pool is closed."""
    slots = Slots[Connection](1, Connection.describe, max_idle=9, check_after=1)
    slots.idle.append(Connection(None, expires_at=9))
    callers = [Caller() for _ in range(3)]
    for caller in callers:
        caller.ticket = slots.join(Request(), caller.wake)
    slots.serve(0, 0)
    slots.dismiss()

    assert [caller.woken for caller in callers] == [1, 1, 1]
    assert [caller.ticket.connection is not None for caller in callers] == [
        True,
        False,
        False,
    ]
    assert slots.waiting == 0


def test_who_is_served_again_starts_afresh() -> None:
    """What was to be checked was the connection that turned out dead."""
    slots = Slots[Connection](1, Connection.describe, max_idle=99, check_after=1)
    caller = Caller()
    slots.idle.append(Connection(None, expires_at=99))
    caller.ticket = slots.join(Request(), caller.wake)
    slots.serve(50, 0)
    assert caller.ticket.check
    slots.give_back()
    slots.rejoin(caller.ticket)
    slots.idle.append(Connection(None, expires_at=99, idle_since=50))
    slots.serve(50, 0)

    assert caller.ticket.connection is not None
    assert not caller.ticket.check


def test_one_that_comes_back_is_for_whom_another_is_opened() -> None:
    """It waits no longer than it must; what is opened is for who comes next."""
    slots = Slots[Connection](2, Connection.describe, max_idle=99, check_after=9)
    slots.idle.append(Connection(None, expires_at=99))
    callers = [Caller() for _ in range(3)]
    for caller in callers:
        caller.ticket = slots.join(Request(), caller.wake)
    slots.serve(0, 0)
    slots.begin_opening()
    assert (slots.wanted, slots.opening) == (0, 1)
    assert [slots.has_turn(caller.ticket) for caller in callers[1:]] == [True, False]
    slots.give_back()
    slots.idle.append(Connection(None, expires_at=99))
    slots.serve(0, 0)

    assert [caller.woken for caller in callers] == [1, 1, 0]
    assert (slots.wanted, slots.opening) == (0, 1)
    assert slots.has_turn(callers[2].ticket)


def test_what_nobody_waits_for_any_more_is_not_needed() -> None:
    slots = Slots[Connection](4, Connection.describe, max_idle=99, check_after=9)
    callers = [Caller() for _ in range(3)]
    for caller in callers:
        caller.ticket = slots.join(Request(), caller.wake)
    slots.serve(0, 0)
    for _ in range(slots.wanted):
        slots.begin_opening()
    assert (slots.opening, slots.needed(0)) == (3, 3)
    slots.leave(callers[1].ticket)
    assert slots.needed(0) == 2
    slots.join(Request(is_new=True), Caller().wake)
    assert slots.needed(4) == 4
