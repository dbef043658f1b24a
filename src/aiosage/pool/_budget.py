"""A bound on connections over many pools."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..connection import ConnectionConfig
from ..errors import IMAPConfigurationError
from ..model import profile_of
from ..resilience import (
    AdaptiveRateLimiter,
    CircuitRules,
    CircuitSnapshot,
    RateSnapshot,
)
from ._allocation import Allocation, Permit, Scope, Share
from ._circuits import USUAL_CIRCUIT, HostCircuits, PoolCircuits, delay_for_host
from ._refusals import is_throttled
from ._share import BudgetShare


@dataclass(frozen=True, slots=True)
class BudgetStats:
    """How a budget stands.

    Attributes:
        held: connections there are, or are being opened.
        idle: of these, those nobody uses; they make room for others.
        waiting: accounts that wait until there is room.
        learned: the bounds that servers have taught and that still hold, by
            account (``user@host``) or host.
        circuits: the servers that are left alone since connecting has failed
            again and again, by address and security, as ``host:993 (tls)``.
        rates: how logins are paced, by address.
    """

    held: int
    idle: int
    waiting: int
    learned: dict[str, int]
    circuits: dict[str, CircuitSnapshot]
    rates: dict[str, RateSnapshot]


class ConnectionBudget:
    """Bounds the connections of all pools that share it: by account, host and in all.

    Providers cap connections: Gmail at 15 to an account. What is known of them
    is bounded without being told. A server that answers "too many connections"
    teaches a lower bound, which recovers by one connection at a time.

    When there is no room, accounts take turns, callers of one account are served
    in the order they came, and the connection that nobody has used for longest
    is closed for who waits. A connection that is held, as by a watch, counts
    until it is given back. It counts the connections of this process only.

    To a server that could not be reached, or an account that was refused, several
    times in a row nobody connects for a while. If that is seconds, who wants to
    waits, else it gets a `CircuitOpen` at once. Then one tries, the others wait for
    that, and if it fails, the while is twice as long. A server that says how long to
    leave it, or an account, alone is obeyed at once.

    Args:
        total: most connections in all; None for any number.
        per_host: most to one host.
        per_account: most to one account, where not fewer are known to be allowed.
        recovery: seconds after which a bound that was learned grows by one.
        circuit: when a server, or an account, to which connecting fails again and
            again is left alone, and for how long; None for never.
        rate: logins per second to one host, at most; fewer after it has answered
            that there are too many, and slowly more again. None for any number.
        clock: seconds, never going back.

    Raises:
        IMAPConfigurationError: a number is too small.
    """

    def __init__(
        self,
        *,
        total: int | None = None,
        per_host: int | None = None,
        per_account: int | None = None,
        recovery: float = 10 * 60.0,
        circuit: CircuitRules | None = USUAL_CIRCUIT,
        rate: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        mistakes = [
            f"{name}: {value} is less than 1"
            for name, value in (
                ("total", total),
                ("per_host", per_host),
                ("per_account", per_account),
            )
            if value is not None and value < 1
        ]
        if recovery <= 0:
            mistakes.append(f"recovery: {recovery!r} is not a positive number")
        if rate is not None and not 0 < rate < math.inf:
            mistakes.append(f"rate: {rate!r} is not a positive number")
        if mistakes:
            raise IMAPConfigurationError(mistakes)
        self._per_host = per_host
        self._per_account = per_account
        self._clock = clock
        self._allocation = Allocation(total, recovery)
        self._circuits = HostCircuits(circuit, clock)
        self._rate = rate
        self._limiters: dict[str, AdaptiveRateLimiter] = {}

    def __repr__(self) -> str:
        stats = self.stats()
        return f"<ConnectionBudget {stats.held} held, {stats.waiting} waiting>"

    def stats(self) -> BudgetStats:
        """Return how it stands. Costs a look at every account."""
        now = self._clock()
        accounts = self._allocation.accounts.values()
        scopes: list[Scope] = [*accounts, *self._allocation.hosts.values()]
        learned: dict[str, int] = {}
        for scope in scopes:
            bound = self._allocation.bound(scope, now)
            if bound is not None and scope.learned is not None:
                learned[scope.name] = bound
        total = self._allocation.total
        waiting = sum(1 for account in accounts if account.wanting)
        return BudgetStats(
            total.held,
            len(total.idle),
            waiting,
            learned,
            self._circuits.snapshots(),
            {key: one.snapshot() for key, one in self._limiters.items()},
        )

    def limiter(self, config: ConnectionConfig) -> AdaptiveRateLimiter | None:
        """Return what paces the logins to the host of *config*; None for nothing."""
        if self._rate is None:
            return None
        key = config.address.lower()
        if key not in self._limiters:
            self._limiters[key] = AdaptiveRateLimiter(
                self._rate,
                lowest=min(self._rate, 0.1),
                highest=self._rate,
                step=self._rate / 20,
                slow=math.inf,  # a slow login is none too many
                is_throttled=is_throttled,
                delay_of=delay_for_host,
                clock=self._clock,
            )
        return self._limiters[key]

    def circuits(self, config: ConnectionConfig) -> PoolCircuits:
        """Return what keeps a pool of *config* from connecting in vain."""
        return self._circuits.for_pool(config)

    def join(
        self,
        config: ConnectionConfig,
        *,
        reclaim: Callable[[Permit], None],
        notify: Callable[[], None],
    ) -> BudgetShare:
        """Return a pool's part in it.

        Args:
            config: the account.
            reclaim: must close the idle connection of a permit, which is gone.
            notify: called, soon, when a permit that was wanted can be taken.
        """
        host = config.host.lower().rstrip(".")
        bounds = (self._per_account, profile_of(host).max_connections)
        known = min((bound for bound in bounds if bound is not None), default=None)
        account = self._allocation.account(host, config.username, self._per_host, known)
        account.shares += 1
        share = Share(account, reclaim, notify)
        return BudgetShare(self._allocation, share, self._clock)
