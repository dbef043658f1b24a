"""LANGUAGE and COMPARATOR (RFC 5255 §3.2, §4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .._encoder import Encoder
from ..responses import ComparatorData, LanguageData, Status, Untagged
from ._command import ANY_STATE, Command, of_kind


@dataclass(frozen=True, slots=True)
class Language(Command[tuple[str, ...]]):
    """Choose the language of what the server writes for people (RFC 5255 §3.2).

    Attributes:
        ranges: such as ``de``, in order of preference; ``default`` is the
            server's own. None at all asks which languages it has.
    """

    ranges: tuple[str, ...] = ()

    name: ClassVar = "LANGUAGE"
    states: ClassVar = ANY_STATE
    requires: ClassVar = "LANGUAGE"
    claims: ClassVar = (LanguageData,)

    def encode(self, to: Encoder) -> None:
        """Write the language ranges."""
        to.keyword(self.name)
        for item in self.ranges:
            to.astring(item)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[str, ...]:
        """Return the language in use now, or those the server has."""
        found = of_kind(LanguageData, untagged)
        return found[-1].tags if found else ()


@dataclass(frozen=True, slots=True)
class Comparator(Command[ComparatorData | None]):
    """Choose how text is compared in SEARCH, SORT and THREAD (RFC 5255 §4.7).

    Attributes:
        order: collations such as ``i;unicode-casemap``, in order of preference;
            ``default`` is the server's own. None at all asks which is active.
    """

    order: tuple[str, ...] = ()

    name: ClassVar = "COMPARATOR"
    requires: ClassVar = "I18NLEVEL=2"
    claims: ClassVar = (ComparatorData,)
    exclusive: ClassVar = True  # a search under way could be done either way

    def encode(self, to: Encoder) -> None:
        """Write the collations."""
        to.keyword(self.name)
        for item in self.order:
            to.astring(item)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> ComparatorData | None:
        """Return what is active now; None if it is what was active before."""
        found = of_kind(ComparatorData, untagged)
        return found[-1] if found else None
