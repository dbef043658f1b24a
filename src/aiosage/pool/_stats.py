"""What a pool tells about itself."""

from __future__ import annotations

from dataclasses import dataclass

from ..resilience import CircuitSnapshot, RateSnapshot


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How a pool stands.

    Attributes:
        size: connections there are, or are being opened.
        idle: of these, those nobody uses.
        busy: of these, those lent out.
        opening: of these, those being opened.
        waiting: callers waiting, but for those for whom one is being opened.
        opened: connections opened so far.
        closed: connections that ended so far.
        min_size: connections opened at the beginning.
        max_size: most connections at once.
        served: callers who were given a connection so far.
        timeouts: callers who waited in vain.
        waited: seconds that callers have waited for one, in all.
        longest_wait: seconds that one caller has waited at most.
        failures: attempts to open a connection that failed since one succeeded.
        circuit: whether connecting is tried, or has failed too often just now.
        rate: how its commands are paced; None if they are not.
    """

    size: int
    idle: int
    busy: int
    opening: int
    waiting: int
    opened: int
    closed: int
    min_size: int
    max_size: int
    served: int
    timeouts: int
    waited: float
    longest_wait: float
    failures: int
    circuit: CircuitSnapshot
    rate: RateSnapshot | None = None


@dataclass(slots=True)
class Counts:
    """What has happened so far, as in `PoolStats`."""

    opened: int = 0
    closed: int = 0
    served: int = 0
    timeouts: int = 0
    waited: float = 0.0
    longest_wait: float = 0.0
    failures: int = 0

    def note_wait(self, seconds: float) -> None:
        """Count a caller who had to wait for *seconds*."""
        self.waited += seconds
        self.longest_wait = max(self.longest_wait, seconds)
