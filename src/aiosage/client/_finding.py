"""Finding messages of one mailbox."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from ..model import (
    Descending,
    IMAPSearchCriteria,
    MessageSet,
    SortKey,
    ThreadAlgorithm,
)
from ..pool import IMAPConnectionPool
from . import _searching, _sorting, _threading
from ._access import MailboxAccess
from ._names import canonical
from ._recovery import Recovery
from ._results import SortResult, ThreadResult
from ._search_plan import SearchPlan

_ALL: Final = IMAPSearchCriteria.ALL


class MessageFinder:
    """What `IMAPMailboxUIDService` does to find messages."""

    def __init__(
        self,
        pool: IMAPConnectionPool,
        mailbox: str,
        recovery: Recovery | None = None,
    ) -> None:
        name = canonical(mailbox)
        self._access = MailboxAccess(pool, name, recovery or Recovery())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def name(self) -> str:
        """The mailbox."""
        return self._access.mailbox

    async def search(self, criteria: IMAPSearchCriteria = _ALL) -> MessageSet:
        """Return the messages that match *criteria*.

        Criteria with more UIDs than a command line holds are split.

        Raises:
            IMAPCapabilityError: the server lacks what a key needs.
            IMAPSearchError: the server cannot search like this.
            IMAPMailboxError: the mailbox cannot be opened.
            IMAPConnectionError: the session ended; searching again is safe.
        """
        return await _searching.search(self._access, criteria)

    async def search_batches(
        self, criteria: IMAPSearchCriteria = _ALL, batch_size: int = 500
    ) -> AsyncGenerator[MessageSet]:
        """Yield the messages that match *criteria*, *batch_size* at a time.

        Batches ascend; the last may be smaller. Nothing is yielded when nothing
        matches. Where the server tells parts of a result (PARTIAL), the first
        batch comes before the last is known, and messages that arrive meanwhile
        are in the later ones.

        Raises:
            ValueError: *batch_size* is less than 1.
            UIDValidityChanged: the mailbox was made anew meanwhile.
            IMAPError: as `search`.
        """
        if batch_size < 1:
            raise ValueError(f"a batch holds at least one message, not {batch_size}")
        async with aclosing(
            _searching.search_batches(self._access, criteria, batch_size)
        ) as batches:
            async for batch in batches:
                yield batch

    async def count(self, criteria: IMAPSearchCriteria = _ALL) -> int:
        """Return how many messages match *criteria*.

        Raises:
            IMAPError: as `search`.
        """
        return await _searching.count(self._access, criteria)

    async def first(self, criteria: IMAPSearchCriteria = _ALL) -> int | None:
        """Return the smallest UID of those that match *criteria*; None if none does.

        Raises:
            IMAPError: as `search`.
        """
        return await _searching.first(self._access, criteria)

    async def last(self, criteria: IMAPSearchCriteria = _ALL) -> int | None:
        """Return the largest UID of those that match *criteria*; None if none does.

        Raises:
            IMAPError: as `search`.
        """
        return await _searching.last(self._access, criteria)

    async def sort(
        self, criteria: IMAPSearchCriteria, *order: SortKey | Descending
    ) -> SortResult:
        """Return the messages that match *criteria* in *order* (RFC 5256).

        A server that cannot sort tells what the keys are about, and the messages
        are sorted here as it would; those that go meanwhile are left out.

        Args:
            criteria: what to look for.
            order: the keys, the most important first, such as ``SortKey.DATE``
                or ``SortKey.DATE.descending``. What is equal in all of them is in
                order of UID.

        Raises:
            IMAPCapabilityError: also by RELEVANCY, which only a server knows.
            IMAPError: as `search`.
            ValueError: there is no key.
        """
        return await _sorting.sort(self._access, criteria, order)

    async def thread(
        self,
        criteria: IMAPSearchCriteria = _ALL,
        algorithm: ThreadAlgorithm = ThreadAlgorithm.REFERENCES,
    ) -> ThreadResult:
        """Return the messages that match *criteria* in threads (RFC 5256).

        Where the server has not got *algorithm*, it tells what is needed of the
        headers, and the messages are threaded here as it would; those that go
        meanwhile are left out.

        Raises:
            IMAPError: as `search`.
        """
        return await _threading.thread(self._access, criteria, algorithm)

    async def explain(
        self,
        criteria: IMAPSearchCriteria = _ALL,
        *order: SortKey | Descending,
        algorithm: ThreadAlgorithm | None = None,
    ) -> SearchPlan:
        """Return how messages would be found, and why, without doing it.

        Args:
            criteria: what to look for.
            order: as for `sort`, if that is what would be asked.
            algorithm: as for `thread`, likewise.

        Raises:
            IMAPCapabilityError: as the call itself.
            IMAPConnectionError: the session ended.
            ValueError: both *order* and *algorithm*.
        """
        return await _searching.explain(self._access, criteria, order, algorithm)
