"""Cutting the stream: known answers, every split, limits, linear work."""

from __future__ import annotations

import tracemalloc

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.wire import Diverted, Frame, Framer, Limits, Sink

from .stream import RECORDED, frames, responses


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"* 1 EXISTS\r\n", [[b"* 1 EXISTS"]]),
        (b"\r\n", [[b""]]),
        (b"a\rb\nc\r\r\n", [[b"a\rb\nc\r"]]),
        (b"* X {3}\r\nabc\r\n", [[b"* X ", b"abc", b""]]),
        (b"* X {0}\r\n\r\n", [[b"* X ", b"", b""]]),
        (b"* X {3+}\r\nabc)\r\n", [[b"* X ", b"abc", b")"]]),
        (b"* X ~{3}\r\n\0\r\n)\r\n", [[b"* X ", b"\0\r\n", b")"]]),
        (
            b"* X {3}\r\n{3} {0}\r\n{1}\r\nx\r\n",
            [[b"* X ", b"{3}", b" ", b"", b"", b"x", b""]],
        ),
        (b"* X {00003}\r\nabc\r\n", [[b"* X ", b"abc", b""]]),
    ],
)
def test_a_response_is_lines_joined_by_literals(
    stream: bytes, expected: list[list[bytes]]
) -> None:
    """RFC 9051 §4.3; literal8 is ``~{n}`` (RFC 3516 §4.4)."""
    assert frames(stream) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"* OK beware of {3}",
        b"* ok beware of {3}",
        b"* NO disk {3}",
        b"* BAD {3}",
        b"* BYE {3}",
        b"* PREAUTH {3}",
        b"* OK [ALERT] see {3}",
        b"A1 OK done {3}",
        b"A1 NO [TRYCREATE] {3}",
        b"A1 BAD {3+}",
        b"+ go {5}",
        b"+ {5}",
        b"+{5}",
    ],
)
def test_braces_at_the_end_of_human_text_are_text(line: bytes) -> None:
    """The grammar allows no literal in resp-text: waiting for it would hang."""
    assert frames(line + b"\r\n* 1 EXISTS\r\n") == [[line], [b"* 1 EXISTS"]]


@pytest.mark.parametrize(
    "line", [b"* X {}", b"* X {a}", b"* X {-1}", b"* X {1 }", b"* X 3}", b"* X {3} "]
)
def test_what_only_resembles_a_literal_is_text(line: bytes) -> None:
    assert frames(line + b"\r\n") == [[line]]


def test_trailing_data_waits_for_its_end() -> None:
    framer = Framer()
    assert framer.is_empty
    assert list(framer.feed(b"* 1 EXISTS\r\n* 2 EX")) == [[b"* 1 EXISTS"]]
    assert not framer.is_empty
    assert list(framer.feed(b"ISTS\r\n")) == [[b"* 2 EXISTS"]]
    assert framer.is_empty


def test_discard_forgets_an_incomplete_response() -> None:
    """What was sent before TLS began must not become part of what follows."""
    for start in (b"* 1 EX", b"* X {5}\r\nab"):
        framer = Framer()
        assert list(framer.feed(start)) == []
        framer.discard()
        assert framer.is_empty
        assert list(framer.feed(b"* 2 EXISTS\r\n")) == [[b"* 2 EXISTS"]]


def test_the_stream_may_be_split_at_any_octet() -> None:
    """TCP keeps no boundaries: not around literals, not inside CRLF."""
    whole = frames(RECORDED)
    for cut in range(1, len(RECORDED)):
        assert frames(RECORDED[:cut], RECORDED[cut:]) == whole, RECORDED[:cut][-20:]


def test_the_stream_may_come_octet_by_octet() -> None:
    pieces = [RECORDED[i : i + 1] for i in range(len(RECORDED))]
    assert frames(*pieces) == frames(RECORDED)
    assert len(frames(RECORDED)) == 20


def refused(*pieces: bytes, limits: Limits) -> str:
    framer = Framer(limits)
    for piece in pieces[:-1]:
        assert list(framer.feed(piece)) == []
    with pytest.raises(IMAPProtocolError) as caught:
        list(framer.feed(pieces[-1]))
    return str(caught.value)


@pytest.mark.parametrize(
    "stream",
    [
        b"* 1 FETCH (BODY[] {1025}\r\n",
        b"* 1 FETCH (BODY[] {99999999999999999999}\r\n",
        b"* 1 FETCH (BODY[] ~{1025+}\r\n",
    ],
)
def test_a_literal_over_the_limit_is_refused_before_it_arrives(stream: bytes) -> None:
    """A hostile size must cost nothing: it is refused as announced."""
    limits = Limits(literal=1024)
    assert "1024 octets allowed" in refused(stream, limits=limits)
    fits = b"* X {1024}\r\n" + b"x" * 1024 + b"\r\n"
    assert frames(fits, limits=limits) == [[b"* X ", b"x" * 1024, b""]]


