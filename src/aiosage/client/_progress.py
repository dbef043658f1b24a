"""How far a call has come that takes several commands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from itertools import chain
from typing import Generic, TypeVar

from ..errors import IMAPCapabilityError, IMAPConnectionError, IMAPError
from ..model import MessageSet

R = TypeVar("R")


def not_repeatable(error: IMAPError) -> None:
    """Let *error* say that the whole call must not be repeated blindly.

    Its own command may not have been executed, but one before it has.
    """
    if isinstance(error, IMAPConnectionError):
        error.maybe_executed = True


class Progress(ABC, Generic[R]):
    """What has been done so far with *messages*."""

    def __init__(self, messages: MessageSet) -> None:
        self._messages = messages
        self._has_begun = False
        self._done: list[MessageSet] = []
        self.uncertain = self.of(())
        """Messages of which it is not known."""

    def begin(self, messages: MessageSet) -> MessageSet:
        """Return what is left to do, *messages* being those of this life."""
        self._messages = messages
        self._has_begun = True
        return messages - self.done

    @property
    def messages(self) -> MessageSet:
        """All of them; of a known life of the mailbox, once it has begun."""
        return self._messages

    @property
    def steps(self) -> int:
        """How many pieces are done with."""
        return len(self._done)

    def of(self, pieces: Iterable[MessageSet]) -> MessageSet:
        """Return *pieces* as one set, in time of their ranges."""
        return MessageSet.from_ranges(
            chain.from_iterable(piece.ranges for piece in pieces),
            mailbox=self._messages.mailbox,
            uidvalidity=self._messages.uidvalidity,
        )

    @property
    def done(self) -> MessageSet:
        """Messages that are done with."""
        return self.of(self._done)

    @abstractmethod
    def result(self) -> R:
        """Return it as the call does."""

    @contextmanager
    def telling(self, *, repeatable: bool = True) -> Generator[None]:
        """Let an error within the block say what has been done before it.

        Args:
            repeatable: doing again what is done changes nothing.
        """
        try:
            yield
        except IMAPError as error:
            if self._has_begun:
                error.partial = self.result()
            if self._done and not repeatable:
                not_repeatable(error)
            raise

    @contextmanager
    def working_on(self, piece: MessageSet, *, atomic: bool = False) -> Generator[None]:
        """Note that *piece* is done with, or if it fails, that this is not known.

        Args:
            piece: of the messages.
            atomic: a refusal means that nothing was done, and a lost connection
                tells whether that is certain.
        """
        try:
            yield
        except IMAPError as error:
            is_unsent = isinstance(error, IMAPCapabilityError)
            is_cut = isinstance(error, IMAPConnectionError) and error.maybe_executed
            if not (is_unsent or (atomic and not is_cut)):
                self.uncertain = piece
            raise
        self.finish(piece)

    def finish(self, piece: MessageSet) -> None:
        """Note that *piece* is done with."""
        self._done.append(piece)
        self.uncertain -= piece
