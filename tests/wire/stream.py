"""Octets as servers send them, cut up and parsed."""

from __future__ import annotations

from aiosage.wire import Frame, Framer, Limits, Response, parse

RECORDED = (
    b"* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ IDLE] beware of {3}\r\n"
    b"* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n"
    b"A1 OK [CAPABILITY IMAP4rev1 UIDPLUS MOVE] Logged in {7}\r\n"
    b'* LIST (\\HasNoChildren) "/" "a \\"b\\" \\\\ c"\r\n'
    b"* LIST (\\Noselect) NIL {9}\r\nx {3}\r\n()\r\n"
    b'* LSUB () "." &U,BTFw-\r\n'
    b"A2 OK done\r\n"
    b"* FLAGS (\\Answered \\Seen $Forwarded)\r\n"
    b"* OK [PERMANENTFLAGS (\\Seen \\*)] Flags permitted.\r\n"
    b"* 2 EXISTS\r\n* 0 RECENT\r\n"
    b"* OK [UIDVALIDITY 1700000000] UIDs valid\r\n"
    b"A3 OK [READ-WRITE] Select completed\r\n"
    b'* 1 FETCH (UID 7 FLAGS (\\Seen) INTERNALDATE " 1-Feb-2026 03:04:05 +0200"'
    b' RFC822.SIZE 12 ENVELOPE (NIL "5* hotel (:-)" NIL NIL NIL NIL NIL NIL NIL NIL)'
    b" BODY[HEADER.FIELDS (SUBJECT)] {0}\r\n BODY[]<0> {12}\r\na {3}\r\nb)\r\nc )\r\n"
    b"* 2 FETCH (BODY[1] ~{4}\r\n\x00\r\n\xff BINARY[2] NIL UID 8)\r\n"
    b"+ go {5}\r\n"
    b"* SEARCH 7 8\r\n"
    b"* XUNHEARD {3}\r\n)\r\n x\r\n"
    b"A4 NO [TRYCREATE] no such {9}\r\n"
    b"* BYE that is all {1}\r\n"
)
"""A session with every trap: literals, braces in text, NUL, CRLF in literals."""


def frames(*pieces: bytes, limits: Limits | None = None) -> list[Frame]:
    """Return the frames that *pieces*, received one by one, complete."""
    framer = Framer(limits)
    return [frame for piece in pieces for frame in framer.feed(piece)]


def responses(*pieces: bytes, limits: Limits | None = None) -> list[Response]:
    """Return the responses that *pieces*, received one by one, complete."""
    return [parse(frame, limits) for frame in frames(*pieces, limits=limits)]


def response(octets: bytes) -> Response:
    """Return the one response that *octets* are, CRLF left out."""
    (only,) = responses(octets + b"\r\n")
    return only
