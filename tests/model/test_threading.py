"""Messages in threads (RFC 5256 §3)."""

from __future__ import annotations

import pickle
from dataclasses import replace
from time import thread_time
from timeit import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import (
    EmailMessage,
    ThreadAlgorithm,
    ThreadItem,
    ThreadNode,
    threads_of,
)

from ..growth import growth

N = ThreadNode


def _item(number: int, *references: str, subject: str = "") -> ThreadItem:
    """Return a message that is called ``m1``, ``m2``, ..., sent in that order."""
    return ThreadItem(
        number,
        sent=float(number),
        subject=subject.removeprefix("RE "),
        is_reply=subject.startswith("RE "),
        message_id=f"m{number}",
        references=references,
    )


@pytest.mark.parametrize(
    ("items", "threads"),
    [
        ([], ()),
        ([_item(1), _item(2)], (N((1,)), N((2,)))),
        ([_item(1), _item(2, "m1"), _item(3, "m1", "m2")], (N((1, 2, 3)),)),
        (
            [_item(1), _item(2, "m1"), _item(3, "m1")],
            (N((1,), (N((2,)), N((3,)))),),
        ),
        # A parent that is not there: one child takes its place, two are siblings.
        ([_item(1, "gone")], (N((1,)),)),
        ([_item(1, "gone"), _item(2, "gone")], (N((), (N((1,)), N((2,)))),)),
        # In the middle its children take its place.
        (
            [_item(1), _item(2, "m1", "gone"), _item(3, "m1", "gone")],
            (N((1,), (N((2,)), N((3,)))),),
        ),
        # What a message says of itself counts for more than what another says.
        ([_item(1), _item(2, "m1", "m3"), _item(3)], (N((1,)), N((3, 2)))),
        # No loops.
        ([_item(1, "m2"), _item(2, "m1")], (N((2, 1)),)),
        ([_item(1, "m1")], (N((1,)),)),
        # The answer may have come first.
        ([_item(1, "m2"), _item(2)], (N((2, 1)),)),
    ],
)
def test_references_make_parents(
    items: list[ThreadItem], threads: tuple[ThreadNode, ...]
) -> None:
    assert threads_of(items) == threads
    assert threads_of(reversed(items)) == threads


@pytest.mark.parametrize(
    ("items", "threads"),
    [
        # A reply goes below what is none.
        ([_item(1, subject="A"), _item(2, subject="RE A")], (N((1, 2)),)),
        ([_item(1, subject="RE A"), _item(2, subject="A")], (N((2, 1)),)),
        # Others become siblings without parent.
        (
            [_item(1, subject="A"), _item(2, subject="A"), _item(3, subject="A")],
            (N((), (N((1,)), N((2,)), N((3,)))),),
        ),
        (
            [_item(1, subject="RE A"), _item(2, subject="RE A")],
            (N((), (N((1,)), N((2,)))),),
        ),
        # A parent that is not there takes all of its subject.
        (
            [
                _item(1, subject="A"),
                _item(2, "gone", subject="A"),
                _item(3, "gone", subject="A"),
                _item(4, "lost", subject="A"),
                _item(5, "lost", subject="A"),
            ],
            (N((), (N((1,)), N((2,)), N((3,)), N((4,)), N((5,)))),),
        ),
        ([_item(1), _item(2)], (N((1,)), N((2,)))),  # no subject is no subject
    ],
)
def test_one_subject_is_one_thread(
    items: list[ThreadItem], threads: tuple[ThreadNode, ...]
) -> None:
    assert threads_of(items) == threads


def test_refs_goes_by_references_alone_and_by_the_latest_message() -> None:
    items = [
        _item(1, subject="A"),
        _item(2, subject="RE A"),
        _item(3, "m1", subject="RE A"),
    ]

    assert threads_of(items, ThreadAlgorithm.REFS) == (N((2,)), N((1, 3)))


def test_by_subject_all_others_answer_the_first() -> None:
    items = [
        _item(1, subject="B"),
        _item(2, subject="A"),
        _item(3, "m2", subject="RE A"),
        _item(4, "m3", subject="A"),
    ]

    assert threads_of(items, ThreadAlgorithm.ORDEREDSUBJECT) == (
        N((1,)),
        N((2,), (N((3,)), N((4,)))),
    )


