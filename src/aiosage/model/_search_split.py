"""Criteria with more UIDs than a command line holds, as several that fit.

The UIDs there can be are cut into windows, and the criteria are asked of one
window after the other, every set of UIDs cut to it. What is found in all windows
is what the whole criteria find, however the sets are combined: a message is in
one window, and there every set says of it what the whole set says.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import Final

from ._message_set import MessageSet
from ._ranges import MAX_UID, range_text
from ._search_nodes import And, Fuzzy, Key, Node, Not, Or, SearchSet, all_of, iter_keys

_LONGEST_RANGE: Final = 2 * len(str(MAX_UID)) + 2  # with a comma


def split_by_uids(root: Node, octets: int) -> Iterator[Node]:
    """Yield trees that together find what *root* finds, in ascending order of UID.

    Each holds at most *octets* of UIDs, and *root* is all there is if it does. So
    it is, too, if there are so many sets that no window is small enough.

    Args:
        root: the criteria.
        octets: how much UIDs may take in a command.
    """
    keys = list({id(key): key for key in iter_keys(root) if _uids_of(key)}.values())
    sets = [_uids_of(key) for key in keys]
    # Ends of a window may cut a range of every set, and are written, too.
    room = octets - _LONGEST_RANGE * (len(sets) + 2)
    if sum(len(str(uids)) for uids in sets) <= octets or room < _LONGEST_RANGE * len(
        sets
    ):
        yield root
        return
    required = root.terms if isinstance(root, And) else (root,)
    in_all = [key for key in keys if any(key is term for term in required)]
    readers = [_Reader(uids) for uids in sets]
    for first, last in _windows(sets, room):
        parts = {
            id(key): reader.up_to(last)
            for key, reader in zip(keys, readers, strict=True)
        }
        if not all(parts[id(key)] for key in in_all):
            continue  # nothing is found there
        window = () if in_all else (_uid_key(MessageSet.from_range(first, last)),)
        yield all_of((*window, _replaced(root, parts)))


def _uids_of(key: Key | SearchSet) -> MessageSet:
    """Return the UIDs that *key* names; none if it is no set of UIDs."""
    if isinstance(key, Key) and len(key.arguments) == 1:
        (argument,) = key.arguments
        if isinstance(argument, SearchSet) and isinstance(
            argument.messages, MessageSet
        ):
            return argument.messages
    return MessageSet()


def _uid_key(messages: MessageSet) -> Node:
    return Key("UID", (SearchSet(messages),)) if messages else Not(Key("ALL"))


def _windows(sets: list[MessageSet], room: int) -> Iterator[tuple[int, int]]:
    """Yield windows from 1 to the largest UID, with ranges of *room* octets each."""
    first = 1
    length = 0
    for start, end in merge(*(uids.ranges for uids in sets)):
        needed = len(range_text(start, end)) + 1
        if length + needed > room and start > first:
            yield first, start - 1
            first, length = start, 0
        length += needed
    yield first, MAX_UID


class _Reader:
    """The ranges of a set, read from the smallest UID to the largest."""

    def __init__(self, uids: MessageSet) -> None:
        self._ranges = iter(uids.ranges)
        self._next: tuple[int, int] | None = next(self._ranges, None)

    def up_to(self, last: int) -> MessageSet:
        """Return what has not been read yet, as far as *last*."""
        read: list[tuple[int, int]] = []
        while self._next is not None and self._next[0] <= last:
            start, end = self._next
            read.append((start, min(end, last)))
            self._next = (last + 1, end) if end > last else next(self._ranges, None)
        return MessageSet.from_ranges(read)


def _replaced(root: Node, parts: dict[int, MessageSet]) -> Node:
    """Return *root* with the sets of *parts* in the place of those it has."""
    made: list[Node] = []
    # A node, and whether what is below it has been made.
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, is_ready = stack.pop()
        if isinstance(node, Key | SearchSet):
            part = parts.get(id(node))
            made.append(node if part is None else _uid_key(part))
        elif not is_ready:
            stack.append((node, True))
            stack.extend((term, False) for term in reversed(_terms(node)))
        else:
            count = len(_terms(node))
            terms = tuple(made[len(made) - count :])
            del made[len(made) - count :]
            made.append(_like(node, terms))
    return made[0]


def _terms(node: And | Or | Not | Fuzzy) -> tuple[Node, ...]:
    return node.terms if isinstance(node, And | Or) else (node.term,)


def _like(node: And | Or | Not | Fuzzy, terms: tuple[Node, ...]) -> Node:
    if isinstance(node, And | Or):
        return type(node)(terms)
    return type(node)(terms[0])
