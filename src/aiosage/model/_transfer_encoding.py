"""Content transfer encodings, undone (RFC 2045 §6). Nothing here raises."""

from __future__ import annotations

import binascii
import re
from typing import Final

from ._charset import Report, ignore

_BASE64: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
)
NOT_BASE64: Final = bytes(octet for octet in range(256) if octet not in _BASE64)
"""What is no character of base64, nor its padding."""
_BROKEN_QUOTED: Final = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*+(?:\r?\n|\Z))")


def decode_transfer(data: bytes, encoding: str, report: Report = ignore) -> bytes:
    """Return *data* without its content transfer *encoding*.

    Args:
        data: the body of one part.
        encoding: the encoding's name, in lower case. The unknown leaves *data*
            as it is, and is reported.
        report: told what was wrong.
    """
    if encoding == "base64":
        return decode_base64(data, report)
    if encoding == "quoted-printable":
        if _BROKEN_QUOTED.search(data):
            report("broken quoted-printable")
        return binascii.a2b_qp(data)
    if encoding not in ("7bit", "8bit", "binary", ""):
        report(f"unknown transfer encoding {encoding[:40]!r}")
    return data


def decode_base64(data: bytes, report: Report = ignore) -> bytes:
    """Return what base64 *data* encodes.

    Characters outside the alphabet are skipped, missing padding is supplied, and
    padding in the middle starts anew, as senders that encode by line do it.
    """
    try:
        return binascii.a2b_base64(data.translate(None, b"\r\n \t"), strict_mode=True)
    except binascii.Error:
        pass
    report("broken base64")
    text = data.translate(None, NOT_BASE64)
    decoded = bytearray()
    for chunk in text.split(b"="):
        if len(chunk) % 4 == 1:
            chunk = chunk[:-1]  # six bits are no octet
        if chunk:
            decoded += binascii.a2b_base64(chunk + b"=" * (-len(chunk) % 4))
    return bytes(decoded)
