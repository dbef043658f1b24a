"""MessageSet against the plain set it stands for."""

from __future__ import annotations

import itertools
import operator
import pickle
import time
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import MAX_UID, MessageSet

UIDS = st.sets(st.integers(1, 60))
ANY_UIDS = st.sets(st.integers(1, MAX_UID))


@given(ANY_UIDS)
def test_it_holds_exactly_the_uids_it_was_made_of(uids: set[int]) -> None:
    made = MessageSet(uids)

    assert list(made) == sorted(uids)
    assert list(reversed(made)) == sorted(uids, reverse=True)
    assert len(made) == len(uids)
    assert bool(made) == bool(uids)
    assert made.first == min(uids, default=None)
    assert made.last == max(uids, default=None)


@given(UIDS, UIDS)
def test_algebra_is_that_of_sets(left: set[int], right: set[int]) -> None:
    a, b = MessageSet(left), MessageSet(right)

    assert set(a | b) == left | right
    assert set(a & b) == left & right
    assert set(a - b) == left - right
    assert set(a ^ b) == left ^ right
    assert a.isdisjoint(b) == left.isdisjoint(right)
    assert (a == b) == (left == right)
    for compare in (operator.le, operator.lt, operator.ge, operator.gt):
        assert compare(a, b) == compare(left, right)


@given(UIDS, UIDS)
def test_operators_have_names(left: set[int], right: set[int]) -> None:
    a, b = MessageSet(left), MessageSet(right)

    assert a.union(b) == a | b
    assert a.intersection(b) == a & b
    assert a.difference(b) == a - b
    assert a.symmetric_difference(b) == a ^ b
    assert a.issubset(b) == (a <= b)
    assert a.issuperset(b) == (a >= b)
    assert a.is_empty == (not left)


@pytest.mark.parametrize(
    "mix",
    [
        *(operator.or_, operator.and_, operator.sub, operator.xor),
        *(operator.le, operator.lt, operator.ge, operator.gt),
        MessageSet.isdisjoint,
    ],
)
@pytest.mark.parametrize(
    "other",
    [
        MessageSet([1], mailbox="Sent", uidvalidity=7),
        MessageSet([1], mailbox="INBOX", uidvalidity=8),
    ],
)
def test_no_operation_mixes_mailboxes(
    mix: Callable[[MessageSet, MessageSet], object], other: MessageSet
) -> None:
    """A UID means another message in another mailbox or UIDVALIDITY."""
    inbox = MessageSet([1], mailbox="INBOX", uidvalidity=7)

    assert inbox != other
    with pytest.raises(ValueError, match="do not mix"):
        mix(inbox, other)


@given(UIDS, UIDS)
def test_what_comes_of_operations_is_in_normal_form(
    left: set[int], right: set[int]
) -> None:
    """Or equal sets would differ by how they were made."""
    a, b = MessageSet(left), MessageSet(right)

    assert a | b == MessageSet(left | right)
    assert a & b == MessageSet(left & right)
    assert a - b == MessageSet(left - right)
    assert a ^ b == MessageSet(left ^ right)


@given(UIDS, st.integers(-5, 70))
def test_contains_is_that_of_sets(uids: set[int], uid: int) -> None:
    assert (uid in MessageSet(uids)) == (uid in uids)


@given(UIDS)
def test_equal_sets_have_one_representation(uids: set[int]) -> None:
    """Adjacent and overlapping ranges are merged, so hash and == agree."""
    made = MessageSet(uids)
    pieces = MessageSet.from_ranges((uid, uid) for uid in sorted(uids, reverse=True))

    assert made == pieces
    assert hash(made) == hash(pieces)
    assert made.ranges == pieces.ranges


@given(UIDS)
def test_ranges_are_ascending_and_apart(uids: set[int]) -> None:
    ranges = MessageSet(uids).ranges

    assert all(first <= last for first, last in ranges)
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(ranges))


@given(ANY_UIDS)
def test_text_parses_back_to_the_same_set(uids: set[int]) -> None:
    made = MessageSet(uids)

    assert MessageSet.parse(str(made)) == made


@given(UIDS, st.integers(1, 20))
def test_batches_are_full_in_order_and_lose_nothing(uids: set[int], size: int) -> None:
    batches = list(MessageSet(uids).iter_batches(size))

    assert [uid for batch in batches for uid in batch] == sorted(uids)
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(1 <= len(batch) <= size for batch in batches)


@given(ANY_UIDS, st.integers(21, 80))
def test_wire_pieces_fit_and_lose_nothing(uids: set[int], limit: int) -> None:
    pieces = list(MessageSet(uids).iter_wire(limit))

    assert all(1 <= len(str(piece)) <= limit for piece in pieces)
    assert [uid for piece in pieces for uid in piece] == sorted(uids)


