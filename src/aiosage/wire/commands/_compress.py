"""Compressing a session (RFC 4978)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .._encoder import Encoder
from ._command import SimpleCommand


@dataclass(frozen=True, slots=True)
class Compress(SimpleCommand):
    """Compress all that follows, both ways, by DEFLATE (RFC 4978 §3).

    The session that sends it switches when the server agrees; one opened with
    ``compress=True`` has done so already.
    """

    name: ClassVar = "COMPRESS"
    requires: ClassVar = "COMPRESS=DEFLATE"
    exclusive: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the command and the one mechanism there is."""
        to.keyword(self.name).keyword("DEFLATE")
