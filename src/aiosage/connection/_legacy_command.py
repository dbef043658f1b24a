"""A command of aioimaplib under way: it is given lines, not values."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final, TypeAlias, cast

from aioimaplib import aioimaplib

from ..wire import (
    EncodedCommand,
    Encoder,
    Flight,
    Frame,
    Receiver,
    SecretSpan,
    Status,
    Untagged,
)
from ..wire.commands import ANY_STATE, Command
from ._legacy_arguments import cut_flights, encode_arguments
from ._pending import Pending
from ._watchdog import Watchdog

# Its annotations say less than its code does, or something else.
_base = cast("Any", aioimaplib)

Lines: TypeAlias = list[bytes | bytearray]

_SECRET: Final = frozenset({"LOGIN", "AUTHENTICATE"})
_NUMBERED: Final = re.compile(rb"\d+ (FETCH|EXPUNGE)(?= |\Z)", re.IGNORECASE)
_COST: Final = 256  # octets any line takes, however short


class _LegacyCommand(Command[None]):
    """Whatever aioimaplib has written, alone on the wire."""

    name: ClassVar = "aioimaplib"
    states: ClassVar = ANY_STATE
    exclusive: ClassVar = True
    changes: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Nothing is left to write."""

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """The command of aioimaplib collects it."""


class LegacyPending(Pending):
    """A command of aioimaplib from `execute` to its tagged response.

    Args:
        legacy: the command, an ``aioimaplib.Command``.
        literal: what follows the line of APPEND.
        loop: the running loop.

    Raises:
        ValueError: an argument would open a literal.
    """

    kept: int

    __slots__ = (
        "_lines",
        "_own",
        "deadline_of_progress",
        "legacy",
        "takes_all",
        "text",
    )

    def __init__(
        self,
        legacy: Any,
        literal: bytes | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        args = encode_arguments(legacy.name, legacy.args)
        line = f"{legacy.tag} {legacy.prefix or ''}{legacy.name}"
        flights = cut_flights(f"{line} {args}" if args else line, literal)
        if legacy.name == "IDLE":
            flights.append([b"DONE\r\n"])
        elif legacy.name == "AUTHENTICATE" and len(legacy.args) > 1:
            # A refusal comes as a challenge, and ends when that is answered.
            flights.append([b"\r\n"])
        shown, secrets = args, tuple[SecretSpan, ...]()
        if legacy.name.upper() in _SECRET:
            shown, secrets = "***", tuple(_all_of(flights))
        super().__init__(
            legacy.tag,
            _LegacyCommand(),
            EncodedCommand(tuple(flights), f"{line} {shown}", secrets),
            loop,
            held=legacy.name == "IDLE",
        )
        self.legacy = legacy
        self.text = b""  # of the tagged response
        self.deadline_of_progress: Watchdog | None = None
        self.takes_all = is_sync(legacy) or legacy.name == "NOOP"
        self._own = legacy.untagged_resp_name.encode().upper()
        # IDLE makes batches of its lines, and some make something else of them;
        # the others can do without a call for each.
        plain = cast("Any", type(legacy)).append_to_resp is _base.Command.append_to_resp
        self._lines: Lines | None = legacy.response.lines if plain else None

    @property
    def ends_session(self) -> bool:
        """Whether BYE is what it asks for."""
        return bool(self.legacy.name == "LOGOUT")

    def take(self, response: Untagged | Status, receiver: Receiver) -> None:
        """Give the lines of the response to the command, if they are for it."""
        self.offer(receiver.frame)

    def own_line(self, frame: Frame) -> bytes | None:
        """Return the first line of *frame* as this command wants it; None if not.

        Commands that aioimaplib calls synchronous, and NOOP, get every line whole;
        the others get their own responses, without the name of most.
        """
        line = frame[0][2:]
        if self.takes_all:
            return line
        if (numbered := _NUMBERED.match(line)) is not None:
            name, text = numbered[1], line
        else:
            name, _, text = line.partition(b" ")
        return text if name.upper() == self._own else None

    def offer(self, frame: Frame) -> bool:
        """Give the lines of *frame* to the command; return whether they are its."""
        line = self.own_line(frame)
        if line is None:
            return False
        if self._lines is not None and len(frame) == 1:
            self.kept += _COST + len(line)
            self._lines.append(line)
        else:
            self.give(lines_of([line, *frame[1:]]))
        return True

    def give(self, lines: Iterator[bytes | bytearray] | Lines) -> None:
        """Add *lines* to what the command has."""
        for line in lines:
            self.kept += _COST + len(line)
            self.legacy.append_to_resp(line)

    def prepend(self, lines: Lines) -> None:
        """Put *lines* before what the command has."""
        if self._lines is not None:
            self._lines[:0] = lines


def _all_of(flights: Sequence[Flight]) -> Iterator[SecretSpan]:
    for flight, pieces in enumerate(flights):
        for piece, octets in enumerate(pieces):
            yield SecretSpan(flight, piece, 0, len(octets.removesuffix(b"\r\n")))


def is_sync(legacy: Any) -> bool:
    """Return whether aioimaplib gives *legacy* all that comes.

    So it goes for commands it does not know.
    """
    rules = _base.Commands.get(legacy.name)
    return rules is None or rules.exec is _base.Exec.is_sync


def lines_of(frame: Frame) -> Iterator[bytes | bytearray]:
    """Yield a response as aioimaplib does: text, bytearray, text by turns.

    Args:
        frame: without ``* ``.
    """
    for index, part in enumerate(frame):
        if index % 2:
            yield bytearray(part)
            continue
        line = part
        if index + 1 < len(frame):
            line += b"{%d}" % len(frame[index + 1])
        if line:
            yield line
