"""Which mailboxes one connection watches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..connection import IMAPConnection
from ..model import Flag
from ..wire import ListData, with_inbox
from ..wire.commands import ListMailboxes
from ._pattern import fits, is_pattern

_NOT_THERE: Final = frozenset({Flag("\\Noselect"), Flag("\\NonExistent")})

_UNLISTED: Final = 1000
"""Names that are told of but not listed, of which more are told only when asked for."""


class Scope:
    """Names and patterns, and the mailboxes that these are at the moment.

    Args:
        watched: names, or patterns with ``*`` and ``%`` (RFC 9051 §6.3.9), each
            once.
        known: what was watched when the cursor was kept, whether or not the
            patterns fit it; None if there is no cursor.
        elsewhere: names that are not watched though a pattern fits them, since
            another connection does.

    Attributes:
        explicit: the names.
        patterns: the patterns.
        names: of all mailboxes that are watched now, those named first. The
            first, if any, is the one that is open most of the time.
    """

    def __init__(
        self,
        watched: Sequence[str],
        known: Iterable[str] | None = None,
        *,
        elsewhere: Iterable[str] = (),
    ) -> None:
        self.explicit = tuple(name for name in watched if not is_pattern(name))
        self.patterns = tuple(filter(is_pattern, watched))
        self._elsewhere = frozenset(elsewhere)
        self.names: list[str] = list(self.explicit)
        self._left_out: set[str] = set()
        self._taken_back: set[str] = set()
        self._renamed: dict[str, str] = {}
        self._new: set[str] = set()
        self._unlisted: set[str] = set()  # told of, but not by LIST
        self._is_first = known is None
        self._is_from_cursor = known is not None
        self._delimiters: set[str] = set()
        if self.patterns and known is not None:
            others = self._elsewhere.union(self.explicit)
            self.names += [name for name in known if name not in others]

    @property
    def title(self) -> str:
        """What stands for all of it in a `ConnectionState`."""
        return (*self.explicit, *self.patterns)[0]

    @property
    def has_others(self) -> bool:
        """Whether there may be more than the first."""
        return bool(self.patterns) or len(self.explicit) > 1

    def is_new(self, name: str) -> bool:
        """Return whether *name* came into being while others were watched."""
        return name in self._new

    def leave_out(self, name: str) -> None:
        """Watch *name* no more until `take_back`: it cannot be opened."""
        self._left_out.add(name)
        if name in self.names:
            self.names.remove(name)

    def take_back(self) -> None:
        """Watch what was left out, if it is still there when `update` is called."""
        self._taken_back |= self._left_out
        self._left_out.clear()

    def note_renamed(self, data: ListData) -> None:
        """Note it if *data* tells of a new name (RFC 5465 §5.4)."""
        if data.old_name is not None:
            self._renamed[with_inbox(data.name)] = with_inbox(data.old_name)

    async def find(
        self, connection: IMAPConnection, *, is_notified: bool = False
    ) -> tuple[Mapping[str, None], int]:
        """Return the mailboxes that the patterns fit, in the server's order.

        And how many answers told it: a server that tells of changes may add some.

        Args:
            connection: to the server.
            is_notified: it does, so some may be of mailboxes that were not asked for.
        """
        found: dict[str, None] = {}
        answers = 0
        watched = set(self.names)
        for pattern in self.patterns:
            for listed in await connection.execute(ListMailboxes(pattern)):
                answers += 1
                name = with_inbox(listed.data.name)
                if listed.data.delimiter:
                    self._delimiters.add(listed.data.delimiter)
                if listed.data.attributes & _NOT_THERE:
                    found.pop(name, None)
                elif name not in self._elsewhere and (
                    not is_notified or name in watched or self._fits(name)
                ):
                    found[name] = None
        return found, answers

    def _fits(self, name: str) -> bool:
        """Return whether a pattern fits *name*, once there is an answer of LIST."""
        return any(fits(name, pattern, self._delimiters) for pattern in self.patterns)

    def note_told(self, name: str) -> bool:
        """Return whether *name*, which the server tells of, may be worth a LIST.

        It is if a pattern fits it and it is not watched; but only once, until it is
        listed, or all are asked for again.
        """
        if name in self._unlisted or len(self._unlisted) >= _UNLISTED:
            return False
        is_known = name in self.names or name in self._left_out
        if is_known or name in self._elsewhere or not self._fits(name):
            return False
        self._unlisted.add(name)
        return True

    def forget_told(self) -> None:
        """Begin anew to note what is not listed though the server tells of it."""
        self._unlisted.clear()

    def take_unfit(self) -> list[str]:
        """Return what has been watched until the cursor was kept, and is not now."""
        if not self._is_from_cursor:
            return []
        self._is_from_cursor = False
        before = self.names
        self.names = [n for n in before if n in self.explicit or self._fits(n)]
        return list(set(before) - set(self.names))

    def take_renamed(self, found: Iterable[str]) -> list[tuple[str, str]]:
        """Return new and old names of what has been renamed, and is still there."""
        present = set(found)
        renamed = [
            (name, old)
            for name, old in self._renamed.items()
            if name in present
            and old not in present
            and old in self.names
            and name not in self.names
            and old not in self.explicit
        ]
        self._renamed.clear()
        for name, old in renamed:
            self.names[self.names.index(old)] = name
        return renamed

    def update(self, found: Mapping[str, None]) -> list[str]:
        """Watch the mailboxes *found*; return the names of those that are gone."""
        missing = (self._left_out | self._taken_back) - found.keys()
        gone = list(missing.difference(self.explicit))
        self._left_out.difference_update(gone)
        self._taken_back.clear()
        inbox = [name for name in ("INBOX",) if name in found]  # most happens there
        still = [name for name in self.names if name in found]
        wanted = dict.fromkeys((*self.explicit, *inbox, *still, *found))
        names = [name for name in wanted if name not in self._left_out]
        gone += [name for name in self.names if name not in wanted]
        if not self._is_first:
            self._new |= set(names) - set(self.names)
        self._new &= set(names)
        self._unlisted.difference_update(found)
        self.names = names
        self._is_first = False
        return gone
