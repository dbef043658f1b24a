"""Sections of a message: BODY[...] (RFC 9051 §6.4.5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ._arguments import Arguments
from ._mime import Part
from ._refusal import Bad
from ._response import astring

MAX_FIELDS: Final = 1000
"""Names in one HEADER.FIELDS list."""

_NUMBERS: Final = re.compile(rb"(\d{1,9}(?:\.\d{1,9})*)(\.?)")
_PARTIAL: Final = re.compile(rb"<(\d{1,19})\.(\d{1,19})>")


@dataclass(frozen=True, slots=True)
class Section:
    """What BODY[...] asks for: a part, which text of it, and which octets."""

    path: tuple[int, ...] = ()
    text: str = ""  # "", HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, MIME or TEXT
    fields: tuple[bytes, ...] = ()
    partial: tuple[int, int] | None = None  # offset and count, in octets

    @property
    def label(self) -> bytes:
        """What a response calls it, such as ``[1.MIME]<0>``."""
        words = [".".join(map(str, self.path))] if self.path else []
        words += [self.text] if self.text else []
        label = ".".join(words).encode()
        if self.fields:
            label += b" (" + b" ".join(map(astring, self.fields)) + b")"
        origin = b"<%d>" % self.partial[0] if self.partial else b""
        return b"[" + label + b"]" + origin

    def of(self, message: Part) -> bytes:
        """Return the octets asked for; none if there is no such part."""
        part = _find(message, self.path)
        if part is None:
            return b""
        octets = self._text_of(part, is_root=not self.path)
        if self.partial is None:
            return octets
        offset, count = self.partial
        return octets[offset : offset + count]

    def _text_of(self, part: Part, *, is_root: bool) -> bytes:
        if not self.text:
            return part.raw if is_root else part.content
        if self.text == "MIME":
            return part.header
        # HEADER and TEXT are of a message: the whole, or one inside a part.
        if not is_root:
            if not part.is_message:
                return b""
            part = part.children[0]
        if self.text == "HEADER":
            return part.header
        if self.text == "TEXT":
            return part.content
        names = frozenset(name.lower() for name in self.fields)
        inverse = self.text == "HEADER.FIELDS.NOT"
        return part.fields.lines(names, inverse=inverse) + b"\r\n"


def _find(message: Part, path: tuple[int, ...]) -> Part | None:
    """Return the part at *path*.

    The parts of a message inside a part are numbered as if they were that
    part's own; a body that is not a multipart is its message's part 1.
    """
    holder: Part | None = message  # whose parts the next number counts
    part = message
    for number in path:
        if holder is None:
            return None
        if holder.is_multipart:
            if not 1 <= number <= len(holder.children):
                return None
            part = holder = holder.children[number - 1]
        elif number == 1:
            part, holder = holder, None
        else:
            return None
        if part.is_message:
            holder = part.children[0]
    return part


def read_section(arguments: Arguments) -> Section:
    """Read a section, with its brackets, and a partial after it."""
    if not arguments.accept(b"["):
        raise Bad("Expected a section")
    path: tuple[int, ...] = ()
    text = ""
    fields: tuple[bytes, ...] = ()
    needs_text = False
    if found := arguments.try_match(_NUMBERS):
        path = tuple(int(number) for number in found[1].split(b"."))
        needs_text = bool(found[2])
    if needs_text or (not path and not arguments.next_is(b"]")):
        text = arguments.keyword("a section")
        if text in ("HEADER.FIELDS", "HEADER.FIELDS.NOT"):
            fields = _read_fields(arguments)
        elif text not in ("HEADER", "TEXT") and not (text == "MIME" and path):
            raise Bad(f"Invalid section {text[:40]}")
    if not arguments.accept(b"]"):
        raise Bad("Missing ']'")
    partial: tuple[int, int] | None = None
    if found := arguments.try_match(_PARTIAL):
        partial = int(found[1]), int(found[2])
        if not partial[1]:
            raise Bad("Invalid partial: no octets")
    elif arguments.next_is(b"<"):
        raise Bad("Invalid partial")
    return Section(path, text, fields, partial)


def _read_fields(arguments: Arguments) -> tuple[bytes, ...]:
    arguments.space()
    arguments.open()
    names = [arguments.astring().upper()]
    while not arguments.accept(b")"):
        arguments.space()
        names.append(arguments.astring().upper())
    if len(names) > MAX_FIELDS:
        raise Bad("Too many header names")
    return tuple(names)
