"""The search keys of RFC 9051 §6.4.4 and of extensions, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from ._flags import Flag
from ._message_set import MessageSet
from ._ranges import MAX_UID
from ._search_nodes import (
    Key,
    Node,
    Not,
    SearchAtom,
    SearchName,
    SearchSet,
    SearchString,
)
from ._sequence_set import SavedResult, SequenceSet

DateLike: TypeAlias = date | datetime | str
"""A date, a datetime (its date as it stands), ``01-Feb-2026`` or ISO 8601."""

_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_IMAP_DATE: Final = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})", re.ASCII)
_FIELD_NAME: Final = re.compile(r"[!-9;-~]+")
_OBJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_FILTER_NAME: Final = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]/]+")
_LARGEST: Final = 2**63 - 1
_LARGEST_GMAIL: Final = 2**64 - 1


def from_address(text: str) -> Node:
    """Match messages with *text* in From, name or address."""
    return Key("FROM", (_string(text),))


def to_address(text: str) -> Node:
    """Match messages with *text* in To, name or address."""
    return Key("TO", (_string(text),))


def cc(text: str) -> Node:
    """Match messages with *text* in Cc, name or address."""
    return Key("CC", (_string(text),))


def bcc(text: str) -> Node:
    """Match messages with *text* in Bcc, name or address."""
    return Key("BCC", (_string(text),))


def subject(text: str) -> Node:
    """Match messages with *text* in the subject."""
    return Key("SUBJECT", (_string(text),))


def body(text: str) -> Node:
    """Match messages with *text* in the body."""
    return Key("BODY", (_string(text),))


def text(text: str) -> Node:
    """Match messages with *text* in the header or the body."""
    return Key("TEXT", (_string(text),))


def header(name: str, text: str = "") -> Node:
    """Match messages with *text* in a field *name*; with the field, if it is ""."""
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"not the name of a header field: {name[:80]!r}")
    return Key("HEADER", (SearchString(name), _string(text)))


def message_id(text: str) -> Node:
    """Match messages with *text* in Message-ID."""
    return header("Message-ID", text)


def before(day: DateLike) -> Node:
    """Match messages that arrived before *day*."""
    return Key("BEFORE", (_date(day),))


def on(day: DateLike) -> Node:
    """Match messages that arrived on *day*."""
    return Key("ON", (_date(day),))


def since(day: DateLike) -> Node:
    """Match messages that arrived on *day* or later."""
    return Key("SINCE", (_date(day),))


def since_days(days: int, *, today: date | None = None) -> Node:
    """Match messages that arrived at most *days* days before *today*.

    Args:
        days: how many, 0 for today alone.
        today: None for today's date in UTC.
    """
    if days < 0:
        raise ValueError(f"not a number of days: {days}")
    if today is None:
        today = datetime.now(UTC).date()
    try:
        return since(today - timedelta(days=days))
    except OverflowError:
        raise ValueError(f"before the year 1: {days} days ago") from None


def sent_before(day: DateLike) -> Node:
    """Match messages whose Date is before *day*."""
    return Key("SENTBEFORE", (_date(day),))


def sent_on(day: DateLike) -> Node:
    """Match messages whose Date is *day*."""
    return Key("SENTON", (_date(day),))


def sent_since(day: DateLike) -> Node:
    """Match messages whose Date is *day* or later."""
    return Key("SENTSINCE", (_date(day),))


def keyword(name: str) -> Node:
    """Match messages that have the keyword *name*."""
    return Key("KEYWORD", (_keyword(name),))


def unkeyword(name: str) -> Node:
    """Match messages that do not have the keyword *name*."""
    return Key("UNKEYWORD", (_keyword(name),))


def larger(octets: int) -> Node:
    """Match messages of more than *octets* octets."""
    return Key("LARGER", (_number(octets, 0),))


def smaller(octets: int) -> Node:
    """Match messages of less than *octets* octets."""
    return Key("SMALLER", (_number(octets, 0),))


def older(seconds: int) -> Node:
    """Match messages that arrived at least *seconds* ago (RFC 5032)."""
    return Key("OLDER", (_number(seconds, 1, MAX_UID),))


def younger(seconds: int) -> Node:
    """Match messages that arrived at most *seconds* ago (RFC 5032)."""
    return Key("YOUNGER", (_number(seconds, 1, MAX_UID),))


def saved_before(day: DateLike) -> Node:
    """Match messages that came into the mailbox before *day* (RFC 8514)."""
    return Key("SAVEDBEFORE", (_date(day),))


def saved_on(day: DateLike) -> Node:
    """Match messages that came into the mailbox on *day* (RFC 8514)."""
    return Key("SAVEDON", (_date(day),))


def saved_since(day: DateLike) -> Node:
    """Match messages that came into the mailbox on *day* or later (RFC 8514)."""
    return Key("SAVEDSINCE", (_date(day),))


def save_date_supported() -> Node:
    """Match messages whose mailbox keeps save dates (RFC 8514 §4.3)."""
    return Key("SAVEDATESUPPORTED")


def modseq(
    value: int,
    *,
    flag: str | None = None,
    scope: Literal["priv", "shared", "all"] = "all",
) -> Node:
    """Match messages whose mod-sequence is *value* or more (RFC 7162 §3.1.5).

    Args:
        value: a mod-sequence.
        flag: only the mod-sequence of this flag counts, where the server keeps
            them apart.
        scope: whose flag: one's own, everybody's, or either.
    """
    if flag is None:
        return Key("MODSEQ", (_number(value, 0),))
    if scope not in ("priv", "shared", "all"):
        raise ValueError(f"not priv, shared or all: {scope[:40]!r}")
    entry = SearchString(f"/flags/{Flag(flag)}")
    return Key("MODSEQ", (entry, SearchAtom(scope), _number(value, 0)))


def email_id(text: str) -> Node:
    """Match the message with this EMAILID (RFC 8474 §5.1)."""
    return Key("EMAILID", (_object_id(text),))


def thread_id(text: str) -> Node:
    """Match the messages with this THREADID (RFC 8474 §5.2)."""
    return Key("THREADID", (_object_id(text),))


def filter(name: str) -> Node:
    """Match what the filter *name*, kept on the server, matches (RFC 5466)."""
    if not _FILTER_NAME.fullmatch(name):
        raise ValueError(f"not the name of a filter: {name[:80]!r}")
    return Key("FILTER", (SearchAtom(name),))


def gmail_raw(query: str) -> Node:
    """Match what *query* finds on Gmail's web page (X-GM-EXT-1)."""
    return Key("X-GM-RAW", (_string(query),))


