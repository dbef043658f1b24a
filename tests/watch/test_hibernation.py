"""Watches on a Dovecot that hibernates sessions in IDLE, and loses pushes by that.

A session that was idle for `imap_hibernate_timeout` is handed to a process that only
waits, and back when something happens. What happened shortly before it is handed over
is not told until something else happens: the wait was begun too late to see it.
``AIOSAGE_HIBERNATION_ROUNDS`` is how often that is tried; the more, the longer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from aiosage import (
    Flag,
    FlagsChanged,
    IMAPClient,
    MessageExpunged,
    NewMessage,
    WatchEvent,
)
from aiosage.connection import TraceRecord
from aiosage.testing import Certificates, DovecotServer

from ..client.accounts import client_of, small
from ..conftest import Endpoint
from .mirror import PATIENCE, Mirror
from .test_recovery import endpoint_of

ROUNDS: Final = int(os.environ.get("AIOSAGE_HIBERNATION_ROUNDS", "1"))
"""A round takes two seconds."""

HIBERNATES_AFTER: Final = 1.0
"""Seconds: the fewest that Dovecot allows."""

CHECK: Final = 2.0
"""Seconds without news after which the watch asks."""

SLACK: Final = 3.0
"""Seconds that a busy machine may add to that."""

OFFSETS: Final = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.5, 1.9, 2.0, 2.1)
"""Seconds after IDLE began at which something happens.

What does between 0.5 and 1.0 is not pushed: Dovecot would do so half a second later,
when it hibernates already. At 2.0 the watch asks, which wakes the session.
"""

AWAKE: Final = 8
"""How often something happens while a session wakes up, which takes 20 ms."""

GAPS: Final = (0.0, 0.002, 0.005, 0.01, 0.02)
"""Seconds between these."""

NONE = frozenset[Flag]()
FLAGGED = frozenset({Flag.FLAGGED})

CONFIG: Final = f"""
imap_hibernate_timeout = {HIBERNATES_AFTER:.0f}s
service imap {{
  unix_listener imap-master {{
    mode = 0600
  }}
}}
service imap-hibernate {{
  unix_listener imap-hibernate {{
    mode = 0600
  }}
}}
"""


@pytest.fixture(scope="module")
def hibernating(
    dovecot: DovecotServer, certificates: Certificates
) -> Iterator[DovecotServer]:
    """A Dovecot that hibernates as soon as it can."""
    with DovecotServer(certificates=certificates, extra_config=CONFIG) as server:
        yield server


class Tap:
    """Hears a connection, to know whether the server tells of new mail unasked.

    Attributes:
        idle: set while the server may.
        pushed: how often it did.
        asked: how often it told it only when IDLE was over.
    """

    def __init__(self) -> None:
        self.idle = asyncio.Event()
        self.pushed = self.asked = 0

    def __call__(self, record: TraceRecord) -> None:
        """Take in what goes over it."""
        if record.text == "DONE":
            self.idle.clear()
        elif record.text.startswith("+ idling"):
            self.idle.set()
        elif record.text.endswith(" EXISTS"):
            if self.idle.is_set():
                self.pushed += 1
            else:
                self.asked += 1


class Watched:
    """A mailbox that is watched, and changed by somebody else.

    Attributes:
        tap: on the connection of the watch.
        messages: as they are, by UID: the first half is there to be changed.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        writer: IMAPClient,
        events: asyncio.Queue[WatchEvent],
        tap: Tap,
        messages: Mapping[int, frozenset[Flag]],
    ) -> None:
        self.endpoint = endpoint
        self.tap = tap
        self.messages = dict(messages)
        self._inbox = writer.mailbox()
        self._events = events
        self._mirror = Mirror(messages)
        self._old = iter(list(messages))
        self._told = list[WatchEvent]()
        self._changes = 0

    async def deliver(self) -> None:
        """Add a message."""
        uid = (await self._inbox.append(small(1))).uid
        assert uid is not None
        self.messages[uid] = NONE
        self._changes += 1

    async def flag(self) -> None:
        """Flag a message that was there before."""
        uid = next(self._old)
        await self._inbox.add_flags([uid], Flag.FLAGGED)
        self.messages[uid] = FLAGGED
        self._changes += 1

    async def expunge(self) -> None:
        r"""Remove a message that was there before, without giving it \Deleted."""
        uid = next(self._old)
        await self._inbox.move([uid], "Trash")
        del self.messages[uid]
        self._changes += 1

    async def change(self) -> None:
        """Do all of this once."""
        await self.expunge()
        await self.flag()
        await self.deliver()

    async def all_is_told(self) -> None:
        """Take events until all changes are told, each once, the new ones in order."""
        async with asyncio.timeout(PATIENCE):
            while len(self._told) < self._changes:
                event = await self._events.get()
                self._mirror.apply(event)
                self._told.append(event)
        assert self._mirror.messages == self.messages
        assert self._events.empty()
        news = [event.uid for event in self._told if isinstance(event, NewMessage)]
        assert news == sorted(news)
        assert all(
            isinstance(event, NewMessage | FlagsChanged | MessageExpunged)
            for event in self._told
        )

    async def hibernates(self) -> None:
        """Wait until the session of the watch does."""
        async with asyncio.timeout(PATIENCE):
            while not await asyncio.to_thread(self._is_hibernating):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)

    def _is_hibernating(self) -> bool:
        backend = self.endpoint.backend
        assert isinstance(backend, DovecotServer)
        table = backend.doveadm("-f", "tab", "who", "-1", self.endpoint.username)
        pids = [row.split("\t")[2] for row in table.splitlines()[1:]]
        return any("imap-hibernate" in name for name in map(_program, pids))


