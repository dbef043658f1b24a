"""Arguments to octets: no argument can end a line or begin another command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import Flag, IMAPSearchCriteria, MessageSet, Secret
from aiosage.wire import Encoder, ListData, decode_mailbox_name, parse
from aiosage.wire._search_keys import encode_criteria
from aiosage.wire._tokens import tokenize
from aiosage.wire.commands import (
    Append,
    Command,
    Create,
    Enable,
    GetStatus,
    Id,
    ListMailboxes,
    Login,
    Rename,
    Select,
    UidCopy,
    UidSearch,
)

from .stream import frames

NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1
)


def wire(encoder: Encoder) -> bytes:
    """Return all flights, joined."""
    flights = encoder.finish().flights
    return b"".join(piece for flight in flights for piece in flight)


def argument(
    add: Callable[[Encoder], object], *, non_sync_max: int | None = 0
) -> bytes:
    """Return what *add* writes after the tag."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    add(encoder)
    octets = wire(encoder)
    assert octets.startswith(b"T ")
    assert octets.endswith(b"\r\n")
    return octets[2:-2]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("INBOX", b"INBOX"),
        ("a b", b'"a b"'),
        ('q"\\', b'"q\\"\\\\"'),
        ("nil", b'"nil"'),
        ("NIL", b'"NIL"'),
        ("a*%", b'"a*%"'),
        ("(a)", b'"(a)"'),
        ("{3}", b'"{3}"'),
        ("a]", b'"a]"'),
        ("R&D", b"R&-D"),
        ("é", b"&AOk-"),
        ("\x01", b"&AAE-"),
    ],
)
def test_a_mailbox_is_an_atom_if_it_can_be_else_a_string(
    name: str, expected: bytes
) -> None:
    assert argument(lambda to: to.mailbox(name)) == expected


@pytest.mark.parametrize(
    "name", ["", "a\rb", "a\nb", "\r\nT DELETE x", "a\0", "\ud800"]
)
def test_a_mailbox_that_no_server_could_take_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"mailbox name|surrogates"):
        Encoder("T").mailbox(name)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("*", b"*"), ("", b'""'), ("a/%", b"a/%"), ("a b*", b'"a b*"'), ("é*", b"&AOk-*")],
)
def test_a_pattern_keeps_its_wildcards(pattern: str, expected: bytes) -> None:
    assert argument(lambda to: to.pattern(pattern)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", b'""'),
        ("a", b'"a"'),
        ('"\\', b'"\\"\\\\"'),
        ("a\r\nT2 DELETE x", b"{14}\r\na\r\nT2 DELETE x"),
        ("é", b"{2}\r\n\xc3\xa9"),
        ("\x7f", b'"\x7f"'),
        ("x" * 1000, b'"' + b"x" * 1000 + b'"'),
        ("x" * 1001, b"{1001}\r\n" + b"x" * 1001),
    ],
)
def test_a_string_is_quoted_if_it_can_be_else_a_literal(
    text: str, expected: bytes
) -> None:
    """Line limits of servers are not known, so long strings go as literals."""
    assert argument(lambda to: to.string(text)) == expected


@pytest.mark.parametrize(
    "name", ["add", "list", "of", "T DELETE x", "", "a\r\nb", "é", "a(", '"']
)
def test_a_keyword_is_an_atom(name: str) -> None:
    """STATUS items are keywords that callers give."""
    if name in ("add", "list", "of"):
        assert argument(lambda to: to.keyword(name)) == name.encode()
    else:
        with pytest.raises(ValueError, match=r"not a word|ascii"):
            Encoder("T").keyword(name)


def test_flags_are_sorted_and_checked() -> None:
    flags = [Flag.SEEN, Flag("$x"), Flag.DELETED]
    assert argument(lambda to: to.flags(flags)) == b"($x \\Deleted \\Seen)"
    assert argument(lambda to: to.flags([])) == b"()"
    for odd in ("\\*", "a\r\nb", "a b", "a)", "日", ""):
        with pytest.raises(ValueError, match="not a flag"):
            Encoder("T").flags([Flag.from_wire(odd)])


