"""The UIDs of a mailbox by message number."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Final

MAX_MESSAGES: Final = 50_000_000
"""Most messages of a mailbox that are kept track of."""

CHUNK: Final = 4096
"""Most UIDs that move when one is taken out or put in."""


class UidList:
    """UIDs in the order of their messages, four octets each; 0 if not known.

    One array would make each removal cost what the mailbox has, and a server may
    tell of the removal of each message alone. So it is an array of arrays.
    Indices are from 0.
    """

    def __init__(self, uids: Iterable[int] = ()) -> None:
        self._chunks: list[array[int]] = []
        self._zeros: list[int] = []  # how many there are in each
        self._length = 0
        self._found = 0, 0  # the chunk found last, and the index of its first
        self.extend(uids)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[int]:
        for chunk in self._chunks:
            yield from chunk

    def __getitem__(self, index: int) -> int:
        at, offset = self._find(index)
        return self._chunks[at][offset]

    def __setitem__(self, index: int, uid: int) -> None:
        at, offset = self._find(index)
        chunk = self._chunks[at]
        self._zeros[at] += (not uid) - (not chunk[offset])
        chunk[offset] = uid

    def _find(self, index: int) -> tuple[int, int]:
        """Return which chunk holds *index*, and where."""
        if not 0 <= index < self._length:
            raise IndexError(index)
        at, start = self._found
        if self._length - index <= len(self._chunks[-1]):  # new mail is at the end
            at, start = len(self._chunks) - 1, self._length - len(self._chunks[-1])
        while index < start:
            at -= 1
            start -= len(self._chunks[at])
        while index - start >= len(self._chunks[at]):
            start += len(self._chunks[at])
            at += 1
        self._found = at, start
        return at, index - start

    def extend(self, uids: Iterable[int]) -> None:
        """Add *uids* at the end."""
        new = array("I", uids)
        self._length += len(new)
        if self._chunks and len(self._chunks[-1]) + len(new) <= CHUNK:
            self._chunks[-1] += new
            self._zeros[-1] += new.count(0)
            return
        for at in range(0, len(new), CHUNK):
            self._chunks.append(new[at : at + CHUNK])
            self._zeros.append(self._chunks[-1].count(0))

    def grow(self, count: int) -> None:
        """Add *count* messages whose UIDs are not known."""
        # In pieces: what a server claims is not to be allocated twice.
        for at in range(0, count, CHUNK):
            self.extend(repeat(0, min(CHUNK, count - at)))

    def insert(self, index: int, uid: int) -> None:
        """Put *uid* before what is at *index*, which must exist."""
        at, offset = self._find(index)
        chunk = self._chunks[at]
        chunk.insert(offset, uid)
        self._zeros[at] += not uid
        self._length += 1
        if len(chunk) > CHUNK:
            half = len(chunk) // 2
            self._chunks[at : at + 1] = halves = [chunk[:half], chunk[half:]]
            self._zeros[at : at + 1] = [one.count(0) for one in halves]

    def pop(self, index: int) -> int:
        """Take out what is at *index*, and return it."""
        at, offset = self._find(index)
        uid = self._chunks[at].pop(offset)
        self._zeros[at] -= not uid
        if not self._chunks[at]:
            del self._chunks[at], self._zeros[at]
            self._found = 0, 0
        self._length -= 1
        return uid

    def first_unknown(self) -> int:
        """Return the index of the first 0, or the length if there is none."""
        before = 0
        for chunk, zeros in zip(self._chunks, self._zeros, strict=True):
            if zeros:
                return before + chunk.index(0)
            before += len(chunk)
        return before

    def bisect(self, uid: int, known: int) -> int:
        """Return where *uid* belongs among the first *known*, which ascend."""
        before = 0
        for chunk in self._chunks:
            end = min(len(chunk), known - before)
            if end <= 0:
                break
            if chunk[end - 1] >= uid:
                return before + bisect_left(chunk, uid, 0, end)
            before += end
        return before
