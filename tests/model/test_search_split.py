"""Criteria with more UIDs than a command line holds."""

from __future__ import annotations

from datetime import UTC, datetime
from timeit import timeit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiosage import EmailMessage, Flag, MessageSet
from aiosage import IMAPSearchCriteria as S
from aiosage.model import MAX_UID, SearchSet

from ..growth import growth

MESSAGES = [
    EmailMessage(uid=uid, flags=frozenset({Flag.SEEN} if uid % 3 else ()))
    for uid in (*range(1, 1200), MAX_UID - 1, MAX_UID)
]


def _found(criteria: S) -> list[int | None]:
    matches = criteria.matcher(now=datetime(2026, 1, 1, tzinfo=UTC))
    return [message.uid for message in MESSAGES if matches(message)]


def _octets(criteria: S) -> int:
    return sum(
        len(str(token.messages))
        for token in criteria.to_wire()
        if isinstance(token, SearchSet)
    )


EVEN = MessageSet(range(2, 1200, 2))
THIRD = MessageSet(range(3, 1200, 3))
FEW = MessageSet([5, 700, MAX_UID])
HALF = MessageSet.from_range(600, MAX_UID)


@pytest.mark.parametrize(
    "criteria",
    [
        S.uid(EVEN),
        S.uid(EVEN) & S.SEEN,
        S.uid(EVEN) & S.uid(THIRD),
        S.uid(EVEN) | S.uid(THIRD),
        ~S.uid(EVEN),
        ~(S.uid(EVEN) | S.uid(THIRD) & S.SEEN),
        S.SEEN | S.uid(EVEN) & ~S.uid(THIRD),
        S.uid(EVEN) & (S.UNSEEN | S.uid(FEW)),
        (S.uid(FEW) | S.uid(EVEN)) & ~S.uid(HALF),
        S.uid(HALF) & ~S.uid(EVEN),
    ],
    ids=str,
)
@pytest.mark.parametrize("octets", [250, 500, 2000])
def test_the_parts_find_what_the_whole_finds(criteria: S, octets: int) -> None:
    parts = list(criteria.split(octets))

    found = [uid for part in parts for uid in _found(part)]
    assert found == _found(criteria)  # also in order, each once
    assert len(parts) > 1
    assert all(_octets(part) <= octets for part in parts)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sets(st.integers(1, 400), max_size=60), st.sampled_from("&|-")),
        min_size=1,
        max_size=4,
    )
)
def test_any_combination_of_sets_can_be_split(sets: list[tuple[set[int], str]]) -> None:
    criteria = S.SEEN
    for uids, how in sets:
        other = S.uid(uids)
        if how == "-":
            criteria = ~criteria & other
        else:
            criteria = criteria & other if how == "&" else criteria | other

    parts = list(criteria.split(260))

    assert [uid for part in parts for uid in _found(part)] == _found(criteria)
    assert all(_octets(part) <= 260 for part in parts)


def test_what_fits_stays_as_it_is() -> None:
    criteria = S.uid([1, 5, 9]) | S.SEEN

    assert list(criteria.split(250)) == [criteria]


def test_what_cannot_be_made_to_fit_stays_as_it_is() -> None:
    """More sets than there is room for one range of each."""
    criteria = S.or_criteria(*(S.uid([uid, uid + 1000]) for uid in range(1, 100)))

    assert list(criteria.split(250)) == [criteria]


def test_messages_that_no_part_can_have_are_not_asked_for() -> None:
    criteria = S.uid(EVEN) & S.SEEN

    assert len(list(criteria.split(500))) == -(-len(str(EVEN)) // (500 - 3 * 22))
    assert all(str(part).count("UID") == 1 for part in criteria.split(500))


def test_splitting_costs_time_in_ranges() -> None:
    def seconds(size: int) -> float:
        criteria = S.uid(range(1, 2 * size, 2)) | S.uid(range(1, 3 * size, 3))
        return timeit(lambda: list(criteria.split(7500)), number=1)

    assert growth(seconds, 5000, 40_000) < 30
