"""The UIDs of a mailbox by message number."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import Final

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
        self._length = 0
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
        self._chunks[at][offset] = uid

    def _find(self, index: int) -> tuple[int, int]:
        """Return which chunk holds *index*, and where."""
        if not 0 <= index < self._length:
            raise IndexError(index)
        if self._length - index <= len(self._chunks[-1]):  # new mail is at the end
            last = self._chunks[-1]
            return len(self._chunks) - 1, len(last) - (self._length - index)
        for at, chunk in enumerate(self._chunks):
            if index < len(chunk):
                return at, index
            index -= len(chunk)
        raise AssertionError("the length is the sum of the chunks")

    def extend(self, uids: Iterable[int]) -> None:
        """Add *uids* at the end."""
        new = array("I", uids)
        self._length += len(new)
        if self._chunks and len(self._chunks[-1]) + len(new) <= CHUNK:
            self._chunks[-1] += new
            return
        self._chunks += (new[at : at + CHUNK] for at in range(0, len(new), CHUNK))

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
        self._length += 1
        if len(chunk) > CHUNK:
            half = len(chunk) // 2
            self._chunks[at : at + 1] = [chunk[:half], chunk[half:]]

    def pop(self, index: int) -> int:
        """Take out what is at *index*, and return it."""
        at, offset = self._find(index)
        uid = self._chunks[at].pop(offset)
        if not self._chunks[at]:
            del self._chunks[at]
        self._length -= 1
        return uid

    def first_unknown(self) -> int:
        """Return the index of the first 0, or the length if there is none."""
        before = 0
        for chunk in self._chunks:
            if not chunk[-1] or 0 in chunk:
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
