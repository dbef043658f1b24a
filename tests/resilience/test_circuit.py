"""The circuit as a value, under any interleaving of calls."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from aiosage.resilience._circuit import Circuit, CircuitRules, CircuitState, Ticket

RULES = CircuitRules(failures=3, recovery=10.0, longest=60.0)


class AnyInterleaving(RuleBasedStateMachine):
    """Calls begin, succeed, fail and are cancelled in any order as time passes."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.circuit = Circuit()
        self.now = 0.0
        self.probe: Ticket | None = None  # under way
        self.opened_at: float | None = None
        self.in_a_row = 0  # failures of calls of this turn

    @property
    def state(self) -> CircuitState:
        """How it stands."""
        return self.circuit.state(self.now)

    @rule(seconds=st.floats(0.0, 100.0))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(target=calls)
    def call(self) -> object:
        """Ask to go."""
        before = self.state
        self.circuit, ticket = self.circuit.admit(self.now)
        if before is CircuitState.OPEN or self.probe is not None:
            assert ticket is None, "no call passes while it is open, or probed"
            return multiple()
        assert ticket is not None, "somebody may always go, in the end"
        assert ticket.is_probe == (before is CircuitState.HALF_OPEN)
        if ticket.is_probe:
            self.probe = ticket
        return ticket

    @rule(ticket=consumes(calls))
    def succeed(self, ticket: Ticket) -> None:
        """End a call well."""
        is_of_now = ticket.epoch == self.circuit.epoch
        before = self.state
        self.circuit = self.circuit.succeeded(ticket)
        if ticket is self.probe:
            assert self.state is CircuitState.CLOSED
            self.probe, self.opened_at = None, None
        else:
            assert self.state is before, "only the probe closes it"
        if is_of_now:
            self.in_a_row = 0

    @rule(ticket=consumes(calls))
    def fail(self, ticket: Ticket) -> None:
        """End a call badly."""
        # One that was under way when another failed tells nothing new.
        is_of_now = (
            ticket.epoch == self.circuit.epoch and ticket.failures >= self.in_a_row
        )
        before = self.state
        self.circuit = self.circuit.failed(ticket, RULES, self.now)
        if is_of_now:
            self.in_a_row += 1
        opens = is_of_now and (ticket is self.probe or self.in_a_row >= RULES.failures)
        assert self.state is (CircuitState.OPEN if opens else before)
        if ticket is self.probe:
            self.probe = None
        if opens:
            self.in_a_row, self.opened_at = 0, self.now
            assert self.circuit.probe_at is not None
            wait = self.circuit.probe_at - self.now
            assert RULES.recovery - 1e-6 <= wait <= RULES.longest + 1e-6

    @rule(ticket=consumes(calls))
    def cancel(self, ticket: Ticket) -> None:
        """End a call without a word."""
        before, failures = self.state, self.circuit.failures
        self.circuit = self.circuit.abandoned(ticket)
        if ticket is self.probe:
            self.probe = None
        assert (self.state, self.circuit.failures) == (before, failures)

    @invariant()
    def it_can_always_recover(self) -> None:
        """Nothing keeps it open for ever."""
        if self.probe is None:
            _, ticket = self.circuit.admit(self.now + RULES.longest + 1)
            assert ticket is not None

    @invariant()
    def its_probe_is_the_one_we_know(self) -> None:
        """There are never two."""
        assert self.circuit.is_probing == (self.probe is not None)


TestAnyInterleaving = AnyInterleaving.TestCase
TestAnyInterleaving.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)


def test_each_probe_that_fails_doubles_the_time_up_to_the_longest() -> None:
    circuit, now, waits = Circuit(), 0.0, list[float]()
    for _ in range(RULES.failures):
        circuit, ticket = circuit.admit(now)
        assert ticket is not None
        circuit = circuit.failed(ticket, RULES, now)
    for _ in range(5):
        assert circuit.probe_at is not None
        waits.append(circuit.probe_at - now)
        now = circuit.probe_at
        circuit, ticket = circuit.admit(now)
        assert ticket is not None
        circuit = circuit.failed(ticket, RULES, now)
    assert waits == [10.0, 20.0, 40.0, 60.0, 60.0]


def test_a_very_long_outage_overflows_nothing() -> None:
    circuit, ticket = Circuit(openings=10**6, probe_at=0.0).admit(1.0)
    assert ticket is not None
    assert circuit.failed(ticket, RULES, 1.0).probe_at == 61.0


def test_what_fails_at_once_counts_once() -> None:
    """Fifty connections cut by one blip are one failure, not fifty."""
    circuit, tickets = Circuit(), list[Ticket]()
    for _ in range(50):
        circuit, ticket = circuit.admit(0.0)
        assert ticket is not None
        tickets.append(ticket)
    for ticket in tickets:
        circuit = circuit.failed(ticket, RULES, 0.0)
    assert circuit.failures == 1
