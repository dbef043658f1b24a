"""Sets of message numbers, and `$`."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import MAX_UID, MessageSet, PartialRange, SavedResult, SequenceSet

NUMBERS = st.integers(1, 30)
ENDS = st.one_of(st.just("*"), NUMBERS.map(str))
ITEMS = st.one_of(ENDS, st.tuples(ENDS, ENDS).map(":".join))
TEXTS = st.lists(ITEMS, max_size=6).map(",".join)


def denoted(text: str, exists: int) -> set[int]:
    """Return the numbers *text* stands for, read as RFC 9051 §9 says it."""
    numbers: set[int] = set()
    for item in text.split(",") if text else ():
        ends = [exists if end == "*" else int(end) for end in item.split(":")]
        numbers.update(range(min(ends), max(ends) + 1))
    return numbers


@given(TEXTS, st.integers(30, 40))
def test_a_text_denotes_what_the_rfc_says(text: str, exists: int) -> None:
    """In a mailbox that has all the numbers named."""
    assert set(SequenceSet.parse(text).resolve(exists)) == denoted(text, exists)


@given(TEXTS, TEXTS, st.integers(1, 40))
def test_a_union_holds_what_either_holds(one: str, other: str, exists: int) -> None:
    both = SequenceSet.parse(one) | SequenceSet.parse(other)
    apart = [
        {n for n in SequenceSet.parse(text).resolve(exists) if n <= exists}
        for text in (one, other)
    ]
    assert {n for n in both.resolve(exists) if n <= exists} == apart[0] | apart[1]


@given(TEXTS)
def test_the_text_of_a_set_is_the_set(text: str) -> None:
    found = SequenceSet.parse(text)
    assert SequenceSet.parse(str(found)) == found
    assert hash(SequenceSet.parse(str(found))) == hash(found)
    assert pickle.loads(pickle.dumps(found)) == found
    assert bool(found) == bool(text)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("", ""),
        ("*", "*"),
        ("*:*", "*"),
        ("*:5", "5:*"),
        ("3,1,2", "1:3"),
        ("9:7,1,5:*,8:*", "1,7:9,5:*"),
        (f"{MAX_UID}", f"{MAX_UID}"),
    ],
)
def test_a_set_is_written_in_one_way(text: str, wire: str) -> None:
    assert str(SequenceSet.parse(text)) == wire


def test_the_last_message_is_meant_wherever_the_mailbox_ends() -> None:
    """RFC 9051 §9: ``5:*`` holds the last message even if it is the third."""
    assert [*SequenceSet.parse("5:*").resolve(3)] == [3]
    assert [*SequenceSet.LAST.resolve(3)] == [3]
    assert [*SequenceSet.ALL.resolve(3)] == [1, 2, 3]
    assert not SequenceSet.ALL.resolve(0)
    with pytest.raises(ValueError, match="-1 messages"):
        SequenceSet.ALL.resolve(-1)


def test_what_a_star_holds_is_not_guessed() -> None:
    star = SequenceSet.parse("1,5:*")
    for guess in (len, list):
        with pytest.raises(ValueError, match="only a mailbox knows"):
            guess(star)
    assert star.may_contain(2)
    exact = SequenceSet([1, 2, 3, 7])
    assert (len(exact), [*exact]) == (4, [1, 2, 3, 7])
    assert [exact.may_contain(n) for n in (0, 1, 3, 4, 7, 8)] == [
        *(False, True, True, False, True, False)
    ]


def test_numbers_and_uids_never_mix() -> None:
    assert SequenceSet([1]) != MessageSet([1])
    with pytest.raises((AttributeError, TypeError)):
        SequenceSet([1]) | MessageSet([1])  # type: ignore[operator]  # the point


@pytest.mark.parametrize(
    "text", ["0", "1:", ":1", "1,,2", "a", "4294967296", "1:2:3", "٣", "-1", "1 ,2"]
)
def test_what_is_no_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a set|are in 1\.\."):
        SequenceSet.parse(text)


def test_numbers_out_of_range_are_refused() -> None:
    for first, last in ((0, 1), (1, MAX_UID + 1), (0, None)):
        with pytest.raises(ValueError, match="message numbers are in"):
            SequenceSet.from_range(first, last)
    assert SequenceSet.from_range(5, 3) == SequenceSet.from_ranges([(3, 5)])
    assert str(SequenceSet.from_range(4, None)) == "4:*"


def test_a_repr_is_short() -> None:
    assert repr(SequenceSet([1, 3])) == "<SequenceSet 1,3>"
    assert len(repr(SequenceSet(range(1, 2000, 2)))) < 110


def test_saved_results_are_one_value() -> None:
    saved = SavedResult()
    assert (str(saved), repr(saved)) == ("$", "SavedResult()")
    assert saved == SavedResult() != "$"
    assert len({saved, SavedResult()}) == 1
    assert saved.may_contain(7)


@pytest.mark.parametrize("text", ["1:500", "-1:-100", "7:7", "9:3"])
def test_a_part_of_results_is_read_as_it_is_written(text: str) -> None:
    assert str(PartialRange.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["0:1", "1:-1", "1", "1:2:3", "--1:-2", "1:*", "4294967296:1", "٣:4", ""]
)
def test_what_is_no_part_of_results_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a range of results"):
        PartialRange.parse(text)