def test_siblings_are_in_order_of_sent_date_then_of_the_mailbox() -> None:
    items = [
        _item(1),
        replace(_item(2, "m1"), sent=9.0),
        replace(_item(3, "m1"), sent=5.0),
        replace(_item(4, "m1"), sent=5.0),
    ]

    assert threads_of(items) == (N((1,), (N((3,)), N((4,)), N((2,)))),)


def test_of_messages_with_one_id_the_first_is_answered() -> None:
    items = [_item(1), replace(_item(2), message_id="m1"), _item(3, "m1")]

    assert threads_of(items) == (N((1, 3)), N((2,)))


@pytest.mark.parametrize(
    ("header", "message_id", "references"),
    [
        ("Message-ID: <a@b>", "a@b", ()),
        ('Message-ID: <"a"@b>', "a@b", ()),
        ("Message-ID: no id at all", None, ()),
        ("Message-ID: <a>", None, ()),  # not valid (RFC 5322 §3.6.4)
        ("References: <a@b>\r\n <c@d>", None, ("a@b", "c@d")),
        ("In-Reply-To: <a@b> of <c@d>", None, ("a@b",)),
        ("References: none\r\nIn-Reply-To: <a@b>", None, ("a@b",)),
        ("References: <a@b>\r\nIn-Reply-To: <c@d>", None, ("a@b",)),
    ],
)
def test_ids_are_read_from_the_header(
    header: str, message_id: str | None, references: tuple[str, ...]
) -> None:
    message = EmailMessage(header=f"{header}\r\n\r\n".encode())

    item = ThreadItem.from_message(7, message)

    assert (item.message_id, item.references) == (message_id, references)


def _deep(size: int) -> list[ThreadItem]:
    """Return a thread where of two answers to a message one is answered again."""
    rest = (_item(n, f"m{(n - 2) // 2 * 2 + 1}") for n in range(2, size + 1))
    return [_item(1), *rest]


def test_deep_threads_neither_recurse_nor_cost_much() -> None:
    """Whoever writes mail decides how deep a thread is."""

    def seconds(size: int) -> float:
        items = _deep(size)
        return timeit(lambda: threads_of(items), number=1)

    (thread,) = threads_of(_deep(20_000))
    assert len(list(thread.walk())) == 20_000
    assert hash(thread) == hash(threads_of(_deep(20_000))[0])
    assert repr(thread).startswith("<ThreadNode 1, ")
    assert growth(seconds, 1500, 12_000) < 30


@pytest.mark.parametrize("piece", ["<a@b> ", '<"', "<", "<a", '<"\\', "<a@"])
def test_a_header_full_of_ids_costs_linear_time(piece: str) -> None:
    """A fraction of a second; it would be minutes if time were quadratic."""
    header = f"References: {piece * 200_000}\r\n\r\n".encode()
    started = thread_time()

    ThreadItem.from_message(1, EmailMessage(header=header))

    assert thread_time() - started < 4.0


references = st.lists(st.sampled_from([f"m{n}" for n in range(9)]), max_size=4)


@given(
    st.lists(st.tuples(references, st.sampled_from(["", "A", "RE A"])), max_size=8),
    st.sampled_from(ThreadAlgorithm),
)
def test_every_message_is_in_one_thread_once(
    messages: list[tuple[list[str], str]], algorithm: ThreadAlgorithm
) -> None:
    items = [
        _item(number, *found, subject=subject)
        for number, (found, subject) in enumerate(messages, 1)
    ]

    threads = threads_of(items, algorithm)

    numbers = [number for thread in threads for _, number in thread.walk()]
    assert sorted(numbers) == [item.number for item in items]
    stack = list(threads)
    while stack:  # a parent that is not there is at the top alone
        node = stack.pop()
        assert all(branch.messages for branch in node.branches)
        assert len(node.branches) != 1
        stack.extend(node.branches)


def test_a_node_is_a_value() -> None:
    node = N((1,), (N((2,)), N((3, 4))))

    assert node == N((1,), (N((2,)), N((3, 4))))
    assert node != N((1,), (N((2,), (N((3, 4)),)),))
    assert node != "(1 (2)(3 4))"
    assert hash(node) == hash(pickle.loads(pickle.dumps(node)))
    assert repr(node) == "<ThreadNode 1, 2, 3, 4>"
    assert repr(N(tuple(range(1, 20)))) == "<ThreadNode 1, 2, 3, 4, 5, 6, 7, 8, ...>"
