"""What every command is: its words, what it claims, and what it gives back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import ClassVar, Generic, TypeVar, final

from .._encoder import Encoder
from ..responses import Status, Untagged

R = TypeVar("R", covariant=True)
U = TypeVar("U")


class SessionState(Enum):
    """Where a session stands (RFC 9051 §3)."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logged out"


ANY_STATE = frozenset(SessionState) - {SessionState.LOGOUT}
LOGGED_IN = frozenset({SessionState.AUTHENTICATED, SessionState.SELECTED})
SELECTED = frozenset({SessionState.SELECTED})


class Command(ABC, Generic[R]):
    """One command: typed arguments in, a typed result out. Knows no I/O.

    Attributes:
        name: as errors and logs show it, such as ``UID FETCH``.
        states: in which it is legal.
        requires: the capability the server must offer; None if none. What
            depends on the arguments is up to `also_needs`.
        claims: types of the untagged responses that belong to its result.
        exclusive: no other command may be under way with it, since it changes
            what the others mean (RFC 9051 §5.5).
        changes: executing it twice is not like executing it once, so after a
            lost connection it must not be repeated blindly.
        keeps_numbers: the server sends no EXPUNGE while it is under way, so
            message numbers mean what they meant (RFC 9051 §7.5.1).
    """

    __slots__ = ()

    name: ClassVar[str]
    states: ClassVar[frozenset[SessionState]] = LOGGED_IN
    requires: ClassVar[str | None] = None
    claims: ClassVar[tuple[type[Untagged | Status], ...]] = ()
    exclusive: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    keeps_numbers: ClassVar[bool] = False

    @property
    def uses_numbers(self) -> bool:
        """Whether it names messages by number, or is answered by numbers."""
        return False

    @property
    def may_be_repeated(self) -> bool:
        """Whether executing it twice, with these arguments, is like once."""
        return not self.changes

    @property
    def subject(self) -> str | None:
        """The mailbox that every response it claims names; None if they do not.

        Commands of one type about different mailboxes can be told apart by that,
        so they may be under way together (RFC 9051 §5.5).
        """
        return None

    def takes(self, response: Untagged | Status) -> bool:
        """Return whether *response*, of a type it claims, is about its `subject`."""
        return True

    @final
    def needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what the server must offer: of each group, one will do."""
        if self.requires is not None:
            yield (self.requires,)
        yield from self.also_needs()

    def also_needs(self) -> Iterator[tuple[str, ...]]:
        """Yield what it must offer, beside `requires`, for these arguments."""
        return iter(())

    @abstractmethod
    def encode(self, to: Encoder) -> None:
        """Write the command and its arguments, without the tag."""

    @abstractmethod
    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> R:
        """Return the result from what was claimed and the tagged OK."""


class SimpleCommand(Command[None]):
    """A command that takes no arguments and tells no more than that it worked."""

    __slots__ = ()

    def encode(self, to: Encoder) -> None:
        """Write the name."""
        to.keyword(self.name)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


def of_kind(kind: type[U], untagged: Sequence[Untagged | Status]) -> list[U]:
    """Return what of *untagged* is of one kind, in order."""
    return [data for data in untagged if isinstance(data, kind)]
