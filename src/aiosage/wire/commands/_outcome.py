"""What commands about messages need of a server, and how far it got with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ...model import MessageSet, SavedResult, SequenceSet
from ..responses import (
    AppendUidCode,
    MessageLimitCode,
    ModifiedCode,
    NumberCode,
    Status,
)

CONDSTORE: Final = ("CONDSTORE", "QRESYNC")
"""Either will do: QRESYNC implies CONDSTORE (RFC 7162 §3.2.3)."""


def saved(messages: MessageSet | SequenceSet | SavedResult) -> Iterator[tuple[str]]:
    """Yield what ``$`` needs, if *messages* are that."""
    if isinstance(messages, SavedResult):
        yield ("SEARCHRES",)


def limit_of(status: Status) -> MessageLimitCode | None:
    """Return MESSAGELIMIT if only some of the messages were dealt with.

    It tells how many a command may be about, and the lowest UID dealt with
    (RFC 9738 §3.1).
    """
    return status.code if isinstance(status.code, MessageLimitCode) else None


def modified(status: Status) -> tuple[tuple[int, int], ...]:
    """Return what MODIFIED names: numbers or UIDs, as the command did."""
    code = status.code
    return code.messages.ranges if isinstance(code, ModifiedCode) else ()


def highest_modseq(status: Status) -> int | None:
    """Return HIGHESTMODSEQ (RFC 7162 §3.1.2.1); None if it is not told."""
    match status.code:
        case NumberCode(name="HIGHESTMODSEQ", value=value):
            return value or None
        case _:
            return None


def append_uid(*answers: object) -> AppendUidCode | None:
    """Return the first APPENDUID among *answers*."""
    for answer in answers:
        if isinstance(answer, Status) and isinstance(answer.code, AppendUidCode):
            return answer.code
    return None
