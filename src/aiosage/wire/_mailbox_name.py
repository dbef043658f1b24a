"""Mailbox names in modified UTF-7 (RFC 3501 §5.1.3), or UTF-8 (RFC 9051 §5.1).

Names are ``str`` everywhere in aiosage; only the wire sees an encoding.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

_ESCAPED: Final = re.compile("[\udc80-\udcff]")  # octets that were no text
_RUN: Final = re.compile(r"[^\x20-\x7e]+|&")
_INBOX: Final = re.compile(r"\Ainbox(?![A-Za-z0-9])", re.IGNORECASE | re.ASCII)
_SHIFTED: Final = re.compile(rb"&([^&-]*)-")  # "&" is in no run: linear


class RawMailboxName(str):
    """A name that the server should have encoded, and did not.

    It equals the `str` it is; the type has it sent back as it came, as UTF-8,
    since encoded it would name another mailbox.
    """

    __slots__ = ()


def encode_mailbox_name(name: str, *, utf8: bool = False) -> bytes:
    """Return *name* in modified UTF-7, or as the server sent it if it was not.

    Args:
        name: the name.
        utf8: the session takes names in UTF-8, with no encoding of its own.

    Raises:
        ValueError: the name holds NUL, CR or LF, or is not text.
    """
    if "\r" in name or "\n" in name or "\0" in name:
        raise ValueError("a mailbox name cannot hold NUL, CR or LF")
    if utf8 or isinstance(name, RawMailboxName) or _ESCAPED.search(name):
        return name.encode("utf-8", "surrogateescape")
    return _RUN.sub(_encode_run, name).encode("ascii")


def _encode_run(match: re.Match[str]) -> str:
    run = match[0]
    if run == "&":
        return "&-"
    octets = run.encode("utf-16-be")
    base64 = binascii.b2a_base64(octets, newline=False).rstrip(b"=")
    return "&" + base64.replace(b"/", b",").decode("ascii") + "-"


def decode_mailbox_name(name: bytes, *, utf8: bool = False) -> str:
    """Return the mailbox name that *name* encodes.

    A name is never refused: what is not valid modified UTF-7 comes back as a
    `RawMailboxName`, read as UTF-8, with each odd octet as a lone surrogate. So
    `encode_mailbox_name` gives the server its octets back.

    Args:
        name: as it was sent.
        utf8: the session has names in UTF-8: there, ``&`` is just a character.
    """
    if utf8:
        return name.decode("utf-8", "surrogateescape")
    try:
        decoded = _SHIFTED.sub(_decode_run, name).decode("utf-8")
        if encode_mailbox_name(decoded) == name:
            return decoded
    except ValueError:
        pass
    return RawMailboxName(name.decode("utf-8", "surrogateescape"))


def _decode_run(match: re.Match[bytes]) -> bytes:
    run = match[1]
    if not run:
        return b"&"
    base64 = run.replace(b",", b"/")
    base64 += b"=" * (-len(base64) % 4)
    octets = binascii.a2b_base64(base64, strict_mode=True)
    return octets.decode("utf-16-be").encode("utf-8")


def with_inbox(name: str) -> str:
    """Return *name* with INBOX, or INBOX above it, in capitals (RFC 9051 §5.1)."""
    return _INBOX.sub("INBOX", name)
