"""How time grows with the work: twice the work shall take twice the time."""

from __future__ import annotations

from collections.abc import Callable

from aiosage.model import MessageSet
from aiosage.wire import Framer, parse

from . import _sessions
from ._measure import Contestant, measure
from ._receive import frames, items, objects
from ._streams import Stream, bodies, envelopes, flags, search

Work = Callable[[int], Callable[[], object]]
"""Prepares work of a size, and returns what does it."""


def _on(make: Callable[[int], Stream], do: Callable[[list[bytes]], object]) -> Work:
    def prepare(count: int) -> Callable[[], object]:
        pieces = make(count).pieces(1460)
        return lambda: do(pieces)

    return prepare


def _one_body(octets: int) -> Stream:
    return bodies(1, octets)


def _parse_nested(count: int) -> Callable[[], object]:
    """*count* lists in lists, within the limit, side by side."""
    deep = b"(" * 100 + b")" * 100
    line = b"* 1 FETCH (BODYSTRUCTURE (%b))\r\n" % b" ".join([deep] * (count // 100))

    def run() -> None:
        [frame] = Framer().feed(line)
        parse(frame)

    return run


def _mix_sets(count: int) -> Callable[[], object]:
    odd = MessageSet(range(1, 2 * count, 2))
    third = MessageSet(range(1, 2 * count, 3))

    def run() -> int:
        return len(odd & third) + len(odd | third) + len(odd - third)

    return run


WORKS: dict[str, tuple[Work, int]] = {
    "framing, many lines": (_on(flags, frames), 50_000),
    "framing, one long line": (_on(search, frames), 500_000),
    "framing, one long literal": (_on(_one_body, frames), 40 * 2**20),
    "parsing, one long line": (_on(search, items), 200_000),
    "parsing, lists in lists": (_parse_nested, 200_000),
    "parsing envelopes": (_on(envelopes, items), 2_000),
    "reading envelopes": (_on(envelopes, objects), 1_000),
    "reading bodies": (_on(lambda n: bodies(n, 4096), objects), 1_000),
    "MessageSet of ranges: & | -": (_mix_sets, 50_000),
    "session, envelopes": (_on(envelopes, _sessions.by_session), 1_000),
    "drop-in for aioimaplib, envelopes": (
        _on(envelopes, _sessions.by_drop_in),
        1_000,
    ),
    "aioimaplib itself, envelopes": (_on(envelopes, _sessions.by_aioimaplib), 1_000),
}


def run(*, is_quick: bool) -> None:
    """Print the time for N, for 2 N, and how many times the one is the other."""
    width = max(map(len, WORKS))
    for name, (prepare, size) in WORKS.items():
        count = size // 5 if is_quick else size
        once, twice = measure(
            [
                Contestant("once", _quiet(prepare(count)), None),
                Contestant("twice", _quiet(prepare(2 * count)), None),
            ],
            runs=5,
        )
        if once.seconds is None or twice.seconds is None:
            print(f"  {name:{width}}  {once.failure or twice.failure}")
            continue
        print(
            f"  {name:{width}}  N = {count:10,}  {once.seconds:8.4f} s,"
            f" 2 N {twice.seconds:8.4f} s: {twice.seconds / once.seconds:4.2f} x",
            flush=True,
        )


def _quiet(do: Callable[[], object]) -> Callable[[], None]:
    """Return *do* without its result, which other benchmarks check."""

    def run() -> None:
        do()

    return run