def gmail_label(name: str) -> Node:
    r"""Match messages with a label of Gmail, such as ``Work`` or ``\Starred``."""
    if not name or not name.isprintable():
        raise ValueError(f"not the name of a label: {name[:80]!r}")
    return Key("X-GM-LABELS", (SearchName(name),))


def gmail_message_id(number: int) -> Node:
    """Match the message that Gmail gave this number of 64 bits."""
    return Key("X-GM-MSGID", (_number(number, 0, _LARGEST_GMAIL),))


def gmail_thread_id(number: int) -> Node:
    """Match the messages of the thread that Gmail gave this number of 64 bits."""
    return Key("X-GM-THRID", (_number(number, 0, _LARGEST_GMAIL),))


def uid(messages: MessageSet | Iterable[int] | int | str) -> Node:
    """Match the messages of a set of UIDs, such as ``5:*``; none if it is empty."""
    if isinstance(messages, str):
        messages = MessageSet.parse(messages)
    elif isinstance(messages, int):
        messages = MessageSet((messages,))
    elif not isinstance(messages, MessageSet):
        messages = MessageSet(messages)
    # IMAP cannot write the empty set.
    return Key("UID", (SearchSet(messages),)) if messages else Not(Key("ALL"))


def sequence(messages: SequenceSet | Iterable[int]) -> Node:
    """Match messages by number; none if the set is empty."""
    if not isinstance(messages, SequenceSet):
        messages = SequenceSet(messages)
    return SearchSet(messages) if messages else Not(Key("ALL"))


def saved_result() -> Node:
    """Match what the last search with SAVE has found (RFC 5182 §2.1)."""
    return SearchSet(SavedResult())


def _string(text: str) -> SearchString:
    if "\0" in text:
        raise ValueError("a search cannot hold NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a search cannot hold lone surrogates") from None
    return SearchString(text)


def _number(value: int, smallest: int, largest: int = _LARGEST) -> SearchAtom:
    if not smallest <= value <= largest:
        raise ValueError(f"not in {smallest}..{largest}: {value}")
    return SearchAtom(str(int(value)))


def _object_id(text: str) -> SearchAtom:
    if not _OBJECT_ID.fullmatch(text):
        raise ValueError(f"not an object ID (RFC 8474 §7): {text[:80]!r}")
    return SearchAtom(text)


def _keyword(name: str) -> SearchAtom:
    flag = Flag(name)
    if flag.is_system:
        raise ValueError(f"{name} is a system flag: use its own search key")
    return SearchAtom(str(flag))


def _date(day: DateLike) -> SearchAtom:
    if isinstance(day, str):
        day = parse_day(day)
    return SearchAtom(f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year:04d}")


def parse_day(text: str) -> date:
    """Return the day that *text* names.

    Raises:
        ValueError: it is neither IMAP's form nor ISO 8601.
    """
    match = _IMAP_DATE.fullmatch(text)
    try:
        if match is None:
            return datetime.fromisoformat(text)
        month = _MONTHS.index(match[2].capitalize()) + 1
        return date(int(match[3]), month, int(match[1]))
    except ValueError:
        raise ValueError(
            f"not a date such as 01-Feb-2026 or 2026-02-01: {text[:40]!r}"
        ) from None
