"""Search criteria: what SEARCH asks, as a predicate (RFC 9051 §6.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate
from typing import Final, TypeAlias

from ...model import Flag
from ._arguments import SAVED, STAR, Arguments, Ranges
from ._mailbox import Message
from ._refusal import Bad, No
from ._session import Session
from ._text import body_texts, decoded_header, folded, header_texts
from ._view import View

MAX_DEPTH: Final = 50
"""Levels of parentheses, NOT and OR."""

MAX_KEYS: Final = 5_000
"""Keys in one SEARCH."""

CHARSETS: Final = ("US-ASCII", "UTF-8")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that may match, as the session sees it."""

    view: View
    number: int
    message: Message


Key: TypeAlias = Callable[[Candidate], bool]

_EPOCH: Final = date(1970, 1, 1)
_FLAG_KEYS: Final = {
    "ANSWERED": Flag.ANSWERED,
    "DELETED": Flag.DELETED,
    "DRAFT": Flag.DRAFT,
    "FLAGGED": Flag.FLAGGED,
    "SEEN": Flag.SEEN,
}
_KEYS_WITH_VALUE: Final = frozenset(
    {
        *("BCC", "CC", "FROM", "SUBJECT", "TO", "HEADER", "BODY", "TEXT"),
        *("BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE"),
        *("KEYWORD", "UNKEYWORD", "UID", "LARGER", "SMALLER"),
        *("MODSEQ", "OLDER", "YOUNGER"),
        *("SAVEDBEFORE", "SAVEDON", "SAVEDSINCE", "EMAILID", "THREADID"),
    }
)


class CriteriaReader:
    """Reads search criteria, from left to right.

    Args:
        session: whose search it is.
        arguments: the criteria are what follows.
        now: what OLDER and YOUNGER count from; aware.
    """

    def __init__(self, session: Session, arguments: Arguments, now: datetime) -> None:
        self.uses_modseq = False
        self._session = session
        self._arguments = arguments
        self._now = now
        self._count = 0

    def read(self) -> Key:
        """Read all criteria there are; a message must match each."""
        key = self._read_all(0)
        self._arguments.end()
        return key

    def _read_all(self, depth: int) -> Key:
        keys = [self._read_key(depth)]
        while not self._arguments.is_at_end and not self._arguments.next_is(b")"):
            self._arguments.space()
            keys.append(self._read_key(depth))
        return keys[0] if len(keys) == 1 else lambda c: all(key(c) for key in keys)

    def _read_key(self, depth: int) -> Key:
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_KEYS:
            raise Bad("Search criteria are too complex")
        arguments = self._arguments
        if arguments.accept(b"("):
            key = self._read_all(depth + 1)
            arguments.close()
            return key
        if arguments.next_is_set():
            return self._number_key(arguments.sequence_set())
        name = arguments.keyword("a search key")
        if name == "NOT":
            arguments.space()
            negated = self._read_key(depth + 1)
            return lambda c: not negated(c)
        if name == "OR":
            arguments.space()
            left = self._read_key(depth + 1)
            arguments.space()
            right = self._read_key(depth + 1)
            return lambda c: left(c) or right(c)
        return self._simple_key(name)

    def _simple_key(self, name: str) -> Key:
        if name in _FLAG_KEYS:
            flag = _FLAG_KEYS[name]
            return lambda c: flag in c.message.flags
        if name.startswith("UN") and name[2:] in _FLAG_KEYS:
            flag = _FLAG_KEYS[name[2:]]
            return lambda c: flag not in c.message.flags
        match name:
            case "ALL":
                return lambda c: True
            case "RECENT":
                return _is_recent
            case "OLD":
                return lambda c: not _is_recent(c)
            case "NEW":
                return lambda c: _is_recent(c) and Flag.SEEN not in c.message.flags
            case "SAVEDATESUPPORTED":
                self._session.require("SAVEDATE", name)
                return lambda c: True
            case _ if name in _KEYS_WITH_VALUE:
                self._arguments.space()
                return self._key_with_value(name)
            case _:
                raise Bad(f"Unknown argument {name[:40]}")

    def _key_with_value(self, name: str) -> Key:
        arguments = self._arguments
        match name:
            case "KEYWORD" | "UNKEYWORD":
                flag = Flag.from_wire(arguments.keyword("a keyword"))
                wanted = name == "KEYWORD"
                return lambda c: (flag in c.message.flags) is wanted
            case "UID":
                return _uid_key(arguments.sequence_set(), self._session)
            case "LARGER":
                size = arguments.number("a size")
                return lambda c: len(c.message.raw) > size
            case "SMALLER":
                size = arguments.number("a size")
                return lambda c: len(c.message.raw) < size
            case "BODY" | "TEXT":
                return _text_key(self._needle(), with_headers=name == "TEXT")
            case "HEADER":
                field = arguments.astring().lower()
                arguments.space()
                return _header_key(field, self._needle())
            case "MODSEQ":
                return self._modseq_key()
            case "OLDER" | "YOUNGER":
                return self._within_key(is_younger=name == "YOUNGER")
            case "BEFORE" | "ON" | "SINCE":
                return _date_key(name, arguments.date(), _internal_date)
            case "SENTBEFORE" | "SENTON" | "SENTSINCE":
                return _date_key(name[4:], arguments.date(), _sent_date)
            case "SAVEDBEFORE" | "SAVEDON" | "SAVEDSINCE":
                self._session.require("SAVEDATE", name)
                return _date_key(name[5:], arguments.date(), _save_date)
            case "EMAILID" | "THREADID":
                self._session.require("OBJECTID", name)
                wanted_id = arguments.astring()
                is_email = name == "EMAILID"  # no message has a THREADID
                return lambda c: is_email and c.message.email_id == wanted_id
            case _:  # the name of a header field
                return _header_key(name.lower().encode(), self._needle())

    def _needle(self) -> str:
        return folded(self._arguments.astring().decode("utf-8", "replace"))

    def _modseq_key(self) -> Key:
        self._session.require("CONDSTORE", "MODSEQ")
        self.uses_modseq = True
        arguments = self._arguments
        if arguments.next_is(b'"'):
            # Mod-sequences of single flags are not kept apart (RFC 7162 §3.1.5).
            arguments.string()
            arguments.space()
            if arguments.keyword("an entry type") not in ("PRIV", "SHARED", "ALL"):
                raise Bad("Invalid entry type")
            arguments.space()
        modseq = arguments.number("a mod-sequence")
        return lambda c: c.message.modseq >= modseq

    def _within_key(self, *, is_younger: bool) -> Key:
        self._session.require("WITHIN", "OLDER and YOUNGER")
        interval = self._arguments.number("an interval", largest=2**32 - 1)
        if not interval:
            raise Bad("Invalid search interval parameter")
        since = self._now.timestamp() - interval
        return lambda c: (c.message.internal_date.timestamp() >= since) is is_younger

    def _number_key(self, ranges: Ranges) -> Key:
        if ranges == SAVED:
            return _saved_key(self._session)
        # Numbers that no message has match nothing, where FETCH refuses them.
        spans = _spans(ranges, largest=len(self._session.selected.uids))
        return lambda c: any(first <= c.number <= last for first, last in spans)


