"""The subject of a conversation, and how text is compared (RFC 5256 §2.1, RFC 5051)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_SPACES: Final = re.compile(r"[ \t\r\n]+")
_BLOBS: Final = re.compile(r"(?:\[[^\[\]]*\] *+)*+")
_BLOB: Final = re.compile(r"\[[^\[\]]*\] *+")
_REFWD: Final = re.compile(r"(?:re|fwd?) *+(?:\[[^\[\]]*\] *+)?:", re.IGNORECASE)
_FORWARDED: Final = "[fwd:"
_TRAILER: Final = "(fwd)"


@dataclass(frozen=True, slots=True)
class BaseSubject:
    """A subject without what answering and forwarding have added to it.

    Attributes:
        text: the base subject; "" if there is nothing else.
        is_reply: something was removed that says it is a reply or a forward.
    """

    text: str
    is_reply: bool


def base_subject(subject: str) -> BaseSubject:
    """Return the base subject of *subject*, which is decoded (RFC 5256 §2.1)."""
    text = _SPACES.sub(" ", subject)
    start, end, is_reply = 0, len(text), False
    while True:
        start, end, was_trailed = _without_trailers(text, start, end)
        start, was_led = _without_leaders(text, start, end)
        is_reply = is_reply or was_trailed or was_led
        if not (
            text[start : start + len(_FORWARDED)].lower() == _FORWARDED
            and text.endswith("]", start + len(_FORWARDED), end)
        ):
            return BaseSubject(text[start:end], is_reply)
        start, end, is_reply = start + len(_FORWARDED), end - 1, True


def _without_trailers(text: str, start: int, end: int) -> tuple[int, int, bool]:
    was_trailed = False
    while end > start:
        if text[end - 1] == " ":
            end -= 1
        elif text[max(start, end - len(_TRAILER)) : end].lower() == _TRAILER:
            end -= len(_TRAILER)
            was_trailed = True
        else:
            break
    return start, end, was_trailed


def _without_leaders(text: str, start: int, end: int) -> tuple[int, bool]:
    was_led = False
    while start < end:
        if text[start] == " ":
            start += 1
            continue
        blobs = _BLOBS.match(text, start, end)
        after = blobs.end() if blobs else start
        if leader := _REFWD.match(text, after, end):
            start = leader.end()
            was_led = True
            continue
        # No leader comes before the blobs are gone; the last one stays if there
        # would be nothing left.
        while (blob := _BLOB.match(text, start, after)) and blob.end() < end:
            start = blob.end()
        break
    return start, was_led


def collation_key(text: str) -> str:
    """Return *text* as i;unicode-casemap compares it (RFC 5051)."""
    if text.isascii():
        return text.upper()
    return unicodedata.normalize("NFKD", "".join(map(_titlecase, text)))


@lru_cache(maxsize=1024)
def _titlecase(character: str) -> str:
    title = character.title()
    return title if len(title) == 1 else character  # as Unicode's simple mapping
