"""Watched mailboxes as told by events alone; what is told twice or too late fails."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from aiosage import (
    Flag,
    FlagsChanged,
    MailboxCreated,
    MailboxDeleted,
    MailboxRenamed,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)

from .ledger import Ledger, number_of


@dataclass(slots=True)
class Replica:
    """One mailbox.

    Attributes:
        flags: of each UID that is there.
        gone: UIDs that were.
        bare: UIDs of those that came without what was to be fetched.
    """

    uidvalidity: int | None = None
    flags: dict[int, frozenset[Flag]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    bare: set[int] = field(default_factory=set)

    def hear(self, event: NewMessage | MessageExpunged | FlagsChanged) -> None:
        """Take in what happened to a message."""
        if self.uidvalidity is None:
            self.uidvalidity = event.uidvalidity
        assert event.uidvalidity == self.uidvalidity, f"of another mailbox: {event}"
        match event:
            case NewMessage():
                assert event.uid not in self.flags, f"told twice: {event}"
                assert event.uid not in self.gone, f"risen from the dead: {event}"
                self.flags[event.uid] = event.flags
            case MessageExpunged():
                assert event.uid in self.flags, f"gone, and never there: {event}"
                del self.flags[event.uid]
                self.gone.add(event.uid)
                self.bare.discard(event.uid)
            case FlagsChanged():
                assert event.uid in self.flags, f"flags of nothing: {event}"
                assert event.flags != self.flags[event.uid], f"no change: {event}"
                self.flags[event.uid] = event.flags

    @property
    def lasting_flags(self) -> dict[int, frozenset[Flag]]:
        r"""What is in the mailbox for everybody: ``\Recent`` is of a session."""
        return {uid: flags - {Flag.RECENT} for uid, flags in self.flags.items()}


class Replicas:
    """All mailboxes that a watch tells of.

    Attributes:
        by_name: the mailboxes.
        events: how many were heard.
        last: the last of them, for people.
    """

    def __init__(self, *names: str, ledger: Ledger, fetches: bool = False) -> None:
        """Begin with empty mailboxes.

        Args:
            names: of those there are at the beginning.
            ledger: what the messages are.
            fetches: messages come with their octets.
        """
        self.by_name = {name: Replica() for name in names}
        self.events = 0
        self.last: deque[WatchEvent] = deque(maxlen=20)
        self._ledger = ledger
        self._fetches = fetches

    def hear(self, event: WatchEvent) -> None:
        """Take in what happened."""
        self.events += 1
        self.last.append(event)
        match event:
            case MailboxCreated():
                assert event.mailbox not in self.by_name, f"told twice: {event}"
                self.by_name[event.mailbox] = Replica()
            case MailboxDeleted():
                assert event.mailbox in self.by_name, f"never there: {event}"
                del self.by_name[event.mailbox]
            case MailboxRenamed():
                assert event.mailbox not in self.by_name, f"over another: {event}"
                self.by_name[event.mailbox] = self.by_name.pop(event.old_name)
            case MailboxReset():
                old = self.by_name[event.mailbox].uidvalidity
                assert old is None or old != event.uidvalidity, f"the same: {event}"
                self.by_name[event.mailbox] = Replica(event.uidvalidity)
            case NewMessage() | MessageExpunged() | FlagsChanged():
                replica = self.by_name[event.mailbox]
                replica.hear(event)
                if isinstance(event, NewMessage) and self._fetches:
                    self._compare(replica, event)
            case _:
                pass

    def _compare(self, replica: Replica, event: NewMessage) -> None:
        if event.message is None:
            replica.bare.add(event.uid)  # it must turn out to be gone
            return
        assert event.message.raw is not None
        number = number_of(event.message.raw)
        octets = self._ledger.octets[number]
        assert event.message.raw == octets, f"message {number} is damaged: {event}"
