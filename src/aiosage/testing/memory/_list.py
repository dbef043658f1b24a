"""LIST and LSUB (RFC 9051 §6.3.9, RFC 3501 §6.3.9, RFC 5258, RFC 5819)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ...wire._mailbox_name import encode_mailbox_name
from ._account import DELIMITER, MemoryAccount
from ._acl import my_rights_response
from ._arguments import Arguments
from ._folders import read_status_items, status_response
from ._metadata import metadata_response, read_entries
from ._pattern import Pattern
from ._refusal import Bad
from ._response import string
from ._session import Session

MAX_PATTERNS: Final = 100


@dataclass(slots=True)
class _Options:
    selection: set[str] = field(default_factory=set[str])
    returned: set[str] = field(default_factory=set[str])
    status: list[str] = field(default_factory=list[str])
    metadata: list[str] = field(default_factory=list[str])
    is_extended: bool = False

    def wants(self, option: str) -> bool:
        return option in self.selection or option in self.returned


async def list_(session: Session, arguments: Arguments, uid: bool) -> str:
    """LIST, plain and extended."""
    options = _Options()
    arguments.space()
    if arguments.next_is(b"("):
        session.require("LIST-EXTENDED", "A selection option")
        options.is_extended = True
        options.selection = _read_selection(session, arguments)
        arguments.space()
    reference = arguments.astring()
    arguments.space()
    patterns, has_many = _read_patterns(session, arguments)
    options.is_extended |= has_many
    if arguments.accept(b" "):
        session.require("LIST-EXTENDED", "RETURN")
        options.is_extended = True
        _read_returned(session, arguments, options)
    arguments.end()
    if not options.is_extended:
        if not patterns[0]:
            session.write(b'* LIST (\\Noselect) "/" ""\r\n')
            return "List completed."
        # Plain LIST tells these unasked (RFC 3348, RFC 6154 §2).
        unasked = ("CHILDREN", "SPECIAL-USE")
        options.returned = set(filter(session.offers, unasked))
    await _list_matching(session, [reference + p for p in patterns], options)
    return "List completed."


def _read_selection(session: Session, arguments: Arguments) -> set[str]:
    known = {"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH"}
    if session.offers("SPECIAL-USE"):
        known.add("SPECIAL-USE")
    options = {option.upper() for option in arguments.list()}
    if options - known:
        raise Bad("Unknown selection options")
    if "RECURSIVEMATCH" in options and options <= {"RECURSIVEMATCH", "REMOTE"}:
        raise Bad("RECURSIVEMATCH must not be the only selection")
    return options


def _read_patterns(session: Session, arguments: Arguments) -> tuple[list[bytes], bool]:
    if not arguments.accept(b"("):
        return [arguments.list_mailbox()], False
    session.require("LIST-EXTENDED", "A list of patterns")
    patterns = [arguments.list_mailbox()]
    while not arguments.accept(b")"):
        arguments.space()
        patterns.append(arguments.list_mailbox())
        if len(patterns) > MAX_PATTERNS:
            raise Bad("Too many patterns")
    return patterns, True


def _read_returned(session: Session, arguments: Arguments, options: _Options) -> None:
    if arguments.keyword("RETURN") != "RETURN":
        raise Bad("Expected RETURN")
    arguments.space()
    arguments.open()
    known = {"SUBSCRIBED", "CHILDREN"}
    if session.offers("SPECIAL-USE"):
        known.add("SPECIAL-USE")
    if session.offers("LIST-MYRIGHTS"):
        known.add("MYRIGHTS")
    while not arguments.accept(b")"):
        option = arguments.keyword("a return option")
        if option == "STATUS" and session.offers("LIST-STATUS"):
            arguments.space()
            options.status = read_status_items(session, arguments)
        elif option == "METADATA" and session.offers("LIST-METADATA"):
            arguments.space()
            options.metadata = read_entries(arguments)
        elif option in known:
            options.returned.add(option)
        else:
            raise Bad("Unknown return options")
        arguments.accept(b" ")


async def _list_matching(
    session: Session, patterns: list[bytes], options: _Options
) -> None:
    account = session.account
    wanted = [Pattern(pattern) for pattern in patterns]
    names = account.names()
    if "SUBSCRIBED" in options.selection:
        names = list(dict.fromkeys([*account.subscriptions, *names]))
    parents = {parent for name in names for parent in _parents(name)}
    for name in names:
        await session.breathe()
        encoded = encode_mailbox_name(name)
        if not any(pattern.matches(encoded) for pattern in wanted):
            continue
        attributes, extra = _attributes(account, name, name in parents, options)
        if attributes is None:
            continue
        session.write(_response(b"LIST", name, attributes, extra))
        mailbox = account.get(name)
        if options.status and mailbox is not None:
            session.write(status_response(session, mailbox, options.status))
        if "MYRIGHTS" in options.returned and mailbox is not None:
            session.write(my_rights_response(session, mailbox))
        if options.metadata and mailbox is not None:
            found = {entry: mailbox.metadata.get(entry) for entry in options.metadata}
            session.write(metadata_response(name, found))


def _attributes(
    account: MemoryAccount, name: str, has_children: bool, options: _Options
) -> tuple[list[str] | None, bytes]:
    r"""Return the attributes of *name*, None if it is not selected.

    With it comes CHILDINFO, for a parent that is listed only since something
    below it is subscribed (RFC 5258 §4).
    """
    mailbox = account.get(name)
    attributes: list[str] = []
    extra = b""
    is_subscribed = name in account.subscriptions
    if "SUBSCRIBED" in options.selection and not is_subscribed:
        below = name + DELIMITER
        if "RECURSIVEMATCH" not in options.selection or not any(
            other.startswith(below) for other in account.subscriptions
        ):
            return None, b""
        extra = b' ("CHILDINFO" ("SUBSCRIBED"))'
    if "SPECIAL-USE" in options.selection and (
        mailbox is None or mailbox.special_use is None
    ):
        return None, b""
    if is_subscribed and options.wants("SUBSCRIBED"):
        attributes.append("\\Subscribed")
    if mailbox is None:
        exists = has_children and account.has_children(name)
        attributes.append("\\Noselect" if exists else "\\NonExistent")
    if "CHILDREN" in options.returned:
        attributes.append("\\HasChildren" if has_children else "\\HasNoChildren")
    if options.wants("SPECIAL-USE"):
        attributes += _special_use(account, name)
    return attributes, extra


async def lsub(session: Session, arguments: Arguments, uid: bool) -> str:
    r"""LSUB; a parent that only leads to subscriptions is ``\Noselect``."""
    arguments.space()
    reference = arguments.astring()
    arguments.space()
    pattern = reference + arguments.list_mailbox()
    arguments.end()
    wanted = Pattern(pattern)
    subscribed = session.account.subscriptions
    with_use = session.offers("SPECIAL-USE")
    found: dict[str, list[str]] = {}
    for name in subscribed:
        if wanted.matches(encode_mailbox_name(name)):
            found[name] = _special_use(session.account, name) if with_use else []
        elif pattern.endswith(b"%"):
            for parent in _parents(name):
                encoded = encode_mailbox_name(parent)
                if parent not in subscribed and wanted.matches(encoded):
                    found.setdefault(parent, ["\\Noselect"])
    for name, attributes in found.items():
        session.write(_response(b"LSUB", name, attributes))
    return "Lsub completed."


def _special_use(account: MemoryAccount, name: str) -> list[str]:
    mailbox = account.get(name)
    if mailbox is None or mailbox.special_use is None:
        return []
    return [str(mailbox.special_use)]


def _response(
    kind: bytes, name: str, attributes: list[str], extra: bytes = b""
) -> bytes:
    listed = " ".join(attributes).encode()
    shown = string(encode_mailbox_name(name))
    return b'* %b (%b) "/" %b%b\r\n' % (kind, listed, shown, extra)


def _parents(name: str) -> list[str]:
    pieces = name.split(DELIMITER)
    return [DELIMITER.join(pieces[:n]) for n in range(1, len(pieces))]
