"""Whatever a well-behaved server says, both libraries make the same of it.

Well-behaved means what the base can bear: few lines in one read, no braces at the
end of text, no parentheses or ``* `` inside of strings, no news but to NOOP.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aioimaplib import aioimaplib
from hypothesis import given, settings
from hypothesis import strategies as st

from .library import BASE, OURS
from .streams import session_of

_WORD = st.text("abcXYZ019._-", min_size=1, max_size=8).map(str.encode)


def _joined(*parts: Any) -> st.SearchStrategy[bytes]:
    """Join octets, and strategies of octets."""
    strategies = [
        part if not isinstance(part, bytes) else st.just(part) for part in parts
    ]
    return st.tuples(*strategies).map(b"".join)


def _literal(octets: bytes) -> bytes:
    return b"{%d}\r\n%b" % (len(octets), octets)


_NUMBER = st.integers(1, 99_999).map(lambda number: b"%d" % number)
_FLAGS = st.lists(_WORD, max_size=3).map(lambda flags: b"FLAGS (%b)" % b" ".join(flags))
# Of an empty literal the base loses what follows.
_BODY = st.binary(min_size=1, max_size=40).map(
    lambda octets: b"BODY[] " + _literal(octets)
)
_NAME = _WORD | st.binary(min_size=1, max_size=9).map(_literal)
_ITEMS = st.lists(
    _FLAGS | _BODY | _joined(b"UID ", _NUMBER), min_size=1, max_size=4
).map(b" ".join)

_FETCHED = _joined(b"* ", _NUMBER, b" FETCH (", _ITEMS, b")\r\n")
_EXPUNGED = _joined(b"* ", _NUMBER, b" EXPUNGE\r\n")
_FOUND = st.lists(_NUMBER, max_size=6).map(
    lambda found: b" ".join([b"* SEARCH", *found]) + b"\r\n"
)
_LISTED = _joined(b'* LIST () "/" ', _NAME, b"\r\n")
_STATUS = _joined(b"* STATUS ", _NAME, b" (UIDNEXT ", _NUMBER, b")\r\n")
_NEWS = st.sampled_from([b"* 4 EXISTS\r\n", b"* 0 RECENT\r\n", b"* OK [ALERT] hi\r\n"])

_KINDS = {
    "FETCH": _FETCHED,
    "STORE": _FETCHED,
    "EXPUNGE": _EXPUNGED,
    "SEARCH": _FOUND,
    "LIST": _LISTED,
    "STATUS": _STATUS,
    "NOOP": _NEWS | _EXPUNGED | _FETCHED | _STATUS,
    "SELECT": _NEWS | _FETCHED,
    "MOVE": _NEWS | _EXPUNGED,
}


@dataclass(frozen=True)
class Talk:
    """What a server answers to one command, and where its reads end."""

    name: str
    stream: bytes
    cuts: list[int]

    @property
    def pieces(self) -> list[bytes]:
        """The octets of each read."""
        ends = sorted({cut % len(self.stream) for cut in self.cuts} - {0})
        return [
            self.stream[start:end]
            for start, end in zip([0, *ends], [*ends, len(self.stream)], strict=True)
        ]


@st.composite
def talks(draw: st.DrawFn) -> Talk:
    """Return an answer of up to six responses, cut anywhere."""
    name = draw(st.sampled_from(sorted(_KINDS)))
    untagged = b"".join(draw(st.lists(_KINDS[name], max_size=6)))
    status = draw(st.sampled_from([b"OK", b"NO", b"BAD"]))
    text = draw(st.sampled_from([b" done", b" [READ-ONLY] x", b" (took 1 s)"]))
    cuts = draw(st.lists(st.integers(0, 2000), max_size=6))
    return Talk(name, untagged + b"TAG1 " + status + text + b"\r\n", cuts)


async def _answer(make: Any, talk: Talk) -> tuple[str, list[tuple[type, bytes]]]:
    session = session_of(make)
    kind = aioimaplib.FetchCommand if talk.name == "FETCH" else aioimaplib.Command
    args = () if talk.name == "FETCH" else (talk.name,)
    untagged = "FETCH" if talk.name == "STORE" else talk.name
    command = kind(*args, "TAG1", untagged_resp_name=untagged, loop=session.loop)
    waiting = asyncio.ensure_future(session.execute(command))
    await asyncio.sleep(0)
    for piece in talk.pieces:
        session.data_received(piece)
    response = await asyncio.wait_for(waiting, 1)
    return response.result, [(type(line), bytes(line)) for line in response.lines]


@settings(max_examples=300, deadline=None)
@given(talk=talks())
def test_the_answers_are_the_same(talk: Talk) -> None:
    """The same lines of the same types, however the stream is cut."""

    async def compare() -> None:
        assert await _answer(OURS.Protocol, talk) == await _answer(BASE.Protocol, talk)

    asyncio.run(compare())


@settings(max_examples=150, deadline=None)
@given(
    pushes=st.lists(
        st.lists(
            _NEWS | _EXPUNGED | _joined(b"* 1 FETCH (", _FLAGS, b")\r\n"), max_size=4
        ),
        max_size=4,
    )
)
def test_the_pushes_are_the_same(pushes: list[list[bytes]]) -> None:
    """One batch for each read that brings lines; none is lost at the end."""

    async def heard(make: Any) -> list[object]:
        session = session_of(make)
        queue = session.idle_queue
        command = aioimaplib.IdleCommand("TAG1", queue, loop=session.loop)
        idle = asyncio.ensure_future(session.execute(command))
        await asyncio.sleep(0)
        session.data_received(b"+ idling\r\n")
        for read in pushes:
            session.data_received(b"".join(read))
        session.idle_done()
        session.data_received(b"TAG1 OK done\r\n")
        response = await asyncio.wait_for(idle, 1)
        got = [queue.get_nowait() for _ in range(queue.qsize())]
        return [response, got, bytes(session.transport.sent)]

    async def compare() -> None:
        assert await heard(OURS.Protocol) == await heard(BASE.Protocol)

    asyncio.run(compare())
