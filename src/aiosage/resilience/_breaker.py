"""Circuit breakers: not asking for a while what has failed again and again.

Libraries were tried: those kept today let every caller through a half-open circuit,
which is a login storm, and count the cancellation of a task as a failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import CircuitOpen
from ._circuit import Circuit, CircuitRules, CircuitState, Ticket
from ._observer import tell

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class CircuitSnapshot:
    """How the circuit of one key stands.

    Attributes:
        state: whether calls are let through.
        failures: in a row, while it is closed.
        retry_after: seconds until a probe may go; 0 unless it is open.
    """

    state: CircuitState
    failures: int
    retry_after: float


class CircuitBreaker(Generic[K]):
    """A circuit for each key, such as a host or an account.

    ::

        breaker = CircuitBreaker[str]()
        with breaker.calling("imap.example.org"):
            await connect()

    After some failures in a row the circuit opens: calls are refused at once. When
    its time is over, one call may probe; if it succeeds, the circuit closes, else
    it opens for twice as long. It holds no memory of keys that did not fail.

    Args:
        failures: in a row that open a circuit; calls under way at once count once.
        recovery: seconds until the first probe.
        longest: seconds until a probe, at most.
        counts: whether an error is a failure. False says that it shows that there
            was an answer, which is success; None that it is neither, as
            cancellation is.
        delay_of: seconds that a failure asks not to be tried again, for which the
            circuit opens at once; None for one that does not.
        on_change: told of each key whose state changed, and how it stands. An open
            circuit becomes half-open by the passing of time, which is told when
            the probe goes. What it raises is logged.
        clock: seconds, never going back.

    Raises:
        ValueError: a number makes no sense.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        recovery: float = 30.0,
        longest: float = 600.0,
        counts: Callable[[Exception], bool | None] = lambda error: True,
        delay_of: Callable[[Exception], float | None] = lambda error: None,
        on_change: Callable[[K, CircuitSnapshot], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rules = CircuitRules(failures, recovery, longest)
        self._counts = counts
        self._delay_of = delay_of
        self._on_change = on_change
        self._clock = clock
        self._circuits: dict[K, Circuit] = {}

    @contextmanager
    def calling(self, key: K) -> Generator[None]:
        """Do the block if the circuit of *key* lets it through, and see how it ends.

        Nothing in here waits, so it may surround what does, and be cancelled.

        Raises:
            CircuitOpen: it does not; ``retry_after`` says when it may.
        """
        ticket = self._admit(key)
        is_failure: bool | None = None
        asked: float | None = None
        try:
            if ticket.is_probe:
                self._tell(key, self._circuit(key))
            yield
            is_failure = False
        except Exception as error:
            is_failure = self._counts(error)
            asked = self._delay_of(error)
            raise
        finally:  # whatever is raised, by a callback, too: a probe must end
            circuit = self._circuit(key)
            if is_failure is None:
                circuit = circuit.abandoned(ticket)
            elif is_failure:
                circuit = circuit.failed(
                    ticket, self._rules, self._clock(), asked or 0.0
                )
            else:
                circuit = circuit.succeeded(ticket)
            self._put(key, circuit)

    def snapshot(self, key: K) -> CircuitSnapshot:
        """Return how the circuit of *key* stands."""
        return self._describe(self._circuit(key))

    def snapshots(self) -> dict[K, CircuitSnapshot]:
        """Return how the circuits stand that have anything to tell."""
        return {key: self._describe(one) for key, one in self._circuits.items()}

    def reset(self, key: K) -> None:
        """Close the circuit of *key*, as when somebody has mended what failed."""
        self._put(key, Circuit(epoch=self._circuit(key).epoch + 1))

    def _admit(self, key: K) -> Ticket:
        now = self._clock()
        circuit, ticket = self._circuit(key).admit(now)
        if ticket is None:
            wait = (circuit.probe_at or now) - now
            # How long a probe takes is not known; nobody shall ask all the time.
            raise CircuitOpen(key, retry_after=wait if wait > 0 else 1.0)
        self._put(key, circuit)
        return ticket

    def _circuit(self, key: K) -> Circuit:
        return self._circuits.get(key, _CLOSED)

    def _put(self, key: K, circuit: Circuit) -> None:
        before = self._circuit(key)
        if circuit == _CLOSED:
            self._circuits.pop(key, None)
        else:
            self._circuits[key] = circuit
        if (before.probe_at is None) != (circuit.probe_at is None) or (
            circuit.openings > before.openings
        ):
            self._tell(key, circuit)

    def _tell(self, key: K, circuit: Circuit) -> None:
        tell(self._on_change, key, self._describe(circuit))

    def _describe(self, circuit: Circuit) -> CircuitSnapshot:
        now = self._clock()
        wait = 0.0 if circuit.probe_at is None else max(0.0, circuit.probe_at - now)
        return CircuitSnapshot(circuit.state(now), circuit.failures, wait)


_CLOSED = Circuit()
