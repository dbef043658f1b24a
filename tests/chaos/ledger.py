"""What was done, by whom, and with what outcome: what the end is compared with."""

from __future__ import annotations

import re
from collections import defaultdict
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
        flags: keywords that each certainly has.
    """

    copies: dict[int, Copies] = field(default_factory=dict)
    octets: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def new_message(self, random: Random) -> tuple[int, bytes]:
        """Make a message that there is not yet."""
        number = len(self.octets) + 1
        body = random.randbytes(random.choice((0, 30, 30, 30, 30, 3_000))).hex()
        lines = "\r\n".join(body[i : i + 70] for i in range(0, len(body), 70))
        header = f"X-Chaos: {number}\r\nSubject: {number}\r\n"
        if random.random() < 0.8:  # without one, nobody can find out about it
            header += f"Message-ID: <{number}@chaos.example>\r\n"
        octets = f"{header}\r\n{lines}\r\n".encode()
        self.octets[number] = octets
        self.copies[number] = Copies.ONE_OR_NONE
        return number, octets

    def let_go(self, number: int) -> None:
        """Note that there may be any number of copies of a message from now on."""
        self.copies[number] = Copies.ANY

    def settle(self, number: int, copies: Copies) -> None:
        """Note what has become of a new message, if nobody has copied it meanwhile."""
        if self.copies[number] is Copies.ONE_OR_NONE:
            self.copies[number] = copies


def number_of(octets: bytes) -> int:
    """Return which message it is."""
    match = _NUMBER.match(octets)
    assert match is not None, f"not a message of ours: {octets[:80]!r}"
    return int(match[1])


def body_of(octets: bytes) -> str:
    """Return the text of a message, as one reads it."""
    return octets.partition(b"\r\n\r\n")[2].decode().replace("\r\n", "\n")
