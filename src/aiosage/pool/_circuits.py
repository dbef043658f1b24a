"""Not connecting for a while where that has failed again and again.

There is a circuit for each server, with TLS and without, which all pools of a budget
share, and one for each pool. What fails before logging in begins is the server's, or
its network's; what fails then is the account's, so that a wrong password, or one
mailbox that hangs, keeps nobody else out.
"""

from __future__ import annotations

import logging
import ssl
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import Enum
from typing import Final

from ..connection import ConnectionConfig, Proxy
from ..errors import (
    CircuitOpen,
    IMAPAuthenticationError,
    IMAPConnectError,
    IMAPConnectionError,
    IMAPError,
)
from ..resilience import CircuitBreaker, CircuitRules, CircuitSnapshot, CircuitState
from ._refusals import is_in_login

log = logging.getLogger("aiosage.pool")

USUAL_CIRCUIT: Final = CircuitRules(failures=5, recovery=1.0, longest=60.0)
"""Short at first, so that a server that restarts is soon found to be back."""

_LONGEST_DELAY: Final = 3600.0
"""Seconds a server is left alone, at most, because it asks for that."""

_NEVER: Final = CircuitRules(failures=sys.maxsize)

_SEVERITY: Final = {
    CircuitState.CLOSED: 0,
    CircuitState.HALF_OPEN: 1,
    CircuitState.OPEN: 2,
}


class Fault(Enum):
    """Whose fault it is that there is no connection."""

    HOST = "host"
    ACCOUNT = "account"


def fault_of(error: Exception) -> Fault | None:
    """Return whose fault *error* is; None if it tells of neither.

    Args:
        error: of opening a connection.
    """
    if isinstance(error, IMAPAuthenticationError):
        return Fault.ACCOUNT
    if not isinstance(error, IMAPConnectionError):
        return None  # of this program: a setting, a token provider
    is_elsewhere = isinstance(error, IMAPConnectError) and error.referral is not None
    # Accounts have TLS settings of their own; but an end amid it is the server's.
    cause = error.__cause__
    is_tls = isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError)
    if is_elsewhere or is_tls or is_in_login(error):
        return Fault.ACCOUNT
    return Fault.HOST


def delay_for_host(error: Exception) -> float | None:
    """Return the seconds that *error* asks all accounts of its host to wait.

    What is asked of one account is no matter to the others.
    """
    if isinstance(error, IMAPConnectionError) and fault_of(error) is Fault.HOST:
        return _delay(error)
    return None


def _delay(error: Exception) -> float | None:
    if not isinstance(error, IMAPError) or error.retry_after is None:
        return None
    return min(error.retry_after, _LONGEST_DELAY)


def _counts_for_host(error: Exception) -> bool | None:
    fault = fault_of(error)
    return None if fault is None else fault is Fault.HOST


def _counts_for_account(error: Exception) -> bool | None:
    return True if fault_of(error) is Fault.ACCOUNT else None


def _tell(key: str, circuit: CircuitSnapshot) -> None:
    if circuit.state is CircuitState.OPEN:
        log.info("%s is left alone for %.0f s", key, circuit.retry_after)
    elif circuit.state is CircuitState.CLOSED:
        log.info("%s can be connected to again", key)


class HostCircuits:
    """The circuits of the servers.

    Args:
        rules: when they open, and for how long; None for never.
        clock: seconds, never going back.
    """

    def __init__(self, rules: CircuitRules | None, clock: Callable[[], float]) -> None:
        self._rules = rules or _NEVER
        self._clock = clock
        self._breaker = self._make(_counts_for_host)

    def _make(self, counts: Callable[[Exception], bool | None]) -> CircuitBreaker[str]:
        return CircuitBreaker(
            failures=self._rules.failures,
            recovery=self._rules.recovery,
            longest=self._rules.longest,
            counts=counts,
            delay_of=_delay if self._rules is not _NEVER else lambda error: None,
            on_change=_tell,
            clock=self._clock,
        )

    def for_pool(self, config: ConnectionConfig) -> PoolCircuits:
        """Return what a pool of connections like *config* asks."""
        return PoolCircuits(config, self._breaker, self._make(_counts_for_account))

    def snapshots(self) -> dict[str, CircuitSnapshot]:
        """Return how those stand that keep anybody out, by address."""
        found = self._breaker.snapshots()
        return {
            key: one
            for key, one in found.items()
            if one.state is not CircuitState.CLOSED
        }


class PoolCircuits:
    """The circuits of one pool: its server's, and its own.

    An account is told apart by its pool, since another of the same name may have
    another password.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        hosts: CircuitBreaker[str],
        own: CircuitBreaker[str],
    ) -> None:
        # A port that has no TLS is not away for those who want none.
        self._host = f"{config.address.lower()} ({config.security})"
        if isinstance(config.proxy, Proxy):
            self._host += f" through {config.proxy.address}"
        self._account = config.account
        self._hosts = hosts
        self._own = own

    @contextmanager
    def connecting(self, why: Exception | None = None) -> Generator[None]:
        """Connect within the block, if both circuits let it.

        Args:
            why: the last error, for who is not let.

        Raises:
            CircuitOpen: one does not.
        """
        try:
            with self._own.calling(self._account), self._hosts.calling(self._host):
                yield
        except CircuitOpen as error:
            raise error from why

    def check(self, why: Exception | None = None) -> None:
        """Find out whether it is of any use to wait for one's turn to connect.

        Args:
            why: the last error, for who shall not.

        Raises:
            CircuitOpen: it is of none, yet.
        """
        for key, circuits in (self._account, self._own), (self._host, self._hosts):
            circuit = circuits.snapshot(key)
            if circuit.state is CircuitState.OPEN:
                raise CircuitOpen(key, retry_after=circuit.retry_after) from why

    def snapshot(self) -> CircuitSnapshot:
        """Return how that one stands which holds up for longer."""
        both = self._own.snapshot(self._account), self._hosts.snapshot(self._host)
        return max(both, key=lambda one: (_SEVERITY[one.state], one.retry_after))
