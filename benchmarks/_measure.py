"""Contestants, interleaved runs, medians and tables."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Run = Callable[[], object]
"""Does the work once and returns what it found."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to do the work.

    Attributes:
        name: for the table.
        run: does it.
        expected: what it must find, or it has not done the work.
    """

    name: str
    run: Run
    expected: object


@dataclass(frozen=True, slots=True)
class Result:
    """How a contestant did.

    Attributes:
        name: of the contestant.
        seconds: the median; None if it failed.
        failure: why it failed; empty if it did not.
    """

    name: str
    seconds: float | None
    failure: str = ""


def measure(
    contestants: Sequence[Contestant],
    *,
    runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[Result]:
    """Let *contestants* do their work by turns, *runs* times each.

    By turns, so that what else the machine does hits all of them alike. One that
    raises, or does not find what it must, is out.

    Args:
        contestants: whoever they are.
        runs: how often.
        clock: what tells the seconds: those of ``time.process_time`` are without
            what other processes do, such as a server.
    """
    seconds: dict[str, list[float]] = {one.name: [] for one in contestants}
    failures: dict[str, str] = {}
    for _ in range(runs):
        for one in contestants:
            if one.name in failures:
                continue
            gc.collect()
            begin = clock()
            try:
                found = one.run()
            except Exception as error:  # whatever it is: it goes into the table
                failures[one.name] = f"{type(error).__name__}: {error}"[:60]
                continue
            seconds[one.name].append(clock() - begin)
            if found != one.expected:
                failures[one.name] = f"wrong: {found!r}, not {one.expected!r}"[:60]
    return [
        Result(one.name, None, failures[one.name])
        if one.name in failures
        else Result(one.name, statistics.median(seconds[one.name]))
        for one in contestants
    ]


def show(title: str, results: Sequence[Result], *, octets: int = 0) -> None:
    """Print a table: seconds, ratio to the first one, and MB a second."""
    floor = results[0].seconds
    width = max(len(result.name) for result in results)
    print(f"\n{title}")
    for result in results:
        if result.seconds is None:
            print(f"  {result.name:{width}}  {'-':>9}  {result.failure}", flush=True)
            continue
        ratio = f"{result.seconds / floor:9.1f} x" if floor else ""
        rate = f"{octets / result.seconds / 1e6:10,.0f} MB/s" if octets else ""
        print(
            f"  {result.name:{width}}  {result.seconds:9.4f} s  {ratio}{rate}",
            flush=True,
        )
