"""Who may open a connection next, over many accounts: the budget without I/O.

A permit stands for one connection, from before it is opened until it is closed,
used or not. It counts in three scopes: its account, its host, and in all. Accounts
that want a permit take turns: each has one place in a queue, and a new one, at the
end, after each permit. An account that cannot have one since its own scope, or
that of its host, is full is parked there, out of the way of the others, and keeps
its place. If an idle connection is what fills the scope, it is reclaimed.

A connection that comes back while its pool has callers goes to the first of them:
that is a turn, too. But an account may go on so only until another has waited for
`TURN` seconds; then it must let go. Changing accounts costs a login, so they do not
change with every call.

Every operation costs a few steps, or the logarithm of how many accounts wait.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

TURN: Final = 1.0
"""Seconds that one account may go on with its connections while another waits."""


@dataclass(slots=True, eq=False)
class Scope:
    """What connections are counted in.

    Attributes:
        name: for people.
        known: most connections at once, as far as is known; None for any number.
        held: how many there are, or are being opened.
        idle: of these, those nobody uses; the one unused for longest first.
        learned: a lower bound the server has taught; None if it has not.
        learned_at: when.
    """

    name: str
    known: int | None
    held: int = 0
    idle: dict[Permit, None] = field(default_factory=dict["Permit", None])
    learned: int | None = None
    learned_at: float = 0.0

    def bound(self, now: float, recovery: float) -> int | None:
        """Return the most connections; what was learned grows by one each *recovery*.

        Args:
            now: seconds of the budget's clock.
            recovery: seconds.
        """
        if self.learned is None:
            return self.known
        grown = self.learned + int((now - self.learned_at) / recovery)
        if self.known is not None and grown >= self.known:
            self.learned = None
            return self.known
        return grown


class _Place(Enum):
    READY = auto()
    AT_HOST = auto()
    AT_ACCOUNT = auto()


@dataclass(slots=True, eq=False)
class Host(Scope):
    """A server. In *parked* are the accounts that wait for it alone."""

    accounts: int = 0
    parked: list[tuple[int, Account]] = field(
        default_factory=list[tuple[int, "Account"]]
    )


@dataclass(slots=True, kw_only=True, eq=False)
class Account(Scope):
    """Who logs in.

    Attributes:
        wanting: its shares that want permits, in turn.
        shares: how many shares there are.
        place: where its place in the queue is.
        turn: the lower, the earlier it is served.
        since: when it has had a turn, or joined the queue.
    """

    key: tuple[str, str]
    host: Host
    wanting: dict[Share, None] = field(default_factory=dict["Share", None])
    shares: int = 0
    place: _Place | None = None
    turn: int = 0
    since: float = 0.0


@dataclass(slots=True, eq=False)
class Share:
    """One pool's part in the budget.

    Attributes:
        account: whose connections they are.
        reclaim: called with the permit of an idle connection that must be closed
            now; the permit is gone already.
        notify: called when there is something in `granted`.
        wanted: permits it still wants.
        granted: permits it has been given and not taken.
        since: when it has had a turn, or began to want.
    """

    account: Account
    reclaim: Callable[[Permit], None]
    notify: Callable[[], None]
    wanted: int = 0
    granted: deque[Permit] = field(default_factory=deque["Permit"])
    since: float = 0.0


@dataclass(slots=True, eq=False)
class Permit:
    """For one connection of *share*."""

    share: Share


@dataclass(frozen=True, slots=True)
class Grant:
    """*share* has been given a permit."""

    share: Share


@dataclass(frozen=True, slots=True)
class Reclaim:
    """The idle connection of *permit* must be closed; the permit is gone."""

    permit: Permit


class Allocation:
    """Every permit, and everybody who wants one.

    Args:
        total: most connections in all; None for any number.
        recovery: seconds after which a bound that was learned grows by one.
    """

    def __init__(self, total: int | None, recovery: float) -> None:
        self.total = Scope("all accounts", total)
        self.accounts: dict[tuple[str, str], Account] = {}
        self.hosts: dict[str, Host] = {}
        self._recovery = recovery
        self._ready: list[tuple[int, Account]] = []
        self._last_turn = 0

    def account(
        self, host: str, user: str, per_host: int | None, per_account: int | None
    ) -> Account:
        """Return the account of *user* on *host*, made if there is none."""
        found = self.accounts.get((host, user))
        if found is None:
            server = self.hosts.get(host)
            if server is None:
                server = self.hosts[host] = Host(host, per_host)
            server.accounts += 1
            found = Account(
                f"{user}@{host}", per_account, key=(host, user), host=server
            )
            self.accounts[host, user] = found
        return found

    def forget(self, account: Account) -> None:
        """Forget *account* if nobody has anything to do with it any more."""
        if account.shares or account.held or self.accounts.get(account.key) is None:
            return
        del self.accounts[account.key]
        account.host.accounts -= 1
        if not account.host.accounts:
            del self.hosts[account.host.name]

    def want(self, share: Share, count: int, now: float) -> None:
        """Note that *share* wants *count* permits, with those it has not taken."""
        while len(share.granted) > count:
            self.release(share.granted.pop())
        account = share.account
        share.wanted = count - len(share.granted)
        if not share.wanted:
            account.wanting.pop(share, None)
            return
        if share not in account.wanting:
            share.since = now
            account.wanting[share] = None
        if account.place is None:
            self._take_place(account, now)
            self._make_ready(account)
        else:
            self._unpark(account)  # its bound may have grown
        self._unpark_at(account.host)

    def release(self, permit: Permit) -> None:
        """Take *permit* back: its connection is closed."""
        account = permit.share.account
        for scope in (account, account.host, self.total):
            scope.held -= 1
            scope.idle.pop(permit, None)
        self._unpark(account)
        self._unpark_at(account.host)

    def set_idle(self, permit: Permit) -> None:
        """Note that nobody uses the connection of *permit*: it may be reclaimed."""
        account = permit.share.account
        for scope in (account, account.host, self.total):
            scope.idle[permit] = None
        self._unpark(account)
        self._unpark_at(account.host)

    def set_busy(self, permit: Permit) -> None:
        """Note that somebody uses it."""
        account = permit.share.account
        for scope in (account, account.host, self.total):
            scope.idle.pop(permit, None)

    def bound(self, scope: Scope, now: float) -> int | None:
        """Return the most connections in *scope*; None for any number."""
        return scope.bound(now, self._recovery)

    def learn(self, scope: Scope, now: float) -> None:
        """Note that the server has refused one of the connections of *scope*."""
        refused = max(1, scope.held - 1)
        bound = self.bound(scope, now)
        scope.learned = refused if bound is None else min(bound, refused)
        scope.learned_at = now

    def grows_in(self, scope: Scope, now: float) -> float | None:
        """Return the seconds until *scope* has more room by itself; None for never."""
        if scope.learned is None:
            return None
        return self._recovery - (now - scope.learned_at) % self._recovery

    def full_scope(self, account: Account, now: float) -> Scope | None:
        """Return the narrowest scope that has no room for *account*."""
        for scope in (account, account.host, self.total):
            bound = self.bound(scope, now)
            if bound is not None and scope.held >= bound:
                return scope
        return None

    def decide(self, now: float) -> Grant | Reclaim | None:
        """Return the next thing that happens; None if nothing does.

        It has happened already, as far as this ledger goes.
        """
        while self._ready:
            turn, account = self._ready[0]
            if turn != account.turn:
                heapq.heapreplace(self._ready, (account.turn, account))
                continue
            scope = self.full_scope(account, now) if account.wanting else None
            if scope is not None and scope.idle:
                permit = next(iter(scope.idle))
                self.release(permit)
                return Reclaim(permit)
            if scope is self.total:
                return None  # nobody else can have one either
            heapq.heappop(self._ready)
            account.place = None
            if scope is account.host:
                account.place = _Place.AT_HOST
                heapq.heappush(account.host.parked, (turn, account))
                continue
            if scope is account:
                account.place = _Place.AT_ACCOUNT
            elif account.wanting:
                grant = self._grant(account, now)
                self._unpark_at(account.host)
                return grant
            self._unpark_at(account.host)  # the place it leaves is for another
        return None

    def must_yield(self, permit: Permit, now: float) -> bool:
        """Return whether others have waited for it for too long.

        Args:
            permit: of a connection that has just come back, and that its pool
                has another caller for.
            now: seconds of the budget's clock.
        """
        account = permit.share.account
        first = next(iter(account.wanting), permit.share)
        heads = [self._head(self._ready), self._head(account.host.parked)]
        others: list[Share | Account] = [one for one in heads if one is not None]
        if account.place is _Place.AT_ACCOUNT:
            others.append(first)
        return any(
            one not in (account, permit.share) and now - one.since >= TURN
            for one in others
        )

    def _head(self, queue: list[tuple[int, Account]]) -> Account | None:
        """Return the account in *queue* that is served first, if any wants to be."""
        while queue:
            turn, account = queue[0]
            if not account.wanting:
                heapq.heappop(queue)
                account.place = None
            elif turn != account.turn:
                heapq.heapreplace(queue, (account.turn, account))
            else:
                return account
        return None

    def take_turn(self, share: Share, now: float) -> None:
        """Note that *share* has gone on with a connection of its own."""
        account = share.account
        self._take_place(account, now)
        share.since = now
        if share in account.wanting:
            del account.wanting[share]
            account.wanting[share] = None

    def _grant(self, account: Account, now: float) -> Grant:
        share = next(iter(account.wanting))
        del account.wanting[share]
        share.wanted -= 1
        share.granted.append(Permit(share))
        for scope in (account, account.host, self.total):
            scope.held += 1
        share.since = now
        if share.wanted:
            account.wanting[share] = None  # behind the others of the account
        if account.wanting:
            self._take_place(account, now)
            self._make_ready(account)
        return Grant(share)

    def _take_place(self, account: Account, now: float) -> None:
        """Have the last place; if it is in a queue, it is moved when it is found."""
        self._last_turn += 1
        account.turn = self._last_turn
        account.since = now

    def _make_ready(self, account: Account) -> None:
        account.place = _Place.READY
        # Turns differ, so accounts are never compared.
        heapq.heappush(self._ready, (account.turn, account))

    def _unpark(self, account: Account) -> None:
        if account.place is _Place.AT_ACCOUNT:
            self._make_ready(account)

    def _unpark_at(self, host: Host) -> None:
        """Have the account that has waited longest for *host* looked at again."""
        account = self._head(host.parked)
        if account is not None:
            heapq.heappop(host.parked)
            self._make_ready(account)
