from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage import MessagePart
from aiosage.client._windows import (
    FIRST_WINDOW,
    LARGEST_WINDOW,
    TARGET_OCTETS,
    content_octets,
    cut_by_size,
    is_content,
    next_window,
)

SIZES = st.dictionaries(st.integers(1, 10_000), st.integers(0, 300), max_size=200)


@given(SIZES, st.integers(1, 1000))
def test_windows_hold_every_message_once_and_no_more_than_the_target(
    sizes: dict[int, int], target: int
) -> None:
    """What is held in memory is the target, or one message that is larger."""
    windows = list(cut_by_size(sizes, target))

    assert [uid for window in windows for uid in window] == list(sizes)
    for window in windows:
        assert len(window) == 1 or sum(sizes[uid] for uid in window) <= target


@given(SIZES, st.integers(1, 1000))
def test_windows_are_as_full_as_they_can_be(sizes: dict[int, int], target: int) -> None:
    """Each costs a round trip, so no two neighbours could be one."""
    windows = list(cut_by_size(sizes, target))

    for one, other in pairwise(windows):
        assert sum(sizes[uid] for uid in one) + sizes[other[0]] > target


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (MessagePart.FULL, True),
        (MessagePart.TEXT, True),
        (MessagePart.section("1.2"), True),
        (MessagePart.FULL.partial(0, 100), True),
        (MessagePart.HEADER, False),
        (MessagePart.mime("1"), False),
        (MessagePart.header_fields("Subject"), False),
        (MessagePart.FLAGS, False),
        (MessagePart.ENVELOPE, False),
    ],
)
def test_only_content_grows_with_the_message(item: MessagePart, expected: bool) -> None:
    assert is_content(item) is expected


def test_a_partial_counts_as_what_it_can_be() -> None:
    """A look at the beginning of huge messages needs no small windows."""
    first_kib = MessagePart.FULL.partial(0, 1024)

    assert content_octets(10**9, [first_kib]) == 1024
    assert content_octets(100, [first_kib, MessagePart.TEXT]) == 200
    assert content_octets(None, [MessagePart.FULL]) == TARGET_OCTETS


@given(st.integers(1, LARGEST_WINDOW), st.integers(0, 2**40))
def test_a_window_that_was_too_much_is_followed_by_a_smaller_one(
    window: int, octets: int
) -> None:
    following = next_window(window, octets)

    assert 1 <= following <= LARGEST_WINDOW
    if octets > TARGET_OCTETS:
        assert following == 1 or following <= window // 2
    if following > window:
        assert following * octets <= window * TARGET_OCTETS


def test_small_messages_reach_the_largest_window_in_few_steps() -> None:
    """Each step is a round trip."""
    window, steps = FIRST_WINDOW, 0
    while window < LARGEST_WINDOW:
        window, steps = next_window(window, 300 * window), steps + 1

    assert steps <= 4
