"""The short ways through FETCH responses give what the long way gives."""

from __future__ import annotations

import gc
import pickle
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from aiosage.errors import IMAPProtocolError
from aiosage.model import BodyStructure, Envelope
from aiosage.wire import FetchData, Frame, parse
from aiosage.wire._body_structure import _by_kinds, _by_tokens, _few
from aiosage.wire._envelope import _few as _few_addresses
from aiosage.wire._envelope import envelope_from
from aiosage.wire._parser import _NUMBERED
from aiosage.wire._tokens import LIST_DEPTH, tokenize
from aiosage.wire.responses._fetch import parse_fetch
from aiosage.wire.responses._usual_fetch import parse_usual_fetch

from .stream import frames, response, responses


def long_way(frame: Frame, nesting: int = 200) -> FetchData:
    """Return what *frame* says, by tokens."""
    numbered = _NUMBERED.match(frame[0])
    assert numbered is not None
    values = tokenize(frame, skip=numbered.end(), nesting=nesting)
    return parse_fetch(int(numbered[1]), values)


def check(octets: bytes, nesting: int = 200) -> bool:
    """Compare both ways of reading *octets*; return whether the short one did."""
    all_short = True
    for frame in frames(octets + b"\r\n"):
        short = parse_usual_fetch(frame, nesting)
        if short is None:
            all_short = False
            continue
        try:
            long = long_way(frame, nesting)
        except IMAPProtocolError as error:
            raise AssertionError(f"read in spite of: {error}") from None
        assert short == long
        assert repr(short) == repr(long)
    return all_short


# Octets as servers write them, and now and then as none should.

_TEXTS = [
    *(b"text plain html TEXT image png message rfc822 RFC822 global".split()),
    *(b"charset utf-8 name boundary BOUNDARY filename attachment inline en".split()),
    *(b"=?utf-8?q?a_=C3=BC?= =?x?b?/w=?= =_a-1 us-ascii 7bit base64 <a@b> 40".split()),
    *[b"", b" ", b"a b", b"(", b")", b"a) (b", b'\\"', b"\\\\", b"\xc3\xbc\xff", b"["],
    *[b"Tue, 6 Jan 2026 10:00:00 +0100", b"NIL", b"example.org", b".MISSING-HOST-NAME"],
]
quoted = st.sampled_from(_TEXTS).map(lambda text: b'"' + text + b'"')
nstring = st.one_of(quoted, quoted, st.just(b"NIL"))
odd = st.sampled_from(
    [*(b"nil atom NIL () (()) 5 99999999999999999999 BODY[x] \\x \0".split()), b""]
)
number = st.sampled_from(b"0 1 40 007 1234567 999999999999999999".split())


def usually(
    strategy: st.SearchStrategy[bytes], seldom: st.SearchStrategy[bytes] = odd
) -> st.SearchStrategy[bytes]:
    """Return what *strategy* gives, but for one time in twenty."""
    choice = st.integers(0, 19)
    return choice.flatmap(lambda one: strategy if one else seldom)


