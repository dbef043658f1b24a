"""Header fields, and the structured values in them (RFC 5322, RFC 2045)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

Parameters: TypeAlias = tuple[tuple[bytes, bytes], ...]

# A field: its name up to the colon, then lines that go on with a space or tab.
_FIELD: Final = re.compile(
    rb"^([^\x00-\x20\x7f:]++)[ \t]*+:((?:[^\n]*\n(?=[ \t]))*[^\n]*(?:\n|\Z))",
    re.MULTILINE,
)
_FOLD: Final = re.compile(rb"\r?\n")
_TOKEN_END: Final = re.compile(rb'[\s;="()]|\Z')
_SPACE: Final = re.compile(rb"\s*")
_QUOTED: Final = re.compile(rb'"((?:[^"\\]|\\.)*)("|\Z)', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)
_PIECE: Final = re.compile(rb"([^*]+)\*(?:(\d{1,4})(\*?))?")
_COMMENT_MARK: Final = re.compile(rb"\\.|[()]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: lower-case name, its raw lines and its value."""

    name: bytes
    lines: bytes
    value: bytes  # unfolded, without the space before it


class Fields:
    """The fields of one header, in order."""

    __slots__ = ("_all", "_first")

    def __init__(self, fields: list[Field]) -> None:
        self._all = fields
        self._first: dict[bytes, Field] = {}
        for field in fields:
            self._first.setdefault(field.name, field)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._all)

    def last(self, name: bytes) -> bytes | None:
        """Return the value of the last field *name* (lower case), or None."""
        values = self.values(name)
        return values[-1] if values else None

    def first(self, name: bytes) -> bytes | None:
        """Return the value of the first field *name* (lower case), or None."""
        field = self._first.get(name)
        return None if field is None else field.value

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of every field *name* (lower case), in order."""
        return [field.value for field in self._all if field.name == name]

    def lines(self, names: frozenset[bytes], *, inverse: bool = False) -> bytes:
        """Return the raw lines of the fields in *names*, or of all others."""
        return b"".join(f.lines for f in self._all if (f.name in names) is not inverse)


def parse_fields(raw: bytes, start: int, end: int) -> Fields:
    """Return the fields of the header ``raw[start:end]``.

    A line that is neither a field nor a continuation of one is passed over.
    """
    return Fields(
        [
            Field(m[1].lower(), m[0], unfold(m[2]).lstrip(b" \t"))
            for m in _FIELD.finditer(raw, start, end)
        ]
    )


def unfold(value: bytes) -> bytes:
    """Return *value* without its line ends (RFC 5322 §2.2.3)."""
    return _FOLD.sub(b"", value)


def skip_comments(value: bytes, position: int) -> int:
    """Return where the text after white space and comments begins."""
    while True:
        found = _SPACE.match(value, position)
        position = found.end() if found else position
        if not value.startswith(b"(", position):
            return position
        position = read_comment(value, position)[1]


def read_comment(value: bytes, position: int) -> tuple[bytes, int]:
    """Return the text of the comment at *position*, and where it ends.

    Comments nest; one that never ends goes to the end of the value.
    """
    depth = 0
    for mark in _COMMENT_MARK.finditer(value, position):
        if mark[0] == b"(":
            depth += 1
        elif mark[0] == b")":
            depth -= 1
            if not depth:
                return unescape(value[position + 1 : mark.start()]), mark.end()
    return unescape(value[position + 1 :]), len(value)


def read_quoted(value: bytes, position: int) -> tuple[bytes, int]:
    """Return the quoted string at *position*, unescaped, and where it ends."""
    found = _QUOTED.match(value, position)
    if found is None:  # only a lone backslash at the very end
        return unescape(value[position + 1 :]), len(value)
    return unescape(found[1]), found.end()


def unescape(text: bytes) -> bytes:
    r"""Return *text* with each ``\x`` turned into ``x``."""
    return _ESCAPE.sub(rb"\1", text) if b"\\" in text else text


def parse_parameterized(value: bytes) -> tuple[bytes, Parameters]:
    """Return the token (or ``type/subtype``) of *value* and its parameters.

    Parameters cut in pieces (``name*0=``, ``name*1=``) are joined, and come
    after the others (RFC 2231 §3).
    """
    word, position = _read_word(value, 0)
    parameters: list[tuple[bytes, bytes]] = []
    while (position := value.find(b";", position)) >= 0:
        name, position = _read_word(value, position + 1)
        position = skip_comments(value, position)
        if name and value.startswith(b"=", position):
            position = skip_comments(value, position + 1)
            if value.startswith(b'"', position):
                text, position = read_quoted(value, position)
            else:
                text, position = _read_word(value, position)
            parameters.append((name, text))
    return word, _joined(parameters) if word else ()


def _read_word(value: bytes, position: int) -> tuple[bytes, int]:
    """Return the token at *position*, or two with a slash between, and its end."""
    start = skip_comments(value, position)
    end = _token_end(value, start)
    word = value[start:end]
    slash = skip_comments(value, end)
    if value.startswith(b"/", slash) and b"/" not in word:
        start = skip_comments(value, slash + 1)
        end = _token_end(value, start)
        word += b"/" + value[start:end]
    return word, end


def _token_end(value: bytes, position: int) -> int:
    found = _TOKEN_END.search(value, position)
    return found.start() if found else len(value)


def _joined(parameters: list[tuple[bytes, bytes]]) -> Parameters:
    plain: list[tuple[bytes, bytes]] = []
    pieces: dict[bytes, list[tuple[int, bool, bytes]]] = {}
    for name, text in parameters:
        if piece := _PIECE.fullmatch(name):
            extended = piece[2] is None or bool(piece[3])
            pieces.setdefault(piece[1], []).append((int(piece[2] or 0), extended, text))
        else:
            plain.append((name, text))
    for name in sorted(pieces):
        parts = sorted(pieces[name])
        star = b"*" if any(extended for _, extended, _ in parts) else b""
        plain.append((name + star, b"".join(text for _, _, text in parts)))
    return tuple(plain)
