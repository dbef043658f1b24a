"""The budget under any interleaving: bounds hold, accounts take turns."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from aiosage.pool._allocation import TURN, Allocation, Grant, Permit, Scope, Share

RECOVERY = 100.0
INDEX = st.integers(0, 1_000_000)
BOUND = st.one_of(st.none(), st.integers(1, 4))


class Budget:
    """An `Allocation` with pools that do as they are told."""

    def __init__(
        self, total: int | None, per_host: int | None, per_account: int | None
    ) -> None:
        self.now = 0.0
        self.allocation = Allocation(total, RECOVERY)
        self.per_host = per_host
        self.per_account = per_account
        self.shares: list[Share] = []
        self.busy: list[Permit] = []
        self.idle: deque[Permit] = deque()
        self.log: list[Share] = []

    def join(self, host: str, user: str) -> Share:
        """Return another share of an account."""
        account = self.allocation.account(host, user, self.per_host, self.per_account)
        account.shares += 1

        def notify() -> None:
            """Nothing waits for it here."""

        share = Share(account, self.idle.remove, notify)
        self.shares.append(share)
        return share

    def settle(self) -> None:
        """Do what has become possible."""
        while (decision := self.allocation.decide(self.now)) is not None:
            if isinstance(decision, Grant):
                self.log.append(decision.share)
            else:
                decision.permit.share.reclaim(decision.permit)

    def want(self, share: Share, count: int) -> None:
        """Want *count* in all, and take what there is."""
        self.allocation.want(share, count, self.now)
        self.settle()
        self.take()

    def take(self) -> None:
        """Have every share take what it was granted."""
        for share in self.shares:
            self.busy.extend(share.granted)
            share.granted.clear()

    def release(self, permit: Permit) -> None:
        """Close the connection of *permit*."""
        (self.busy if permit in self.busy else self.idle).remove(permit)
        self.allocation.release(permit)
        self.settle()
        self.take()

    def rest(self, permit: Permit) -> None:
        """Use it no more."""
        self.busy.remove(permit)
        self.idle.append(permit)
        self.allocation.set_idle(permit)
        self.settle()
        self.take()


class _AllocationMachine(RuleBasedStateMachine):
    """Pools of several accounts on several hosts do whatever they may."""

    may_learn = False

    @initialize(total=BOUND, per_host=BOUND, per_account=BOUND, may_learn=st.booleans())
    def begin(
        self,
        total: int | None,
        per_host: int | None,
        per_account: int | None,
        may_learn: bool,
    ) -> None:
        self.may_learn = may_learn
        self.budget = Budget(total, per_host, per_account)
        self.allocation = self.budget.allocation
        for host, user in ("aw", "aw", "ax", "ay", "bw", "bz"):
            self.budget.join(host, user)

    @rule(index=INDEX, count=st.integers(0, 3))
    def want(self, index: int, count: int) -> None:
        self.budget.want(self.budget.shares[index % 6], count)

    @precondition(lambda self: self.budget.busy)
    @rule(index=INDEX)
    def finish(self, index: int) -> None:
        self.budget.release(self.budget.busy[index % len(self.budget.busy)])

    @precondition(lambda self: self.budget.busy)
    @rule(index=INDEX)
    def rest(self, index: int) -> None:
        """A pool keeps an unused connection only if no caller of its own waits."""
        permit = self.budget.busy[index % len(self.budget.busy)]
        if not permit.share.wanted:
            self.budget.rest(permit)

    @precondition(lambda self: self.budget.busy)
    @rule(index=INDEX)
    def go_on(self, index: int) -> None:
        """A pool whose callers wait keeps the connection, or has to let go."""
        permit = self.budget.busy[index % len(self.budget.busy)]
        if self.allocation.must_yield(permit, self.budget.now):
            self.budget.release(permit)
        else:
            self.allocation.take_turn(permit.share, self.budget.now)

    @precondition(lambda self: self.budget.idle)
    @rule(index=INDEX)
    def use_again(self, index: int) -> None:
        permit = self.budget.idle[index % len(self.budget.idle)]
        self.budget.idle.remove(permit)
        self.budget.busy.append(permit)
        self.allocation.set_busy(permit)

    @precondition(lambda self: self.may_learn and self.budget.busy)
    @rule(index=INDEX, whole_host=st.booleans())
    def be_refused(self, index: int, whole_host: bool) -> None:
        permit = self.budget.busy[index % len(self.budget.busy)]
        account = permit.share.account
        scope = account.host if whole_host else account
        self.allocation.learn(scope, self.budget.now)
        self.budget.release(permit)
        bound = self.allocation.bound(scope, self.budget.now)
        assert bound is not None
        assert scope.held <= max(bound, 1)

    @rule(seconds=st.floats(0.1, 150))
    def let_time_pass(self, seconds: float) -> None:
        self.budget.now += seconds

    @invariant()
    def bounds_hold(self) -> None:
        budget = self.budget
        hosts = Counter(permit.share.account.host.name for permit in self.permits)
        accounts = Counter(permit.share.account.key for permit in self.permits)
        if (total := self.allocation.total.known) is not None:
            assert len(self.permits) <= total
        if budget.per_host is not None:
            assert all(count <= budget.per_host for count in hosts.values())
        if budget.per_account is not None:
            assert all(count <= budget.per_account for count in accounts.values())

    @invariant()
    def nothing_leaks(self) -> None:
        permits = self.permits
        assert self.allocation.total.held == len(permits)
        assert list(self.allocation.total.idle) == list(self.budget.idle)
        for account in self.allocation.accounts.values():
            mine = [one for one in permits if one.share.account is account]
            assert account.held == len(mine)
            assert set(account.idle) == {one for one in mine if one in self.budget.idle}
        for host in self.allocation.hosts.values():
            here = [one for one in permits if one.share.account.host is host]
            assert host.held == len(here)

    @property
    def permits(self) -> list[Permit]:
        """Every permit that is out."""
        return [*self.budget.busy, *self.budget.idle]

    @invariant()
    def nobody_waits_without_need(self) -> None:
        """Who waits does so for connections in use; idle ones make room.

        What has been learned grows with time alone, which nobody tells; who wants
        something, or gives something back, finds out.
        """
        for share in self.budget.shares:
            if share.wanted:
                scope = self.allocation.full_scope(share.account, self.budget.now)
                assert self.may_learn or (scope is not None and not scope.idle)

    def teardown(self) -> None:
        """Everybody is served once the others are done."""
        if not hasattr(self, "budget"):
            return
        for _ in range(100):
            if self.budget.busy:
                self.budget.release(self.budget.busy[0])
        assert not any(share.wanted for share in self.budget.shares)


TestAllocation = _AllocationMachine.TestCase
TestAllocation.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None
)


def served(budget: Budget) -> str:
    """Return the users in the order they were served."""
    return "".join(share.account.key[1] for share in budget.log)


def test_accounts_take_turns_however_much_one_wants() -> None:
    budget = Budget(total=1, per_host=None, per_account=None)
    greedy, modest, third = (budget.join("host", user) for user in "abc")
    budget.want(greedy, 5)
    budget.want(modest, 2)
    budget.want(third, 1)
    while budget.busy:
        budget.release(budget.busy[0])

    assert served(budget) == "a" + "abcabaa"


def test_an_account_that_may_not_have_more_holds_up_nobody() -> None:
    """Neither by its own bound nor by that of its host."""
    budget = Budget(total=10, per_host=3, per_account=2)
    a, b, c = budget.join("x", "a"), budget.join("x", "b"), budget.join("y", "c")
    budget.want(a, 9)
    assert served(budget) == "aa"
    budget.want(b, 9)
    assert served(budget) == "aab"
    budget.want(c, 9)
    assert served(budget) == "aabcc"


def test_who_waits_for_a_host_keeps_its_turn() -> None:
    budget = Budget(total=2, per_host=1, per_account=None)
    shares = [budget.join("x", user) for user in "abc"]
    other = budget.join("y", "d")
    for share in shares:
        budget.want(share, 1)
    budget.want(other, 3)
    assert served(budget) == "ad"
    while budget.busy:
        budget.release(budget.busy[0])

    assert served(budget) == "adbdcd"


def test_the_connection_unused_for_longest_makes_room() -> None:
    budget = Budget(total=3, per_host=None, per_account=None)
    a, b, c, d = (budget.join("host", user) for user in "abcd")
    for share in (a, b, c):
        budget.want(share, 1)
    of_a, of_b, of_c = budget.busy
    for permit in (of_b, of_a, of_c):
        budget.rest(permit)
    budget.want(d, 1)

    assert list(budget.idle) == [of_a, of_c]
    assert [permit.share for permit in budget.busy] == [d]


def test_a_connection_in_use_that_comes_back_makes_room_at_once() -> None:
    budget = Budget(total=1, per_host=None, per_account=None)
    a, b = budget.join("host", "a"), budget.join("host", "b")
    budget.want(a, 1)
    budget.want(b, 1)
    budget.rest(budget.busy[0])

    assert [permit.share for permit in budget.busy] == [b]
    assert not budget.idle


def test_an_account_may_go_on_until_another_has_waited_for_a_turn() -> None:
    """A change costs a login; but nobody waits for ever."""
    budget = Budget(total=1, per_host=None, per_account=None)
    a, b = budget.join("host", "a"), budget.join("host", "b")
    budget.want(a, 1)
    (permit,) = budget.busy
    assert not budget.allocation.must_yield(permit, budget.now)
    budget.want(b, 1)
    assert not budget.allocation.must_yield(permit, budget.now)
    budget.allocation.take_turn(a, budget.now)
    assert not budget.allocation.must_yield(permit, budget.now + TURN / 2)
    budget.allocation.take_turn(a, budget.now + TURN / 2)
    assert budget.allocation.must_yield(permit, budget.now + TURN)
    budget.release(permit)

    assert served(budget) == "ab"


@pytest.mark.parametrize("total", [1, None])
def test_two_pools_of_one_account_take_turns_too(total: int | None) -> None:
    budget = Budget(total=total, per_host=None, per_account=1)
    one, other = budget.join("host", "a"), budget.join("host", "a")
    budget.want(one, 1)
    budget.want(other, 1)
    budget.want(one, 2)
    (permit,) = budget.busy
    assert permit.share is one
    assert budget.allocation.must_yield(permit, TURN)
    budget.release(permit)
    assert budget.log == [one, other]


def test_a_bound_is_learned_from_a_refusal_and_recovers_slowly() -> None:
    budget = Budget(total=None, per_host=None, per_account=15)
    share = budget.join("host", "a")
    account = share.account
    budget.want(share, 5)
    for _ in range(2):  # the server lets three in
        budget.allocation.learn(account, budget.now)
        budget.release(budget.busy[-1])
    assert budget.allocation.bound(account, 0) == 3
    budget.want(share, 1)
    assert share.wanted == 1
    assert budget.allocation.bound(account, RECOVERY - 1) == 3
    budget.now = RECOVERY
    assert budget.allocation.bound(account, budget.now) == 4
    budget.want(share, 1)
    assert len(budget.busy) == 4
    assert budget.allocation.bound(account, RECOVERY * 100) == 15
    assert account.learned is None


def test_one_refusal_never_teaches_that_nothing_is_allowed() -> None:
    """Another program may hold them all; one's own first must be tried again."""
    budget = Budget(total=None, per_host=None, per_account=None)
    share = budget.join("host", "a")
    budget.want(share, 1)
    budget.allocation.learn(share.account, budget.now)
    budget.release(budget.busy[0])
    budget.want(share, 1)

    assert len(budget.busy) == 1


