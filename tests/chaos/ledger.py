"""What was done, by whom, and with what outcome: what the end is compared with."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

_NUMBER = re.compile(rb"^X-Chaos: (\d+)\r\n")


class Copies(StrEnum):
    """How many copies of a message there must be."""

    ONE = "one"
    NONE = "none"
    ONE_OR_NONE = "one or none"  # we were cancelled, or told it is not known
    ANY = "any"  # it is copied, or somebody expunges it


@dataclass(slots=True)
class Ledger:
    """Everything known about every message, by number.

    Attributes:
        copies: how many there must be of each.
        octets: of each.
        outcomes: how often each action ended how, for people.
    """

    copies: dict[int, Copies] = field(default_factory=dict)
    octets: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    outcomes: Counter[str] = field(default_factory=Counter)

    def new_message(self, random: Random) -> tuple[int, bytes]:
        """Make a message that there is not yet."""
        number = len(self.octets) + 1
        body = random.randbytes(random.choice((0, 30, 3_000))).hex()
        lines = "\r\n".join(body[i : i + 70] for i in range(0, len(body), 70))
        octets = f"X-Chaos: {number}\r\nSubject: {number}\r\n\r\n{lines}\r\n".encode()
        self.octets[number] = octets
        self.copies[number] = Copies.ONE_OR_NONE
        return number, octets


def number_of(octets: bytes) -> int:
    """Return which message it is."""
    match = _NUMBER.match(octets)
    assert match is not None, f"not a message of ours: {octets[:80]!r}"
    return int(match[1])
