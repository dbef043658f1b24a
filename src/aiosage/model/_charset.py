"""Octets to text, whatever charset they claim (RFC 2046 §4.1.2).

Mail lies about its charsets. Nothing here raises: what the declared charset
cannot decode is decoded as well as it can be, and the caller is told.
"""

from __future__ import annotations

import encodings
import re
from collections.abc import Callable
from encodings.aliases import aliases
from functools import lru_cache
from typing import Final, TypeAlias

Report: TypeAlias = Callable[[str], None]
"""Receives one sentence about each thing found wrong."""

# Names that mail uses and Python does not know, or for which mail means a
# superset of what the name says.
_ALIASES: Final = {
    "gb2312": "gb18030",
    "gb_2312_80": "gb18030",
    "gbk": "gb18030",
    "x_gbk": "gb18030",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601": "cp949",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "x_sjis": "cp932",
    "windows_31j": "cp932",
    "iso_2022_jp": "iso_2022_jp_ext",
    "iso_2022_jp_ms": "iso_2022_jp_ext",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_6_e": "iso8859_6",
    "iso_8859_1": "cp1252",
    "iso8859_1": "cp1252",
    "latin_1": "cp1252",
    "latin1": "cp1252",
    "x_mac_roman": "mac_roman",
    "windows_874": "cp874",
    "x_windows_1252": "cp1252",
    "unicode_1_1_utf_7": "utf_7",
    "utf": "utf_8",
    "utf_8_mac": "utf_8",
    "unicode": "utf_8",
}

# Codecs that have no alias, so the table of aliases does not tell of them.
_UNALIASED: Final = frozenset(
    [
        "cp1006",
        "cp720",
        "cp737",
        "cp856",
        "cp874",
        "cp875",
        "koi8_u",
        "mac_arabic",
        "mac_croatian",
        "mac_farsi",
        "mac_romanian",
        "utf_8_sig",
    ]
)
# Codecs that are no charset of mail. Some take quadratic time or warn.
_REFUSED: Final = frozenset(
    [
        "base64_codec",
        "bz2_codec",
        "charmap",
        "hex_codec",
        "idna",
        "mbcs",
        "oem",
        "punycode",
        "quopri_codec",
        "raw_unicode_escape",
        "rot_13",
        "undefined",
        "unicode_escape",
        "uu_codec",
        "zlib_codec",
    ]
)
_KNOWN: Final = (frozenset(aliases) | frozenset(aliases.values()) | _UNALIASED) - (
    _REFUSED
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Longer names are nobody's charset; they are not worth a copy.
_LONGEST_NAME: Final = 40


def ignore(_: str) -> None:
    """Report to nobody."""


def codec_of(charset: str) -> str | None:
    """Return the Python codec for *charset*; None if there is none.

    Unknown names never reach ``codecs.lookup``: it would import by that name
    and remember each failure for ever.
    """
    if len(charset) > _LONGEST_NAME or not charset.isascii():
        return None
    return _codec_of(charset)


@lru_cache(maxsize=256)
def _codec_of(charset: str) -> str | None:
    name = encodings.normalize_encoding(charset).lower()
    name = _ALIASES.get(name, name)
    if name not in _KNOWN or aliases.get(name, name) in _REFUSED:
        return None
    return name


def decode_unlabelled(data: bytes) -> str:
    """Return 8-bit *data* of unknown charset: as UTF-8, else as Windows-1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_8bit(data)


def decode_charset(data: bytes, charset: str | None, report: Report = ignore) -> str:
    """Return *data* as text, by *charset* if that works.

    An unknown charset is taken for UTF-8, else Windows-1252. Octets that a known
    charset does not allow make the whole be tried as UTF-8; then they become
    U+FFFD. UTF-8 and ASCII with other octets in it are taken for
    Windows-1252, which is what it nearly always is.

    Args:
        data: the octets.
        charset: what they are declared to be; None if not declared.
        report: told what was wrong.
    """
    if not charset:
        return decode_unlabelled(data)
    codec = codec_of(charset)
    if codec is None:
        report(f"unknown charset {charset[:_LONGEST_NAME]!r}")
        return decode_unlabelled(data)
    try:
        text = data.decode(codec)
    except UnicodeError as error:
        report(f"text is not valid {charset}")
        return _decode_invalid(data, codec, error)
    return _SURROGATE.sub("\ufffd", text) if codec.startswith("utf_7") else text


def _decode_invalid(data: bytes, codec: str, error: UnicodeError) -> str:
    is_utf_8 = aliases.get(codec, codec).startswith("utf_8")
    # A character cut in half at the end is a cut text, not another charset.
    if is_utf_8 and isinstance(error, UnicodeDecodeError):
        if error.start >= len(data) - 3 and "end of data" in error.reason:
            return data.decode("utf-8", "replace")
        return _decode_8bit(data)
    if aliases.get(codec, codec) in ("ascii", "cp1252"):
        return decode_unlabelled(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return _SURROGATE.sub("\ufffd", data.decode(codec, "replace"))
        except UnicodeError:  # utf-16 and utf-32 refuse some input outright
            return _decode_8bit(data)


def _decode_8bit(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
