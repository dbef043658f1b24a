"""From a frame to a typed response (RFC 9051 §7).

Status responses end in text for humans and are parsed as text; everything else
is tokens. What is not known is kept as `Unknown`; what is not IMAP is an
`IMAPProtocolError`.
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import IMAPProtocolError
from ._dialect import Dialect
from ._framer import Frame
from ._limits import Limits
from ._repairs import REPAIRS, repaired_fetch, repaired_frame
from ._tokens import tokenize
from .responses import (
    COUNTED,
    MAILBOX_READERS,
    READERS,
    Continuation,
    Response,
    Unknown,
)
from .responses._fetch import parse_fetch, parse_uid_fetch
from .responses._search import PLAIN_NUMBERS, parse_numbers, parse_search
from .responses._status import STATUS, parse_status
from .responses._usual_fetch import parse_usual_fetch

_LIMITS: Final = Limits()
_NUMBERED: Final = re.compile(rb"\* +(\d{1,10}) +([A-Za-z][A-Za-z0-9.-]*) *")
_NAMED: Final = re.compile(rb"\* +([A-Za-z][A-Za-z0-9.-]*) *")


def parse(
    frame: Frame,
    limits: Limits | None = None,
    dialect: Dialect = Dialect(),  # noqa: B008 - it is frozen
) -> Response:
    """Return what *frame* says.

    Args:
        frame: a response.
        limits: how deep it may nest.
        dialect: of the session.

    Raises:
        IMAPProtocolError: it is not an IMAP response.
    """
    limits = limits or _LIMITS
    nesting, most = limits.nesting, limits.tokens
    if fetched := parse_usual_fetch(frame, nesting):
        return fetched
    head = frame[0]
    if numbered := _NUMBERED.match(head):
        number, name = int(numbered[1]), numbered[2].upper()
        if name == b"FETCH":
            values = tokenize(frame, skip=numbered.end(), nesting=nesting, most=most)
            return parse_fetch(number, repaired_fetch(values, frame))
        if name == b"UIDFETCH":
            values = tokenize(frame, skip=numbered.end(), nesting=nesting, most=most)
            return parse_uid_fetch(number, repaired_fetch(values, frame))
        if name in COUNTED:
            return COUNTED[name](number)
        return Unknown(_raw(frame))
    if head.startswith(b"+"):  # before tags: Dovecot says "+ OK"
        return Continuation(head[1:].removeprefix(b" "))
    if status := STATUS.match(head):
        return parse_status(status)
    if named := _NAMED.match(head):
        name = named[1].upper()
        parser = READERS.get(name)
        naming = MAILBOX_READERS.get(name)
        if parser is None and naming is None:
            return Unknown(_raw(frame))
        if parser is parse_search and PLAIN_NUMBERS.fullmatch(head, named.end()):
            return parse_numbers(head[named.end() :])
        values = tokenize(
            repaired_frame(frame, name), skip=named.end(), nesting=nesting, most=most
        )
        if name in REPAIRS:
            values = REPAIRS[name](values)
        if naming is not None:
            return naming(values, dialect)
        assert parser is not None
        return parser(values)
    if head.startswith(b"* ") or not head.strip():
        return Unknown(_raw(frame))
    raise IMAPProtocolError(f"not an IMAP response: {head[:40]!r}")


def _raw(frame: Frame) -> bytes:
    """Return *frame* as it was sent, without the last CRLF."""
    return b"".join(
        part if index % 2 == 0 else b"{%d}\r\n%b" % (len(part), part)
        for index, part in enumerate(frame)
    )
