"""Which connection to lend, as a pure function of what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IdleConnection:
    """What the plan needs to know of a connection nobody uses.

    Attributes:
        mailbox: the one it has open; None if none.
        read_only: that mailbox is open for reading only.
        idle_since: when it came back, in seconds of the pool's clock.
        expires_at: when its lifetime ends.
        is_alive: its session has not ended.
        is_quiet: it does not wait for the rest of an answer nobody wants.
    """

    mailbox: str | None
    read_only: bool
    idle_since: float
    expires_at: float
    is_alive: bool = True
    is_quiet: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for one caller.

    Attributes:
        lend: index of the idle connection to lend; None says open another.
        check: see first whether its server still answers.
        close: indices of the idle connections to close.
    """

    lend: int | None
    check: bool
    close: tuple[int, ...]


def plan(
    idle: Sequence[IdleConnection],
    *,
    mailbox: str | None,
    read_only: bool,
    now: float,
    max_idle: float,
    check_after: float,
) -> Plan:
    """Return which of the *idle* connections to lend for *mailbox*.

    One that has the mailbox open saves a round trip; after that the one used
    last is the likeliest to be alive, and lets the others grow old and go.
    """
    usable: list[int] = []
    close: list[int] = []
    for index, connection in enumerate(idle):
        is_fresh = (
            connection.is_alive
            and now - connection.idle_since < max_idle
            and now < connection.expires_at
        )
        (usable if is_fresh else close).append(index)
    if not usable:
        return Plan(None, check=False, close=tuple(close))

    def merit(index: int) -> tuple[bool, int, float]:
        connection = idle[index]
        if mailbox is None:
            fit = 0
        elif connection.mailbox == mailbox and (read_only or not connection.read_only):
            fit = 2
        elif connection.mailbox is None:
            fit = 1  # leaves the others their mailboxes
        else:
            fit = 0
        return connection.is_quiet, fit, connection.idle_since

    best = max(usable, key=merit)
    is_sure = idle[best].is_quiet and now - idle[best].idle_since <= check_after
    return Plan(best, check=not is_sure, close=tuple(close))
