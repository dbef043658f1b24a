"""What happened, by UID.

The error of a call that got some way carries the result so far as ``partial``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

from ..model import Flag, MessageSet, SpecialUse, ThreadNode
from ._search_plan import SearchPlan

_NONE = MessageSet()


@dataclass(frozen=True, slots=True)
class AppendResult:
    """Where an appended message is.

    Attributes:
        mailbox: its name.
        uidvalidity: of the mailbox; None if the server does not tell.
        uid: of the message; None likewise.
    """

    mailbox: str
    uidvalidity: int | None
    uid: int | None


@dataclass(frozen=True, slots=True)
class CopyResult:
    """What a copy or move did.

    Attributes:
        mailbox: where the messages are now.
        uidvalidity: of that mailbox; None from a server without UIDPLUS.
        uids: from each UID before to the UID there; empty without UIDPLUS, and
            without messages that were gone already.
        done: the messages it is done with, those that were gone already, too.
        uncertain: messages of which it is not known, since an error came in
            between. Moved ones may be in both mailboxes, but in one at least.
    """

    mailbox: str
    uidvalidity: int | None
    uids: Mapping[int, int]
    done: MessageSet = _NONE
    uncertain: MessageSet = _NONE

    @property
    def messages(self) -> MessageSet:
        """The messages where they are now."""
        return MessageSet(
            self.uids.values(), mailbox=self.mailbox, uidvalidity=self.uidvalidity
        )


@dataclass(frozen=True, slots=True)
class FlagResult:
    """What a change of flags did.

    Attributes:
        flags: that messages have now, by UID, as far as the server tells:
            nothing of those that had them already, nor if it was not asked to.
        modified: messages left alone, having changed since ``unchanged_since``.
        modseqs: the mod-sequence that messages have now, by UID, where told.
        done: the messages it is done with, but for those in `modified`.
        uncertain: messages of which it is not known, since an error came in
            between; changing them again is safe.
    """

    flags: Mapping[int, frozenset[Flag]]
    modified: MessageSet = _NONE
    modseqs: Mapping[int, int] = field(default_factory=dict[int, int])
    done: MessageSet = _NONE
    uncertain: MessageSet = _NONE


@dataclass(frozen=True, slots=True)
class LabelResult:
    """What a change of Gmail's labels did.

    Attributes:
        labels: that messages have now, by UID, as far as the server tells.
        done: the messages it is done with.
        uncertain: messages of which it is not known, since an error came in
            between; changing them again is safe.
    """

    labels: Mapping[int, frozenset[str]]
    done: MessageSet = _NONE
    uncertain: MessageSet = _NONE


@dataclass(frozen=True, slots=True)
class ExpungeResult:
    """What an expunge did.

    Attributes:
        done: the messages that are gone, whoever removed them.
        uncertain: messages of which it is not known, since an error came in
            between; expunging them again is safe.
    """

    done: MessageSet = _NONE
    uncertain: MessageSet = _NONE


@dataclass(frozen=True, slots=True)
class CreateResult:
    """What making a mailbox came to.

    Attributes:
        mailbox: its name.
        mailbox_id: what it keeps when it is renamed; None from a server without
            OBJECTID (RFC 8474 §4.1).
        special_use: what it is for now; None also where the server cannot keep
            what was asked for.
    """

    mailbox: str
    mailbox_id: str | None
    special_use: SpecialUse | None


@dataclass(frozen=True, slots=True)
class SortResult(Sequence[int]):
    """Messages in the order asked for: a sequence of their UIDs.

    A slice of it is one, too, and `fetch` yields its messages in that order.

    Attributes:
        mailbox: its name.
        uidvalidity: of the mailbox; None if the server does not tell.
        uids: in order.
        plan: how it was done.
    """

    mailbox: str
    uidvalidity: int | None
    uids: tuple[int, ...]
    plan: SearchPlan

    @property
    def messages(self) -> MessageSet:
        """The messages as a set, in no order but that of UIDs."""
        return MessageSet(self.uids, mailbox=self.mailbox, uidvalidity=self.uidvalidity)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> SortResult: ...
    def __getitem__(self, index: int | slice) -> int | SortResult:
        if isinstance(index, slice):
            return replace(self, uids=self.uids[index])
        return self.uids[index]

    def __iter__(self) -> Iterator[int]:
        return iter(self.uids)

    def __len__(self) -> int:
        return len(self.uids)


@dataclass(frozen=True, slots=True)
class ThreadResult:
    """Messages in threads; iterating yields the threads.

    Attributes:
        mailbox: its name.
        uidvalidity: of the mailbox; None if the server does not tell.
        threads: in the order of the algorithm.
        plan: how it was done.
    """

    mailbox: str
    uidvalidity: int | None
    threads: tuple[ThreadNode, ...]
    plan: SearchPlan

    @property
    def messages(self) -> MessageSet:
        """The messages of all threads."""
        uids = (uid for thread in self.threads for _, uid in thread.walk())
        return MessageSet(uids, mailbox=self.mailbox, uidvalidity=self.uidvalidity)

    def __iter__(self) -> Iterator[ThreadNode]:
        return iter(self.threads)

    def __len__(self) -> int:
        return len(self.threads)


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """What became of messages that were handed to a function.

    Attributes:
        succeeded: the messages it took.
        failed: by UID, the error it raised at the last attempt.
        missing: messages that were gone.
    """

    succeeded: MessageSet
    failed: Mapping[int, Exception]
    missing: MessageSet = _NONE

    @property
    def ok(self) -> bool:
        """Whether none failed."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class ProcessProgress:
    """How far processing has come.

    Attributes:
        done: messages that are done with.
        failed: of these, those that failed at every attempt.
        total: messages in all, if none is missing.
    """

    done: int
    failed: int
    total: int
