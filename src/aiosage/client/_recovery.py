"""What may be done about an error, as a pure function; and doing it."""

from __future__ import annotations

import copy
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeVar

import anyio

from ..connection import IMAPConnection
from ..errors import (
    CircuitOpen,
    IMAPAuthenticationError,
    IMAPConnectError,
    IMAPConnectionError,
    IMAPError,
    IMAPOperationError,
    IMAPProtocolError,
    IMAPTimeoutError,
)
from ..resilience import RetryPolicy, retry
from ._baseline import Baseline, Baselines

log = logging.getLogger("aiosage.client")

T = TypeVar("T")

SETTLE: Final = 1.0
"""Seconds for a server to end what it had received before the connection went.

Who looks before that may see that nothing was done, and do it twice.
"""

_LOOK_AGAIN: Final = (1, 2, 4)
"""Times `SETTLE` between looks that see nothing: servers may be busy, or wait for a
lock. Only then they are taken to have done nothing."""


class Action(Enum):
    """What may be done about an error."""

    GIVE_UP = "give up"
    """The same would come again, or nobody knows what would."""
    WAIT = "try again later"
    """The server was not able to; the connection is good."""
    RECONNECT = "try again on another connection"
    """The connection is lost; to do it again is safe."""
    FIND_OUT = "find out"
    """It may have been done; only if it was not, it may be done again."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about an error, and when.

    Attributes:
        action: what.
        wait: seconds before, at least; None if it does not matter.
    """

    action: Action
    wait: float | None = None


def decide(error: Exception, *, repeatable: bool) -> Decision:
    """Return what may be done about *error*.

    Args:
        error: of a command, or of connecting for it.
        repeatable: doing it twice is like doing it once.
    """
    if isinstance(error, IMAPOperationError):
        if not error.retryable:
            return Decision(Action.GIVE_UP)
        # Refused means not done (RFC 9051 §6.3.12, §6.4.7), but who knows of bugs.
        is_unclear = error.code == "SERVERBUG" and not repeatable
        return Decision(
            Action.FIND_OUT if is_unclear else Action.WAIT, error.retry_after
        )
    if isinstance(error, CircuitOpen):
        why = error.__cause__
        if isinstance(why, IMAPError) and not isinstance(why, CircuitOpen):
            action = decide(why, repeatable=True).action  # what is hopeless stays so
        else:
            action = Action.RECONNECT
        return Decision(action, error.retry_after)
    if isinstance(error, IMAPAuthenticationError):
        hopeful = error.retryable and error.referral is None
        return Decision(
            Action.RECONNECT if hopeful else Action.GIVE_UP, error.retry_after
        )
    if not isinstance(error, IMAPConnectionError) or _is_hopeless(error):
        return Decision(Action.GIVE_UP)
    if not error.maybe_executed:
        return Decision(Action.RECONNECT, error.retry_after)
    wait = max(SETTLE, error.retry_after or 0.0)
    return Decision(Action.RECONNECT if repeatable else Action.FIND_OUT, wait)


async def find_out(
    lost: IMAPConnectionError,
    look: Callable[[], Awaitable[T]],
    is_done: Callable[[T], object],
) -> T:
    """Return what *look* sees once *is_done* is true of it, or else at last.

    Args:
        lost: the error that left open whether something was done.
        look: at what shows that.
        is_done: whether it does.

    Raises:
        IMAPTimeoutError: *lost*; the server is slow, so it may still be at it.
    """
    seen = await look()
    for times in _LOOK_AGAIN:
        if is_done(seen):
            break
        if isinstance(lost, IMAPTimeoutError):
            raise lost
        await anyio.sleep(times * SETTLE)
        seen = await look()
    return seen


def _is_hopeless(error: IMAPConnectionError) -> bool:
    """Return whether another connection would end likewise."""
    if isinstance(error, IMAPProtocolError):
        return True  # such as an answer over the limits
    if isinstance(error, IMAPConnectError) and error.referral is not None:
        return True  # the account is elsewhere
    return isinstance(error.__cause__, ssl.SSLCertVerificationError)


@dataclass(frozen=True, slots=True)
class Recovery:
    """How the services of a client go on after errors.

    Attributes:
        policy: None to tell the caller of the first.
        baselines: how mailboxes stood when something was last added.
    """

    policy: RetryPolicy | None = None
    baselines: Baselines = field(default_factory=Baselines)

    async def baseline(
        self, connection: IMAPConnection, mailbox: str
    ) -> Baseline | None:
        """Return how *mailbox* stands; None if nobody tells, or will ask for it."""
        if self.policy is None:
            return None
        return await self.baselines.of(connection, mailbox)

    async def persist(
        self,
        work: Callable[[], Awaitable[T]],
        *,
        repeatable: bool = False,
        doubt: Callable[[], IMAPError | None] = lambda: None,
        progress: Callable[[], object] = lambda: None,
    ) -> T:
        """Return what *work* returns, trying again after errors that permit it.

        Args:
            work: borrows a connection itself, anew each time, and goes on where
                it ended.
            repeatable: doing again what is done changes nothing.
            doubt: the error that left open whether something was done, if *work*
                finds that out when it is done again; None if there is no doubt.
                If it cannot be found out in the end, this is raised.
            progress: another value when *work* came further.
        """
        policy = self.policy

        def answer(error: Exception) -> bool | float:
            decision = decide(error, repeatable=repeatable)
            if decision.action is Action.GIVE_UP or (
                decision.action is Action.FIND_OUT and doubt() is None
            ):
                return False
            wait = decision.wait or 0.0
            is_down = isinstance(error, CircuitOpen)
            if policy is None or (is_down and wait > policy.longest_wait):
                return False
            log.info("%s: %s", decision.action.value, error)
            return wait

        try:
            if policy is None:
                return await work()
            return await retry(work, policy, on=answer, progress=progress)
        except IMAPError as error:
            unclear = doubt()
            if unclear is not None and unclear is not error:
                raise unclear from error
            if isinstance(error, CircuitOpen) and isinstance(
                error.__cause__, IMAPError
            ):
                # Why the server is left alone says what the caller can do.
                why = copy.copy(error.__cause__)  # tracebacks must not be shared
                why.retry_after = error.retry_after
                raise why from error
            raise
