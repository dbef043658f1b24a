"""THREAD as trees."""

from __future__ import annotations

import time

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import ThreadNode
from aiosage.wire import Limits, ThreadData

from ..stream import response, responses

N = ThreadNode
KNOWN = [
    (b"* THREAD", ()),
    (
        b"* THREAD (2)(3 6 (4 23)(44 7 96))",
        (N((2,)), N((3, 6), (N((4, 23)), N((44, 7, 96))))),
    ),
    (b"* THREAD ((3)(5))", (N((), (N((3,)), N((5,)))),)),
    (b"* THREAD (1 ((2)(3))) (4)", (N((1,), (N((), (N((2,)), N((3,)))),)), N((4,)))),
]


@pytest.mark.parametrize(("octets", "threads"), KNOWN)
def test_known_answers(octets: bytes, threads: tuple[ThreadNode, ...]) -> None:
    """RFC 5256 §4, THREAD Response."""
    assert response(octets) == ThreadData(threads)


def test_walking_tells_how_deep_each_message_is() -> None:
    data = response(b"* THREAD (3 6 (4 23)(44 7 96))")
    assert isinstance(data, ThreadData)
    assert [*data.threads[0].walk()] == [
        *((0, 3), (1, 6), (2, 4), (3, 23), (2, 44), (3, 7), (4, 96))
    ]


def test_a_parent_that_is_not_there_takes_a_level() -> None:
    data = response(b"* THREAD ((3)(5 6))")
    assert isinstance(data, ThreadData)
    assert [*data.threads[0].walk()] == [(1, 3), (1, 5), (2, 6)]


@pytest.mark.parametrize(
    "octets",
    [b"* THREAD 1", b"* THREAD (1 (2)(3) 4)", b"* THREAD (0)", b"* THREAD (a)"],
)
def test_what_is_no_thread_is_refused(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)


def test_branches_nest_as_deep_as_the_limit_allows() -> None:
    """Nothing recurses, so the limit may be as high as a program likes."""
    depth = 50_000
    limits = Limits(nesting=depth + 1)
    octets = b"* THREAD " + b"(1 " * depth + b")" * depth + b"\r\n"
    (data,) = responses(octets, limits=limits)
    assert isinstance(data, ThreadData)
    assert sum(1 for _ in data.threads[0].walk()) == depth
    with pytest.raises(IMAPProtocolError, match="nests deeper"):
        response(octets.rstrip())


def test_a_long_thread_and_many_threads_take_linear_time() -> None:
    start = time.process_time()
    chain = b"* THREAD (" + b" ".join(b"%d" % n for n in range(1, 100_000)) + b")"
    many = b"* THREAD " + b"".join(b"(%d)" % n for n in range(1, 100_000))
    for octets, threads in ((chain, 1), (many, 99_999)):
        data = response(octets)
        assert isinstance(data, ThreadData)
        assert len(data.threads) == threads
        assert data == response(octets)  # equality does not recurse, either
    assert time.process_time() - start < 20
