"""What a message says, as SEARCH compares it (RFC 9051 §6.4.4)."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from ._mime import Part

_ENCODED_WORD: Final = re.compile(
    rb"=\?([A-Za-z0-9_.:+-]{1,40})(?:\*[A-Za-z0-9-]*)?\?([bBqQ])\?([^?\s]*)\?="
)
_BETWEEN_WORDS: Final = re.compile(rb"(\?=)\s+(?==\?)")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")


def folded(text: str) -> str:
    """Return *text* as it is compared: without case, letters decomposed."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.lower())


def decoded_header(value: bytes) -> str:
    """Return a header's text, its encoded words decoded (RFC 2047).

    White space is one space, however it was folded.
    """
    value = b" ".join(value.split())
    if b"=?" not in value:
        return value.decode("utf-8", "replace")
    value = _BETWEEN_WORDS.sub(rb"\1", value)
    text: list[str] = []
    end = 0
    for word in _ENCODED_WORD.finditer(value):
        text.append(value[end : word.start()].decode("utf-8", "replace"))
        text.append(_decoded_word(word))
        end = word.end()
    text.append(value[end:].decode("utf-8", "replace"))
    return "".join(text)


def _decoded_word(word: re.Match[bytes]) -> str:
    if word[2] in b"bB":
        octets = _from_base64(word[3])
    else:
        octets = quopri.decodestring(word[3], header=True)
    return _decoded(octets, word[1].decode("ascii"))


def header_texts(part: Part) -> Iterator[str]:
    """Yield the folded header fields of *part* and of the parts in it."""
    for each in _walk(part):
        for field in each.fields:
            yield folded(
                field.name.decode("latin-1") + ": " + decoded_header(field.value)
            )


def body_texts(part: Part) -> Iterator[str]:
    """Yield the folded texts in *part*; what is not text is left out."""
    for each in _walk(part):
        # A report about delivery (RFC 3464) is text too, though not by name.
        if each.is_text or (each.type.lower() == b"message" and not each.is_message):
            yield folded(_decoded_body(each))


def _walk(part: Part) -> Iterator[Part]:
    pending = [part]
    while pending:
        each = pending.pop()
        yield each
        pending.extend(reversed(each.children))


def _decoded_body(part: Part) -> str:
    encoding = (part.fields.first(b"content-transfer-encoding") or b"").strip().lower()
    octets = part.content
    if encoding == b"base64":
        octets = _from_base64(octets)
    elif encoding == b"quoted-printable":
        octets = quopri.decodestring(octets)
    for name, value in part.parameters:
        if name.lower() == b"charset":
            return _decoded(octets, value.decode("ascii", "replace"))
    return _decoded(octets, "utf-8")


def _from_base64(octets: bytes) -> bytes:
    octets = _NOT_BASE64.sub(b"", octets)
    try:
        return base64.b64decode(octets + b"=" * (-len(octets) % 4))
    except binascii.Error:
        return base64.b64decode(octets[: len(octets) // 4 * 4])


def _decoded(octets: bytes, charset: str) -> str:
    if "escape" in charset.lower():
        charset = "utf-8"  # Python's own codecs, which warn of odd input
    try:
        return octets.decode(charset, "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")
