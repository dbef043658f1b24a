"""Who gets which connection, as a pure function of what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller waits for.

    Attributes:
        mailbox: to be open; None for whichever, if any, is.
        read_only: reading is enough.
        is_patient: nobody needs to give a connection back early for it.
        is_new: the pool itself, for which there are to be enough; callers come first.
    """

    mailbox: str | None = None
    read_only: bool = False
    is_patient: bool = False
    is_new: bool = False


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
class Loan:
    """An idle connection for a caller.

    Attributes:
        idle: its index.
        check: see first whether its server still answers.
    """

    idle: int
    check: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    Attributes:
        loans: idle connections for the first callers, in their order.
        opens: how many to open for the callers after those.
        close: indices of the idle connections to close.
        review_at: when the first of the others will be too old; None if there
            is none.
    """

    loans: tuple[Loan, ...] = ()
    opens: int = 0
    close: tuple[int, ...] = ()
    review_at: float | None = None


def plan(
    waiting: Sequence[Request],
    idle: Sequence[IdleConnection],
    *,
    lent: int,
    opening: int = 0,
    max_size: int,
    now: float,
    max_idle: float,
    check_after: float,
) -> Plan:
    """Return who gets what, first come first served, and what must go.

    One that has the mailbox open saves a round trip; after that the one used
    last is the likeliest to be alive, and lets the others grow old and go.

    Args:
        waiting: what the callers want, in the order they came.
        idle: the connections nobody uses.
        lent: how many are in use, or are being opened.
        opening: of these, how many are being opened.
        max_size: most connections at once. There may be more only if there
            were when it was lowered.
        now: seconds of the pool's clock.
        max_idle: seconds unused after which one is not lent again.
        check_after: seconds unused after which one is checked.
    """

    def ends_at(index: int) -> float:
        return min(idle[index].idle_since + max_idle, idle[index].expires_at)

    usable = [i for i, one in enumerate(idle) if one.is_alive and now < ends_at(i)]
    usable.sort(key=lambda index: idle[index].idle_since, reverse=True)
    del usable[max(0, max_size - lent) :]  # those unused for the longest time
    close = sorted(set(range(len(idle))).difference(usable))

    loans: list[Loan] = []
    for request in waiting[: len(usable)]:
        best = max(usable, key=lambda index: _merit(idle[index], request))
        usable.remove(best)
        is_sure = idle[best].is_quiet and now - idle[best].idle_since <= check_after
        loans.append(Loan(best, check=not is_sure))
    return Plan(
        tuple(loans),
        max(0, min(len(waiting) - opening, max_size - lent) - len(loans)),
        tuple(close),
        min(map(ends_at, usable), default=None),
    )


def _merit(one: IdleConnection, request: Request) -> tuple[bool, int, float]:
    if request.mailbox is None:
        fit = 0
    elif one.mailbox == request.mailbox and (request.read_only or not one.read_only):
        fit = 2
    elif one.mailbox is None:
        fit = 1  # leaves the others their mailboxes
    else:
        fit = 0
    return one.is_quiet, fit, one.idle_since
