"""UIDBATCHES (the IMAP extension of that name)."""

from __future__ import annotations

from dataclasses import dataclass

from .._tokens import Value
from .._values import as_list, as_ranges, as_text


@dataclass(frozen=True, slots=True)
class UidBatchesData:
    """Ranges of UIDs that hold about as many messages each.

    Attributes:
        tag: of the command it answers.
        batches: ascending ranges, the newest messages first.
    """

    tag: str | None
    batches: tuple[tuple[int, int], ...]


def parse_uid_batches(values: list[Value]) -> UidBatchesData:
    tag: str | None = None
    if values and isinstance(values[0], list):  # (TAG "A1")
        correlator = as_list(values[0])
        tag = as_text(correlator[1]) if len(correlator) > 1 else None
        values = values[1:]
    text = as_text(values[0]) if values else ""
    return UidBatchesData(tag, as_ranges(text) if text else ())
