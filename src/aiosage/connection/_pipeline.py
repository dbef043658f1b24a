"""Which commands may be under way together (RFC 9051 §5.5), as pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..wire.commands import Command, Enable, Id

MAX_DEPTH: Final = 32
"""Most commands under way at once: enough to hide any round trip."""


def may_join(command: Command[object], under_way: Iterable[Command[object]]) -> bool:
    """Return whether *command* may be sent while others are not answered yet.

    Not if either must be alone, and not if both claim one type of untagged
    response, unless it names the mailbox that it is about: nobody could tell whose
    answer it is. Not if one speaks of message numbers while an EXPUNGE may come
    during the other.
    """
    for depth, other in enumerate(under_way, start=1):
        if depth >= MAX_DEPTH:
            return False
        if (command.exclusive or other.exclusive) and not (
            # ENABLE changes what names mean on the wire, and ID has none.
            isinstance(command, Id) and isinstance(other, Enable)
        ):
            return False
        if not set(command.claims).isdisjoint(other.claims) and not (
            type(command) is type(other)
            and command.subject is not None
            and command.subject != other.subject
        ):
            return False
        use_numbers = command.uses_numbers or other.uses_numbers
        if use_numbers and not (command.keeps_numbers and other.keeps_numbers):
            return False
    return True
