"""LANGUAGE and COMPARATOR (RFC 5255 §3.3, §4.8)."""

from __future__ import annotations

from dataclasses import dataclass

from .._tokens import Value
from .._values import as_atoms, as_list, as_text


@dataclass(frozen=True, slots=True)
class LanguageData:
    """Languages the server speaks, or the one it speaks now (RFC 5255 §3.3).

    Attributes:
        tags: such as ``de`` or ``i-default``, as the server wrote them.
    """

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparatorData:
    """How the server compares text (RFC 5255 §4.8).

    Attributes:
        active: such as ``i;unicode-casemap``.
        matching: what the server has of what was asked for; empty if not told.
    """

    active: str
    matching: tuple[str, ...] = ()


def parse_language(values: list[Value]) -> LanguageData:
    return LanguageData(tuple(as_atoms(as_list(values[0] if values else None))))


def parse_comparator(values: list[Value]) -> ComparatorData:
    active, matching = (*values, None, None)[:2]
    return ComparatorData(as_text(active), tuple(as_atoms(as_list(matching))))
