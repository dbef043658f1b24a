"""Watching mailboxes in which a lot happens."""

from __future__ import annotations

import asyncio
import random

import pytest

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPClient,
    Secret,
    Security,
    WatchEvent,
)
from aiosage.testing import MemoryServer

from ..client.accounts import small
from .mirror import Mirror, take

NONE = frozenset[Flag]()


async def test_more_news_than_is_held_is_told_as_the_difference_it_makes() -> None:
    """Nobody takes events while flags change 15,000 times: memory is bounded."""
    async with MemoryServer() as server:
        inbox = server.add_account("user", "secret").mailbox("INBOX")
        for number in range(2500):
            inbox.deliver(small(number))
        async with (
            IMAPClient(config_for(server)) as client,
            client.watch("INBOX", queue_size=1) as events,
        ):
            for flag in ("a", "b", "c", "d", "e", "f"):
                inbox.add_flags(inbox.uids, flag)
                for _ in range(100):  # the watch hears of each change
                    await asyncio.sleep(0)
            mirror, taken = Mirror(dict.fromkeys(inbox.uids, NONE)), 0
            final = {m.uid: m.flags for m in inbox.messages}
            while mirror.messages != final:
                mirror.apply(*await take(events, 1))
                taken += 1

    assert 2500 <= taken < 5000


@pytest.mark.parametrize("seed", range(8))
async def test_the_mirror_equals_the_mailbox_whatever_happened(seed: int) -> None:
    """Random changes by others while connections are cut at random."""
    rng = random.Random(seed)
    async with MemoryServer() as server:
        account = server.add_account("user", "secret")
        inbox = account.mailbox("INBOX")
        for number in range(5):
            inbox.deliver(small(number))
        config = config_for(server, idle_renewal=0.05)
        async with IMAPClient(config) as client:
            mirror = Mirror(dict.fromkeys(inbox.uids, NONE))
            queue_size = rng.choice([1, 3, 1000])
            async with client.watch("INBOX", queue_size=queue_size) as events:
                consumer = asyncio.create_task(_consume(mirror, events, rng.random()))
                for _ in range(300):
                    _change(server, rng)
                    if rng.random() < 0.03:
                        server.disconnect_all(abort=rng.random() < 0.5)
                    if rng.random() < 0.3:
                        await asyncio.sleep(rng.random() / 100)
                consumer.cancel()
                await asyncio.wait([consumer])
                assert consumer.cancelled()
                final = {m.uid: m.flags for m in inbox.messages}
                await mirror.follow(events, final)
                inbox.deliver(small(0))
                final[inbox.uids[-1]] = NONE
                await mirror.follow(events, final)


def config_for(server: MemoryServer, *, idle_renewal: float = 1000) -> ConnectionConfig:
    return ConnectionConfig(
        host=server.host,
        port=server.port,
        username="user",
        password=Secret("secret"),
        security=Security.PLAIN,
        idle_renewal=idle_renewal,
    )


async def _consume(
    mirror: Mirror, events: asyncio.Queue[WatchEvent], leisure: float
) -> None:
    while True:
        mirror.apply(await events.get())
        await asyncio.sleep(leisure / 200)


def _change(server: MemoryServer, rng: random.Random) -> None:
    inbox = server.account("user").mailbox("INBOX")
    uid = rng.choice(inbox.uids or [0])
    match rng.randrange(4):
        case 0:
            inbox.deliver(small(1), flags=rng.choice([(), (Flag.SEEN,)]))
        case 1:
            inbox.add_flags([uid], rng.choice([Flag.SEEN, Flag.FLAGGED]))
        case 2:
            inbox.remove_flags([uid], rng.choice([Flag.SEEN, Flag.FLAGGED]))
        case _:
            if rng.random() < 0.7:
                inbox.expunge([uid])
