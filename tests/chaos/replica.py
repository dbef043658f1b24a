"""A watched mailbox as told by events alone; what is told twice or too late fails."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiosage import (
    Flag,
    FlagsChanged,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)


@dataclass(slots=True)
class Replica:
    """One mailbox.

    Attributes:
        flags: of each UID that is there.
        gone: UIDs that were.
        events: how many were heard.
    """

    uidvalidity: int | None = None
    flags: dict[int, frozenset[Flag]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    events: int = 0

    def hear(self, event: WatchEvent) -> None:
        """Take in what happened."""
        self.events += 1
        match event:
            case MailboxReset():
                self.flags.clear()
                self.gone.clear()
                self.uidvalidity = event.uidvalidity
            case NewMessage():
                self._check_validity(event)
                assert event.uid not in self.flags, f"told twice: {event}"
                assert event.uid not in self.gone, f"risen from the dead: {event}"
                self.flags[event.uid] = event.flags - {Flag.RECENT}
            case MessageExpunged():
                self._check_validity(event)
                assert event.uid in self.flags, f"gone, and never there: {event}"
                del self.flags[event.uid]
                self.gone.add(event.uid)
            case FlagsChanged():
                self._check_validity(event)
                assert event.uid in self.flags, f"flags of nothing: {event}"
                self.flags[event.uid] = event.flags - {Flag.RECENT}
            case _:
                pass

    def _check_validity(
        self, event: NewMessage | MessageExpunged | FlagsChanged
    ) -> None:
        if self.uidvalidity is None:
            self.uidvalidity = event.uidvalidity
        assert event.uidvalidity == self.uidvalidity, f"of another mailbox: {event}"
