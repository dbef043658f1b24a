"""SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182)."""

from __future__ import annotations

from datetime import UTC, datetime

from ._arguments import Arguments
from ._refusal import Bad
from ._response import number_set, string
from ._search_key import Candidate, CriteriaReader, read_charset
from ._session import Session


async def search(session: Session, arguments: Arguments, uid: bool) -> str:
    """SEARCH."""
    view = session.selected
    arguments.space()
    returned: set[str] | None = None
    if session.offers("ESEARCH") and arguments.accept_word(b"RETURN"):
        returned = _read_returned(session, arguments)
        arguments.space()
    read_charset(arguments)
    reader = CriteriaReader(session, arguments, datetime.now(UTC))
    matches = reader.read()
    if reader.uses_modseq:
        session.enable_condstore()
    found: list[tuple[int, int]] = []  # (number or UID as asked for, UID)
    highest = 0
    for number, message_uid in enumerate(tuple(view.uids), 1):
        await session.breathe()
        message = view.message(message_uid)
        if message is not None and matches(Candidate(view, number, message)):
            found.append((message_uid if uid else number, message_uid))
            highest = max(highest, message.modseq)
    modseq = highest if reader.uses_modseq else 0
    numbers = [shown for shown, _ in found]
    if returned is None:
        _write_search(session, numbers, modseq)
    else:
        if "SAVE" in returned:
            view.saved = _saved([message_uid for _, message_uid in found], returned)
        if returned != {"SAVE"}:
            _write_esearch(session, numbers, modseq, returned, uid=uid)
    return "Search completed."


def _read_returned(session: Session, arguments: Arguments) -> set[str]:
    known = {"MIN", "MAX", "ALL", "COUNT"}
    if session.offers("SEARCHRES"):
        known.add("SAVE")
    returned = {option.upper() for option in arguments.list()}
    if returned - known:
        raise Bad("Unknown SEARCH return option")
    return returned or {"ALL"}


def _saved(uids: list[int], returned: set[str]) -> list[int]:
    """Return which of the *uids* found SAVE keeps (RFC 5182 §2.1)."""
    if returned & {"ALL", "COUNT"} or returned == {"SAVE"}:
        return uids
    kept = uids[:1] if "MIN" in returned else []
    if "MAX" in returned and uids and uids[-1:] != kept:
        kept += uids[-1:]
    return kept


def _write_search(session: Session, numbers: list[int], modseq: int) -> None:
    words = [b"* SEARCH", *(b"%d" % number for number in numbers)]
    if modseq:
        words.append(b"(MODSEQ %d)" % modseq)
    session.write(b" ".join(words) + b"\r\n")


def _write_esearch(
    session: Session,
    numbers: list[int],
    modseq: int,
    returned: set[str],
    *,
    uid: bool,
) -> None:
    words = [b"* ESEARCH (TAG %b)" % string(session.tag)]
    if uid:
        words.append(b"UID")
    if numbers:
        if "MIN" in returned:
            words.append(b"MIN %d" % numbers[0])
        if "MAX" in returned:
            words.append(b"MAX %d" % numbers[-1])
        if "ALL" in returned:
            words.append(b"ALL " + number_set(numbers))
    if "COUNT" in returned:
        words.append(b"COUNT %d" % len(numbers))
    if modseq:
        words.append(b"MODSEQ %d" % modseq)
    session.write(b" ".join(words) + b"\r\n")
