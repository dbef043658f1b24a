"""One circuit as a value: what each event makes of it. Knows no clock and no tasks.

::

    closed --(failures in a row)--> open --(time passes)--> half-open
       ^                              ^                         |
       |                              +------(probe fails)------+
       +-------------------------(probe succeeds)---------------+

Half-open is open with its time over: whoever comes first is the probe, and the
others are refused until it has ended. Each turn of the circuit begins another
*epoch*; the end of a call counts only in the epoch that it was admitted in, so one
that hung for long closes and opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class CircuitState(StrEnum):
    """Whether calls are let through."""

    CLOSED = "closed"
    """All of them."""
    OPEN = "open"
    """None, until it is time for a probe."""
    HALF_OPEN = "half-open"
    """One, the probe; it decides."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call that was let through.

    Attributes:
        epoch: of the circuit then.
        is_probe: it decides whether the circuit closes.
        failures: there had been then.
    """

    epoch: int
    is_probe: bool
    failures: int = 0


@dataclass(frozen=True, slots=True)
class CircuitRules:
    """When a circuit opens, and for how long.

    Attributes:
        failures: in a row that open it; calls under way at once count once.
        recovery: seconds until the first probe.
        longest: seconds until a probe, at most: each that fails doubles them.
    """

    failures: int = 5
    recovery: float = 30.0
    longest: float = 600.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.failures < 1:
            raise ValueError(f"failures: {self.failures} is less than 1")
        if not 0 < self.recovery <= self.longest:
            raise ValueError(
                f"recovery: {self.recovery:g} s is not in 0..longest ({self.longest:g})"
            )


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a circuit stands.

    Attributes:
        failures: in a row, while it is closed.
        openings: in a row, without a probe that succeeded.
        probe_at: when a probe may go; None while it is closed.
        is_probing: one is under way.
        epoch: counts its turns.
    """

    failures: int = 0
    openings: int = 0
    probe_at: float | None = None
    is_probing: bool = False
    epoch: int = 0

    def state(self, now: float) -> CircuitState:
        """Return how it stands at *now*."""
        if self.probe_at is None:
            return CircuitState.CLOSED
        if now < self.probe_at:
            return CircuitState.OPEN
        return CircuitState.HALF_OPEN

    def admit(self, now: float) -> tuple[Circuit, Ticket | None]:
        """Return the circuit after a call asked to go, and its ticket if it may."""
        if self.probe_at is None:
            return self, Ticket(self.epoch, is_probe=False, failures=self.failures)
        if self.is_probing or now < self.probe_at:
            return self, None
        return replace(self, is_probing=True), Ticket(self.epoch, is_probe=True)

    def succeeded(self, ticket: Ticket) -> Circuit:
        """Return the circuit after a call went well."""
        if ticket.epoch != self.epoch:
            return self
        if ticket.is_probe:
            return Circuit(epoch=self.epoch + 1)
        return replace(self, failures=0)

    def failed(
        self, ticket: Ticket, rules: CircuitRules, now: float, asked: float = 0.0
    ) -> Circuit:
        """Return the circuit after a call failed.

        Calls under way at once fail for one reason at once, so they count once.

        Args:
            ticket: of the call.
            rules: when to open, and for how long.
            now: when it failed.
            asked: seconds it was asked not to be tried again: it opens at once.
        """
        is_counted = ticket.failures < self.failures
        if ticket.epoch != self.epoch or (is_counted and not asked):
            return self
        failures = self.failures + 1
        if not (ticket.is_probe or asked or failures >= rules.failures):
            return replace(self, failures=failures)
        # The exponent is bounded, since a float is.
        wait = rules.recovery * 2.0 ** min(self.openings, 64)
        return Circuit(
            openings=self.openings + 1,
            probe_at=now + max(asked, min(wait, rules.longest)),
            epoch=self.epoch + 1,
        )

    def abandoned(self, ticket: Ticket) -> Circuit:
        """Return the circuit after a call ended without telling anything.

        If it was the probe, the next one may be.
        """
        if ticket.epoch != self.epoch or not ticket.is_probe:
            return self
        return replace(self, is_probing=False, epoch=self.epoch + 1)
