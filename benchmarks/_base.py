"""aioimaplib, and what aiosage makes of it, on the same octets.

On few messages and in small pieces only: in large pieces aioimaplib fails by
recursion, and its time grows with the square of the messages.
"""

from __future__ import annotations

from . import _sessions
from ._measure import Contestant, measure, show
from ._receive import line_ends
from ._streams import Stream, bodies, envelopes, flags


def run(*, is_quick: bool) -> None:
    """Print a table for each stream, and for twice as many messages."""
    count = 250 if is_quick else 1000
    for number in (count, 2 * count):
        _compare(envelopes(number), 1460)
        _compare(bodies(number, 4096), 1460)
    _compare(bodies(10 if is_quick else 100, 2**20), 64 * 1024)
    _compare(flags(20 * count), 64 * 1024)


def _compare(stream: Stream, size: int) -> None:
    pieces = stream.pieces(size)
    octets = len(stream.data)
    lines = stream.data.count(b"\n")
    contestants = [
        Contestant("scanning it once (floor)", lambda: line_ends(pieces), lines),
        Contestant("aioimaplib", lambda: _sessions.by_aioimaplib(pieces), stream.items),
        Contestant(
            "aiosage as a drop-in", lambda: _sessions.by_drop_in(pieces), stream.items
        ),
        Contestant(
            "aiosage's session, parsed",
            lambda: _sessions.by_session(pieces),
            stream.items,
        ),
    ]
    title = f"{stream.name}, {octets / 1e6:.1f} MB in pieces of {size:,} octets"
    show(title, measure(contestants, runs=3), octets=octets)