def _program(pid: str) -> str:
    """Return the name of a process, or nothing if it ended just now."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text()
    return ""


@asynccontextmanager
async def watched(server: DovecotServer, count: int) -> AsyncIterator[Watched]:
    """A mailbox of *count* messages."""
    endpoint = endpoint_of("dovecot", server, server.new_user())
    tap = Tap()
    async with (
        client_of(endpoint) as writer,
        client_of(endpoint, idle_check=CHECK, trace=tap) as client,
    ):
        inbox = writer.mailbox()
        uids = [(await inbox.append(small(1))).uid for _ in range(count)]
        async with client.watch("INBOX") as events:
            tap.pushed = tap.asked = 0
            messages = {uid: NONE for uid in uids if uid is not None}
            yield Watched(endpoint, writer, events, tap, messages)


async def test_what_is_lost_at_the_moment_of_hibernation_is_told_when_asked(
    hibernating: DovecotServer,
) -> None:
    """Within the interval after which the watch asks, each change once, in order."""

    async def one(offset: float) -> Tap:
        async with watched(hibernating, 2 * ROUNDS) as box:
            for _ in range(ROUNDS):
                await box.tap.idle.wait()
                await asyncio.sleep(offset)  # of the server's own clock
                await box.change()
                async with asyncio.timeout(CHECK + SLACK):
                    await box.all_is_told()
        return box.tap

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(offset)) for offset in OFFSETS]
    taps = [task.result() for task in running]
    assert any(tap.asked for tap in taps), "the server told everything unasked"
    assert any(tap.pushed for tap in taps), "it told nothing unasked"


async def test_what_happens_while_a_session_wakes_up_is_told(
    hibernating: DovecotServer,
) -> None:
    """The first change wakes it, others come while it is handed back, or just then."""

    async def one(gap: float) -> None:
        async with watched(hibernating, 2 * ROUNDS * AWAKE) as box:
            for _ in range(ROUNDS):
                await box.hibernates()
                for _ in range(AWAKE):
                    await box.change()
                    await asyncio.sleep(gap)  # of the server's own clock
                async with asyncio.timeout(CHECK + SLACK):
                    await box.all_is_told()

    async with asyncio.TaskGroup() as tasks:
        for gap in GAPS:
            tasks.create_task(one(gap))
