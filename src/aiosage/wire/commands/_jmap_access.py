"""GETJMAPACCESS (RFC 9698 §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .._encoder import Encoder
from ..responses import JmapAccessData, Status, Untagged
from ._command import Command, of_kind


@dataclass(frozen=True, slots=True)
class GetJmapAccess(Command[str | None]):
    """Ask where the same mail can be had by JMAP."""

    name: ClassVar = "GETJMAPACCESS"
    requires: ClassVar = "JMAPACCESS"
    claims: ClassVar = (JmapAccessData,)

    def encode(self, to: Encoder) -> None:
        """Write the command."""
        to.keyword(self.name)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> str | None:
        """Return the URL of the JMAP session resource; None if it was not told."""
        found = of_kind(JmapAccessData, untagged)
        return found[-1].url if found else None
