"""Messages made of parts of others, which the server copies (CATENATE, RFC 4469)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..errors import IMAPMessageError
from ..model import Flag
from ..wire.commands import Catenated, NewMessage, TextPart, UidFetch, UrlPart
from ._access import MailboxAccess
from ._appending import append, append_one
from ._flagging import settable
from ._results import AppendResult
from ._sections import MessageSection


async def append_parts(
    access: MailboxAccess,
    parts: Iterable[bytes | MessageSection],
    flags: Iterable[Flag],
    internal_date: datetime | None,
) -> AppendResult:
    """Add a message made of *parts*, downloading them if the server cannot copy."""
    pieces = tuple(parts)
    names = settable(flags)
    if not pieces:
        raise ValueError("a message cannot be made of no parts")
    async with access.pool.connection() as connection:
        if connection.supports("CATENATE"):
            message = NewMessage(_catenated(pieces), names, internal_date)
            access.recovery.baselines.forget(access.mailbox)
            try:
                return await append_one(connection, access.mailbox, message)
            except IMAPMessageError as error:
                if error.code != "BADURL":
                    raise
                # Not every server finds what it serves; downloading tells why.
    octets = b"".join([await _octets(access, piece) for piece in pieces])
    message = NewMessage(octets, names, internal_date, binary=b"\0" in octets)
    return await append(access, message)


def _catenated(pieces: Iterable[bytes | MessageSection]) -> Catenated:
    return tuple(
        TextPart(piece) if isinstance(piece, bytes) else UrlPart(piece.url)
        for piece in pieces
    )


async def _octets(access: MailboxAccess, piece: bytes | MessageSection) -> bytes:
    if isinstance(piece, bytes):
        return piece
    source = MailboxAccess(access.pool, piece.mailbox, access.recovery)
    command = UidFetch(piece.messages, (piece.part,))
    found = await source.read(command, piece.messages, known_uid=piece.uid)
    for data in found:
        octets = data.sections.get(piece.part.key)
        if octets is not None:
            return octets
    raise IMAPMessageError(
        "UID FETCH",
        "NO",
        None,
        f"there is no section {piece.section!r} of message {piece.uid}",
    )
