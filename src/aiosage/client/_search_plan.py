"""How a search is done on a server that can do this and not that, decided purely."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

from ..errors import IMAPCapabilityError
from ..model import Descending, IMAPSearchCriteria, SortKey, ThreadAlgorithm, key_of
from ..wire import SET_OCTETS

_DISPLAY: Final = frozenset({SortKey.DISPLAY_FROM, SortKey.DISPLAY_TO})


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How messages are found, sorted or threaded, and why.

    Attributes:
        command: that finds the messages, such as ``UID SORT``.
        reason: why this way.
        is_here: they are then fetched, and sorted or threaded here.
        searches: how many searches that takes: more than one if the criteria
            hold more UIDs than a line.
    """

    command: str
    reason: str
    is_here: bool = False
    searches: int = 1

    def __str__(self) -> str:
        times = f" ({self.searches} times)" if self.searches > 1 else ""
        return f"{self.command}{times}: {self.reason}"


def plan_search(offered: Set[str], criteria: IMAPSearchCriteria) -> SearchPlan:
    """Return how a server that offers *offered* is searched.

    Raises:
        IMAPCapabilityError: it lacks what a key of *criteria* needs.
    """
    for capability in sorted(criteria.needed_capabilities - offered):
        raise IMAPCapabilityError(
            f"the server cannot search like this: it does not announce {capability}",
            capability=capability,
        )
    searches = sum(1 for _ in criteria.split(SET_OCTETS))
    if searches > 1:
        reason = "the criteria hold more UIDs than a command line"
    elif "ESEARCH" in offered:
        reason = "ESEARCH tells ranges"
    else:
        reason = "without ESEARCH each message is told"
    return SearchPlan("UID SEARCH", reason, False, searches)


def plan_sort(
    offered: Set[str],
    criteria: IMAPSearchCriteria,
    order: Sequence[SortKey | Descending],
) -> SearchPlan:
    """Return how messages are sorted by a server that offers *offered*, or here.

    Raises:
        IMAPCapabilityError: as `plan_search`; also for RELEVANCY, which nobody but
            a server can tell.
        ValueError: *order* is empty.
    """
    if not order:
        raise ValueError("name at least one key to sort by")
    search = plan_search(offered, criteria)
    keys = set(map(key_of, order))
    needed = ["SORT"]
    if keys & _DISPLAY:
        needed.append("SORT=DISPLAY")
    if SortKey.RELEVANCY in keys:
        needed.append("SEARCH=FUZZY")
    lacking = next((name for name in needed if name not in offered), None)
    if lacking is None:
        reason = f"the server has {' and '.join(needed)}"
        return SearchPlan("UID SORT", reason, False, search.searches)
    if SortKey.RELEVANCY in keys:
        raise IMAPCapabilityError(
            f"the server cannot sort by relevancy: it does not announce {lacking}",
            capability=lacking,
        )
    return _here(search, "sorted", f"the server lacks {lacking}")


def plan_thread(
    offered: Set[str], criteria: IMAPSearchCriteria, algorithm: ThreadAlgorithm
) -> SearchPlan:
    """Return how messages are threaded by a server that offers *offered*, or here.

    Raises:
        IMAPCapabilityError: as `plan_search`.
    """
    search = plan_search(offered, criteria)
    needed = f"THREAD={algorithm}"
    if needed not in offered:
        return _here(search, "threaded", f"the server lacks {needed}")
    if search.searches > 1:
        return _here(search, "threaded", search.reason)
    return SearchPlan("UID THREAD", f"the server has {needed}")


def fetched_instead(plan: SearchPlan, why: str) -> SearchPlan:
    """Return how *plan* goes on without the server, which *why* tells about."""
    return replace(
        plan,
        command="UID SEARCH",
        is_here=True,
        reason=f"fetched for it, since the server {why}",
    )


def _here(search: SearchPlan, done: str, why: str) -> SearchPlan:
    return replace(search, is_here=True, reason=f"fetched and {done} here, since {why}")
