"""Those who listen to a watch: one all the time, one that comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Set
from contextlib import suppress
from random import Random

from aiosage import IMAPClient, MessagePart, WatchCursor, WatchEvent

from .census import Mailbox
from .replica import Replicas
from .users import is_bad_luck


async def listen(
    events: asyncio.Queue[WatchEvent], replicas: Replicas, random: Random
) -> None:
    """Take in what the watch tells, sometimes slowly."""
    while True:
        replicas.hear(await events.get())
        if random.random() < 0.02:
            await asyncio.sleep(random.random() * 0.1)


class Visitor:
    """Listens for a while, keeps where it stands as text, and comes again.

    Attributes:
        replicas: what it knows.
        visits: how often it came.
        is_ready: it has begun to listen for the first time.
    """

    def __init__(
        self, client: IMAPClient, names: tuple[str, ...], replicas: Replicas
    ) -> None:
        """Know what to listen to, and nothing else yet."""
        self._client = client
        self._names = names
        self._cursor: str | None = None
        self.replicas = replicas
        self.visits = 0
        self.is_ready = asyncio.Event()

    async def run(self, random: Random) -> None:
        """Come and go until cancelled."""
        while True:
            try:
                await self._visit(random)
            except Exception as error:
                if not is_bad_luck(error):
                    raise
            await asyncio.sleep(random.random() * 0.2)

    async def _visit(self, random: Random) -> None:
        async with self._client.watch(
            *self._names,
            queue_size=random.choice((1, 5, 1000)),
            since=self._cursor,
            fetch=(MessagePart.FULL,),
        ) as events:
            self.visits += 1
            if self._cursor is None:
                self._cursor = str(events.cursor)
            self.is_ready.set()
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(random.random()):
                        while True:
                            self.replicas.hear(await events.get())
            finally:
                self._cursor = str(events.cursor)
                # A kept cursor must be what it was when it is read.
                assert str(WatchCursor.parse(self._cursor)) == self._cursor


def difference(
    replicas: Replicas, found: Mapping[str, Mailbox], broken: Set[str] = frozenset()
) -> dict[str, object] | None:
    """Return what was told, or is there, but not both; None if all is well.

    A watch tells of what is *broken* that it is there, if it was told of before; of
    what is in it nobody can know.
    """
    told, there = replicas.by_name, found.keys()
    untrue = told.keys() - there - broken
    wrong: dict[str, object] = dict.fromkeys(untrue, "told, not there")
    wrong |= dict.fromkeys(there - told.keys(), "there, not told")
    for name in told.keys() & there:
        replica, mailbox = told[name], found[name]
        if replica.lasting_flags != mailbox.flags:
            told_flags = replica.lasting_flags.items()
            wrong[name] = {
                "told": dict(told_flags - mailbox.flags.items()),
                "there": dict(mailbox.flags.items() - told_flags),
            }
        elif replica.uidvalidity not in (None, mailbox.uidvalidity):
            wrong[name] = replica.uidvalidity, mailbox.uidvalidity
        elif replica.bare:
            wrong[name] = f"{replica.bare} were told without their octets"
    return wrong or None
