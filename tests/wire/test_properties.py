"""What holds for every value, and for all that real servers say.

Any argument comes back from the octets it is sent as; any stream means the same
however it is cut; any octets give values or `IMAPProtocolError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiosage.errors import IMAPProtocolError
from aiosage.model import (
    Flag,
    IMAPSearchCriteria,
    MessageSet,
    SearchAtom,
    SearchSet,
    SearchString,
    Secret,
)
from aiosage.wire import (
    Encoder,
    FetchData,
    Framer,
    Limits,
    Response,
    Unknown,
    decode_mailbox_name,
    parse,
)
from aiosage.wire._date_time import parse_date_time
from aiosage.wire._search_keys import encode_criteria
from aiosage.wire._tokens import Value, tokenize
from aiosage.wire._values import as_flags, as_message_set, as_octets

from .recording import record
from .stream import RECORDED, frames

# Arguments

non_sync = st.sampled_from([0, 3, 4096, None])
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
octets = st.binary().map(lambda data: data.replace(b"\0", b""))
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1
)
flags = st.sets(
    st.from_regex(r"\\?[a-zA-Z0-9$_.\[&'+-]{1,12}", fullmatch=True).map(Flag)
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
dates = st.datetimes(timezones=zones | st.just(UTC)).map(
    lambda when: when.replace(microsecond=0)
)
uids = st.integers(1, 2**32 - 1)
ranges = st.tuples(uids, uids).map(sorted).map(lambda pair: (pair[0], pair[1]))
sets = st.lists(ranges | uids.map(lambda uid: (uid, uid)), min_size=1).map(
    MessageSet.from_ranges
)


def values(
    add: Callable[[Encoder], object], non_sync_max: int | None = 0
) -> list[Value]:
    """Return what a server reads after the tag; it is one command."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    add(encoder)
    flights = [b"".join(flight) for flight in encoder.finish().flights]
    for flight in flights[:-1]:  # the server is asked, and by nothing else
        assert re.search(rb"\{\d+\}\r\n\Z", flight)
    (frame,) = frames(*flights)
    return tokenize(frame, skip=1, nesting=20)


@given(octets | text.map(str.encode), non_sync)
def test_a_string_comes_back(data: bytes, non_sync_max: int | None) -> None:
    assert values(lambda to: to.string(data), non_sync_max) == [data]
    (value,) = values(lambda to: to.astring(data), non_sync_max)
    assert as_octets(value) == data
    secret = Secret(data.decode("latin-1"))
    (value,) = values(lambda to: to.string(secret), non_sync_max)
    assert value == data.decode("latin-1").encode()


@given(st.binary(), non_sync)
def test_a_literal8_comes_back(data: bytes, non_sync_max: int | None) -> None:
    def write(to: Encoder) -> None:
        to.keyword("X").literal8(data).keyword("Y")

    assert values(write, non_sync_max) == ["X", data, "Y"]


@given(octets, octets, non_sync)
def test_literals_come_back(one: bytes, two: bytes, non_sync_max: int | None) -> None:
    def write(to: Encoder) -> None:
        to.literal(one).open().literal(two).literal(one).close()

    assert values(write, non_sync_max) == [one, [two, one]]


@given(names, non_sync)
def test_a_mailbox_comes_back(name: str, non_sync_max: int | None) -> None:
    (value,) = values(lambda to: to.mailbox(name), non_sync_max)
    assert decode_mailbox_name(as_octets(value) or b"") == name


@given(flags)
def test_flags_come_back(these: set[Flag]) -> None:
    (value,) = values(lambda to: to.flags(these))
    assert as_flags(value) == these


@given(dates)
def test_a_date_comes_back(when: datetime) -> None:
    (value,) = values(lambda to: to.date_time(when))
    assert isinstance(value, bytes)
    assert parse_date_time(value) == when


@given(sets)
def test_a_set_comes_back(messages: MessageSet) -> None:
    (value,) = values(lambda to: to.message_set(messages))
    assert as_message_set(value) == messages


keys = st.one_of(
    text.filter(bool).map(IMAPSearchCriteria.subject),
    text.filter(bool).map(IMAPSearchCriteria.body),
    sets.map(IMAPSearchCriteria.uid),
    st.integers(0, 2**31).map(IMAPSearchCriteria.larger),
    st.just(IMAPSearchCriteria.UNSEEN),
)
criteria = st.recursive(
    keys,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] & pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1]),
        inner.map(lambda one: ~one),
    ),
    max_leaves=8,
)


