"""SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from ._arguments import Arguments
from ._mailbox import Message
from ._returned import Returned, read_returned, write_esearch
from ._search_key import Candidate, CriteriaReader, read_charset
from ._session import Session


@dataclass(slots=True)
class Found:
    """What a search found.

    Attributes:
        messages: each with what it is called, its number or UID; ascending.
        modseq: the highest mod-sequence of them, 0 unless it was asked for.
    """

    messages: list[tuple[int, Message]] = field(
        default_factory=list[tuple[int, Message]]
    )
    modseq: int = 0

    @property
    def numbers(self) -> list[int]:
        """What the messages are called."""
        return [number for number, _ in self.messages]


async def search(session: Session, arguments: Arguments, uid: bool) -> str:
    """SEARCH."""
    arguments.space()
    returned = accept_returned(session, arguments, "ESEARCH")
    read_charset(arguments)
    found = await find(session, arguments, uid=uid)
    if returned is None:
        write_numbers(session, b"SEARCH", found.numbers, found.modseq)
        return "Search completed."
    if "SAVE" in returned.options:
        uids = [message.uid for _, message in found.messages]
        session.selected.saved = returned.saved(uids)
    if not returned.is_silent:
        write_esearch(session, found.numbers, found.modseq, returned, uid=uid)
    return "Search completed."


def accept_returned(
    session: Session, arguments: Arguments, capability: str
) -> Returned | None:
    """Read RETURN and its options, if that comes next; else return None."""
    if not session.offers(capability) or not arguments.accept_word(b"RETURN"):
        return None
    returned = read_returned(session, arguments)
    arguments.space()
    return returned


async def find(session: Session, arguments: Arguments, *, uid: bool) -> Found:
    """Read the criteria, which are the rest of *arguments*, and find what matches."""
    view = session.selected
    reader = CriteriaReader(session, arguments, datetime.now(UTC))
    matches = reader.read()
    if reader.uses_modseq:
        session.enable_condstore()
    found = Found()
    for number, message_uid in enumerate(tuple(view.uids), 1):
        await session.breathe()
        message = view.message(message_uid)
        if message is not None and matches(Candidate(view, number, message)):
            found.messages.append((message_uid if uid else number, message))
            if reader.uses_modseq:
                found.modseq = max(found.modseq, message.modseq)
    return found


def write_numbers(
    session: Session, name: bytes, numbers: list[int], modseq: int
) -> None:
    """Write SEARCH or SORT."""
    words = [b"*", name, *(b"%d" % number for number in numbers)]
    if modseq:
        words.append(b"(MODSEQ %d)" % modseq)
    session.write(b" ".join(words) + b"\r\n")
