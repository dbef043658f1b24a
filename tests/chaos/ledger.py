"""What was done, by whom, and with what outcome: what the end is compared with."""

from __future__ import annotations

import asyncio
import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Final

_NUMBER = re.compile(rb"^X-Chaos: (\d+)\r\n")


LINGER: Final = 5.0
"""Seconds that a server may be at a command of which we know no end."""


class Copies(StrEnum):
    """How many copies of a message there must be."""

    ONE = "one"
    NONE = "none"
    ONE_OR_NONE = "one or none"  # we were cancelled, or told it is not known
    ONE_OR_MORE = "one or more"  # nobody knows how a move of it ended
    ANY = "any"  # it is copied, or somebody expunges it


@dataclass(slots=True)
class Ledger:
    """Everything known about every message, by number.

    Attributes:
        copies: how many there must be of each.
        octets: of each.
        flags: keywords that each certainly has.
        history: what was done with each, for people.
    """

    copies: dict[int, Copies] = field(default_factory=dict)
    octets: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    history: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    _moved_until: dict[int, float] = field(default_factory=dict)

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

    @contextmanager
    def moving(self, numbers: Collection[int], what: str) -> Iterator[None]:
        """Note that messages are moved within the block.

        Dovecot copies first, and then removes what is there still. So two sessions
        that move a message at once may both copy it, and one that is killed between
        the two leaves it in both places.
        """
        begin = asyncio.get_running_loop().time()
        for number in numbers:
            if self._moved_until.get(number, 0.0) > begin:
                self._doubt(number)
            self._moved_until[number] = math.inf
        end, linger = "not known", LINGER
        try:
            yield
            end, linger = "done", 0.0
        finally:
            now = asyncio.get_running_loop().time()
            for number in numbers:
                self._moved_until[number] = now + linger
                if linger:
                    self._doubt(number)
                self.history[number].append(f"{begin:.3f} to {now:.3f} {what}: {end}")

    def _doubt(self, number: int) -> None:
        """Note that there may be more of a message, if it is there at all."""
        is_there = self.copies[number] in (Copies.ONE, Copies.ONE_OR_MORE)
        self.copies[number] = Copies.ONE_OR_MORE if is_there else Copies.ANY

    def mark(self, number: int, flag: str, begin: float) -> None:
        """Note that a message has a flag, set by a command that was sent at *begin*.

        Unless it was moved meanwhile: then it may be set where it was, and is copied
        already.
        """
        is_moved = self._moved_until.get(number, 0.0) > begin
        if not is_moved:
            self.flags[number].add(flag)
        now = asyncio.get_running_loop().time()
        where = "while it moved" if is_moved else "in its place"
        self.history[number].append(f"{begin:.3f} to {now:.3f} {flag} set {where}")

    def note(self, number: int, what: str) -> None:
        """Note for people what happens to a message."""
        now = asyncio.get_running_loop().time()
        self.history[number].append(f"until {now:.3f} {what}")

    def settle(self, number: int, copies: Copies) -> None:
        """Note what has become of a new message, if nobody has copied it meanwhile."""
        self.note(number, f"added: {copies.value}")
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
