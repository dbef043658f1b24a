"""Octets made to hurt: any give values or IMAPProtocolError, in linear time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiosage.errors import IMAPProtocolError
from aiosage.wire import FetchData, Framer, Limits, Response, Status, Unknown, parse
from aiosage.wire._values import _flags

from .stream import RECORDED, response, responses

_WORDS = [
    *(b"* OK NO BAD BYE PREAUTH FETCH EXISTS EXPUNGE LIST LSUB STATUS SEARCH".split()),
    *(b"ESEARCH VANISHED NAMESPACE ID FLAGS CAPABILITY ENABLED UID ALL NIL".split()),
    *(b"ENVELOPE BODYSTRUCTURE BODY[] BODY[TEXT]<0> INTERNALDATE MODSEQ".split()),
    *(b"[COPYUID [APPENDUID [PERMANENTFLAGS [CAPABILITY [UIDNEXT ] ( ) ()".split()),
    *(b'" \\ "" {0} {3} {3+} ~{3} 0 1 4294967295 99999999999999999999 1:3 *'.split()),
    *(b"(EARLIER) (TAG RFC822.SIZE A1 + &AOk- & &- \xe6\x97\xa5 \xff \0".split()),
    b" ",
    b"\r\n",
    b"\r",
    b"\n",
]
_SPACED = st.lists(st.sampled_from(_WORDS), max_size=30).map(b" ".join)
_GLUED = st.lists(st.sampled_from(_WORDS), max_size=30).map(b"".join)


def parsed(*pieces: bytes) -> list[Response]:
    """Return what *pieces* say, up to where they stop being IMAP."""
    framer = Framer(Limits(line=4096, literal=4096, response=8192, nesting=8))
    got: list[Response] = []
    try:
        for piece in pieces:
            for frame in framer.feed(piece):
                got.append(parse(frame))  # noqa: PERF401  # the error must not take them
    except IMAPProtocolError:
        pass
    return got


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=300), _SPACED, _GLUED))
def test_any_octets_give_values_or_a_protocol_error(octets: bytes) -> None:
    """Nothing else may escape: it would end the session without a cause."""
    for start in (b"", b"* ", b"* 1 FETCH (", b"* OK [", b"A1 NO "):
        parsed(start + octets + b"\r\n")


@settings(max_examples=200, deadline=None)
@given(st.one_of(_SPACED, _GLUED), st.data())
def test_any_octets_mean_the_same_however_they_are_split(
    octets: bytes, data: st.DataObject
) -> None:
    octets += b"\r\nA9 OK\r\n"
    cut = data.draw(st.integers(0, len(octets)))
    assert parsed(octets[:cut], octets[cut:]) == parsed(octets)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, len(RECORDED)), max_size=8))
def test_any_split_of_a_session_parses_the_same(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(RECORDED)]
    pieces = [RECORDED[a:b] for a, b in pairwise(places)]
    assert responses(*pieces) == responses(RECORDED)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(RECORDED) - 1), st.binary(min_size=1, max_size=3))
def test_a_session_with_some_octets_changed_gives_values_or_a_protocol_error(
    place: int, octets: bytes
) -> None:
    parsed(RECORDED[:place] + octets + RECORDED[place + len(octets) :])


@pytest.mark.parametrize("depth", [200, 201, 100_000])
def test_nesting_is_capped_without_recursion(depth: int) -> None:
    line = b"* 1 FETCH (X " + b"(" * (depth - 1) + b")" * depth
    if depth > Limits().nesting:
        with pytest.raises(IMAPProtocolError, match="nests deeper than 200"):
            response(line)
    else:
        assert isinstance(response(line), FetchData)


def _seconds(line: bytes) -> float:
    gc.disable()  # its cost is that of the whole test run, not of the line
    start = time.process_time()
    with suppress(IMAPProtocolError):
        response(line)
    gc.enable()
    return time.process_time() - start


_QUADRATIC_IF_CARELESS: dict[str, Callable[[int], bytes]] = {
    "escapes without an end": lambda n: b'* 1 FETCH (X "' + b'\\"' * n,
    "quotes": lambda n: b"* 1 FETCH (X " + b'"' * (2 * n + 1),
    "open brackets": lambda n: b"* 1 FETCH (" + b"a[ " * n,
    "one long section": lambda n: b"* 1 FETCH (BODY[" + b"a " * n,
    "letters": lambda n: b"* 1 FETCH (" + b"a" * n,
    "dots": lambda n: b"* 1 FETCH (" + b"a." * n,
    "digits": lambda n: b"* SEARCH " + b"1" * n,
    "searched to the end": lambda n: b"* SEARCH " + b"1 " * n + b"x",
    "lists": lambda n: b"* 1 FETCH (X " + b"()" * n,
    "a code without an end": lambda n: b"* OK [" + b"a" * n,
    "a code and spaces": lambda n: b"* OK [A" + b" " * n,
    "a code and quotes": lambda n: b'* OK [A "' + b'""\\' * n,
    "spaces before a status": lambda n: b"A1" + b" " * n + b"OX",
    "spaces in a status": lambda n: b"* " + b" " * n + b"OX",
    "shifts": lambda n: b'* LIST () "/" ' + b"&" * n,
    "shifts with text": lambda n: b'* LIST () "/" ' + b"&a" * n,
    "runs": lambda n: b'* LIST () "/" ' + b"&AOk-" * n,
    "ranges": lambda n: (
        b"* VANISHED " + b",".join(b"%d" % (2 * i + 1) for i in range(n))
    ),
    "copied ranges": lambda n: b"A1 OK [COPYUID 1 1" + b",1" * n + b" 1" + b",1" * n,
    "flags": lambda n: b"* FLAGS (" + b"a " * n + b")",
    "sections with strings": lambda n: b"* 1 FETCH (" + b'BODY["a" ' * n,
    "sections with quotes": lambda n: b"* 1 FETCH (" + b'BODY["' * (2 * n + 1),
    "sections in sections": lambda n: b"* 1 FETCH (" + b'BODY["a"[' * n,
    "a section in pieces": lambda n: (
        b"* 1 FETCH (BODY[ {0}\r\n {0}\r\n BODY[" + b"() " * n + b"] {0}\r\n)"
    ),
    "a name of words": lambda n: b'* LIST () "/" ' + b"a " * n,
    "attributes and no delimiter": lambda n: b"* LIST (" + b"a" * n + b') "',
    "commas": lambda n: b"* VANISHED 1" + b"," * n,
    "parentheses too many": lambda n: b"* 1 FETCH (" + b")" * n,
    "a code and urls": lambda n: b"* NO [REFERRAL " + b"a " * n + b"]",
    "a code and parentheses": lambda n: b"* NO [BADCHARSET " + b"(" * n + b"]",
    "a code and one quote": lambda n: b'* NO [BADURL "' + b'\\"' * n + b"]",
    "capabilities": lambda n: b"* OK [CAPABILITY " + b"a " * n,
}


@pytest.mark.parametrize("name", _QUADRATIC_IF_CARELESS)
def test_hostile_lines_cost_linear_time(name: str) -> None:
    """Ten times the size must cost nowhere near a hundred times the time."""
    make = _QUADRATIC_IF_CARELESS[name]
    small, large = make(10_000), make(100_000)
    base = max(min(_seconds(small) for _ in range(3)), 0.002)
    assert min(_seconds(large) for _ in range(2)) < 60 * base


@pytest.mark.parametrize(
    "octets",
    [
        b"* VANISHED \xe7EARLIER 7",
        b"* VANISHED \xe6\x97\xa5",
        b"* ESEARCH UID ALL \xe6\x97\xa5",
    ],
)
def test_a_set_of_odd_octets_is_a_protocol_error(octets: bytes) -> None:
    """Found by fuzzing: an error of the codec got out."""
    with pytest.raises(IMAPProtocolError):
        response(octets)


def test_a_hostile_list_of_flags_is_not_remembered() -> None:
    """Equal lists share one object, but what a server sends must not pile up."""
    before = _flags.cache_info().currsize
    for n in range(5):
        line = b"* 1 FETCH (FLAGS (%b x%d))" % (b"a" * 100_000, n)
        data = response(line)
        assert isinstance(data, FetchData)
        assert data.flags is not None
        assert len(data.flags) == 2
    assert _flags.cache_info().currsize == before
    first, second = (response(b"* 1 FETCH (FLAGS (\\Seen shared))") for _ in range(2))
    assert isinstance(first, FetchData)
    assert isinstance(second, FetchData)
    assert first.flags is second.flags


def test_a_large_unknown_response_is_kept() -> None:
    octets = b"* XBIG " + b"(" * 100_000
    assert response(octets) == Unknown(octets)


def test_errors_quote_little_of_what_the_server_sent() -> None:
    """A message, or a megabyte of it, must not end up in logs."""
    for line in (
        b"* 1 FETCH (BODY[] (" + b"private " * 10_000 + b"))",
        b"* VANISHED " + b"private" * 10_000,
        b"* VANISHED 1:*," + b"7," * 10_000,
        b"private" * 10_000,
        b"* 1 FETCH (UID " + b"private" * 10_000 + b")",
    ):
        with pytest.raises(IMAPProtocolError) as caught:
            response(line)
        assert len(str(caught.value)) < 300


def test_a_status_with_a_huge_text_is_a_status() -> None:
    status = response(b"* NO [X] " + b"]" * 1_000_000)
    assert isinstance(status, Status)
    assert len(status.text) == 1_000_000