def test_message_sets() -> None:
    assert argument(lambda to: to.message_set(MessageSet([1, 2, 3, 7]))) == b"1:3,7"
    with pytest.raises(ValueError, match="empty"):
        Encoder("T").message_set(MessageSet())


class _Nowhere(tzinfo):
    """A time zone that does not know its offset: the datetime is naive."""

    def utcoffset(self, dt: datetime | None) -> None:
        """Not known."""

    def dst(self, dt: datetime | None) -> None:
        """Not known."""

    def tzname(self, dt: datetime | None) -> None:
        """Not known."""


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (datetime(2026, 2, 1, 3, 4, 5, tzinfo=UTC), b'" 1-Feb-2026 03:04:05 +0000"'),
        (
            datetime(
                996, 12, 31, 23, 59, 59, 999, timezone(-timedelta(hours=7, minutes=30))
            ),
            b'"31-Dec-0996 23:59:59 -0730"',
        ),
        (
            datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=19, seconds=32))),
            b'" 1-Jan-1900 00:00:00 +0019"',
        ),
    ],
)
def test_dates(when: datetime, expected: bytes) -> None:
    """A historical offset with seconds has no room in IMAP."""
    assert argument(lambda to: to.date_time(when)) == expected


@pytest.mark.parametrize("zone", [None, _Nowhere()])
def test_a_naive_date_is_refused(zone: tzinfo | None) -> None:
    with pytest.raises(ValueError, match="naive"):
        Encoder("T").date_time(datetime(2026, 1, 1, tzinfo=zone))


@pytest.mark.parametrize(
    ("non_sync_max", "size", "waits"),
    [
        (0, 0, False),
        (0, 1, True),
        (4096, 4096, False),
        (4096, 4097, True),
        (None, 9999, False),
    ],
)
def test_a_literal_waits_for_the_server_unless_it_may_go_at_once(
    non_sync_max: int | None, size: int, waits: bool
) -> None:
    """LITERAL- allows up to 4096 octets, LITERAL+ any (RFC 7888 §5)."""
    data = b"x" * size
    encoder = Encoder("T", non_sync_max=non_sync_max)
    encoded = encoder.keyword("X").literal(data).keyword("Y").finish()
    flights = [b"".join(flight) for flight in encoded.flights]
    if waits:
        assert flights == [b"T X {%d}\r\n" % size, data + b" Y\r\n"]
    else:
        assert flights == [b"T X {%d+}\r\n" % size + data + b" Y\r\n"]
    assert any(piece is data for flight in encoded.flights for piece in flight)


@pytest.mark.parametrize(
    ("non_sync_max", "expected"),
    [
        (0, [b"T X ~{3}\r\n", b"a\0\xff Y\r\n"]),
        (2, [b"T X ~{3}\r\n", b"a\0\xff Y\r\n"]),
        (3, [b"T X ~{3+}\r\na\0\xff Y\r\n"]),
        (None, [b"T X ~{3+}\r\na\0\xff Y\r\n"]),
    ],
)
def test_a_literal8_holds_any_octets_and_waits_as_a_literal_does(
    non_sync_max: int | None, expected: list[bytes]
) -> None:
    """RFC 7888 §6 lets both kinds go at once, up to the same size."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    encoded = encoder.keyword("X").literal8(b"a\0\xff").keyword("Y").finish()
    assert [b"".join(flight) for flight in encoded.flights] == expected
    assert encoded.shown == "T X ~{3} Y"
    (frame,) = frames(*expected)
    assert frame == [b"T X ", b"a\0\xff", b" Y"]


def test_two_literals_wait_twice() -> None:
    encoded = Encoder("T").string("é").string("ü").finish()
    flights = [b"".join(flight) for flight in encoded.flights]
    assert flights == [b"T {2}\r\n", b"\xc3\xa9 {2}\r\n", b"\xc3\xbc\r\n"]


@pytest.mark.parametrize(
    "add",
    [
        lambda to: to.string("\0"),
        lambda to: to.astring(b"\0"),
        lambda to: to.literal(b"\0"),
        lambda to: to.verbatim(b"\0"),
        lambda to: to.pattern("\0"),
    ],
)
def test_nul_is_refused_everywhere(add: Callable[[Encoder], object]) -> None:
    """RFC 9051 §4.3.1: only literal8 can hold it."""
    with pytest.raises(ValueError, match="NUL"):
        add(Encoder("T"))


@pytest.mark.parametrize("password", ["hunter2", "p w", "pä", "a\r\nb", "p" * 2000])
@pytest.mark.parametrize("non_sync_max", [0, None])
def test_secrets_are_never_shown(password: str, non_sync_max: int | None) -> None:
    """As an atom, a quoted string or a literal."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    command = Login("joe", Secret(password))
    command.encode(encoder)
    encoded = encoder.finish()
    assert encoded.shown == "T LOGIN joe ***"
    assert password not in repr(command)
    assert repr(password.encode())[2:-1] not in repr(encoded)


