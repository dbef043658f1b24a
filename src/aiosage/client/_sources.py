"""Where the octets of a message come from that is to be added."""

from __future__ import annotations

import email.message
import os
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias

import anyio.to_thread

from ..model import EmailMessage, Flag

MessageSource: TypeAlias = (
    bytes
    | EmailMessage
    | email.message.Message
    | os.PathLike[str]
    | BinaryIO
    | AsyncIterable[bytes]
)
"""A message to add: octets, a parsed message, a message of the standard library, a
file by its path (not as `str`) or open for reading, or octets as they come."""


@dataclass(frozen=True, slots=True)
class AppendItem:
    """One message of many to add.

    Attributes:
        message: where it comes from.
        flags: that it has from the beginning.
        internal_date: when it arrived, aware; None for now.
        size: in octets; needed only of a message that comes piecewise.
    """

    message: MessageSource
    flags: Iterable[Flag] = ()
    internal_date: datetime | None = None
    size: int | None = None


Messages: TypeAlias = (
    Iterable[AppendItem | MessageSource] | AsyncIterable[AppendItem | MessageSource]
)
"""Many messages to add, each with flags and a date or without."""


def as_item(message: AppendItem | MessageSource) -> AppendItem:
    """Return *message* with the flags and the date it has, or has not."""
    return message if isinstance(message, AppendItem) else AppendItem(message)


async def read_source(source: MessageSource, size: int | None) -> bytes:
    """Return the octets of *source*. Files are read in a thread.

    Args:
        source: the message.
        size: of it, in octets; None if it need not be checked.

    Raises:
        ValueError: it is no whole message, or not of *size* octets, or no size
            is given for what comes piecewise.
        TypeError: it is none of the kinds of source, or a file of text.
        OSError: the file cannot be read.
    """
    octets = await _read(source, size)
    if not isinstance(octets, bytes):  # pyright: ignore[reportUnnecessaryIsInstance] # by callers without types
        raise TypeError("a file that is appended must be open for reading octets")
    if size is not None and len(octets) != size:
        raise ValueError(f"the message has {len(octets)} octets, not {size}")
    return octets


async def _read(source: MessageSource, size: int | None) -> bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, EmailMessage):
        if source.raw is None:
            raise ValueError("only a whole message can be appended: fetch FULL")
        return source.raw
    if isinstance(source, email.message.Message):
        return source.as_bytes(policy=source.policy.clone(linesep="\r\n"))
    if isinstance(source, os.PathLike):
        return await anyio.to_thread.run_sync(Path(source).read_bytes)
    if isinstance(source, AsyncIterable):
        return await _collect(source, size)
    if not hasattr(source, "read"):
        raise TypeError(f"a message cannot be read from {type(source).__name__}")
    return await anyio.to_thread.run_sync(source.read)


async def _collect(pieces: AsyncIterable[bytes], size: int | None) -> bytes:
    if size is None:
        raise ValueError("the size of a message that comes piecewise must be given")
    octets = bytearray()
    async for piece in pieces:
        octets += piece
        if len(octets) > size:
            raise ValueError(f"the message has more than {size} octets")
    return bytes(octets)


def with_crlf(octets: bytes) -> bytes:
    """Return *octets* with every line end, be it CR, LF or CRLF, as CRLF."""
    lines = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lines.replace(b"\n", b"\r\n")
