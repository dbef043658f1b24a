"""Parameters of Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2231)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from ._charset import Report, decode_charset, decode_unlabelled, ignore
from ._encoded_words import decode_field, unfold

MAX_PARAMETERS: Final = 1_000
"""More parameters of one field than this are left out."""

# The value is quoted (perhaps without an end), or runs to the next semicolon.
_PARAMETER: Final = re.compile(
    rb'([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;]*+))', re.DOTALL
)
_SEPARATORS: Final = re.compile(rb"[;\s]*+")
_UNESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)
_COMMENT: Final = re.compile(r"\([^()]*+\)")
# `name*`, `name*0` and `name*0*` (RFC 2231 §3, §4, §7).
_EXTENDED: Final = re.compile(r"([^*]++)(?:\*(\d{1,4}))?(\*)?")


def parse_value(field: bytes, report: Report = ignore) -> tuple[str, dict[str, str]]:
    """Return the value of a raw field body, in lower case, and its parameters.

    ``text/plain; charset="utf-8"`` gives ``("text/plain", {"charset": "utf-8"})``.
    """
    value, _, rest = field.partition(b";")
    text = unfold(value)
    if "(" in text:
        text = _COMMENT.sub("", text).strip()
    return text.lower(), decode_parameters(_pairs(rest), report)


def _pairs(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    for _ in range(MAX_PARAMETERS):
        if separators := _SEPARATORS.match(text, position):
            position = separators.end()
        match = _PARAMETER.match(text, position)
        if match is None:
            # Not `name=value`: go on after the next semicolon.
            position = text.find(b";", position) + 1
            if not position:
                return
            continue
        position = match.end()
        if match[2] is not None:
            yield match[1], _UNESCAPE.sub(rb"\1", match[2])
        else:
            yield match[1], match[3].strip()


def decode_parameters(
    pairs: Iterable[tuple[bytes, bytes]], report: Report = ignore
) -> dict[str, str]:
    """Return parameters decoded, by their names in lower case.

    Continuations are joined and charsets undone (RFC 2231). Encoded words, which
    RFC 2047 §5 forbids here and everybody sends, are decoded too. Of several
    values the extended one wins, then the first.
    """
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for raw_name, value in pairs:
        name = decode_unlabelled(raw_name).strip().lower()
        match = _EXTENDED.fullmatch(name) if "*" in name else None
        if match is None:
            plain.setdefault(name, decode_field(value, report))
        else:
            pieces = extended.setdefault(match[1], {})
            pieces.setdefault(int(match[2] or 0), (value, bool(match[3])))
    for name, pieces in extended.items():
        plain[name] = _join(pieces, report)
    return plain


def _join(pieces: dict[int, tuple[bytes, bool]], report: Report) -> str:
    """Return the text of a value that came in numbered pieces."""
    charset = ""
    joined = bytearray()
    for position, (number, (value, is_encoded)) in enumerate(sorted(pieces.items())):
        if number != position:
            report("a piece of a parameter is missing")
        if is_encoded:
            if not position and value.count(b"'") >= 2:
                raw_charset, _, value = value.split(b"'", 2)
                charset = decode_unlabelled(raw_charset)
            value = unquote_to_bytes(value)
        joined += value
    text = decode_charset(bytes(joined), charset or None, report)
    return decode_field(text.encode()) if "=?" in text else text
