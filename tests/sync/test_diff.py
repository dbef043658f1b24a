from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import MAX_UID, MessageSet
from aiosage.sync._diff import cut_sizes, cut_uids

uids = st.one_of(st.integers(1, 40), st.integers(1, MAX_UID))


@given(st.sets(uids, max_size=50), st.integers(1, 7))
def test_ranges_hold_every_uid_once_and_few_known_ones(
    known: set[int], size: int
) -> None:
    """What lies between two known UIDs, or beyond the last, may be new."""
    parts = list(cut_uids(MessageSet(known), size))

    assert sum(map(len, parts)) == MAX_UID
    assert MessageSet.from_ranges(
        piece for part in parts for piece in part.ranges
    ) == MessageSet.from_range(1, MAX_UID)
    assert all(len(part & MessageSet(known)) <= size for part in parts)


@given(
    st.dictionaries(uids, st.integers(0, 100), max_size=60),
    st.integers(1, 150),
    st.integers(1, 9),
)
def test_batches_hold_each_message_once_within_the_limits(
    sizes: dict[int, int], octets: int, messages: int
) -> None:
    batches = list(cut_sizes(sizes, octets=octets, messages=messages))

    assert [uid for batch in batches for uid in batch] == sorted(sizes)
    for batch in batches:
        assert 1 <= len(batch) <= messages
        assert len(batch) == 1 or sum(sizes[uid] for uid in batch) <= octets
