"""Search criteria asked of a message at hand, as a server would (RFC 9051 §6.4.4).

Trees may be as deep as programs make them, so they are walked by a loop; what
need not be looked at to decide is not.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Final, TypeAlias, TypeVar

from ._flags import Flag
from ._message import EmailMessage
from ._message_set import MessageSet
from ._search_keys import parse_day
from ._search_nodes import (
    And,
    Fuzzy,
    Key,
    Node,
    Not,
    Or,
    SearchAtom,
    SearchSet,
    SearchString,
)

T = TypeVar("T")
Predicate: TypeAlias = Callable[[EmailMessage], bool]

_FLAG_KEYS: Final = {
    "ANSWERED": Flag.ANSWERED,
    "DELETED": Flag.DELETED,
    "DRAFT": Flag.DRAFT,
    "FLAGGED": Flag.FLAGGED,
    "RECENT": Flag.RECENT,
    "SEEN": Flag.SEEN,
}


class Matcher:
    """Criteria ready to be asked of many messages.

    Args:
        root: the criteria.
        now: what OLDER and YOUNGER count from; aware.
    """

    def __init__(self, root: Node, now: datetime) -> None:
        self._root = root
        self._now = now
        self._predicates: dict[int, Predicate] = {}

    def __call__(self, message: EmailMessage) -> bool:
        """Return whether *message* matches.

        Raises:
            LookupError: what must be known to tell was not fetched, or is never
                known here.
        """
        value: bool | None = None
        stack: list[tuple[Node, Iterator[Node]]] = [_opened(And((self._root,)))]
        while stack:
            node, rest = stack[-1]
            if value is not None and value is isinstance(node, Or | Not):
                # One term decides: it is true in OR, false in AND; NOT has one.
                value = value is not isinstance(node, Not)
                stack.pop()
                continue
            term = next(rest, None)
            if term is None:
                # None was false in AND, none true in OR and NOT.
                value = not isinstance(node, Or)
                stack.pop()
            elif isinstance(term, SearchSet):
                raise LookupError("only the server knows the numbers of messages")
            elif isinstance(term, Key):
                value = self._predicate(term)(message)
            else:
                value = None
                stack.append(_opened(term))
        assert value is not None
        return value

    def _predicate(self, key: Key) -> Predicate:
        predicate = self._predicates.get(id(key))  # the tree keeps it alive
        if predicate is None:
            predicate = self._predicates[id(key)] = _read(key, self._now)
        return predicate


def _opened(node: And | Or | Not | Fuzzy) -> tuple[Node, Iterator[Node]]:
    return node, iter(node.terms if isinstance(node, And | Or) else (node.term,))


def _read(key: Key, now: datetime) -> Predicate:
    """Return what *key* asks."""
    name = key.name
    if name in _WORDS:
        return _WORDS[name]
    if name in _FLAG_KEYS:
        return _has(_FLAG_KEYS[name])
    if name.startswith("UN") and name[2:] in _FLAG_KEYS:
        return _lacks(_FLAG_KEYS[name[2:]])
    texts = [
        argument.text
        for argument in key.arguments
        if isinstance(argument, SearchAtom | SearchString)
    ]
    match name, texts:
        case "KEYWORD", [flag]:
            return _has(Flag(flag))
        case "UNKEYWORD", [flag]:
            return _lacks(Flag(flag))
        case "LARGER", [octets]:
            return _larger(int(octets))
        case "SMALLER", [octets]:
            return _smaller(int(octets))
        case "MODSEQ", [*_, value]:
            return _changed_since(int(value))
        case "OLDER" | "YOUNGER", [seconds]:
            return _within(name, now.timestamp() - int(seconds))
        case "BEFORE" | "ON" | "SINCE", [day]:
            return _dated(name, parse_day(day), _arrival)
        case "SENTBEFORE" | "SENTON" | "SENTSINCE", [day]:
            return _dated(name[4:], parse_day(day), _sent)
        case "FROM" | "TO" | "CC" | "BCC" | "SUBJECT", [text]:
            return _in_field(name, text)
        case "HEADER", [field, text]:
            return _in_field(field, text)
        case "BODY" | "TEXT", [text]:
            return _in_text(text, with_header=name == "TEXT")
        case _:
            return _numbered(key)


def _numbered(key: Key) -> Predicate:
    """Return whether a message is in a set of UIDs; nothing else is known here."""
    match key.arguments:
        case [SearchSet(MessageSet() as messages)]:
            return lambda message: _known(message.uid, key.name, "UID") in messages
        case _:
            return _unanswerable(key.name)


def _all(message: EmailMessage) -> bool:
    return True


def _is_new(message: EmailMessage) -> bool:
    flags = _flags(message, "NEW")
    return Flag.RECENT in flags and Flag.SEEN not in flags


def _is_old(message: EmailMessage) -> bool:
    return Flag.RECENT not in _flags(message, "OLD")


_WORDS: Final[dict[str, Predicate]] = {"ALL": _all, "NEW": _is_new, "OLD": _is_old}


def _has(flag: Flag) -> Predicate:
    return lambda message: flag in _flags(message, flag)


def _lacks(flag: Flag) -> Predicate:
    return lambda message: flag not in _flags(message, flag)


def _flags(message: EmailMessage, key: str) -> frozenset[Flag]:
    return _known(message.flags, key, "FLAGS")


def _larger(octets: int) -> Predicate:
    return lambda message: _known(message.size, "LARGER", "SIZE") > octets


def _smaller(octets: int) -> Predicate:
    return lambda message: _known(message.size, "SMALLER", "SIZE") < octets


def _changed_since(value: int) -> Predicate:
    return lambda message: _known(message.modseq, "MODSEQ", "MODSEQ") >= value


def _within(name: str, border: float) -> Predicate:
    def predicate(message: EmailMessage) -> bool:
        arrived = _known(message.internal_date, name, "INTERNAL_DATE").timestamp()
        return arrived >= border if name == "YOUNGER" else arrived <= border

    return predicate


def _arrival(message: EmailMessage) -> date:
    return _known(message.internal_date, "BEFORE, ON, SINCE", "INTERNAL_DATE").date()


def _sent(message: EmailMessage) -> date:
    """Return the day that Date tells, whatever its zone (RFC 9051 §6.4.4).

    Without one the message is as old as can be.
    """
    _require_header(message, "SENTBEFORE, SENTON, SENTSINCE")
    return message.date.date() if message.date else date.min


def _dated(name: str, day: date, day_of: Callable[[EmailMessage], date]) -> Predicate:
    def predicate(message: EmailMessage) -> bool:
        found = day_of(message)
        if name == "BEFORE":
            return found < day
        return found == day if name == "ON" else found >= day

    return predicate


def _in_field(name: str, text: str) -> Predicate:
    wanted = _folded(text)

    def predicate(message: EmailMessage) -> bool:
        return any(wanted in _folded(value) for value in _values(message, name))

    return predicate


def _values(message: EmailMessage, name: str) -> tuple[str, ...]:
    """Return the text of all fields *name*, from the header or the envelope."""
    if message.header_bytes is not None:
        return message.headers.get_all(name)
    _require_header(message, name)
    match name.lower():
        case "from":
            return tuple(map(str, message.from_))
        case "to":
            return tuple(map(str, message.to))
        case "cc":
            return tuple(map(str, message.cc))
        case "bcc":
            return tuple(map(str, message.bcc))
        case "subject":
            return () if message.subject is None else (message.subject,)
        case "message-id":
            return () if message.message_id is None else (message.message_id,)
        case "in-reply-to":
            return () if message.in_reply_to is None else (message.in_reply_to,)
        case _:
            raise LookupError(f"whether {name} matches needs MessagePart.HEADER")


def _in_text(text: str, *, with_header: bool) -> Predicate:
    wanted = _folded(text)

    def predicate(message: EmailMessage) -> bool:
        if message.raw is None and "TEXT" not in message.sections:
            raise LookupError("whether TEXT or BODY matches needs MessagePart.FULL")
        if not wanted:
            return True
        if with_header and any(
            wanted in _folded(f"{name}: {value}")
            for name, value in message.headers.multi_items()
        ):
            return True
        return any(wanted in _folded(body) for body in message.iter_texts())

    return predicate


def _unanswerable(name: str) -> Predicate:
    def predicate(message: EmailMessage) -> bool:
        raise LookupError(f"only the server knows what matches {name}")

    return predicate


def _require_header(message: EmailMessage, key: str) -> None:
    if message.header_bytes is None and message.envelope is None:
        raise LookupError(f"whether {key} matches needs MessagePart.ENVELOPE or HEADER")


def _known(value: T | None, key: str, part: str) -> T:
    if value is None:
        raise LookupError(f"whether {key} matches needs MessagePart.{part}")
    return value


def _folded(text: str) -> str:
    """Return *text* as it is compared: without case, letters decomposed."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold())
