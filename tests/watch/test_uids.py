"""The list of UIDs against a plain list."""

from __future__ import annotations

import random

import pytest

from aiosage.watch._uids import CHUNK, UidList


@pytest.mark.parametrize("seed", range(4))
def test_it_is_like_a_list_however_it_is_changed(seed: int) -> None:
    """Also where an array of it is full, or becomes empty."""
    rng = random.Random(seed)
    expected = sorted(rng.sample(range(1, 100_000), 3 * CHUNK))
    uids = UidList(expected)
    for _ in range(5000):
        index = rng.randrange(len(expected))
        if rng.random() < 0.7:
            index = min(index, 2 * CHUNK)  # much in one place
        match rng.randrange(4):
            case 0:
                assert uids.pop(index) == expected.pop(index)
            case 1:
                uids.insert(index, expected[index])
                expected.insert(index, expected[index])
            case 2:
                uids[index] = 0
                assert uids.first_unknown() == index
                uids[index] = expected[index]
            case _:
                assert uids[index] == expected[index]
                assert (
                    expected[uids.bisect(expected[index], len(uids))]
                    == (expected[index])
                )
    assert list(uids) == expected
    assert len(uids) == len(expected) == uids.first_unknown()
    uids.grow(CHUNK + 1)
    uids[len(expected)] = 7
    assert uids.first_unknown() == len(expected) + 1
    uids.insert(5, 0)
    assert uids.first_unknown() == 5
    assert uids.pop(5) == 0
    assert uids.first_unknown() == len(expected) + 1
    while len(uids):
        uids.pop(0)
    assert list(uids) == []


def test_an_index_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        UidList([1]).pop(1)