def test_a_number_of_too_many_digits_is_no_literal() -> None:
    """No integer of unbounded size is made of what a server sends."""
    line = b"* X {" + b"9" * 5000 + b"}"
    assert frames(line + b"\r\n") == [[line]]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_line_over_the_limit_is_refused_while_it_arrives(size: int) -> None:
    """Without its CRLF a line could grow for ever."""
    pieces = [b"x" * size] * (100 // size)
    assert "line" in refused(*pieces, b"xx" * size, limits=Limits(line=100))


def test_a_line_of_just_the_limit_is_accepted_however_it_is_split() -> None:
    line = b"x" * 100
    stream = line + b"\r\n"
    limits = Limits(line=100)
    for cut in range(len(stream)):
        assert frames(stream[:cut], stream[cut:], limits=limits) == [[line]]
        with pytest.raises(IMAPProtocolError):
            frames(b"x" + stream[:cut], stream[cut:], limits=limits)


def test_a_response_over_the_limit_is_refused_as_its_last_literal_is_announced() -> (
    None
):
    """Many literals, each allowed, add up."""
    limits = Limits(literal=100, response=250)
    literal = b"{100}\r\n" + b"x" * 100
    start = b"* X " + literal + b" " + literal
    assert "response" in refused(start, b" {100}\r\n", limits=limits)
    assert len(frames(start + b" 1\r\n" + start + b" 2\r\n", limits=limits)) == 2


@pytest.mark.parametrize("glued", [False, True])
def test_what_came_before_a_violation_is_delivered(glued: bool) -> None:
    """A command that ended is not reported lost because of what follows."""
    end, bad = b"A1 OK done\r\n", b"x" * 200
    framer = Framer(Limits(line=100))
    received = iter([end + bad] if glued else [end, bad])
    stream = (frame for piece in received for frame in framer.feed(piece))
    assert next(stream) == [b"A1 OK done"]
    with pytest.raises(IMAPProtocolError):
        next(stream)


class CountingBytes(bytes):
    """Counts what `Framer` searches."""

    searched = 0

    def find(self, *args: object) -> int:
        """Search, and count the octets looked at."""
        sub, start = args
        assert isinstance(sub, bytes)
        assert isinstance(start, int)
        found = super().find(sub, start)
        CountingBytes.searched += (len(self) if found < 0 else found + 2) - start
        return found


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_each_octet_is_searched_once_however_the_stream_is_split(size: int) -> None:
    """Searching a growing buffer again at each read is quadratic."""
    CountingBytes.searched = 0
    stream = b"* SEARCH" + b" 1234567" * 5_000 + b"\r\n"
    framer = Framer()
    got = [
        frame
        for start in range(0, len(stream), size)
        for frame in framer.feed(CountingBytes(stream[start : start + size]))
    ]
    assert got == [[stream[:-2]]]
    assert 0 < CountingBytes.searched <= len(stream)


def test_five_thousand_fetch_lines_in_one_read() -> None:
    """Aioimaplib recursed once per line."""
    stream = b"".join(
        b"* %d FETCH (UID %d FLAGS ())\r\n" % (n, n) for n in range(1, 5001)
    )
    assert len(frames(stream)) == 5000
    assert len({str(r) for r in responses(stream)}) == 5000


def diverted(
    *pieces: bytes, largest: int = 2**40, limits: Limits | None = None
) -> tuple[list[Frame], list[bytes]]:
    """Return the frames and what went to the sink, which takes BODY[1] only."""
    taken: list[bytes] = []
    framer = Framer(limits)

    def divert(before: Frame, size: int) -> Sink | None:
        fits = before[-1].endswith(b"BODY[1] ") and size <= largest
        return taken.append if fits else None

    framer.divert = divert
    return [frame for piece in pieces for frame in framer.feed(piece)], taken


DIVERTED = (
    b"* 1 FETCH (BODY[1] {7}\r\na{3}\r\nb)\r\n"
    b"* 1 FETCH (BODY[2] {3}\r\nabc BODY[1] ~{2}\r\n\0\xff UID 7)\r\n"
    b"* 2 FETCH (BODY[1] {0}\r\n)\r\nA1 OK BODY[1] {3}\r\n"
)


def test_a_literal_can_go_to_a_sink_and_leaves_its_size_in_the_frame() -> None:
    got, taken = diverted(DIVERTED)
    assert b"".join(taken) == b"a{3}\r\nb\0\xff"
    assert got == [
        [b"* 1 FETCH (BODY[1] ", b"", b")"],
        [b"* 1 FETCH (BODY[2] ", b"abc", b" BODY[1] ", b"", b" UID 7)"],
        [b"* 2 FETCH (BODY[1] ", b"", b")"],
        [b"A1 OK BODY[1] {3}"],
    ]
    stands_for = [
        part.size for parts in got for part in parts if type(part) is Diverted
    ]
    assert stands_for == [7, 2, 0]


def test_what_goes_to_a_sink_may_be_split_at_any_octet() -> None:
    whole, taken = diverted(DIVERTED)
    for cut in range(1, len(DIVERTED)):
        frames_, pieces = diverted(DIVERTED[:cut], DIVERTED[cut:])
        assert (frames_, b"".join(pieces)) == (whole, b"".join(taken))
    octets = [DIVERTED[i : i + 1] for i in range(len(DIVERTED))]
    assert diverted(*octets)[0] == whole


def test_what_the_callback_does_not_want_is_held() -> None:
    """It may decide by the size as well."""
    got, taken = diverted(DIVERTED, largest=5)
    assert got[0] == [b"* 1 FETCH (BODY[1] ", b"a{3}\r\nb", b")"]
    assert taken == [b"\0\xff"]


def test_a_sink_is_given_what_was_received_without_a_copy() -> None:
    """Pieces are handed on at once, as the very objects that were received."""
    piece = b"x" * 1000
    _, taken = diverted(b"* 1 FETCH (BODY[1] {5000}\r\n", piece, piece)
    assert [id(one) for one in taken] == [id(piece)] * 2


def test_a_sink_has_a_limit_of_its_own_and_takes_from_no_other() -> None:
    limits = Limits(literal=10, response=40, diverted=1000)
    body = b"x" * 1000
    stream = b"* 1 FETCH (BODY[1] {%d}\r\n%b)\r\n"
    got, taken = diverted(stream % (1000, body), limits=limits)
    assert (len(got), taken) == (1, [body])
    with pytest.raises(IMAPProtocolError, match="1000 octets allowed"):
        diverted(stream % (1001, b""), limits=limits)
    with pytest.raises(IMAPProtocolError, match="10 octets allowed"):
        diverted(stream.replace(b"[1]", b"[2]") % (11, b""), limits=limits)


def test_discard_forgets_a_sink() -> None:
    taken: list[bytes] = []
    framer = Framer()
    framer.divert = lambda before, size: taken.append
    assert list(framer.feed(b"* 1 FETCH (BODY[] {5}\r\nab")) == []
    framer.discard()
    framer.divert = None
    assert list(framer.feed(b"* X {3}\r\nabc\r\n")) == [[b"* X ", b"abc", b""]]
    assert taken == [b"ab"]


def test_a_held_literal_in_tiny_pieces_costs_little_more_than_its_octets() -> None:
    """A list of pieces would take some 40 octets for each of two."""
    size = 100_000
    framer = Framer()
    list(framer.feed(b"* X {%d}\r\n" % size))
    tracemalloc.start()
    try:
        for at in range(0, size, 2):
            list(framer.feed(at.to_bytes(4, "big")[2:]))
        (frame,) = framer.feed(b"\r\n")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(frame[1]) == size
    assert peak < 1.5 * size  # what is held becomes the literal, without a copy


def test_an_announced_literal_takes_little_memory_until_it_comes() -> None:
    """A hostile server announces the most, and sends one octet of it."""
    framer = Framer()
    tracemalloc.start()
    try:
        assert list(framer.feed(b"* 1 FETCH (BODY[] {%d}\r\nx" % 2**28)) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**21


@pytest.mark.parametrize("size", [2**20 - 1, 2**20, 2**20 + 1, 5 * 2**19, 2**22])
def test_a_large_literal_is_the_octets_that_came(size: int) -> None:
    """Its memory is taken in advance, up to a MiB, and grows from there."""
    literal = bytes(range(251)) * (size // 251 + 1)
    stream = b"* 1 FETCH (BODY[] {%d}\r\n%b)\r\n" % (size, literal[:size])
    framer = Framer()

    taken = [
        frame
        for at in range(0, len(stream), 100_003)
        for frame in framer.feed(stream[at : at + 100_003])
    ]

    assert taken == [[b"* 1 FETCH (BODY[] ", literal[:size], b")"]]
