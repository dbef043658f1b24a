"""The words of an HTML text, roughly, for a preview."""

from __future__ import annotations

import html
import re
from typing import Final

_LONGEST: Final = 256 * 1024
"""Characters of HTML looked at for a preview."""

_TAG: Final = re.compile(r"[^>]*+>?")
_SKIPPED: Final = re.compile(r"(style|script|head|title)\b", re.IGNORECASE)
_INLINE: Final = re.compile(r"/?(?:a|abbr|b|em|font|i|span|strong|u)\b", re.IGNORECASE)
# No character has so long a number, and int() refuses thousands of digits.
_LONG_REFERENCE: Final = re.compile(r"&#[xX]?[0-9a-fA-F]{9,}+")


def html_words(text: str) -> str:
    """Return what a reader would see of the HTML *text*, as plain words.

    For one line of preview, not for reading: layout is dropped. Linear time.
    """
    text = text[:_LONGEST]
    words: list[str] = []
    position = 0
    while position < len(text):
        tag = text.find("<", position)
        words.append(text[position : tag if tag >= 0 else len(text)])
        if tag < 0:
            break
        position, space = _skip_markup(text, tag + 1)
        words.append(space)
    return html.unescape(_LONG_REFERENCE.sub("", "".join(words)))


def _skip_markup(text: str, start: int) -> tuple[int, str]:
    """Return where the markup after ``<`` ends, and the space it stands for.

    A comment, style or script that does not end runs to the end, as in HTML.
    """
    if text.startswith("!--", start):
        end = text.find("-->", start)
        return (end + 3 if end >= 0 else len(text)), ""
    if skipped := _SKIPPED.match(text, start):
        closing = re.compile(rf"</{skipped[1]}\b[^>]*+>?", re.IGNORECASE)
        match = closing.search(text, start)
        return (match.end() if match else len(text)), " "
    match = _TAG.match(text, start)
    end = match.end() if match else len(text)
    return end, "" if _INLINE.match(text, start) else " "
