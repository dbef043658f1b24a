"""What can befall a connection, and when: decided here, without any I/O.

A `FaultScript` is fed the octets that go one way, and tells what to do with them.
A fault strikes at the same octet, however they are cut into pieces when they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TypeAlias


class Direction(StrEnum):
    """Which octets a fault is about."""

    TO_CLIENT = "to client"
    TO_SERVER = "to server"


class CutHow(StrEnum):
    """How a connection ends.

    Attributes:
        FIN: closed in good order, in the middle of whatever was said.
        RST: reset.
        SILENCE: never: nothing passes any more, either way, and nobody is told.
    """

    FIN = "fin"
    RST = "rst"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Once:
    """A fault that strikes once, at an octet.

    Attributes:
        after: how many octets pass before.
        pattern: what must have passed first; `after` counts from its end. None to
            count from the beginning of the connection.
        direction: which way the octets go that are counted.
    """

    after: int = 0
    pattern: bytes | None = None
    direction: Direction = Direction.TO_CLIENT

    def __post_init__(self) -> None:
        if self.after < 0:
            raise ValueError(f"after must not be negative: {self.after}")
        if self.pattern == b"":
            raise ValueError("an empty pattern is everywhere")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(_Once):
    """The connection ends. See `CutHow`."""

    how: CutHow = CutHow.RST


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall(_Once):
    """Nothing passes this way for *seconds*."""

    seconds: float

    def __post_init__(self) -> None:
        super(Stall, self).__post_init__()
        _positive(seconds=self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrupt(_Once):
    """The next octet passes with the bits of *mask* flipped."""

    mask: int = 0x20

    def __post_init__(self) -> None:
        super(Corrupt, self).__post_init__()
        if not 1 <= self.mask <= 255:
            raise ValueError(f"mask must be one octet, not {self.mask}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """Each piece is held back for *seconds*, and up to *jitter* seconds more."""

    seconds: float = 0.0
    jitter: float = 0.0
    direction: Direction = Direction.TO_CLIENT

    def __post_init__(self) -> None:
        _positive(seconds_and_jitter=self.seconds + self.jitter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """No more than *octets_per_second* pass."""

    octets_per_second: float
    direction: Direction = Direction.TO_CLIENT

    def __post_init__(self) -> None:
        _positive(octets_per_second=self.octets_per_second)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Octets pass in pieces of 1 to *largest*."""

    largest: int = 1
    direction: Direction = Direction.TO_CLIENT

    def __post_init__(self) -> None:
        _positive(largest=self.largest)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The connection is reset as soon as it is made."""


Fault: TypeAlias = Cut | Stall | Corrupt | Delay | Rate | Segments | Refuse
"""What befalls a connection."""


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} must be more than 0, not {value}")


@dataclass(frozen=True, slots=True)
class Pass:
    """Pass *octets* on."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for *seconds*, 0 to let others go first."""

    seconds: float


@dataclass(frozen=True, slots=True)
class End:
    """End the connection."""

    how: CutHow


@dataclass(frozen=True, slots=True)
class Strike:
    """Know that *fault* strikes, after *at* octets; what it does comes next."""

    fault: Fault
    at: int


Step: TypeAlias = Pass | Wait | Strike | End


@dataclass(frozen=True, slots=True)
class Struck:
    """That a fault has struck.

    Attributes:
        connection: which connection, from 0.
        fault: what it was.
        at: how many octets had passed that way.
    """

    connection: int
    fault: Fault
    at: int


@dataclass(slots=True)
class _Armed:
    """A fault that has yet to strike.

    Attributes:
        at: after how many octets of the connection; None until its pattern passed.
    """

    fault: Cut | Stall | Corrupt
    at: int | None


class FaultScript:
    """What one direction of one connection goes through.

    Attributes:
        passed: how many octets have, that way.
    """

    passed: int

    def __init__(
        self, faults: Sequence[Fault], direction: Direction, random: Random
    ) -> None:
        """Begin a connection.

        Args:
            faults: what befalls it; those of the other direction are left out.
            direction: which way the octets go.
            random: where chance comes from.
        """
        self.passed = 0
        self._random = random
        self._armed: list[_Armed] = []
        self._delays: list[Delay] = []
        self._rate = float("inf")
        self._largest: int | None = None
        for fault in faults:
            match fault:
                case Refuse():
                    continue
                case _ if fault.direction is not direction:
                    continue
                case Delay():
                    self._delays.append(fault)
                case Rate():
                    self._rate = min(self._rate, fault.octets_per_second)
                case Segments():
                    self._largest = min(self._largest or fault.largest, fault.largest)
                case _:
                    at = fault.after if fault.pattern is None else None
                    self._armed.append(_Armed(fault, at))
        patterns = [armed.fault.pattern or b"" for armed in self._armed]
        self._tail = b""  # in which a pattern may have begun
        self._tail_length = max(map(len, patterns), default=1) - 1

    def feed(self, octets: bytes) -> Iterator[Step]:
        """Tell what to do, now that *octets* came; b"" at the very beginning."""
        self._look_for_patterns(octets)
        start = 0
        while (due := self._next_due(self.passed + len(octets) - start)) is not None:
            until = start + max((due.at or 0) - self.passed, 0)
            yield from self._pass(octets[start:until])
            start = until
            self._armed.remove(due)
            yield Strike(due.fault, self.passed)
            match due.fault:
                case Cut(how=how):
                    yield End(how)
                    return
                case Stall(seconds=seconds):
                    yield Wait(seconds)
                case Corrupt(mask=mask):
                    octets = b"".join(
                        (
                            octets[:start],
                            bytes([octets[start] ^ mask]),
                            octets[start + 1 :],
                        )
                    )
        yield from self._pass(octets[start:])

    def _next_due(self, end: int) -> _Armed | None:
        """Return what strikes first of all that strikes before octet *end* passes."""
        due = [
            armed
            for armed in self._armed
            if armed.at is not None
            and (
                armed.at < end if isinstance(armed.fault, Corrupt) else armed.at <= end
            )
        ]
        return min(due, key=lambda armed: armed.at or 0, default=None)

    def _look_for_patterns(self, octets: bytes) -> None:
        seen = self._tail + octets
        begin = self.passed - len(self._tail)
        for armed in self._armed:
            pattern = armed.fault.pattern
            if armed.at is None and pattern is not None:
                found = seen.find(pattern)
                if found >= 0:
                    armed.at = begin + found + len(pattern) + armed.fault.after
        self._tail = seen[max(len(seen) - self._tail_length, 0) :]

    def _pass(self, octets: bytes) -> Iterator[Step]:
        start = 0
        while start < len(octets):
            size = len(octets) - start
            if self._largest is not None:
                size = min(size, self._random.randint(1, self._largest))
            piece = octets[start : start + size]
            if self._delays:
                yield Wait(
                    sum(
                        d.seconds + d.jitter * self._random.random()
                        for d in self._delays
                    )
                )
            self.passed += size
            start += size
            yield Pass(piece)
            if self._rate != float("inf"):
                yield Wait(size / self._rate)
            elif self._largest is not None:
                yield Wait(0)
