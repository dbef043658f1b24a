"""What many accounts tell about themselves."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from ..pool import BudgetStats, IMAPConnectionPool, PoolStats
from ..resilience import CircuitSnapshot

T = TypeVar("T")


class AccountState(StrEnum):
    """How an account fares."""

    UNUSED = "unused"
    """It has not been connected to."""
    HEALTHY = "healthy"
    """It was, when it was tried last."""
    FAILING = "failing"
    """It could not be, when it was tried last."""


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """How one account stands.

    Attributes:
        name: what it is called.
        state: how it fares.
        error: why it is failing, such as what a token provider raises; None if it
            is not.
        failures: attempts in a row to connect that failed.
        circuit: whether connecting is tried, or it is left alone, and how long.
        stats: of its connections.
    """

    name: str
    state: AccountState
    error: Exception | None
    failures: int
    circuit: CircuitSnapshot
    stats: PoolStats

    @classmethod
    def of(cls, name: str, pool: IMAPConnectionPool) -> AccountHealth:
        """Return the health of the account of *pool*."""
        stats = pool.stats()
        if stats.failures:
            state = AccountState.FAILING
        elif stats.opened:
            state = AccountState.HEALTHY
        else:
            state = AccountState.UNUSED
        return cls(name, state, pool.last_error, stats.failures, stats.circuit, stats)


@dataclass(frozen=True, slots=True)
class AccountsStats:
    """How many accounts stand together.

    Attributes:
        accounts: how many there are.
        healthy: of these, those that could be connected to.
        failing: of these, those that could not.
        connections: there are, or are being opened.
        busy: of these, those in use.
        waiting: callers waiting for a connection.
        opened: connections opened so far, by the accounts there are.
        budget: what bounds them.
    """

    accounts: int
    healthy: int
    failing: int
    connections: int
    busy: int
    waiting: int
    opened: int
    budget: BudgetStats

    @classmethod
    def of(
        cls, accounts: Iterable[AccountHealth], budget: BudgetStats
    ) -> AccountsStats:
        """Return the sums over *accounts*."""
        accounts = tuple(accounts)
        states = [account.state for account in accounts]
        return cls(
            len(accounts),
            states.count(AccountState.HEALTHY),
            states.count(AccountState.FAILING),
            sum(account.stats.size for account in accounts),
            sum(account.stats.busy for account in accounts),
            sum(account.stats.waiting for account in accounts),
            sum(account.stats.opened for account in accounts),
            budget,
        )


@dataclass(frozen=True, slots=True)
class AccountOutcome(Generic[T]):
    """What came of something done with an account.

    Attributes:
        name: of the account.
        value: what was returned; None if something was raised.
        error: what was raised; None if nothing was. A `CancelledError` is of
            something that was awaited, and cancelled by others.
    """

    name: str
    value: T | None
    error: Exception | CancelledError | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was raised."""
        return self.error is None

    def result(self) -> T:
        """Return what was returned, or raise what was raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # it was returned, None or not
