"""The commands of a session: which may be sent, and whose is what comes.

::

    waiting --(may join those under way)--> under way --(tagged)--> done
       |                                      |  ^
       +--(cancelled)--> never sent           |  +-- next flight on "+"
                                              +--(cancelled)--> abandoned, drained

An abandoned command stays under way until its tagged response came, so the
replies to it never reach another command.
"""

from __future__ import annotations

from collections import OrderedDict

from ..errors import IMAPConnectionError
from ..wire.commands import Authenticate, Enable
from ._pending import Pending
from ._pipeline import may_join


class CommandQueue:
    """Commands that wait or are under way, each in the order it was asked for.

    Attributes:
        waiting: by tag; nothing of them is sent yet.
        under_way: by tag; something of them is sent, and they have not ended.
    """

    def __init__(self) -> None:
        # In a dict, taking the first again and again is quadratic.
        self.waiting: OrderedDict[str, Pending] = OrderedDict()
        self.under_way: dict[str, Pending] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no command waits, is under way or is being drained."""
        return not (self.waiting or self.under_way)

    def next(self) -> Pending | None:
        """Return the command that waits longest, under way now; None if it must wait.

        It must while another is sent only in part, or would change what it means
        (RFC 9051 §5.5).
        """
        pending = next(iter(self.waiting.values()), None)
        others = self.under_way.values()
        if (
            pending is None
            or any(not other.is_sent for other in others)
            or not may_join(pending.command, [other.command for other in others])
        ):
            return None
        del self.waiting[pending.tag]
        self.under_way[pending.tag] = pending
        return pending

    def invited(self) -> Pending | None:
        """Return the command that "+" is for; None if nobody waits for it."""
        for pending in self.under_way.values():
            if isinstance(pending.command, Authenticate) or not pending.is_sent:
                return pending
        return None

    def leaving(self) -> Pending | None:
        """Return the command that BYE is an answer to; None if none is."""
        for pending in self.under_way.values():
            if pending.ends_session:
                return pending
        return None

    @property
    def is_enabling(self) -> bool:
        """Whether ENABLE is under way."""
        return any(
            isinstance(pending.command, Enable) for pending in self.under_way.values()
        )

    @property
    def is_streaming(self) -> bool:
        """Whether somebody takes what comes at a pace of their own.

        What is abandoned has to wait behind it, which is not the server's fault.
        """
        return any(
            pending.stream is not None and pending.abandoned_at is None
            for pending in self.under_way.values()
        )

    @property
    def expects_answer(self) -> bool:
        """Whether a silent server is failing us, as it is not in IDLE."""
        return any(
            not (pending.held and pending.invited)
            for pending in self.under_way.values()
        )

    def abandoned_before(self, received: int) -> Pending | None:
        """Return a command given up when fewer octets were received; else None."""
        for pending in self.under_way.values():
            if pending.abandoned_at is not None and pending.abandoned_at < received:
                return pending
        return None

    def fail(self, error: IMAPConnectionError) -> None:
        """End every command by *error*."""
        for pending in (*self.under_way.values(), *self.waiting.values()):
            pending.fail(error)
        self.under_way.clear()
        self.waiting.clear()
