"""What a server may cost is checked before it is spent."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.wire import Framer, Limits, ListData, memory_of, parse
from aiosage.wire._tokens import tokenize

from .stream import frames, responses

MIB = 2**20


def peak(refused: Callable[[], object], match: str) -> int:
    """Return the most octets allocated by what is to end in a protocol error."""
    tracemalloc.start()
    try:
        with pytest.raises(IMAPProtocolError, match=match):
            refused()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [MIB + 1, 2**31, 2**63, 10**19])
@pytest.mark.parametrize(
    "prefix", [b"", b"* 1 FETCH (BODY[1] {1}\r\na BODY[2] {1}\r\n"]
)
def test_a_literal_is_refused_when_it_is_announced(size: int, prefix: bytes) -> None:
    octets = (prefix or b"* 1 FETCH (") + b"BODY[] {%d}\r\n" % size + b"x" * 100
    framer = Framer(Limits(literal=MIB))
    assert peak(lambda: list(framer.feed(octets)), "literal of") < 20_000


def test_literals_that_are_too_much_together_are_refused_when_announced() -> None:
    limits = Limits(literal=MIB, response=3 * MIB)
    framer = Framer(limits)
    literal = b"BODY[] {%d}\r\n" % MIB + bytes(MIB)
    for _ in range(2):
        assert list(framer.feed(literal)) == []
    announced = b" {%d}\r\n" % MIB
    assert peak(lambda: list(framer.feed(announced)), "response") < 20_000


@pytest.mark.parametrize("piece", [1460, 65_536, 4 * MIB])
def test_a_line_without_end_is_held_up_to_its_limit(piece: int) -> None:
    framer = Framer(Limits(line=MIB))
    data = b"x" * piece

    def feed() -> None:
        for _ in range(5 * MIB // piece + 1):
            assert list(framer.feed(data)) == []

    assert peak(feed, "line") < 2 * MIB + 2 * piece


def test_literals_of_nothing_are_counted() -> None:
    """Each takes memory, though it has no octets."""
    framer = Framer(Limits(tokens=1000))
    octets = b"* X" + b" {0}\r\n" * 100_000
    assert peak(lambda: list(framer.feed(octets)), "1000 literals") < 200_000
    few = b"* X" + b" {0}\r\n" * 1000
    (frame,) = frames(few + b"\r\n", limits=Limits(tokens=1000))
    assert len(frame) == 2001
    with pytest.raises(IMAPProtocolError, match="1000 literals"):
        frames(few + b" {0}\r\n", limits=Limits(tokens=1000))


@pytest.mark.parametrize(
    "piece", [b"()", b"a ", b'""', b"NIL ", b"(())", b'("a")', b"a(", b'"\\"" ']
)
def test_a_response_of_many_small_values_is_refused(piece: bytes) -> None:
    """Half a gigabyte of parentheses would be 16 gigabytes of lists."""
    limits = Limits(tokens=10_000)
    octets = b"* 1 FETCH (X (" + piece * (4 * MIB // len(piece)) + b"))"
    (frame,) = frames(octets + b"\r\n")
    most = peak(lambda: parse(frame, limits), "10000 tokens|nests deeper")
    # A copy of the text, and the tokens that are cut at once.
    assert most < len(octets) + 12 * MIB


def test_values_spread_over_texts_count_together() -> None:
    octets = b"* 1 FETCH (X (" + b"() {1}\r\na " * 2_000 + b"))"
    (frame,) = frames(octets + b"\r\n")
    parse(frame, Limits(tokens=4_005))
    with pytest.raises(IMAPProtocolError, match="4004 tokens"):
        parse(frame, Limits(tokens=4_004))


def test_the_tokens_of_a_long_text_are_those_of_a_short_one() -> None:
    """They are cut in batches."""
    one = b'("a\\"b" NIL (c {d)) '
    many = tokenize([one * 20_000], nesting=2)
    assert many == tokenize([one], nesting=2) * 20_000


def test_a_list_of_mailboxes_has_room_by_default() -> None:
    stream = b'* LIST (\\HasNoChildren \\Marked) "/" "a b/c"\r\n' * 10_000
    assert all(isinstance(each, ListData) for each in responses(stream))


def test_threads_of_a_million_messages_have_room_by_default() -> None:
    """Each flat thread is three tokens: ``(1)``."""
    assert Limits().tokens >= 3 * 1_000_000
    with pytest.raises(IMAPProtocolError, match="tokens allowed"):
        tokenize([b"(1)" * 40_000], nesting=1, most=3 * 40_000 - 1)
    assert len(tokenize([b"(1)" * 40_000], nesting=1, most=3 * 40_000)) == 40_000


SPARSE = b",".join(b"%d" % (1_000_000 + 2 * number) for number in range(5000))


def _parsed(octets: bytes) -> tuple[int, int]:
    """Return the memory that a response takes, and what is counted for it."""
    (frame,) = frames(octets + b"\r\n")
    parse(frame)  # what is remembered of all responses is not counted
    tracemalloc.start()
    try:
        kept = parse(frame), frames(octets + b"\r\n")
        taken, _ = tracemalloc.get_traced_memory()
        assert kept
        return taken, memory_of(frame)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "octets",
    [
        b"* 1 FETCH (UID 7 FLAGS (\\Seen))",
        b"* 1 FETCH (UID 7 BODY[] {4000}\r\n" + b"x" * 4000 + b")",
        b"* 1 FETCH (X (" + b"()" * 5000 + b"))",
        b"* 1 FETCH (X (" + b"(())" * 5000 + b"))",
        b"* 1 FETCH (X (" + b"ab " * 5000 + b"))",
        b"* 1 FETCH (X (" + b'("a" NIL "b")' * 2000 + b"))",
        b"* STATUS a (" + b"MESSAGES 1 " * 2000 + b")",
        b"* XBIG " + b"()" * 5000,
        b"* VANISHED (EARLIER) " + SPARSE,
        b"* ESEARCH UID ALL " + SPARSE,
        b"* OK [COPYUID 1 %b %b] x" % (SPARSE, SPARSE),
    ],
)
def test_the_answer_is_counted_as_the_memory_it_takes(octets: bytes) -> None:
    """Or a gigabyte of small values could be kept as thirty."""
    taken, counted = _parsed(octets)
    assert taken < 5 * counted


def test_what_a_mailbox_is_usually_asked_for_counts_little() -> None:
    """A million messages' flags must fit in the limit."""
    octets = b"* 1000000 FETCH (UID 4000000000 FLAGS (\\Seen \\Answered $Forwarded))"
    assert memory_of([octets]) * 1_000_000 < Limits().answer


def test_objects_are_counted_in_all_texts_and_in_no_literal() -> None:
    """A literal is one object, whatever is in it."""
    lists = b"()" * 1000
    assert memory_of([b"* 1 FETCH (A ", lists, b")"]) < 3000
    for frame in ([lists], [b"* 1 X ", b"a", lists], [lists, b"a", b")"]):
        assert memory_of(frame) > 60_000
