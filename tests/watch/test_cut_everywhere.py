"""Watches cut after any octet, sent or received, tell each change once.

As of every other operation (see `tests/client/test_cut_everywhere.py`), with
``AIOSAGE_CUT_EVERY=1`` they are cut after every octet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from aiosage import Flag, IMAPClient, IMAPConnectionError, WatchCursor
from aiosage.testing import DovecotServer, MemoryServer

from ..client.accounts import small
from ..client.cutting import CuttingRelay
from ..client.test_cut_everywhere import (
    EVERY,
    EVERY_ON_DOVECOT,
    Account,
    MemoryServerAccount,
    reusing,
)
from .mirror import Mirrors

__all__ = ["reusing"]  # a fixture

AT_ONCE: Final = 8 if EVERY == 1 else 32
"""More of them, for minutes, take longer each than a `Mirror` has patience for."""

WATCHED: Final = ("INBOX", "Archive")
NONE: Final = frozenset[Flag]()
SEEN: Final = frozenset({Flag.SEEN})

pytestmark = pytest.mark.timeout(1800 if EVERY == 1 else 120)

Arm = Callable[[], None]
Watch = Callable[[IMAPClient, IMAPClient, Arm], Awaitable[None]]


def mirrors() -> Mirrors:
    """What an `Account` has in the beginning."""
    return Mirrors({"INBOX": dict.fromkeys((1, 2, 3), NONE), "Archive": {1: NONE}})


async def change(client: IMAPClient) -> dict[str, dict[int, frozenset[Flag]]]:
    """Let one of everything happen; return how the mailboxes are then."""
    inbox = client.mailbox()
    await inbox.append(small(4))
    await inbox.add_flags([2], Flag.SEEN)
    await inbox.move([1], "Archive")
    return {"INBOX": {2: SEEN, 3: NONE, 4: NONE}, "Archive": {1: NONE, 2: NONE}}


async def idle(client: IMAPClient, other: IMAPClient, arm: Arm) -> None:
    """Watch through IDLE, what it tells, looks elsewhere and IDLE again."""
    mirror = mirrors()
    async with client.watch(*WATCHED) as events:
        arm()
        until = await change(other)
        await mirror.follow(events, until)
        await other.mailbox().append(small(5))
        until["INBOX"][5] = NONE
        await mirror.follow(events, until)
    while not events.empty():  # that it was cut, at the most
        mirror.apply(events.get_nowait())
    assert mirror.contents == until


async def go_on(client: IMAPClient, other: IMAPClient, arm: Arm) -> None:
    """Watch from a cursor on, from the first look at each mailbox."""
    mirror = mirrors()
    async with other.watch(*WATCHED) as events:
        cursor: WatchCursor = events.cursor
    until = await change(other)
    arm()
    while mirror.contents != until:
        try:
            async with client.watch(*WATCHED, since=cursor) as events:
                mirror.is_lost = False
                try:
                    await mirror.follow(events, until)
                finally:
                    cursor = events.cursor
        except IMAPConnectionError:
            pass  # there was none to begin with


WATCHES: Final[dict[str, Watch]] = {"idle": idle, "go on": go_on}


async def measure(account: Account, watch: Watch) -> tuple[int, int]:
    """Return how many octets are sent and received when nothing is cut."""
    async with account.behind_relay() as (relay, client), account.client() as other:
        await watch(client, other, relay.arm)
        return relay.sent, relay.received


async def cut_everywhere(
    watch: Watch, new_account: Callable[[], Account], by: int
) -> int:
    """Cut after every *by* octets, each time in another account; return how often."""
    sent, received = await measure(new_account(), watch)
    slots = asyncio.Semaphore(AT_ONCE)
    relays: list[CuttingRelay] = []

    async def one(sent: int | None, received: int | None) -> None:
        account = new_account()
        try:
            async with (
                slots,
                account.behind_relay() as (relay, client),
                account.client() as other,
            ):
                relays.append(relay)
                await watch(
                    client, other, lambda: relay.arm(sent=sent, received=received)
                )
        except Exception as error:
            error.add_note(f"cut after {sent=} or {received=} octets")
            raise

    async with asyncio.TaskGroup() as tasks:
        for octets in range(0, sent, by):
            tasks.create_task(one(octets, None))
        for octets in range(0, received, by):
            tasks.create_task(one(None, octets))
    return sum(relay.cuts for relay in relays)


@pytest.mark.parametrize("lacking", [(), ("CONDSTORE",)], ids=["condstore", "scan"])
@pytest.mark.parametrize("name", WATCHES)
async def test_a_watch_cut_anywhere_tells_each_change_once(
    name: str, lacking: tuple[str, ...]
) -> None:
    async with MemoryServer(disable=lacking) as server:
        users = 0

        def new_account() -> Account:
            nonlocal users
            users += 1
            return MemoryServerAccount(server, f"user{users}")

        assert await cut_everywhere(WATCHES[name], new_account, by=EVERY) > 3


@pytest.mark.dovecot
@pytest.mark.parametrize("name", WATCHES)
async def test_a_watch_cut_anywhere_tells_each_change_once_on_dovecot(
    name: str, reusing: DovecotServer
) -> None:
    """With NOTIFY and QRESYNC."""

    def new_account() -> Account:
        user = reusing.new_user()
        return Account(reusing.host, reusing.port, user, reusing.password)

    assert await cut_everywhere(WATCHES[name], new_account, by=EVERY_ON_DOVECOT) > 3
