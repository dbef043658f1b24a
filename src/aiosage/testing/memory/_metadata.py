"""METADATA (RFC 5464): annotations of mailboxes and of the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...model import Flag, SpecialUse
from ...wire._mailbox_name import encode_mailbox_name
from ._arguments import Arguments
from ._refusal import Bad, No
from ._response import astring, nstring, parenthesized, string
from ._session import Session

MAX_VALUE: Final = 65_536
"""Octets in a value."""

MAX_ENTRIES: Final = 1000
"""Annotations of one mailbox."""

_USE: Final = "/private/specialuse"
"""What is the attribute of a mailbox at the same time (RFC 6154 §4)."""


async def get_metadata(session: Session, arguments: Arguments, uid: bool) -> str:
    """GETMETADATA, with MAXSIZE and DEPTH."""
    arguments.space()
    depth, largest = 0, MAX_VALUE
    if arguments.accept(b"("):
        depth, largest = _read_options(arguments)
        arguments.space()
    name = arguments.mailbox()
    arguments.space()
    entries = read_entries(arguments)
    arguments.end()
    kept = _told(session, name)
    found: dict[str, bytes | None] = {}
    for entry in entries:
        found.setdefault(entry, kept.get(entry))
        prefix = f"{entry}/"
        found |= {
            other: value
            for other, value in kept.items()
            if other.startswith(prefix) and other.count("/") - entry.count("/") <= depth
        }
    if depth:
        found = {entry: value for entry, value in found.items() if value is not None}
    left_out = [
        len(value) for value in found.values() if value and len(value) > largest
    ]
    small = {e: value for e, value in found.items() if len(value or b"") <= largest}
    if small:
        session.write(metadata_response(name, small))
    code = f"[METADATA LONGENTRIES {max(left_out)}] " if left_out else ""
    return f"{code}Getmetadata completed."


async def set_metadata(session: Session, arguments: Arguments, uid: bool) -> str:
    """SETMETADATA: all values or none; NIL removes."""
    arguments.space()
    name = arguments.mailbox()
    arguments.space()
    arguments.open()
    changed: dict[str, bytes | None] = {}
    while not arguments.accept(b")"):
        if changed:
            arguments.space()
        entry = _read_entry(arguments)
        arguments.space()
        changed[entry] = None if arguments.accept(b"NIL") else arguments.string()
    arguments.end()
    kept = _kept(session, name)
    if any(len(value or b"") > MAX_VALUE for value in changed.values()):
        raise No("Value is too large", code=f"METADATA MAXSIZE {MAX_VALUE}")
    if len(kept.keys() | changed.keys()) > MAX_ENTRIES:
        raise No("Too many annotations", code="METADATA TOOMANY")
    for entry, value in changed.items():
        if entry == _USE and name:
            _set_use(session, name, value)
        elif value is None:
            kept.pop(entry, None)
        else:
            kept[entry] = value
    return "Setmetadata completed."


def metadata_response(name: str, values: Mapping[str, bytes | None]) -> bytes:
    """Return the METADATA response for the mailbox *name*."""
    shown = [
        b"%b %b" % (astring(entry.encode()), nstring(value))
        for entry, value in values.items()
    ]
    mailbox = string(encode_mailbox_name(name))
    return b"* METADATA %b %b\r\n" % (mailbox, parenthesized(shown))


def _told(session: Session, name: str) -> dict[str, bytes]:
    kept = dict(_kept(session, name))
    mailbox = session.account.get(name) if name else None
    if mailbox is not None and mailbox.special_use is not None:
        kept[_USE] = mailbox.special_use.encode()
    return kept


def _set_use(session: Session, name: str, value: bytes | None) -> None:
    """Give a mailbox a special use, which no other has any more (RFC 6154 §5.4)."""
    use = None if value is None else Flag(value.decode("ascii", "replace"))
    if use is not None and use not in tuple(SpecialUse):
        raise No("Unsupported special use")
    for mailbox in session.account.mailboxes:
        if mailbox.special_use == use:
            mailbox.special_use = None
    session.account.require(name).special_use = use


def _kept(session: Session, name: str) -> dict[str, bytes]:
    if not name:
        return session.account.metadata
    return session.account.require(name, code="NONEXISTENT").metadata


def _read_options(arguments: Arguments) -> tuple[int, int]:
    """Return how many levels below to look, and the largest value to tell."""
    depth, largest = 0, MAX_VALUE
    while not arguments.accept(b")"):
        option = arguments.keyword("an option")
        arguments.space()
        if option == "MAXSIZE":
            largest = arguments.number()
        elif option == "DEPTH":
            levels = arguments.keyword("a depth")
            if levels not in _DEPTHS:
                raise Bad("Invalid DEPTH")
            depth = _DEPTHS[levels]
        else:
            raise Bad("Unknown option")
        arguments.accept(b" ")
    return depth, largest


_DEPTHS: Final = {"0": 0, "1": 1, "INFINITY": MAX_VALUE}


def read_entries(arguments: Arguments) -> list[str]:
    """Read the name of an entry, or a list of them."""
    if not arguments.accept(b"("):
        return [_read_entry(arguments)]
    entries = [_read_entry(arguments)]
    while not arguments.accept(b")"):
        arguments.space()
        entries.append(_read_entry(arguments))
    return entries


def _read_entry(arguments: Arguments) -> str:
    entry = arguments.astring().decode("ascii", "replace").lower()
    if not entry.startswith(("/private/", "/shared/")) or entry.endswith("/"):
        raise Bad("Invalid entry name")
    return entry
