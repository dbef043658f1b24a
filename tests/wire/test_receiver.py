"""Framing and parsing at once gives what one after the other gives."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiosage.errors import IMAPProtocolError
from aiosage.wire import (
    Diverted,
    ExistsData,
    FetchData,
    Framer,
    Limits,
    Receiver,
    Response,
    memory_of,
    parse,
)
from aiosage.wire.responses._usual_fetch import LONGEST_USUAL

from .stream import RECORDED
from .test_usual import USUAL, fetches

Told = tuple[list[tuple[Response, object, int]], str]
"""Responses, each with its frame and its memory; and what was wrong then."""


def by_turns(*pieces: bytes, limits: Limits | None = None) -> Told:
    """Frame first, then parse."""
    told: list[tuple[Response, object, int]] = []
    framer = Framer(limits)
    try:
        for piece in pieces:
            told.extend(
                (parse(frame, limits), frame, memory_of(frame))
                for frame in framer.feed(piece)
            )
    except IMAPProtocolError as error:
        return told, str(error)
    return told, ""


def at_once(*pieces: bytes, limits: Limits | None = None) -> Told:
    """Do both at once."""
    told: list[tuple[Response, object, int]] = []
    receiver = Receiver(limits, lambda frame: parse(frame, limits))
    try:
        for piece in pieces:
            told.extend(
                (response, receiver.frame, receiver.memory)
                for response in receiver.feed(piece)
            )
    except IMAPProtocolError as error:
        return told, str(error)
    return told, ""


def quick(*pieces: bytes, limits: Limits | None = None) -> int:
    """Return how many responses were never made a frame that is parsed."""
    made: list[Response] = []
    slow: list[Response] = []

    def slowly(frame: list[bytes]) -> Response:
        slow.append(parse(frame, limits))
        return slow[-1]

    receiver = Receiver(limits, slowly)
    for piece in pieces:
        made.extend(receiver.feed(piece))
    return len(made) - len(slow)


STREAM = (
    b"".join(b"* %d FETCH %b\r\n" % each for each in enumerate(USUAL, 1))
    + RECORDED
    + b"* 9 FETCH (UID 9 BODY[] {5}\r\na)\r\nb FLAGS ())\r\n"
    + b"* 9 FETCH (UID 9 BODY[] {5}\r\na)\r\nb)\r\n* 3 EXISTS\r\n"
    + b"* 9 FETCH (FLAGS (\\Seen\r) UID 9)\r\n"
)
"""What is usual, what is nearly so, and what is something else."""


def test_any_split_gives_the_same() -> None:
    whole = by_turns(STREAM)
    assert not whole[1]
    assert at_once(STREAM) == whole
    assert quick(STREAM) == len(USUAL)  # one has literal8, and one body follows
    for cut in range(1, len(STREAM)):
        assert at_once(STREAM[:cut], STREAM[cut:]) == whole, STREAM[:cut][-20:]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_small_pieces_give_the_same(size: int) -> None:
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert at_once(*pieces) == by_turns(STREAM)


@settings(max_examples=400, deadline=None)
@given(st.lists(fetches, max_size=3), st.data())
def test_both_ways_give_the_same(lines: list[bytes], data: st.DataObject) -> None:
    """Of what servers send, with octets changed, however it is cut."""
    stream = b"".join(line + b"\r\n" for line in lines) + b"* 3 EXISTS\r\n"
    at = data.draw(st.integers(0, len(stream)))
    put = data.draw(st.sampled_from([b"", b"\r", b"\n", b"\r\n", b")", b"{1}\r\n"]))
    stream = stream[:at] + put + stream[at + data.draw(st.integers(0, 2)) :]
    cut = data.draw(st.integers(0, len(stream)))
    assert at_once(stream[:cut], stream[cut:]) == by_turns(stream)


BODY = b"* 1 FETCH (UID 7 BODY[] {40}\r\n%b)\r\n" % (b"x" * 40)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 90),
    st.integers(0, 45),
    st.integers(0, 90),
    st.integers(0, len(BODY)),
)
@example(72, 40, 90, 40)
def test_limits_are_the_same(line: int, literal: int, response: int, cut: int) -> None:
    """A response is refused, or not, by either way, and for the same reason."""
    limits = Limits(line=line, literal=literal, response=response)
    by_pieces = at_once(BODY[:cut], BODY[cut:], limits=limits)
    assert by_pieces == by_turns(BODY, limits=limits)


@pytest.mark.parametrize("nesting", [0, 1, 12, 13])
def test_the_limit_of_nesting_is_the_same(nesting: int) -> None:
    limits = Limits(nesting=nesting)
    assert at_once(STREAM, limits=limits) == by_turns(STREAM, limits=limits)


def test_a_body_that_crosses_two_pieces_is_put_together() -> None:
    """In pieces of 64 KiB, one of 16 bodies of 4 KiB does."""
    start = BODY.index(b"x")
    for cut in range(start, len(BODY)):
        assert quick(BODY[:cut], BODY[cut:] + BODY) == 2, BODY[:cut]


@pytest.mark.parametrize("before", [b"", b"UID 7 "])
def test_a_response_inside_a_literal_is_none(before: bytes) -> None:
    """Mail may hold whatever a server sends, and be cut just before it."""
    inner = b"* 2 FETCH (UID 3 FLAGS (\\Deleted))\r\n"
    start = b"* 1 FETCH (%bRFC822 {%d}\r\n" % (before, len(inner))
    (only,) = at_once(start, inner + b")\r\n")[0]
    assert isinstance(only[0], FetchData)
    assert only[0].sections == {"RFC822": inner}


def test_a_large_body_is_not_put_together() -> None:
    """It would be copied once more."""
    body = b"x" * 2**17
    octets = b"* 1 FETCH (BODY[] {%d}\r\n%b)\r\n" % (len(body), body)
    assert quick(octets) == 1
    assert quick(octets[:100], octets[100:]) == 0
    assert at_once(octets[:100], octets[100:]) == by_turns(octets)


def test_a_first_line_that_is_very_long_goes_the_long_way() -> None:
    """What is deferred must not be large: it is read at once when it is."""
    line = b"* 1 FETCH (FLAGS (%b))\r\n"
    assert quick(line % (b"x" * 100)) == 1
    assert quick(line % (b"x" * LONGEST_USUAL)) == 0


def test_what_is_begun_counts_as_held_until_it_is_discarded() -> None:
    """What was sent before TLS began must not become part of what follows."""
    receiver = Receiver()
    assert receiver.is_empty
    assert list(receiver.feed(BODY[:50])) == []
    assert not receiver.is_empty
    receiver.discard()
    assert receiver.is_empty
    assert list(receiver.feed(b"* 3 EXISTS\r\n")) == [ExistsData(3)]


@pytest.mark.parametrize("cut", [0, 20, 50])
def test_what_shall_be_diverted_is(cut: int) -> None:
    taken: list[bytes] = []
    receiver = Receiver()
    receiver.divert = lambda before, size: taken.append
    made = [*receiver.feed(BODY[:cut]), *receiver.feed(BODY[cut:])]
    assert b"".join(taken) == b"x" * 40
    assert isinstance(made[0], FetchData)
    assert isinstance(made[0].sections["BODY[]"], Diverted)


def test_divert_counts_between_two_responses() -> None:
    """A command that streams begins when the one before it has ended."""
    receiver, taken = Receiver(), list[bytes]()
    for response in receiver.feed(b"* 3 EXISTS\r\n" + BODY):
        if isinstance(response, ExistsData):
            receiver.divert = lambda before, size: taken.append
    assert taken == [b"x" * 40]


def test_without_the_short_way_everything_is_parsed_as_a_frame() -> None:
    seen: list[list[bytes]] = []

    def look(frame: list[bytes]) -> Response:
        seen.append(frame)
        return parse(frame)

    receiver = Receiver(parse=look, is_quick=False)
    made = [*receiver.feed(STREAM)]
    assert len(made) == len(seen)
    assert made == [told[0] for told in by_turns(STREAM)[0]]
