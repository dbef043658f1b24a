"""Text of header fields: unfolding and encoded words (RFC 5322 §2.2.3, RFC 2047)."""

from __future__ import annotations

import binascii
import re
from typing import Final

from ._charset import Report, decode_charset, decode_unlabelled, ignore
from ._transfer_encoding import decode_base64

# White space that is more than spaces. It is looked for at the start of a run of
# spaces only, or long runs would take quadratic time.
_FOLD: Final = re.compile(r"(?<! ) *+[\t\r\n][ \t\r\n]*+")
_SPACES: Final = re.compile(" {2,}")
_CONTROL: Final = re.compile(r"[\0\r\n]")
# A word ends where the next begins, so that a hostile field takes linear time.
# "?" inside is wrong, and common; "=?=" is padding before the end.
_WORD: Final = re.compile(
    r"=\?([^?\s]+)\?([bBqQ])\?"
    r"([^?=]*+(?:(?:=(?!\?[^=])|\?(?!=))[^?=]*+)*+)\?="
)


def unfold(value: bytes) -> str:
    """Return the one line of text that a raw field body is, encoded words kept.

    Octets that are not ASCII are taken for UTF-8, else for Windows-1252.
    """
    text = decode_unlabelled(value).strip(" \t\r\n")
    if text.isprintable():
        return text
    if "\n" in text or "\t" in text or "\r" in text:
        text = _FOLD.sub(" ", text)
    return text.replace("\0", " ") if "\0" in text else text


def decode_field(value: bytes, report: Report = ignore) -> str:
    """Return a raw field body as the text a person would read."""
    return decode_words(unfold(value), report)


def decode_phrase(text: str, report: Report = ignore) -> str:
    """Return *text* with its encoded words decoded, and single spaces.

    For what is also read from ENVELOPE, subjects and names: Dovecot sends these
    with white space collapsed, so the same must be done to the header.
    """
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return decode_words(text, report)


def decode_words(text: str, report: Report = ignore) -> str:
    """Return *text* with its encoded words decoded.

    Space between two encoded words is dropped, and words of the same charset are
    joined before they are decoded, since senders cut characters in half.
    """
    if "=?" not in text:
        return text
    if word := _WORD.fullmatch(text):  # as nearly all are
        return _text_of(_octets_of(word, report), _charset_of(word), report)
    pieces: list[str] = []
    pending: list[bytes] = []  # octets of adjacent words of one charset
    pending_charset = ""
    end = 0

    def flush() -> None:
        if pending:
            pieces.append(_text_of(b"".join(pending), pending_charset, report))
            pending.clear()

    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        charset = _charset_of(match)
        if between.strip() or not end:
            flush()
            pieces.append(between)
        elif charset != pending_charset:
            flush()
        pending_charset = charset
        pending.append(_octets_of(match, report))
        end = match.end()
    flush()
    pieces.append(text[end:])
    return "".join(pieces)


def _charset_of(word: re.Match[str]) -> str:
    return word[1].partition("*")[0].lower()  # RFC 2231 §5: *language


def _octets_of(word: re.Match[str], report: Report) -> bytes:
    octets = word[3].encode("utf-8", "surrogatepass")
    if word[2] in "bB":
        return decode_base64(octets, report)
    return binascii.a2b_qp(octets, header=True)


def _text_of(octets: bytes, charset: str, report: Report) -> str:
    text = decode_charset(octets, charset, report)
    return text if text.isprintable() else _CONTROL.sub(" ", text)
