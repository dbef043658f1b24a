"""What a consumer knows of a mailbox from the events alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiosage import (
    ConnectionState,
    Flag,
    FlagsChanged,
    MailboxReset,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)

PATIENCE: Final = 15.0
"""Seconds after which a test has failed: nothing more comes."""


async def take(events: asyncio.Queue[WatchEvent], count: int) -> list[WatchEvent]:
    """Return the next *count* events."""
    async with asyncio.timeout(PATIENCE):
        return [await events.get() for _ in range(count)]


class Mirror:
    """A mailbox rebuilt from events; one that contradicts it fails the test.

    Attributes:
        messages: the flags of each message, by UID.
        states: what was told of the connection.
        resets: how often the mailbox was made anew.
    """

    def __init__(self, messages: Mapping[int, frozenset[Flag]] | None = None) -> None:
        self.messages = dict(messages or {})
        self.states: list[bool] = []
        self.resets = 0

    def apply(self, event: WatchEvent) -> None:
        """Take *event* in: nothing may be told twice, or out of order."""
        match event:
            case NewMessage(uid=uid, flags=flags):
                assert uid not in self.messages, f"told twice: {event}"
                self.messages[uid] = flags
            case FlagsChanged(uid=uid, flags=flags):
                assert self.messages[uid] != flags, f"no change: {event}"
                self.messages[uid] = flags
            case MessageExpunged(uid=uid):
                assert uid in self.messages, f"never told of: {event}"
                del self.messages[uid]
            case MailboxReset():
                self.messages.clear()
                self.resets += 1
            case ConnectionState(is_connected=is_connected):
                assert is_connected is (self.states[-1:] == [False]), "told twice"
                self.states.append(is_connected)

    async def follow(
        self,
        events: asyncio.Queue[WatchEvent],
        until: Mapping[int, frozenset[Flag]],
        *,
        pause: float = 0,
    ) -> None:
        """Take events, every *pause* seconds, until the mailbox is as in *until*.

        While the connection is lost, more events are to come.
        """
        async with asyncio.timeout(PATIENCE):
            while self.messages != until or self.states[-1:] == [False]:
                self.apply(await events.get())
                await asyncio.sleep(pause)


class Mirrors:
    """Several mailboxes, each as its `Mirror`.

    Attributes:
        mailboxes: by name.
        is_lost: the connection, as was told last.
    """

    def __init__(self, contents: Mapping[str, Mapping[int, frozenset[Flag]]]) -> None:
        self.mailboxes = {name: Mirror(known) for name, known in contents.items()}
        self.is_lost = False

    def apply(self, event: WatchEvent) -> None:
        """Take *event* in."""
        if isinstance(event, ConnectionState):
            assert event.is_connected is self.is_lost, "told twice"
            self.is_lost = not event.is_connected
        else:
            self.mailboxes[event.mailbox].apply(event)

    @property
    def contents(self) -> dict[str, dict[int, frozenset[Flag]]]:
        """The flags of each message in each mailbox."""
        return {name: mirror.messages for name, mirror in self.mailboxes.items()}

    @property
    def resets(self) -> dict[str, int]:
        """How often mailboxes were made anew, of those that were."""
        return {
            n: mirror.resets for n, mirror in self.mailboxes.items() if mirror.resets
        }

    async def follow(
        self,
        events: asyncio.Queue[WatchEvent],
        until: Mapping[str, Mapping[int, frozenset[Flag]]],
    ) -> None:
        """Take events until all mailboxes are as in *until*, and are heard."""
        async with asyncio.timeout(PATIENCE):
            while self.contents != until or self.is_lost:
                self.apply(await events.get())
