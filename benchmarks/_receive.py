"""The receive path on recorded streams: what each step of it costs."""

from __future__ import annotations

from collections.abc import Iterable

from aiosage.model import MessageSet
from aiosage.wire import FetchData, Framer, Receiver, SearchData, to_message

from . import _peers
from ._measure import Contestant, measure, show
from ._streams import Stream, all_streams

PIECES = (64 * 1024, 1460)
"""Octets in one read: what asyncio takes on a fast machine, and one TCP segment."""


def line_ends(pieces: Iterable[bytes]) -> int:
    """Return how many lines there are, by a scan of every octet.

    Whoever skips literals by their length can be faster, by as much as they hold.
    """
    return sum(piece.count(b"\n") for piece in pieces)


def frames(pieces: Iterable[bytes]) -> int:
    """Return how many responses there are."""
    framer = Framer()
    return sum(1 for piece in pieces for _ in framer.feed(piece))


def items(pieces: Iterable[bytes]) -> int:
    """Return how many messages, or numbers found, the responses tell of."""
    receiver, count = Receiver(), 0
    for piece in pieces:
        for response in receiver.feed(piece):
            count += len(response.numbers) if isinstance(response, SearchData) else 1
    return count


def objects(pieces: Iterable[bytes]) -> int:
    """Return the same, with everything there is to read in them read."""
    receiver, count = Receiver(), 0
    for piece in pieces:
        for response in receiver.feed(piece):
            if isinstance(response, FetchData):
                _read_all(response)
                count += 1
            elif isinstance(response, SearchData):
                count += len(MessageSet(response.numbers))
    return count


def _read_all(data: FetchData) -> None:
    message = to_message(data, "INBOX")
    _ = (message.uid, message.flags, message.internal_date, message.size)
    _ = (message.subject, message.date, message.from_, message.to, message.message_id)
    _ = (message.reply_to, message.cc, message.in_reply_to)
    _ = (message.text, message.html, message.attachments, message.has_attachments)


def run(*, is_quick: bool) -> None:
    """Print a table for each stream and size of piece."""
    for make in all_streams(0.1 if is_quick else 1.0):
        stream = make()
        for size in PIECES:
            _compare(stream, size, runs=3 if is_quick else 5)


def _compare(stream: Stream, size: int, *, runs: int) -> None:
    pieces = stream.pieces(size)
    octets = len(stream.data)
    lines = stream.data.count(b"\n")
    responses = 1 if stream.is_search else stream.items
    contestants = [
        Contestant("scanning it once (floor)", lambda: line_ends(pieces), lines),
        Contestant("aiosage: framing", lambda: frames(pieces), responses),
        Contestant("aiosage: + parsing", lambda: items(pieces), stream.items),
        Contestant(
            "aiosage: + objects, all read", lambda: objects(pieces), stream.items
        ),
        *_peers.on_stream(stream),
    ]
    title = f"{stream.name}, {octets / 1e6:.1f} MB in pieces of {size:,} octets"
    show(title, measure(contestants, runs=runs), octets=octets)
