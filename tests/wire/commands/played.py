"""A command as a server reads it, and its result from what a server says."""

from __future__ import annotations

from typing import TypeVar

from aiosage.wire import Continuation, Encoder, Status
from aiosage.wire.commands import Command

from ..stream import responses

R = TypeVar("R")


def sent(command: Command[object], *, non_sync_max: int | None = None) -> bytes:
    """Return what goes on the wire after the tag, up to the last CRLF."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    command.encode(encoder)
    octets = b"".join(b"".join(flight) for flight in encoder.finish().flights)
    assert octets.startswith(b"T ")
    assert octets.endswith(b"\r\n")
    return octets[2:-2]


def shown(command: Command[object]) -> str:
    """Return what logs show of *command*."""
    encoder = Encoder("T")
    command.encode(encoder)
    return encoder.finish().shown


def result(command: Command[R], *lines: bytes, ok: bytes = b"T OK done") -> R:
    """Return the result of *command* if a server says *lines* and *ok*."""
    *untagged, status = responses(*(line + b"\r\n" for line in (*lines, ok)))
    assert isinstance(status, Status)
    told = [data for data in untagged if not isinstance(data, Continuation)]
    assert all(isinstance(data, command.claims) for data in told)
    return command.result(told, status)
