"""Content transfer encodings, undone piece by piece (RFC 2045 §6).

Whatever the pieces, together they give what `decode_transfer` gives of the whole;
and what is kept in between is a few octets, however hostile the content.
"""

from __future__ import annotations

import binascii
import re
from typing import Final, Protocol

from ._transfer_encoding import NOT_BASE64

# Quoted-printable as `binascii` reads it, cut where it has forgotten what was
# before: after text, ``==``, ``=41``, a soft line break, or a "=" by itself.
_WHOLE_QUOTED: Final = re.compile(
    rb"(?:[^=]++|==|=[0-9A-Fa-f]{2}|=\n|=\r[^\n]*+\n"
    rb"|=(?=[^=\r\n0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]))*+"
)
_SOFT_BREAK: Final = b"=\r"


class TransferDecoder(Protocol):
    """Undoes one encoding of one part. Nothing raises, as with `decode_transfer`."""

    def feed(self, piece: bytes) -> bytes:
        """Return what is decoded now that *piece* has come."""
        ...

    def finish(self) -> bytes:
        """Return the rest, now that nothing more comes."""
        ...


def transfer_decoder(encoding: str) -> TransferDecoder:
    """Return what undoes *encoding*, in lower case; the unknown is left as it is."""
    if encoding == "base64":
        return _Base64()
    if encoding == "quoted-printable":
        return _QuotedPrintable()
    return _Identity()


class _Identity:
    def feed(self, piece: bytes) -> bytes:
        return piece

    def finish(self) -> bytes:
        return b""


class _Base64:
    def __init__(self) -> None:
        self._rest = b""  # up to three characters

    def feed(self, piece: bytes) -> bytes:
        text = self._rest + piece.translate(None, NOT_BASE64)
        *padded, last = text.split(b"=")  # after padding it starts anew
        whole = len(last) - len(last) % 4
        self._rest = last[whole:]
        decoded = [_decode_base64(chunk) for chunk in padded if chunk]
        decoded.append(binascii.a2b_base64(last[:whole]))
        return b"".join(decoded)

    def finish(self) -> bytes:
        rest, self._rest = self._rest, b""
        return _decode_base64(rest)


def _decode_base64(chunk: bytes) -> bytes:
    if len(chunk) % 4 == 1:
        chunk = chunk[:-1]  # six bits are no octet
    return binascii.a2b_base64(chunk + b"=" * (-len(chunk) % 4))


class _QuotedPrintable:
    def __init__(self) -> None:
        self._rest = b""  # an escape that is not whole: up to two octets

    def feed(self, piece: bytes) -> bytes:
        text = self._rest + piece
        match = _WHOLE_QUOTED.match(text)
        assert match is not None  # it matches nothing, too
        end = match.end()
        # The rest of a line after a soft break counts for nothing.
        is_break = text.startswith(_SOFT_BREAK, end)
        self._rest = _SOFT_BREAK if is_break else text[end:]
        return binascii.a2b_qp(text[:end])

    def finish(self) -> bytes:
        rest, self._rest = self._rest, b""
        return binascii.a2b_qp(rest)