@given(criteria, non_sync)
def test_criteria_come_back(
    wanted: IMAPSearchCriteria, non_sync_max: int | None
) -> None:
    """The tokens are those of the criteria, and parentheses match."""
    expected: list[Value] = []
    stack = [expected]
    for token in wanted.to_wire():
        if isinstance(token, SearchString):
            stack[-1].append(token.text.encode())
        elif isinstance(token, SearchSet):
            stack[-1].append(str(token.messages))
        elif not isinstance(token, SearchAtom):
            raise AssertionError(token)
        elif token.text == "(":
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif token.text == ")":
            stack.pop()
        else:
            stack[-1].append(token.text)
    read = values(lambda to: encode_criteria(wanted, to), non_sync_max)
    assert read == expected


# Streams


@pytest.fixture(
    scope="module",
    params=[
        "traps",
        pytest.param("dovecot", marks=pytest.mark.dovecot),
        pytest.param("cyrus", marks=pytest.mark.cyrus),
    ],
)
def recorded(request: pytest.FixtureRequest) -> bytes:
    """All that a server says in a session."""
    if request.param == "traps":
        return RECORDED
    return record(request.getfixturevalue(request.param))


def said(*pieces: bytes) -> list[Response]:
    """Return all that *pieces* say, read to the last field."""
    framer = Framer()
    return [read(parse(frame)) for piece in pieces for frame in framer.feed(piece)]


def read(response: Response) -> Response:
    """Read what is built when it is first read."""
    if isinstance(response, FetchData):
        if response.envelope is not None:
            repr(response.envelope)
        if response.body_structure is not None:
            for part in response.body_structure.walk():
                repr((part, part.filename, part.envelope))
    return response


def test_a_recorded_session_is_understood(recorded: bytes) -> None:
    """Nothing is left over, and nothing of a FETCH is of no known kind."""
    framer = Framer()
    responses = [read(parse(frame)) for frame in framer.feed(recorded)]
    assert framer.is_empty
    assert len(responses) > 15
    unknown = [each.raw for each in responses if isinstance(each, Unknown)]
    assert not [raw for raw in unknown if b"FETCH" in raw]


def test_a_recorded_session_parses_the_same_octet_by_octet(recorded: bytes) -> None:
    pieces = [recorded[n : n + 1] for n in range(len(recorded))]
    assert said(*pieces) == said(recorded)


# The recordings are as long as they are, and one is made for all examples.
of_recordings = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck)
)


@of_recordings
@given(st.data())
def test_a_recorded_session_parses_the_same_however_it_is_cut(
    recorded: bytes, data: st.DataObject
) -> None:
    places = st.lists(st.integers(0, len(recorded)), max_size=12)
    cuts = [0, *sorted(data.draw(places)), len(recorded)]
    assert said(*(recorded[a:b] for a, b in pairwise(cuts))) == said(recorded)


_PIECE = re.compile(
    rb'\{\d+\}\r\n|"[^"]*"|[()\[\]]|\r\n| +|[^ ()\[\]"\r]+|.', re.DOTALL
)
_FOREIGN = [
    *(b'( ) (( )) [ ] " "" "\\ \\ {0} {1} {3} {999} {99999999999} ~{2} {4+}'.split()),
    *(b"NIL nil \0 \xff \xc3\xa9 * % + - -1 0 4294967296 99999999999999999999".split()),
    *(b"BODY[ BODY[HEADER.FIELDS UID FLAGS FETCH <0> ]<1.2> A1 OK 1:* ,".split()),
    *(b" ", b"", b"\r\n", b"\r", b"\n", b"(" * 300, b'"\\"' * 20, b"a" * 5000),
]


@settings(of_recordings, max_examples=400)
@given(st.data())
def test_a_response_with_pieces_out_of_place_is_read_or_refused(
    recorded: bytes, data: st.DataObject
) -> None:
    """Deleted, doubled, swapped, put in: the grammar's own pieces and others."""
    lines = recorded.splitlines(keepends=True)
    first = data.draw(st.integers(0, len(lines) - 1))
    pieces = _PIECE.findall(b"".join(lines[first : first + 4]))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(pieces) - 1)) if pieces else 0
        match data.draw(st.integers(0, 3)):
            case 0:
                del pieces[place : place + 1]
            case 1:
                pieces[place:place] = pieces[place : place + 3]
            case 2:
                pieces[place : place + 2] = reversed(pieces[place : place + 2])
            case _:
                pieces.insert(place, data.draw(st.sampled_from(_FOREIGN)))
    check(b"".join(pieces) + b"\r\n")


def check(octets: bytes) -> None:
    """Read *octets*, to the last field or to where they are not IMAP."""
    framer = Framer(Limits(line=65_536, literal=65_536, response=2**20))
    with suppress(IMAPProtocolError):
        for frame in framer.feed(octets):
            read(parse(frame))
