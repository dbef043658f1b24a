"""What somebody may do with a mailbox (RFC 4314 §2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from enum import StrEnum
from typing import Final

_LETTERS: Final = re.compile(r"[a-z0-9]*")
_ORDER: Final = "lrswipkxteacdn"  # as servers write them; the rest follows


class Right(StrEnum):
    """One right, by the letter that stands for it (RFC 4314 §2.1)."""

    LOOKUP = "l"
    READ = "r"
    KEEP_SEEN = "s"
    WRITE = "w"
    INSERT = "i"
    POST = "p"
    CREATE_MAILBOXES = "k"
    DELETE_MAILBOX = "x"
    DELETE_MESSAGES = "t"
    EXPUNGE = "e"
    ADMINISTER = "a"


class Rights(Set[str]):
    """A set of rights, such as ``Rights("lrs")`` (RFC 4314 §2.1).

    It is immutable and has the operators of a set. Letters beyond those of
    `Right` mean what the server wants: ``c`` and ``d`` are what RFC 2086 had
    instead of ``k``, ``x``, ``t`` and ``e``.

    Args:
        letters: any number of lower-case letters and digits.

    Raises:
        ValueError: something else is among them.
    """

    __slots__ = ("_letters",)

    def __init__(self, letters: Iterable[str] = "") -> None:
        text = "".join(letters)
        if not _LETTERS.fullmatch(text):
            raise ValueError(f"not rights: {text[:40]!r}")
        self._letters = frozenset(text)

    @classmethod
    def from_wire(cls, text: str) -> Rights:
        """Return the rights a server reported; what can be none is left out."""
        return cls(letter for letter in text if _LETTERS.fullmatch(letter))

    def __contains__(self, letter: object) -> bool:
        return letter in self._letters

    def __iter__(self) -> Iterator[str]:
        yield from str(self)

    def __len__(self) -> int:
        return len(self._letters)

    def __hash__(self) -> int:
        return self._hash()

    def __str__(self) -> str:
        rest = sorted(self._letters.difference(_ORDER))
        return "".join([x for x in _ORDER if x in self._letters] + rest)

    def __repr__(self) -> str:
        return f"Rights({str(self)!r})"
