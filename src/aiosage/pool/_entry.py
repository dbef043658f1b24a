"""A connection in a pool."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..connection import IMAPConnection, Listener
from ._allocation import Permit
from ._plan import IdleConnection


def _ignore(news: object) -> None:
    """Listen to nothing."""


@dataclass(slots=True, eq=False)
class Entry:
    """A connection, and what its pool keeps of it.

    Attributes:
        connection: itself.
        permit: of the budget, for as long as it is open.
        expires_at: when its lifetime ends, in seconds of the pool's clock.
        number: of the caller who came last before it was opened; 0 once it was lent.
        idle_since: when it came back last.
        listener: hears that it has ended while nobody uses it.
        on_wanted: asks who uses it to give it back early; None if that cannot be.
        is_asked: it has been called.
    """

    connection: IMAPConnection
    permit: Permit
    expires_at: float
    number: int
    idle_since: float = 0.0
    listener: Listener = field(default=_ignore)
    on_wanted: Callable[[], object] | None = None
    is_asked: bool = False

    def describe(self) -> IdleConnection:
        """Return what the plan needs to know."""
        selected = self.connection.selected
        return IdleConnection(
            mailbox=selected.mailbox if selected else None,
            read_only=selected.read_only if selected else False,
            idle_since=self.idle_since,
            expires_at=self.expires_at,
            is_alive=not self.connection.is_closed,
            is_quiet=self.connection.is_quiet,
        )


def ask_back(busy: Iterable[Entry]) -> None:
    """Ask the first of those who use connections for it, unless one comes back anyway.

    Args:
        busy: all connections in use, in the order they were lent.
    """
    first: Entry | None = None
    for entry in busy:
        if entry.on_wanted is None or entry.is_asked:
            return
        first = first or entry
    if first is not None and first.on_wanted is not None:
        first.is_asked = True
        first.on_wanted()
