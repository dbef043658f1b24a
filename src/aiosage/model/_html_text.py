"""The text of HTML, as a reader would see it.

lxml reads the HTML, whatever it lacks; here is only what the tags mean for text.
It is a stream of tags and text, so that nothing grows but the text itself: layout
in columns, as other converters do it, makes gigabytes of a few hostile lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Final, Protocol

from ._html_preview import html_words

_HIDDEN: Final = frozenset(
    [
        *("head", "script", "style", "title", "template", "noscript", "object"),
        *("svg", "math", "iframe", "select", "textarea", "audio", "video", "canvas"),
    ]
)
_PARAGRAPHS: Final = frozenset(
    [
        *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "hr"),
        *("blockquote", "table", "figure", "fieldset"),
    ]
)
_LINES: Final = frozenset(
    [
        *("div", "li", "tr", "dt", "dd", "section", "article", "header", "footer"),
        *("main", "nav", "aside", "address", "center", "form", "caption", "figcaption"),
        *("body", "legend", "details", "summary"),
    ]
)
_CELLS: Final = frozenset(["td", "th"])
_LISTS: Final = frozenset(["ul", "ol"])
_NOT_SHOWN: Final = re.compile(r"display\s*+:\s*+none", re.IGNORECASE)
_SPACE: Final = re.compile(r"\s+")
_STEP: Final = 64 * 1024  # octets given to the parser at once
_MAX_DEPTH: Final = 500
"""Deeper, end tags without a start would take quadratic time: each is looked for."""


class _TooDeepError(Exception):
    """Elements nest deeper than `_MAX_DEPTH`."""


class _Parser(Protocol):
    """What is used of lxml's parser."""

    def feed(self, data: bytes) -> None: ...

    def close(self) -> str: ...


class _NewParser(Protocol):
    def __call__(self, *, target: _Layout, encoding: str) -> _Parser: ...


def html_to_text(html: str) -> str:
    """Return what a reader would see of *html*, lines ended by LF.

    Paragraphs are apart by an empty line, list items begin with ``*`` or their
    number, pictures are what they say instead. Where elements nest too deep for
    any reader, only the words of the first 256 Ki characters are returned.

    It takes linear time, about half a second per MiB: large mail is for
    ``asyncio.to_thread``.

    Raises:
        ImportError: lxml is not installed.
    """
    try:
        new_parser: _NewParser = import_module("lxml.etree").HTMLParser
    except ImportError as error:
        raise ImportError(
            "text from HTML needs lxml: pip install 'aiosage[html]'"
        ) from error
    parser = new_parser(target=_Layout(), encoding="utf-8")
    # NUL ends the text for lxml, which is C; half a character cannot be written.
    octets = html.replace("\0", " ").encode("utf-8", "replace")
    # As one piece, an empty text would be an error.
    try:
        parser.feed(b"<html>")
        for start in range(0, len(octets), _STEP):
            parser.feed(octets[start : start + _STEP])
        return parser.close()
    except _TooDeepError:
        return " ".join(html_words(html).split())


class _Layout:
    """Receives tags and text in order, and writes text."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._breaks = 0  # line breaks to write before the next text
        self._space = False  # white space came after the last text
        self._depth = 0
        self._hidden = 0  # how many open elements are not shown
        self._pre = 0
        self._lists: list[int | None] = []  # items so far; None without numbers

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise _TooDeepError
        style = attributes.get("style")
        if self._hidden or tag in _HIDDEN or (style and _NOT_SHOWN.search(style)):
            self._hidden += 1
            return
        self._break(tag)
        if tag in _LISTS:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "br":
            self._breaks = min(self._breaks + 1, 2)
        elif tag == "pre":
            self._pre += 1
        elif tag == "img":
            self._flow(attributes.get("alt", ""))

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._hidden:
            self._hidden -= 1
            return
        self._break(tag)
        if tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._pre -= 1
        elif tag in _CELLS:
            self._space = True

    def data(self, text: str) -> None:
        if self._hidden:
            return
        if self._pre:
            self._write(text)
        else:
            self._flow(text)

    def close(self) -> str:
        return "".join(self._pieces).strip("\n")

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._breaks = max(self._breaks, 2)
        elif tag in _LINES:
            self._breaks = max(self._breaks, 1)

    def _begin_item(self) -> None:
        mark = "*"
        if self._lists and self._lists[-1] is not None:
            self._lists[-1] += 1
            mark = f"{self._lists[-1]}."
        self._write(mark)
        self._space = True

    def _flow(self, text: str) -> None:
        """Write *text* with every run of white space as one space."""
        words = _SPACE.sub(" ", text)
        self._space = self._space or words.startswith(" ")
        if words.strip():
            self._write(words.strip())
            self._space = words.endswith(" ")

    def _write(self, text: str) -> None:
        if self._breaks:
            if self._pieces:
                self._pieces.append("\n" * self._breaks)
        elif self._space and self._pieces:
            self._pieces.append(" ")
        self._breaks = 0
        self._space = False
        self._pieces.append(text)