def test_what_is_shown_holds_no_literal() -> None:
    encoded = Encoder("T").keyword("APPEND").literal(b"private").finish()
    assert encoded.shown == "T APPEND {7}"
    answered = Encoder("T").keyword("AUTHENTICATE").answer(b"private", "***").finish()
    assert answered.shown == "T AUTHENTICATE + ***"
    assert [b"".join(flight) for flight in answered.flights] == [
        b"T AUTHENTICATE\r\n",
        b"private\r\n",
    ]


@given(NAMES)
def test_a_mailbox_name_comes_back(name: str) -> None:
    octets = argument(lambda to: to.mailbox(name))
    data = parse([b'* LIST () "/" ' + octets])
    assert isinstance(data, ListData)
    if name.upper() != "INBOX":
        assert data.name == name
    assert decode_mailbox_name(octets) == name or octets.startswith(b'"')


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_string_comes_back(text: str) -> None:
    octets = b"* " + argument(lambda to: to.string(text)) + b"\r\n"
    (frame,) = frames(octets)
    assert tokenize(frame, skip=2, nesting=1) == [text.encode()]


ODD = [
    "x\r\nT2 DELETE INBOX",
    "x\nT2 NOOP",
    "x\rT2 NOOP",
    "x\0",
    "a b",
    'a" b',
    "(",
    "{3}",
    "é",
]
COMMANDS: list[Callable[[str], Command[object]]] = [
    Select,
    Create,
    lambda text: Rename("a", text),
    lambda text: Rename(text, "a"),
    lambda text: ListMailboxes(pattern=text),
    lambda text: ListMailboxes(reference=text),
    lambda text: ListMailboxes(status=(text,)),
    lambda text: GetStatus(text, ("MESSAGES",)),
    lambda text: GetStatus("a", (text,)),
    lambda text: Login(text, Secret("p")),
    lambda text: Login("u", Secret(text)),
    lambda text: Enable((text,)),
    lambda text: Id({text: "a"}),
    lambda text: Id({"a": text}),
    lambda text: Append(text, b"m"),
    lambda text: Append("a", b"m", frozenset({Flag.from_wire(text)})),
    lambda text: UidCopy(MessageSet([1]), text),
    lambda text: UidSearch(IMAPSearchCriteria.subject(text)),
    lambda text: UidSearch(IMAPSearchCriteria.header("X", text)),
    lambda text: UidSearch(IMAPSearchCriteria.keyword(text)),
]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("make", COMMANDS)
@pytest.mark.parametrize("non_sync_max", [0, None])
def test_no_argument_can_begin_another_command(
    make: Callable[[str], Command[object]], text: str, non_sync_max: int | None
) -> None:
    """It is refused, or what is sent is one command, read as a server reads it."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    try:
        make(text).encode(encoder)
    except ValueError:
        return
    octets = wire(encoder)
    # A frame of a server's stream is a command of ours: same lines and literals.
    (frame,) = frames(octets)
    assert all(
        b"\r" not in line and b"\n" not in line and b"\0" not in line
        for line in frame[::2]
    )
    tokenize(frame, skip=2, nesting=5)


def test_a_label_is_written_as_mailbox_names_are() -> None:
    criteria = IMAPSearchCriteria.gmail_label("Entwürfe") & (
        IMAPSearchCriteria.gmail_label("\\Starred")
    )

    written = argument(lambda to: encode_criteria(criteria, to))

    assert written == b'X-GM-LABELS Entw&APw-rfe X-GM-LABELS "\\\\Starred"'
