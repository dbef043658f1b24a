"""The fields of a header (RFC 5322 §2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ._charset import Report, ignore
from ._encoded_words import decode_field

MAX_FIELDS: Final = 10_000
"""More fields of one header than this are left out, and reported."""

# A line that is no field, such as mbox's "From ", is passed over.
_FIELD: Final = re.compile(
    rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE
)


def header_end(raw: bytes, start: int = 0, end: int | None = None) -> int:
    """Return where the body begins in *raw*: after the first empty line.

    Without an empty line all of it, up to *end*, is header.
    """
    end = len(raw) if end is None else end
    if raw.startswith((b"\r\n", b"\n"), start, end):
        return raw.index(b"\n", start, end) + 1
    lf = raw.find(b"\n\n", start, end)
    crlf = raw.find(b"\n\r\n", start, lf + 1 if lf >= 0 else end)
    if crlf >= 0:
        return crlf + 3
    return lf + 2 if lf >= 0 else end


class Headers(Mapping[str, str]):
    """The fields of one header: a mapping without regard to case, decoded.

    ``headers["subject"]`` is the first field of that name, ``get_all`` gives
    each, ``multi_items`` every field in order. Fields are found once, when first
    asked for, and decoded each time they are asked for.
    """

    __slots__ = ("_index", "_items", "_raw", "_report")

    def __init__(self, raw: bytes, *, report: Report = ignore) -> None:
        """Read the header *raw*; what follows its empty line is no part of it."""
        self._raw = raw
        self._report = report
        self._items: list[tuple[str, bytes]] = []
        self._index: dict[str, list[bytes]] | None = None

    def _fields(self) -> dict[str, list[bytes]]:
        if self._index is None:
            self._index = {}
            for match in _FIELD.finditer(self._raw, 0, header_end(self._raw)):
                if len(self._items) == MAX_FIELDS:
                    self._report(f"more than {MAX_FIELDS} fields in the header")
                    break
                name = match[1].decode("ascii")
                self._items.append((name, match[2]))
                self._index.setdefault(name.lower(), []).append(match[2])
        return self._index

    def raw(self, name: str) -> list[bytes]:
        """Return the bodies of the fields called *name*, folded and encoded."""
        return self._fields().get(name.lower(), [])

    def get_all(self, name: str) -> tuple[str, ...]:
        """Return the text of each field called *name*, in order."""
        return tuple(decode_field(body, self._report) for body in self.raw(name))

    def multi_items(self) -> list[tuple[str, str]]:
        """Return name and text of every field, in order."""
        self._fields()
        return [(name, decode_field(body, self._report)) for name, body in self._items]

    def __getitem__(self, name: str) -> str:
        bodies = self.raw(name)
        if not bodies:
            raise KeyError(name)
        return decode_field(bodies[0], self._report)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields()

    def __iter__(self) -> Iterator[str]:
        """Yield each name once, as it is first spelt."""
        self._fields()
        return iter({name.lower(): name for name, _ in reversed(self._items)}.values())

    def __len__(self) -> int:
        return len(self._fields())

    def __repr__(self) -> str:
        return f"<Headers: {len(self)} names>"