def test_what_nobody_uses_is_forgotten() -> None:
    """Thousands of accounts may come and go."""
    budget = Budget(total=None, per_host=None, per_account=None)
    a, b = budget.join("host", "a"), budget.join("host", "b")
    budget.want(a, 1)
    a.account.shares -= 1
    budget.allocation.forget(a.account)
    assert len(budget.allocation.accounts) == 2  # a connection is still open
    budget.release(budget.busy[0])
    budget.allocation.forget(a.account)
    assert list(budget.allocation.accounts.values()) == [b.account]
    b.account.shares -= 1
    budget.allocation.forget(b.account)
    assert not budget.allocation.hosts


def test_accounts_that_cannot_have_more_are_not_looked_at_again() -> None:
    """Else each of thousands would cost the others a look at all of them."""
    budget = Budget(total=2000, per_host=1, per_account=None)
    for number in range(1000):
        budget.want(budget.join("full", f"user{number}"), 1)
    looks = 0
    full_scope = budget.allocation.full_scope

    def look(*args: Any) -> Scope | None:
        nonlocal looks
        looks += 1
        return full_scope(*args)

    budget.allocation.full_scope = look  # type: ignore[assignment, method-assign]  # to count
    budget.want(budget.join("other", "jane"), 1)
    assert looks == 1
    budget.release(budget.busy[0])
    assert looks <= 5
    assert len(budget.log) == 3
