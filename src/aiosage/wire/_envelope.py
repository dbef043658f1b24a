"""ENVELOPE: from octets to an object (RFC 9051 §7.5.2).

One expression cuts out the ten fields of what servers usually send. Anything
else, such as other spaces or atoms for strings, goes the long way by tokens;
both give the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ..model import EmailAddress, Envelope, addresses_from_raw
from ._tokens import NSTRING, read_list, unquoted

_ADDRESS: Final = rb"\(" + b" ".join([NSTRING] * 4) + rb"\)"
_ADDRESSES: Final = rb"(NIL|\((?:" + _ADDRESS + rb")+\))"
_STRING: Final = b"(" + NSTRING + b")"
_ENVELOPE: Final = re.compile(
    rb"\(%b\)" % b" ".join([_STRING] * 2 + [_ADDRESSES] * 6 + [_STRING] * 2),
    re.DOTALL,
)
_PARTS: Final = re.compile(
    rb"\(%b\)" % b" ".join([_STRING] * 4),
    re.DOTALL,
)
_CACHED: Final = 200  # octets: a hostile list must not stay in the cache


def envelope_from(octets: bytes) -> Envelope:
    """Return the envelope that *octets* say, matched by `LIST`."""
    match = _ENVELOPE.fullmatch(octets)
    if match is None:
        return Envelope.from_list(read_list(octets))
    date, subject, *addresses, in_reply_to, message_id = match.groups()
    return Envelope.from_fields(
        unquoted(date),
        unquoted(subject),
        map(_addresses, addresses),
        unquoted(in_reply_to),
        unquoted(message_id),
    )


def _addresses(octets: bytes) -> tuple[EmailAddress, ...]:
    if octets == b"NIL":
        return ()
    return _few(octets) if len(octets) <= _CACHED else _many(octets)


def _many(octets: bytes) -> tuple[EmailAddress, ...]:
    return addresses_from_raw(
        (unquoted(name), unquoted(route), unquoted(mailbox), unquoted(host))
        for name, route, mailbox, host in _PARTS.findall(octets, 1)
    )


# Sender and Reply-To repeat From, and a mailbox repeats its people.
_few = lru_cache(maxsize=1024)(_many)