def listed(*items: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return parenthesised lists of *items*."""
    return st.tuples(*map(usually, items)).map(lambda each: b"(%b)" % b" ".join(each))


def glued(
    item: st.SearchStrategy[bytes], *, least: int, most: int
) -> st.SearchStrategy[bytes]:
    """Return some of *item*, with nothing between them."""
    return st.lists(item, min_size=least, max_size=most).map(b"".join)


address = listed(nstring, nstring, nstring, nstring)
addresses = st.one_of(
    st.just(b"NIL"), glued(address, least=1, most=3).map(lambda all_: b"(%b)" % all_)
)
envelopes = listed(nstring, nstring, *[addresses] * 6, nstring, nstring)
params = st.one_of(st.just(b"NIL"), listed(quoted, quoted), listed(*[quoted] * 4))
extension = st.tuples(nstring, listed(quoted, params) | nstring, params, nstring).map(
    b" ".join
)
kinds = st.tuples(quoted, quoted) | st.sampled_from(
    [(b'"text"', b'"plain"'), (b'"TEXT"', b'"HTML"'), (b'"application"', b'"pdf"')]
)
head = st.tuples(kinds.map(b" ".join), params, nstring, nstring, quoted).map(b" ".join)
leaves = st.one_of(
    listed(head, number, number, extension),
    listed(head, number, extension),
    listed(head, number),
)


def holders(parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return multiparts and messages that hold *parts*."""
    boundary = st.sampled_from([b'("boundary" "=_a")', b'("BOUNDARY" "b:1")'])
    some = glued(parts, least=1, most=3)
    multipart = st.one_of(
        st.tuples(some, quoted, boundary, extension).map(
            lambda each: b"(%b %b %b %b)" % each
        ),
        st.tuples(some, quoted).map(lambda each: b"(%b %b)" % each),
        st.tuples(some, quoted, params).map(lambda each: b"(%b %b %b)" % each),
    )
    start = st.just(b'"message" "rfc822" NIL NIL NIL "7bit"') | head
    message = listed(start, number, envelopes, parts, number, extension)
    return multipart | message


structures = st.recursive(leaves, holders, max_leaves=6)
atoms = st.sampled_from(b"\\Seen \\Answered $Forwarded NIL nil x{3} a]b 5* +".split())
flags = st.lists(usually(atoms), max_size=4).map(lambda all_: b"(%b)" % b" ".join(all_))
uid = st.sampled_from(b"1 0 01 999999999 3999999999 4294967295 4294967296".split())
dates = st.sampled_from(
    [
        b'"06-Jan-2026 10:00:00 +0100"',
        b'" 6-jan-2026 23:59:60 -0000"',
        b'"31-Feb-2026 10:00:00 +9999"',
        b'"06-Jxn-2026 10:00:00 +0100"',
        b'"06-Jan-0000 10:00:00 +0100"',
        b'""',
    ]
)


def named(name: bytes, value: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return an item with this name."""
    return usually(value).map(lambda octets: name + b" " + octets)


items = st.one_of(
    named(b"UID", uid),
    named(b"FLAGS", flags),
    named(b"INTERNALDATE", dates),
    named(b"RFC822.SIZE", number),
    named(b"MODSEQ", number.map(lambda octets: b"(%b)" % octets)),
    named(b"ENVELOPE", envelopes),
    named(b"BODYSTRUCTURE", structures),
    named(b"BODY", structures),
    named(b"X", odd),
)
literals = st.sampled_from(
    [
        b"BODY[] {3}\r\na)b",
        b"BODY[HEADER.FIELDS (SUBJECT)]<0> {0}\r\n",
        b"body[1.2] ~{2}\r\n\r\n",
        b'BODY[] "a"',
        b"BODY[",
        b"BODY[]<x> {1}\r\na",
    ]
)
fetches = st.tuples(
    st.lists(items, max_size=6), st.none() | usually(literals, items)
).map(
    lambda each: (
        b"* 7 FETCH (%b)" % b" ".join([*each[0], *([each[1]] if each[1] else [])])
    )
)


@settings(max_examples=600, deadline=None)
@given(fetches)
@example(b"* 7 FETCH (UID 5 UID 6 FLAGS (a) FLAGS (b))")
@example(b"* 7 FETCH (UID 4294967296 UID 6)")
@example(b"* 7 FETCH (ENVELOPE (a(b)))")
@example(
    b'* 7 FETCH (BODYSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" 5 NIL ("a")))'
)
@example(b'* 7 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 5 "40" NIL))')
@example(b'* 7 FETCH (BODYSTRUCTURE ("text" "b" NIL NIL NIL "7bit" 5 "40" NIL))')
def test_both_ways_give_the_same(octets: bytes) -> None:
    check(octets)


@settings(max_examples=600, deadline=None)
@given(fetches, st.integers(0, 10_000), st.binary(max_size=2), st.integers(0, 3))
def test_both_ways_give_the_same_when_octets_are_changed(
    octets: bytes, place: int, put: bytes, cut: int
) -> None:
    place = 13 + place % max(1, len(octets) - 13)
    with suppress(IMAPProtocolError):  # of the framer: a literal without end
        check(octets[:place] + put + octets[place + cut :])


@settings(max_examples=300, deadline=None)
@given(structures)
def test_both_ways_give_the_same_structure(octets: bytes) -> None:
    short = _by_kinds(octets)
    if short is None:  # the short way leaves most of what is odd to the long one
        return
    assert short == _by_tokens(octets)
    assert repr(short) == repr(_by_tokens(octets))


@settings(max_examples=300, deadline=None)
@given(envelopes)
def test_both_ways_give_the_same_envelope(octets: bytes) -> None:
    try:
        (values,) = tokenize([octets], nesting=10)
    except IMAPProtocolError:
        assume(False)
    assert isinstance(values, list)
    assert envelope_from(octets) == Envelope.from_list(values)


_ENVELOPE = (
    b'("Tue, 6 Jan 2026 10:00:00 +0100" "=?utf-8?q?a_=C3=BC?=" (("A" NIL "a" "x.y"))'
    b' (("A" NIL "a" "x.y")) (("A" NIL "a" "x.y")) ((NIL NIL "b" "x.y")(NIL NIL "c"'
    b' "x.y")) NIL NIL NIL "<1@x.y>")'
)
_TEXT = b'("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 1 NIL NIL NIL NIL)'
_PDF = (
    b'("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 12 NIL ("attachment"'
    b' ("filename" "a.pdf")) NIL NIL)'
)
_MIXED = b'(%b%b "mixed" ("boundary" "=_1") NIL NIL NIL)' % (_TEXT, _PDF)
_FORWARDED = b'("message" "rfc822" NIL NIL NIL "7bit" 99 %b %b 7 NIL NIL NIL NIL)' % (
    _ENVELOPE,
    _MIXED,
)
_OUTER = b'(%b%b "mixed" ("boundary" "=_2") NIL NIL NIL)' % (_TEXT, _FORWARDED)
USUAL: list[bytes] = [
    b"()",
    b"(FLAGS ())",
    b"(UID 7 FLAGS (\\Seen $Forwarded))",
    b"(FLAGS (\\Seen) UID 4294967 MODSEQ (12))",
    b"(UID 3999999999 BODY[] {3}\r\n(\r\n)",
    b'(BODY[HEADER.FIELDS ("A" B)]<0> ~{1}\r\n\0)',
    b'(UID 7 INTERNALDATE "06-Jan-2026 10:00:00 +0100" RFC822.SIZE 12 ENVELOPE %b)'
    % _ENVELOPE,
    b'(ENVELOPE (NIL "\\"5*\\\\ (:-)" NIL NIL NIL NIL NIL NIL NIL NIL) UID 1)',
    *(b"(BODYSTRUCTURE %b)" % each for each in (_TEXT, _PDF, _MIXED, _OUTER)),
]


@pytest.mark.parametrize("items", USUAL)
def test_what_is_usual_goes_the_short_way(items: bytes) -> None:
    """Or there would be no point in it, and nothing would be compared."""
    assert check(b"* 7 FETCH " + items)


@pytest.mark.parametrize("octets", [_TEXT, _PDF, _MIXED, _FORWARDED, _OUTER])
def test_usual_structures_are_read_by_kinds(octets: bytes) -> None:
    structure = _by_kinds(octets)
    assert structure == _by_tokens(octets)
    assert structure is not None
    assert [part.section for part in structure.walk()] == [
        part.section for part in _by_tokens(octets).walk()
    ]


def test_parts_of_a_kind_share_nothing_that_tells_them_apart() -> None:
    """What is remembered of a kind must not leak from one message into another."""
    one, two = (
        _by_kinds(b'(%b "mixed" ("boundary" "%b") NIL NIL NIL)' % (part, boundary))
        for part, boundary in ((_TEXT, b"a"), (_TEXT.replace(b"12 1", b"34 5"), b"b"))
    )
    assert one is not None
    assert two is not None
    assert (one.params, two.params) == ({"boundary": "a"}, {"boundary": "b"})
    assert [(part.size, part.lines) for part in (*one.parts, *two.parts)] == [
        (12, 1),
        (34, 5),
    ]


def test_any_split_of_usual_responses_gives_the_same() -> None:
    stream = b"".join(b"* 7 FETCH %b\r\n" % items for items in USUAL)
    whole = responses(stream)
    assert len(whole) == len(USUAL)
    for cut in range(0, len(stream), 7):
        assert responses(stream[:cut], stream[cut:]) == whole


@pytest.mark.parametrize("nesting", [0, 1, 2, 3, LIST_DEPTH, LIST_DEPTH + 1])
def test_the_limit_of_nesting_holds_on_the_short_way(nesting: int) -> None:
    check(b"* 7 FETCH (BODYSTRUCTURE " + _OUTER + b")", nesting)


@pytest.mark.parametrize("depth", [1, LIST_DEPTH - 1, LIST_DEPTH, LIST_DEPTH + 1, 190])
def test_structures_of_any_depth_give_the_same(depth: int) -> None:
    octets = b"(" * depth + _TEXT + b' "mixed")' * depth
    structure = response(b"* 7 FETCH (UID 1 BODYSTRUCTURE %b)" % octets)
    assert isinstance(structure, FetchData)
    assert structure.body_structure == BodyStructure.from_raw(
        tokenize([octets], nesting=200)[0]
    )


def test_nothing_is_built_before_it_is_read() -> None:
    """A mailbox's worth of envelopes that nobody reads must cost next to nothing."""
    data = response(
        b"* 7 FETCH (UID 1 ENVELOPE %b BODYSTRUCTURE %b)" % (_ENVELOPE, _MIXED)
    )
    assert isinstance(data, FetchData)
    for value, name in ((data.envelope, "subject"), (data.body_structure, "type")):
        with pytest.raises(AttributeError):
            object.__getattribute__(value, name)  # as if there were no `__getattr__`
        assert getattr(value, name)
        assert object.__getattribute__(value, name)


@pytest.mark.parametrize("items", [b"NIL", b"()", b"( )"])
def test_a_structure_that_says_nothing_is_none(items: bytes) -> None:
    data = response(b"* 7 FETCH (BODYSTRUCTURE %b ENVELOPE %b)" % (items, items))
    assert isinstance(data, FetchData)
    assert data.body_structure is None
    assert data.envelope == Envelope()


def test_hostile_kinds_and_addresses_are_not_remembered() -> None:
    kinds, people = _few.cache_info().currsize, _few_addresses.cache_info().currsize
    for n in range(3):
        long = b"x" * 1000 + b"%d" % n
        data = response(
            b"* 7 FETCH (ENVELOPE %b BODYSTRUCTURE %b)"
            % (
                _ENVELOPE.replace(b'"A"', b'"%b"' % long),
                _TEXT.replace(b'"utf-8"', b'"%b"' % long),
            )
        )
        assert isinstance(data, FetchData)
        assert data.envelope is not None
        assert data.body_structure is not None
        assert data.envelope.from_[0].name == long.decode()
        assert data.body_structure.charset == long.decode()
    assert _few.cache_info().currsize == kinds
    # ((NIL NIL "b" "x.y")(NIL NIL "c" "x.y")) may be new here.
    assert _few_addresses.cache_info().currsize <= people + 1


_COSTLY_IF_CARELESS: dict[str, bytes] = {
    "parentheses": b"(",
    "strings": b'"" ',
    "quotes": b'"',
    "escapes": b'"\\" ',
    "lists": b"() ",
    "strings in lists": b'("a" "b")',
    "parts": _TEXT,
    "addresses": b'(NIL NIL "a" "b")',
    "spaces": b" ",
    "atoms": b"a ",
    "deep lists": b"((((()))))",
}


def _seconds(octets: bytes) -> float:
    gc.disable()
    start = time.process_time()
    with suppress(IMAPProtocolError):
        for frame in frames(octets + b"\r\n"):
            data = parse(frame)
            if isinstance(data, FetchData):
                _ = data.envelope and data.envelope.subject
                _ = data.body_structure and data.body_structure.type
    gc.enable()
    return time.process_time() - start


@pytest.mark.parametrize("end", [b"", b")", b")))", b" x"])
@pytest.mark.parametrize("start", [b"ENVELOPE (", b"BODYSTRUCTURE ((", b"FLAGS ("])
@pytest.mark.parametrize("name", _COSTLY_IF_CARELESS)
def test_hostile_lists_cost_linear_time(name: str, start: bytes, end: bytes) -> None:
    """Both sizes are short enough to be tried on the short way."""
    piece = _COSTLY_IF_CARELESS[name]
    small, large = (
        b"* 1 FETCH (" + start + piece * (size // len(piece)) + end
        for size in (4_000, 60_000)
    )
    base = max(min(_seconds(small) for _ in range(2)), 0.002)
    assert min(_seconds(large) for _ in range(2)) < 60 * base


@pytest.mark.parametrize("read", [parse_usual_fetch, long_way])
@pytest.mark.parametrize(
    "octets",
    [b"* 7 FETCH (UID 3 FLAGS (\\Seen))", b"* 7 FETCH (UID 3 BODY[] {2}\r\nab)"],
)
def test_what_is_read_can_be_pickled(
    read: Callable[[Frame, int], FetchData | None], octets: bytes
) -> None:
    """It goes to other processes, with what all share that have no sections."""
    (frame,) = frames(octets + b"\r\n")
    data = read(frame, 200)
    assert data is not None
    assert pickle.loads(pickle.dumps(data)) == data


def test_flags_of_many_messages_leave_the_garbage_collector_one_object_each() -> None:
    """Its work grows with what is kept: empty dictionaries made it half of ours."""
    first, second = (
        parse_usual_fetch([b"* %d FETCH (UID 3 FLAGS ())" % seq], 200) for seq in (1, 2)
    )
    assert first is not None
    assert second is not None
    assert first.sections is second.sections
    assert first.others is second.others
