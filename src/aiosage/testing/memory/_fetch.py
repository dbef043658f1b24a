"""FETCH and UID FETCH (RFC 9051 §6.4.5, RFC 7162 §3.1.4, RFC 9394 §3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias

from ...model import Flag, PartialRange
from ._arguments import MONTHS, Arguments
from ._mailbox import Message
from ._refusal import Bad
from ._response import literal, string
from ._returned import page, read_range
from ._section import Section, read_section
from ._session import Session
from ._structure import body_structure, envelope
from ._view import View

MAX_ITEMS: Final = 1000
"""Items of one FETCH."""

Item: TypeAlias = Callable[[View, Message], bytes]
"""Gives an item's name and value for one message."""

_LAZY: Final = re.compile(rb" \(LAZY\)", re.IGNORECASE)
_PREVIEW_LENGTH: Final = 200  # characters (RFC 8970 §3.2)
_NAME: Final = re.compile(rb"[A-Za-z0-9.]+")
_MACROS: Final = {
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}


class _Request:
    """What a FETCH asks for each message."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}  # by what the client calls it
        self.marks_seen = False
        self.reads_body = False
        self.changed_since: int | None = None
        self.partial: PartialRange | None = None

    def add(self, name: str, item: Item) -> None:
        self.items.setdefault(name, item)
        if len(self.items) > MAX_ITEMS:
            raise Bad("Too many FETCH items")


async def fetch(session: Session, arguments: Arguments, uid: bool) -> str:
    """FETCH."""
    view = session.selected
    arguments.space()
    ranges = arguments.sequence_set()
    arguments.space()
    request = _read_request(session, arguments)
    if arguments.accept(b" "):
        _read_modifiers(session, arguments, request, by_uid=uid)
    arguments.end()
    chosen = view.select(ranges, by_uid=uid)
    if request.partial is not None:
        chosen = page(chosen, request.partial)
    if uid:
        request.items = {"UID": _uid, **request.items}
    if request.changed_since is not None or "MODSEQ" in request.items:
        session.enable_condstore()
    if request.changed_since is not None:
        request.add("MODSEQ", _modseq)
    was_expunged = False
    session.write_all(view.new_flags())
    for number, message_uid in chosen:
        await session.breathe()
        message = view.message(message_uid)
        if message is None or (
            request.changed_since is not None
            and message.modseq <= request.changed_since
        ):
            continue
        was_expunged |= request.reads_body and view.is_expunged(message_uid)
        _fetch_one(session, view, number, message, request)
    if was_expunged:
        return "[EXPUNGEISSUED] Some messages were already expunged."
    return "Fetch completed."


def _fetch_one(
    session: Session, view: View, number: int, message: Message, request: _Request
) -> None:
    items = request.items
    if request.marks_seen and not view.read_only and not view.is_expunged(message.uid):
        seen = message.flags | {Flag.SEEN}
        if view.mailbox.set_flags(message, seen, by=view):
            extra: dict[str, Item] = {"FLAGS": _flags}
            if session.condstore:
                extra["MODSEQ"] = _modseq
            items = {**extra, **items}
    values = b" ".join([item(view, message) for item in items.values()])
    session.write(b"* %d FETCH (%b)\r\n" % (number, values))


def _read_modifiers(
    session: Session, arguments: Arguments, request: _Request, *, by_uid: bool
) -> None:
    words = iter(arguments.list())
    for word in words:
        modifier, value = word.upper(), next(words, "")
        if modifier == "CHANGEDSINCE" and session.offers("CONDSTORE"):
            if not (value.isdigit() and len(value) < 20):
                raise Bad("Expected a mod-sequence")
            request.changed_since = int(value)
        elif modifier == "PARTIAL" and by_uid and session.offers("PARTIAL"):
            request.partial = read_range(value)
        else:
            raise Bad("Unknown FETCH modifier")


def _read_request(session: Session, arguments: Arguments) -> _Request:
    request = _Request()
    if not arguments.accept(b"("):
        _read_item(session, arguments, request, may_be_macro=True)
        return request
    if arguments.next_is(b")"):
        raise Bad("FETCH list is empty")
    _read_item(session, arguments, request)
    while not arguments.accept(b")"):
        arguments.space()
        _read_item(session, arguments, request)
    return request


def _read_item(
    session: Session,
    arguments: Arguments,
    request: _Request,
    *,
    may_be_macro: bool = False,
) -> None:
    name = arguments.match(_NAME, "a FETCH item")[0].decode("ascii").upper()
    if may_be_macro and name in _MACROS:
        for part in _MACROS[name]:
            request.add(part, _ITEMS[part])
    elif name in ("BODY", "BODY.PEEK") and arguments.next_is(b"["):
        section = read_section(arguments)
        request.marks_seen |= name == "BODY"
        request.reads_body = True
        request.add(f"BODY{section.label!r}", _body(b"BODY" + section.label, section))
    elif name in _RFC822:
        request.marks_seen |= name != "RFC822.HEADER"
        request.reads_body = True
        request.add(name, _body(name.encode(), _RFC822[name]))
    elif name in _ITEMS and session.offers(_NEEDS.get(name, "")):
        request.add(name, _ITEMS[name])
        if name == "PREVIEW":
            arguments.try_match(_LAZY)  # it is always at hand
    else:
        raise Bad(f"Unknown parameter: {name[:40]}")


def _uid(view: View, message: Message) -> bytes:
    return b"UID %d" % message.uid


def _flags(view: View, message: Message) -> bytes:
    return b"FLAGS " + view.flags(message)


def _modseq(view: View, message: Message) -> bytes:
    return b"MODSEQ (%d)" % message.modseq


def _size(view: View, message: Message) -> bytes:
    return b"RFC822.SIZE %d" % len(message.raw)


def _internal_date(view: View, message: Message) -> bytes:
    return b"INTERNALDATE " + _date_time(message.internal_date)


def _save_date(view: View, message: Message) -> bytes:
    return b"SAVEDATE " + _date_time(message.save_date)


def _date_time(date: datetime) -> bytes:
    day = f"{date.day:02}-{MONTHS[date.month - 1]}-{date.year:04}"
    return f'"{day} {date:%H:%M:%S} +0000"'.encode()


def _email_id(view: View, message: Message) -> bytes:
    return b"EMAILID (%b)" % message.email_id


def _thread_id(view: View, message: Message) -> bytes:
    return b"THREADID NIL"  # RFC 8474 §5.2: the server does not tell threads so


def _preview(view: View, message: Message) -> bytes:
    return b"PREVIEW " + string(message.email.preview(_PREVIEW_LENGTH).encode())


def _envelope(view: View, message: Message) -> bytes:
    return b"ENVELOPE " + envelope(message.part)


def _body_structure(view: View, message: Message) -> bytes:
    return b"BODYSTRUCTURE " + body_structure(message.part, extended=True)


def _plain_body_structure(view: View, message: Message) -> bytes:
    return b"BODY " + body_structure(message.part, extended=False)


_ITEMS: Final[dict[str, Item]] = {
    "UID": _uid,
    "FLAGS": _flags,
    "MODSEQ": _modseq,
    "RFC822.SIZE": _size,
    "INTERNALDATE": _internal_date,
    "ENVELOPE": _envelope,
    "BODY": _plain_body_structure,
    "BODYSTRUCTURE": _body_structure,
    "PREVIEW": _preview,
    "SAVEDATE": _save_date,
    "EMAILID": _email_id,
    "THREADID": _thread_id,
}
_NEEDS: Final = {
    "MODSEQ": "CONDSTORE",
    "PREVIEW": "PREVIEW",
    "SAVEDATE": "SAVEDATE",
    "EMAILID": "OBJECTID",
    "THREADID": "OBJECTID",
}
"""The extension that an item needs."""

_RFC822: Final = {
    "RFC822": Section(),
    "RFC822.HEADER": Section(text="HEADER"),
    "RFC822.TEXT": Section(text="TEXT"),
}


def _body(name: bytes, section: Section) -> Item:
    is_whole = section == Section()

    def item(view: View, message: Message) -> bytes:
        if view.is_expunged(message.uid):
            return name + b" NIL"
        octets = message.raw if is_whole else section.of(message.part)
        return name + b" " + literal(octets)

    return item
