"""From a frame to a typed response (RFC 9051 §7).

Status responses end in text for humans and are parsed as text; everything else
is tokens. What is not known is kept as `Unknown`; what is not IMAP is an
`IMAPProtocolError`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from ..errors import IMAPProtocolError
from ._codes import parse_code
from ._fetch_data import parse_fetch, parse_usual_fetch
from ._framer import Frame
from ._limits import Limits
from ._responses import (
    CapabilityData,
    Condition,
    Continuation,
    EnabledData,
    ESearchData,
    ExistsData,
    ExpungeData,
    FlagsData,
    IdData,
    ListData,
    NamespaceData,
    RecentData,
    Response,
    SearchData,
    Status,
    StatusData,
    Unknown,
    Untagged,
    Value,
    VanishedData,
)
from ._tokens import tokenize
from ._values import (
    as_atoms,
    as_flags,
    as_list,
    as_mailbox,
    as_message_set,
    as_number,
    as_text,
)

_LIMITS: Final = Limits()
_STATUS: Final = re.compile(
    rb"([^ ]+) +(OK|NO|BAD|BYE|PREAUTH)(?: +(.*))?\Z", re.IGNORECASE | re.DOTALL
)
_NUMBERED: Final = re.compile(rb"\* +(\d{1,10}) +([A-Za-z][A-Za-z0-9.-]*) *")
_NAMED: Final = re.compile(rb"\* +([A-Za-z][A-Za-z0-9.-]*) *")
_NUMBERS: Final = re.compile(rb"(?: *+\d{1,18}+(?= |\Z))*+ *+")


def parse(frame: Frame, limits: Limits | None = None) -> Response:
    """Return what *frame* says.

    Raises:
        IMAPProtocolError: it is not an IMAP response.
    """
    nesting = (limits or _LIMITS).nesting
    if fetched := parse_usual_fetch(frame, nesting):
        return fetched
    head = frame[0]
    if numbered := _NUMBERED.match(head):
        number, name = int(numbered[1]), numbered[2].upper()
        if name == b"FETCH":
            return parse_fetch(
                number, tokenize(frame, skip=numbered.end(), nesting=nesting)
            )
        if name in _COUNTED:
            return _COUNTED[name](number)
        return Unknown(_raw(frame))
    if head.startswith(b"+"):  # before tags: Dovecot says "+ OK"
        return Continuation(head[1:].removeprefix(b" "))
    if status := _STATUS.match(head):
        return _parse_status(status)
    if named := _NAMED.match(head):
        parser = _BY_NAME.get(named[1].upper())
        if parser is None:
            return Unknown(_raw(frame))
        if parser is _parse_search and _NUMBERS.fullmatch(head, named.end()):
            return _parse_numbers(head[named.end() :])
        return parser(tokenize(frame, skip=named.end(), nesting=nesting))
    if head.startswith(b"* "):
        return Unknown(_raw(frame))
    raise IMAPProtocolError(f"not an IMAP response: {head[:40]!r}")


def _raw(frame: Frame) -> bytes:
    """Return *frame* as it was sent, without the last CRLF."""
    return b"".join(
        part if index % 2 == 0 else b"{%d}\r\n%b" % (len(part), part)
        for index, part in enumerate(frame)
    )


def _parse_status(match: re.Match[bytes]) -> Status:
    tag = None if match[1] == b"*" else str(match[1], "latin-1")
    condition = Condition(str(match[2], "ascii").upper())
    if tag is not None and condition in (Condition.BYE, Condition.PREAUTH):
        raise IMAPProtocolError(f"a command cannot end with {condition}")
    code, text = parse_code(match[3] or b"")
    return Status(tag, condition, code, text)


def _parse_capability(values: list[Value]) -> CapabilityData:
    return CapabilityData(frozenset(name.upper() for name in as_atoms(values)))


def _parse_enabled(values: list[Value]) -> EnabledData:
    return EnabledData(frozenset(name.upper() for name in as_atoms(values)))


def _parse_flags(values: list[Value]) -> FlagsData:
    return FlagsData(as_flags(values[0] if values else None))


def _parse_list(values: list[Value]) -> ListData:
    if len(values) < 3:
        raise IMAPProtocolError("LIST without attributes, delimiter and name")
    delimiter = values[1]
    return ListData(
        as_mailbox(values[2]),
        as_text(delimiter) if delimiter else None,
        as_flags(values[0]),
    )


def _parse_lsub(values: list[Value]) -> ListData:
    data = _parse_list(values)
    return ListData(data.name, data.delimiter, data.attributes, subscribed_only=True)


def _parse_status_data(values: list[Value]) -> StatusData:
    if len(values) < 2:
        raise IMAPProtocolError("STATUS without a mailbox and items")
    items = as_list(values[1])
    pairs: dict[str, int | str] = {}
    for name, value in zip(items[::2], items[1::2], strict=False):
        if isinstance(value, list):  # MAILBOXID (id)
            value = value[0] if value else None
        text = as_text(value)
        pairs[as_text(name).upper()] = (
            int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
        )
    return StatusData(as_mailbox(values[0]), pairs)


def _parse_search(values: list[Value]) -> SearchData:
    modseq = None
    if values and isinstance(values[-1], list):  # (MODSEQ n), RFC 7162 §3.1.5
        modseq = as_number(values[-1][-1]) if values[-1] else None
        values = values[:-1]
    return SearchData(tuple([as_number(value) for value in values]), modseq)


def _parse_numbers(text: bytes) -> SearchData:
    """Return a plain SEARCH answer: no tokens for a million UIDs."""
    try:
        # Nothing else in Python reads numbers as fast.
        numbers = json.loads(b"[%b]" % text.strip().replace(b" ", b","))
    except ValueError:  # two spaces, or zeros before a number
        numbers = map(int, text.split())
    return SearchData(tuple(numbers))


def _parse_esearch(values: list[Value]) -> ESearchData:
    tag = None
    position = 0
    if values and isinstance(values[0], list):  # (TAG "A1")
        correlator = values[0]
        tag = as_text(correlator[1]) if len(correlator) > 1 else None
        position = 1
    uid = position < len(values) and values[position] in ("UID", "uid")
    items = values[position + uid :]
    found = {
        as_text(name).upper(): value
        for name, value in zip(items[::2], items[1::2], strict=False)
    }

    def number(name: str) -> int | None:
        return as_number(found[name]) if name in found else None

    return ESearchData(
        tag,
        uid,
        all=as_message_set(found["ALL"]) if "ALL" in found else None,
        count=number("COUNT"),
        min=number("MIN"),
        max=number("MAX"),
        modseq=number("MODSEQ"),
    )


def _parse_vanished(values: list[Value]) -> VanishedData:
    earlier = bool(values) and isinstance(values[0], list)
    uids = values[1:] if earlier else values
    return VanishedData(as_message_set(uids[0] if uids else ""), earlier)


def _parse_namespace(values: list[Value]) -> NamespaceData:
    def prefixes(value: Value) -> tuple[tuple[str, str | None], ...]:
        return tuple(
            (as_mailbox(entry[0]), as_text(entry[1]) if entry[1] else None)
            for entry in as_list(value)
            if isinstance(entry, list) and len(entry) > 1
        )

    personal, others, shared = (*values, None, None, None)[:3]
    return NamespaceData(prefixes(personal), prefixes(others), prefixes(shared))


def _parse_id(values: list[Value]) -> IdData:
    items = as_list(values[0] if values else None)
    return IdData(
        {
            as_text(name).lower(): None if value is None else as_text(value)
            for name, value in zip(items[::2], items[1::2], strict=False)
        }
    )


_COUNTED: Final[dict[bytes, Callable[[int], Untagged]]] = {
    b"EXISTS": ExistsData,
    b"RECENT": RecentData,
    b"EXPUNGE": ExpungeData,
}
_BY_NAME: Final[dict[bytes, Callable[[list[Value]], Untagged]]] = {
    b"CAPABILITY": _parse_capability,
    b"ENABLED": _parse_enabled,
    b"FLAGS": _parse_flags,
    b"LIST": _parse_list,
    b"XLIST": _parse_list,
    b"LSUB": _parse_lsub,
    b"STATUS": _parse_status_data,
    b"SEARCH": _parse_search,
    b"ESEARCH": _parse_esearch,
    b"VANISHED": _parse_vanished,
    b"NAMESPACE": _parse_namespace,
    b"ID": _parse_id,
}
