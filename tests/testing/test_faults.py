"""When faults strike, decided without I/O."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.testing import (
    Corrupt,
    Cut,
    CutHow,
    Delay,
    Direction,
    Fault,
    Rate,
    Segments,
    Stall,
)
from aiosage.testing._faults import End, FaultScript, Pass, Step, Strike, Wait

SAID = b"* 1 FETCH (UID 7)\r\nT1 OK done\r\n"


def play(*faults: Fault, pieces: list[bytes], seed: int = 0) -> list[Step]:
    """Feed *pieces* to a script, and return all it says up to an end."""
    script = FaultScript(faults, Direction.TO_CLIENT, Random(seed))
    steps: list[Step] = []
    for piece in [b"", *pieces]:
        steps += script.feed(piece)
        if steps and isinstance(steps[-1], End):
            break
    return steps


def passed(steps: list[Step]) -> bytes:
    """Return what passed."""
    return b"".join(step.octets for step in steps if isinstance(step, Pass))


def split(octets: bytes, cuts: list[int]) -> list[bytes]:
    """Cut *octets* into pieces."""
    bounds = [0, *sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]
    return [octets[a:b] for a, b in pairwise(bounds)]


PIECES = st.lists(st.integers(0, 100), max_size=8).map(lambda cuts: split(SAID, cuts))


@given(PIECES, st.integers(0, len(SAID)))
def test_a_cut_comes_after_so_many_octets(pieces: list[bytes], after: int) -> None:
    """However they come."""
    steps = play(Cut(after=after, how=CutHow.FIN), pieces=pieces)

    assert passed(steps) == SAID[:after]
    assert steps[-1] == End(CutHow.FIN)


@given(PIECES, st.integers(0, 5))
def test_a_cut_comes_after_a_pattern(pieces: list[bytes], after: int) -> None:
    """Though it may come in pieces."""
    steps = play(Cut(pattern=b"UID 7", after=after), pieces=pieces)

    assert passed(steps) == SAID[: SAID.index(b"UID 7") + 5 + after]
    assert steps[-1] == End(CutHow.RST)


@given(PIECES)
def test_a_pattern_that_never_comes_does_nothing(pieces: list[bytes]) -> None:
    """All passes."""
    assert passed(play(Cut(pattern=b"UID 8"), pieces=pieces)) == SAID


@given(PIECES, st.integers(0, len(SAID) - 1), st.integers(1, 255))
def test_one_octet_is_corrupted(pieces: list[bytes], at: int, mask: int) -> None:
    """That one, and no other."""
    corrupted = passed(play(Corrupt(after=at, mask=mask), pieces=pieces))

    assert [i for i in range(len(SAID)) if SAID[i] != corrupted[i]] == [at]
    assert corrupted[at] == SAID[at] ^ mask


@given(PIECES, st.integers(1, 9), st.integers())
def test_segments_are_small(pieces: list[bytes], largest: int, seed: int) -> None:
    """And the same for the same seed."""
    steps = play(Segments(largest=largest), pieces=pieces, seed=seed)

    assert passed(steps) == SAID
    assert max(len(s.octets) for s in steps if isinstance(s, Pass)) <= largest
    assert steps == play(Segments(largest=largest), pieces=pieces, seed=seed)


@given(PIECES)
def test_several_faults_strike_in_the_order_of_the_octets(pieces: list[bytes]) -> None:
    """Not in the order they were given."""
    faults = (Cut(after=9), Stall(after=4, seconds=3), Corrupt(after=2, mask=1))
    steps = play(*faults, pieces=pieces)

    assert [step for step in steps if isinstance(step, Strike)] == [
        Strike(faults[2], 2),
        Strike(faults[1], 4),
        Strike(faults[0], 9),
    ]


def test_octets_are_held_back_as_asked() -> None:
    """For the delay before them, and for the rate after them."""
    steps = play(Delay(seconds=2), Rate(octets_per_second=4), pieces=[b"12345678"])

    assert steps == [Wait(2), Pass(b"12345678"), Wait(2)]


def test_jitter_is_chance_within_its_bounds() -> None:
    """More than nothing, less than all."""
    steps = play(Delay(seconds=1, jitter=2), pieces=[b"."] * 100)
    waits = [step.seconds for step in steps if isinstance(step, Wait)]

    assert 1 <= min(waits) < 1.5 < 2.5 < max(waits) <= 3


def test_the_other_direction_is_left_alone() -> None:
    """A fault is about one."""
    fault = Cut(after=1, direction=Direction.TO_SERVER)

    assert passed(play(fault, pieces=[SAID])) == SAID


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Cut(after=-1),
        lambda: Cut(pattern=b""),
        lambda: Stall(seconds=0),
        lambda: Corrupt(mask=0),
        lambda: Corrupt(mask=256),
        lambda: Delay(),
        lambda: Rate(octets_per_second=0),
        lambda: Segments(largest=0),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wrong: Callable[[], Fault]) -> None:
    """When it is made, not when it strikes."""
    with pytest.raises(ValueError, match=r"\w"):
        wrong()
