"""Changing the flags of messages, and Gmail's labels."""

from __future__ import annotations

from collections.abc import Iterable

from ..model import Flag, MessageSet, lasting_flags
from ..wire.commands import StoreMode, UidStore, UidStoreLabels
from ._access import MailboxAccess, command_pieces
from ._progress import Progress
from ._results import FlagResult, LabelResult


def settable(flags: Iterable[Flag]) -> frozenset[Flag]:
    r"""Return *flags* without ``\Recent``, which only servers set (RFC 3501 §2.3.2).

    Raises:
        TypeError: it is one flag, whose letters would be flags.
    """
    if isinstance(flags, str):
        raise TypeError(f"several flags are needed: [{str(flags)!r}]")
    return lasting_flags(frozenset(map(Flag, flags)))


class _Storing(Progress[FlagResult]):
    """A change of flags under way."""

    def __init__(self, messages: MessageSet) -> None:
        super().__init__(messages)
        self.flags: dict[int, frozenset[Flag]] = {}
        self.modseqs: dict[int, int] = {}
        self.modified: list[MessageSet] = []

    def result(self) -> FlagResult:
        """Return what servers told of it."""
        modified = self.of(self.modified)
        return FlagResult(
            self.flags, modified, self.modseqs, self.done - modified, self.uncertain
        )


class _Labelling(Progress[LabelResult]):
    """A change of labels under way."""

    def __init__(self, messages: MessageSet) -> None:
        super().__init__(messages)
        self.labels: dict[int, frozenset[str]] = {}

    def result(self) -> LabelResult:
        """Return what the server told of it."""
        return LabelResult(self.labels, self.done, self.uncertain)


async def store(
    access: MailboxAccess,
    messages: MessageSet,
    mode: StoreMode,
    flags: Iterable[Flag],
    unchanged_since: int | None,
    silent: bool,
) -> FlagResult:
    """Change flags."""
    names = settable(flags)
    if not names and mode is not StoreMode.REPLACE:
        raise ValueError("no flags given")
    storing = _Storing(messages)

    async def attempt() -> FlagResult:
        async with access.connection(
            storing.messages, known_uid=messages.last
        ) as connection:
            rest = storing.begin(access.bound(messages, connection))
            for piece in command_pieces(connection, rest):
                command = UidStore(piece, mode, names, unchanged_since, silent)
                with storing.working_on(piece):
                    told = await connection.execute(command)
                storing.flags.update((uid, lasting_flags(told[uid])) for uid in told)
                storing.modseqs.update(told.modseqs)
                storing.modified.append(told.modified & piece)
        return storing.result()

    with storing.telling():
        return await access.recovery.persist(attempt, progress=lambda: storing.steps)


async def store_labels(
    access: MailboxAccess, messages: MessageSet, mode: StoreMode, labels: Iterable[str]
) -> LabelResult:
    """Change Gmail's labels."""
    names = frozenset(labels)
    if not names and mode is not StoreMode.REPLACE:
        raise ValueError("no labels given")
    labelling = _Labelling(messages)

    async def attempt() -> LabelResult:
        async with access.connection(
            labelling.messages, known_uid=messages.last
        ) as connection:
            rest = labelling.begin(access.bound(messages, connection))
            for piece in command_pieces(connection, rest):
                with labelling.working_on(piece):
                    told = await connection.execute(UidStoreLabels(piece, mode, names))
                labelling.labels.update(told)
        return labelling.result()

    with labelling.telling():
        return await access.recovery.persist(attempt, progress=lambda: labelling.steps)
