"""Commands as they are sent, and what a server answers."""

from __future__ import annotations

from aiosage.wire import Continuation, Encoder, Status, Untagged
from aiosage.wire.commands import Command

from ..stream import responses


def sent(command: Command[object]) -> list[bytes]:
    """Return the flights of *command*, without the tag and the last CRLF."""
    encoder = Encoder("T")
    command.encode(encoder)
    flights = [b"".join(flight) for flight in encoder.finish().flights]
    assert all(flight.endswith(b"\r\n") for flight in flights)
    return [flights[0][2:-2], *(flight[:-2] for flight in flights[1:])]


def answer(octets: bytes) -> tuple[list[Untagged | Status], Status]:
    """Return the untagged responses of a transcript and the tagged one."""
    *untagged, status = responses(octets)
    assert isinstance(status, Status)
    return [r for r in untagged if not isinstance(r, Continuation)], status


OK = b"T OK done\r\n"