def read_charset(arguments: Arguments) -> None:
    """Read CHARSET and its value, if that comes next; refuse the unknown."""
    if not arguments.accept_word(b"CHARSET"):
        return
    check_charset(arguments.astring())
    arguments.space()


def check_charset(name: bytes) -> None:
    """Refuse a charset that is not known."""
    if name.decode("ascii", "replace").upper() not in CHARSETS:
        raise No("Unknown charset", code=f"BADCHARSET ({' '.join(CHARSETS)})")


def _is_recent(candidate: Candidate) -> bool:
    return candidate.message.uid in candidate.view.recent


def _uid_key(ranges: Ranges, session: Session) -> Key:
    if ranges == SAVED:
        return _saved_key(session)
    uids = session.selected.uids
    spans = _spans(ranges, largest=uids[-1] if uids else 0)
    return lambda c: any(first <= c.message.uid <= last for first, last in spans)


def _saved_key(session: Session) -> Key:
    session.require("SEARCHRES", "$")
    saved = frozenset(session.selected.saved)
    return lambda c: c.message.uid in saved


def _spans(ranges: Ranges, *, largest: int) -> list[tuple[int, int]]:
    """Return *ranges*, ascending and disjoint, ``*`` being *largest*."""
    numbers = [[largest if n == STAR else n for n in given] for given in ranges]
    merged: list[tuple[int, int]] = []
    for first, last in sorted((min(pair), max(pair)) for pair in numbers):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _header_key(name: bytes, needle: str) -> Key:
    def key(candidate: Candidate) -> bool:
        values = candidate.message.part.fields.values(name)
        return any(needle in folded(decoded_header(value)) for value in values)

    return key


def _text_key(needle: str, *, with_headers: bool) -> Key:
    def key(candidate: Candidate) -> bool:
        part = candidate.message.part
        return (
            not needle
            or (with_headers and any(needle in text for text in header_texts(part)))
            or any(needle in text for text in body_texts(part))
        )

    return key


def _date_key(name: str, day: date, date_of: Callable[[Message], date]) -> Key:
    def key(candidate: Candidate) -> bool:
        found = date_of(candidate.message)
        if name == "BEFORE":
            return found < day
        return found == day if name == "ON" else found >= day

    return key


def _internal_date(message: Message) -> date:
    return message.internal_date.date()


def _save_date(message: Message) -> date:
    return message.save_date.date()


def _sent_date(message: Message) -> date:
    """Return the day in the Date field, whatever its time zone.

    Without one a message is as old as can be, as Dovecot has it.
    """
    value = message.part.fields.first(b"date")
    parsed = parsedate(value[:100].decode("latin-1")) if value else None
    try:
        return date(*parsed[:3]) if parsed else _EPOCH
    except (ValueError, OverflowError):
        return _EPOCH
