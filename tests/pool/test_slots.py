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
    ticket: Ticket[Connection, object] = field(init=False)

    def wake(self) -> None:
        """Count being woken."""
        self.woken += 1


class _SlotsMachine(RuleBasedStateMachine):
    """Callers, connections and a budget do whatever they may, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.slots = Slots[Connection, object](
            3, Connection.describe, max_idle=MAX_IDLE, check_after=10
        )
        self.waiting: list[Caller] = []
        self.wanting_new: list[Caller] = []
        self.holders: list[Caller] = []
        self.opening: list[Caller] = []
        self.open: list[Connection] = []
        self.permits = 2  # what the budget has to give
        self.over = 0  # connections still out from before the pool was made smaller

    def settle(self) -> None:
        """Do what the shell does after every change."""
        before, before_new = list(self.waiting), list(self.wanting_new)
        served = self.slots.serve(self.now)
        for connection in served.ended:
            self.close(connection)
        while self.slots.wanted and self.permits:
            self.permits -= 1
            self.slots.admit(object())
        for caller in (*before, *before_new):
            if caller.ticket.is_served:
                assert caller.woken == 1
                self.queue(caller).remove(caller)
                is_lent = caller.ticket.connection is not None
                (self.holders if is_lent else self.opening).append(caller)
                assert not (is_lent and caller.ticket.request.is_new)
        # First come, first served: nobody is passed over.
        assert self.waiting == before[len(before) - len(self.waiting) :]
        still = self.wanting_new
        assert still == before_new[len(before_new) - len(still) :]

    def queue(self, caller: Caller) -> list[Caller]:
        return self.wanting_new if caller.ticket.request.is_new else self.waiting

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

    @rule()
    def want_a_new_one(self) -> None:
        caller = Caller()
        caller.ticket = self.slots.join(Request(is_new=True), caller.wake)
        self.wanting_new.append(caller)
        self.settle()

    @rule()
    def want_no_new_ones(self) -> None:
        for caller in self.wanting_new:
            assert not caller.woken
        self.slots.dismiss_new()
        for caller in self.wanting_new:
            assert (caller.woken, caller.ticket.is_served) == (1, False)
        self.wanting_new.clear()
        self.settle()

    @precondition(lambda self: self.waiting)
    @rule(index=INDEX)
    def give_up_waiting(self, index: int) -> None:
        """By cancellation or timeout."""
        caller = self.waiting.pop(index % len(self.waiting))
        self.slots.leave(caller.ticket)
        self.settle()

    @precondition(lambda self: self.opening)
    @rule(index=INDEX, lifetime=st.floats(1, 200))
    def succeed_to_open(self, index: int, lifetime: float) -> None:
        caller = self.opening.pop(index % len(self.opening))
        connection = Connection(caller.ticket.request.mailbox, self.now + lifetime)
        self.open.append(connection)
        caller.ticket.connection = connection
        self.holders.append(caller)

    @precondition(lambda self: self.opening)
    @rule(index=INDEX, is_refused=st.booleans())
    def fail_to_open(self, index: int, is_refused: bool) -> None:
        """By an error or a cancellation; or there are too many, and it waits again."""
        caller = self.opening.pop(index % len(self.opening))
        self.slots.give_back(None)
        self.permits += 1
        if is_refused:
            self.return_to_queue(caller)
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
        if is_lost:
            self.close(connection)
            self.slots.give_back(None)
        else:
            connection.idle_since = self.now
            self.slots.give_back(connection)

    def return_to_queue(self, caller: Caller) -> None:
        caller.woken = 0
        self.slots.rejoin(caller.ticket)
        queue = self.queue(caller)
        queue.append(caller)
        queue.sort(key=lambda one: one.ticket.number)

    @precondition(lambda self: self.slots.idle)
    @rule(index=INDEX)
    def lose_idle(self, index: int) -> None:
        """It ended, or the budget reclaimed it."""
        connection = self.slots.idle[index % len(self.slots.idle)]
        self.slots.lose(connection)
        self.close(connection)
        self.settle()

    @rule(max_size=st.integers(1, 6))
    def resize(self, max_size: int) -> None:
        self.slots.max_size = max_size
        self.settle()
        self.over = max(0, self.slots.lent - max_size)

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
        self.over = min(self.over, max(0, self.slots.lent - self.slots.max_size))
        assert self.slots.size <= self.slots.max_size + self.over

    @invariant()
    def nothing_leaks(self) -> None:
        lent = [caller.ticket.connection for caller in self.holders]
        assert self.slots.lent == len(self.holders) + len(self.opening)
        assert self.slots.waiting == len(self.waiting)
        assert self.slots.wanting_new == len(self.wanting_new)
        assert len(self.open) == len(lent) + len(self.slots.idle)
        assert set(self.open) == {*lent, *self.slots.idle}

    @invariant()
    def nobody_waits_without_need(self) -> None:
        if self.waiting:
            assert not self.slots.idle
        if self.waiting or self.wanting_new:
            assert self.slots.size >= self.slots.max_size or not self.permits

    @invariant()
    def nothing_too_old_is_kept(self) -> None:
        for connection in self.slots.idle:
            assert self.now < connection.expires_at
            assert self.now < connection.idle_since + MAX_IDLE

    def teardown(self) -> None:
        """Whoever still waits is served once the others are done."""
        self.permits = max(self.permits, 1)
        self.settle()
        callers = len(self.waiting) + len(self.wanting_new) + len(self.holders)
        for _ in range(10 * (callers + 1)):
            if self.opening:
                self.fail_to_open(0, False)
            elif self.holders:
                self.finish(0, False)
        assert not self.waiting
        self.nobody_waits_without_need()  # idle ones may leave no room for new ones
        assert self.slots.lent == 0


TestSlots = _SlotsMachine.TestCase
TestSlots.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)


def test_dismissed_callers_are_woken_with_nothing() -> None:
    """As when the pool is closed."""
    slots = Slots[Connection, object](1, Connection.describe, max_idle=1, check_after=1)
    callers = [Caller() for _ in range(3)]
    for caller in callers:
        caller.ticket = slots.join(Request(), caller.wake)
    slots.serve(0)
    slots.admit(object())
    slots.dismiss()

    assert [caller.woken for caller in callers] == [1, 1, 1]
    assert [caller.ticket.is_served for caller in callers] == [True, False, False]
    assert slots.waiting == 0


def test_who_is_served_again_starts_afresh() -> None:
    """What was to be checked was the connection that turned out dead."""
    slots = Slots[Connection, object](
        1, Connection.describe, max_idle=99, check_after=1
    )
    caller = Caller()
    first = slots.join(Request(), caller.wake)
    slots.serve(0)
    slots.admit(object())
    slots.give_back(Connection(None, expires_at=99))
    caller.ticket = slots.join(Request(), caller.wake)
    slots.serve(50)
    assert first.is_served
    assert caller.ticket.check
    slots.give_back(None)
    slots.rejoin(caller.ticket)
    slots.serve(50)
    slots.admit(object())

    assert caller.ticket.is_served
    assert not caller.ticket.check
