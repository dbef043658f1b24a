"""UIDBATCHES: ranges of UIDs of about the same size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from .._encoder import Encoder
from ..responses import Status, UidBatchesData, Untagged
from ._command import SELECTED, Command


@dataclass(frozen=True, slots=True)
class UidBatches(Command[tuple[tuple[int, int], ...]]):
    """Ask for ranges of UIDs that hold *size* messages each, the newest first.

    Attributes:
        size: how many messages; the last batch may be smaller.
        wanted: the first and the last batch to tell, counted from 1 at the newest
            messages; None for all.

    Raises:
        ValueError: *size* or *wanted* is not positive.
    """

    size: int
    wanted: tuple[int, int] | None = None

    name: ClassVar = "UIDBATCHES"
    states: ClassVar = SELECTED
    requires: ClassVar = "UIDBATCHES"
    claims: ClassVar = (UidBatchesData,)

    def __post_init__(self) -> None:
        if not all(0 < number < 2**32 for number in (self.size, *(self.wanted or ()))):
            raise ValueError("batches, and messages in them, are counted from 1")

    def encode(self, to: Encoder) -> None:
        """Write the size and the range."""
        to.keyword(self.name).number(self.size)
        if self.wanted is not None:
            to.verbatim(b"%d:%d" % self.wanted)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> tuple[tuple[int, int], ...]:
        """Return the first and the last UID of each batch."""
        return tuple(
            batch
            for data in untagged
            if isinstance(data, UidBatchesData) and data.tag in (None, status.tag)
            for batch in data.batches
        )