@pytest.mark.parametrize(
    ("text", "uids"),
    [
        ("", []),
        ("7", [7]),
        ("1:3,7", [1, 2, 3, 7]),
        ("5:3", [3, 4, 5]),
        ("2,1,2", [1, 2]),
        ("3:5,4:9,1", [1, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_parse_reads_a_sequence_set(text: str, uids: list[int]) -> None:
    assert list(MessageSet.parse(text)) == uids


def test_a_star_is_the_largest_message_and_must_be_known() -> None:
    """RFC 9051 §9: ``*`` is the largest number in use, even before smaller ones."""
    assert list(MessageSet.parse("8:*", largest=10)) == [8, 9, 10]
    assert list(MessageSet.parse("12:*", largest=10)) == [10, 11, 12]
    with pytest.raises(ValueError, match="largest"):
        MessageSet.parse("*")


@pytest.mark.parametrize("text", ["5:*", "*:5", "7:8,5:*"])
def test_an_open_end_is_every_uid_there_can_be(text: str) -> None:
    """On the wire ``5:*`` is also message 3, if that is the last (RFC 9051 §9)."""
    made = MessageSet.parse(text)

    assert made == MessageSet.from_range(5)
    assert made.is_open_ended
    assert 3 not in made
    assert (made.first, made.last) == (5, MAX_UID)
    assert not MessageSet.from_range(5, 9).is_open_ended
    assert not MessageSet().is_open_ended


@given(
    ANY_UIDS, st.none() | st.text(), st.none() | st.integers(min_value=1, max_value=9)
)
def test_a_set_comes_back_from_json_with_what_it_belongs_to(
    uids: set[int], mailbox: str | None, uidvalidity: int | None
) -> None:
    made = MessageSet(uids, mailbox=mailbox, uidvalidity=uidvalidity)

    assert MessageSet.from_json(made.to_json()) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1:3",
        "[]",
        "{}",
        "[" * 99_999,
        '{"mailbox": null, "uidvalidity": null, "uids": "x"}',
        '{"mailbox": null, "uidvalidity": null, "uids": 1}',
        '{"mailbox": 1, "uidvalidity": null, "uids": "1"}',
        '{"mailbox": "INBOX", "uidvalidity": "7", "uids": "1"}',
        '{"mailbox": "INBOX", "uidvalidity": true, "uids": "1"}',
    ],
)
def test_from_json_refuses_what_to_json_does_not_write(text: str) -> None:
    with pytest.raises(ValueError, match="not a set of messages in JSON"):
        MessageSet.from_json(text)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "1:",
        ":1",
        "1,,2",
        "1 2",
        "a",
        "-1",
        "4294967296",
        "\u0661",
        "1:2:3",
        "1" * 99,
    ],
)
def test_parse_refuses_what_is_no_sequence_set(text: str) -> None:
    with pytest.raises(ValueError, match=r"UIDs are in|not a set"):
        MessageSet.parse(text)


@pytest.mark.parametrize("uid", [0, -1, MAX_UID + 1])
def test_uids_out_of_range_are_refused(uid: int) -> None:
    with pytest.raises(ValueError, match="UIDs are in"):
        MessageSet([5, uid])


@pytest.mark.parametrize("uid", [1.0, 1.5, "1", b"1", None])
def test_what_is_no_int_is_refused(uid: object) -> None:
    """It would be put on the wire as it is written."""
    with pytest.raises(TypeError):
        MessageSet([uid])  # type: ignore[list-item]  # what a program without types does
    assert str(MessageSet([True])) == "1"


@pytest.mark.parametrize("uids", [b"3", bytearray(b"12"), memoryview(b"3"), "3"])
def test_text_is_not_taken_for_numbers(uids: object) -> None:
    """`b"3"`, as other libraries tell a UID, is 51 when it is iterated."""
    with pytest.raises(TypeError):
        MessageSet(uids)  # type: ignore[arg-type]  # what a program without types does


def test_only_sets_of_messages_are_mixed() -> None:
    other = cast("MessageSet", {1})
    for operation in (operator.or_, operator.sub, operator.le, MessageSet.union):
        with pytest.raises(TypeError, match="MessageSet is needed, not set"):
            operation(MessageSet([1]), other)


def test_a_mix_belongs_to_the_mailbox_that_is_known() -> None:
    mixed = MessageSet([1]) | MessageSet([2], mailbox="INBOX", uidvalidity=7)

    assert (mixed.mailbox, mixed.uidvalidity) == ("INBOX", 7)
    assert all(
        (batch.mailbox, batch.uidvalidity) == ("INBOX", 7)
        for batch in (*mixed.iter_batches(1), *mixed.iter_wire(21))
    )


def test_cost_grows_with_ranges_not_with_messages() -> None:
    """Four thousand million messages in one range take no time and no memory."""
    started = time.perf_counter()
    everything = MessageSet.from_range(1, MAX_UID)
    batch = next(everything.iter_batches(500_000_000))

    assert len(everything) == MAX_UID
    assert len(everything - batch) == MAX_UID - 500_000_000
    assert MAX_UID in everything
    assert time.perf_counter() - started < 1


def test_batches_of_no_messages_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        MessageSet([1]).iter_batches(0)


def test_a_wire_limit_that_holds_no_range_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        MessageSet([1]).iter_wire(20)


def test_it_survives_pickling() -> None:
    made = MessageSet([1, 2, 9], mailbox="INBOX", uidvalidity=7)

    assert pickle.loads(pickle.dumps(made)) == made


def test_repr_is_short_however_fragmented_the_set() -> None:
    assert repr(MessageSet([1, 2, 3, 7])) == "<MessageSet 1:3,7: 4 messages>"
    assert len(repr(MessageSet(range(1, 10_000, 2)))) < 80


def test_a_copy_belongs_to_the_same_mailbox() -> None:
    """Or it would slip past the check of UIDVALIDITY."""
    found = MessageSet([1, 2], mailbox="INBOX", uidvalidity=7)
    assert MessageSet(found) == found
    assert MessageSet(found, mailbox="Sent").mailbox == "Sent"
