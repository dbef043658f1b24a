"""Cutting the stream: known answers, every split, limits, linear work."""

from __future__ import annotations

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.wire import Framer, Limits

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
