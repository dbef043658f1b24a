"""Many callers, few connections, on servers that count."""

from __future__ import annotations

import asyncio
import random
import re

from aiosage import ConnectionConfig, IMAPConnectionPool, Secret, Security
from aiosage.testing import Certificates, DovecotServer

from ..client.accounts import config_of
from ..conftest import Endpoint

CALLERS, SIZE = 1000, 5


async def crowd(pool: IMAPConnectionPool, seed: int) -> tuple[int, int]:
    """Have a thousand callers at once, and cancel some at random.

    Returns:
        How many were served, and how many cancelled.
    """
    rng = random.Random(seed)
    unserved: set[int] = set()

    async def call(number: int) -> None:
        unserved.add(number)
        try:
            async with pool.connection("INBOX", read_only=True) as connection:
                unserved.discard(number)
                # First come, first served: those before are being made ready.
                assert sum(other < number for other in unserved) < SIZE
                await connection.noop()
        finally:
            unserved.discard(number)

    callers = [asyncio.create_task(call(number)) for number in range(CALLERS)]
    try:
        for _ in range(CALLERS // 5):
            await asyncio.sleep(rng.random() / 500)
            victim = rng.randrange(CALLERS)
            unserved.discard(victim)  # it learns of it a little later
            callers[victim].cancel()
        async with asyncio.timeout(60):
            await asyncio.wait(callers)
    finally:
        for caller in callers:
            caller.cancel()
    cancelled = sum(caller.cancelled() for caller in callers)
    for caller in callers:
        if not caller.cancelled():
            caller.result()
    return CALLERS - cancelled, cancelled


def assert_at_rest(pool: IMAPConnectionPool) -> None:
    stats = pool.stats()
    assert (stats.busy, stats.waiting, stats.failures, stats.timeouts) == (0, 0, 0, 0)
    assert stats.idle == stats.size == stats.opened - stats.closed <= SIZE


async def test_a_thousand_callers_share_five_connections(server: Endpoint) -> None:
    """All are served in order, none is left, and nothing leaks."""
    async with IMAPConnectionPool(config_of(server), max_size=SIZE) as pool:
        served, cancelled = await crowd(pool, seed=1)
        assert_at_rest(pool)
    assert served + cancelled == CALLERS
    assert cancelled > 0


def allowed(server: DovecotServer) -> ConnectionConfig:
    """Return the account of a new user."""
    user = server.new_user()
    # Several that open it at once as the first may be told that it exists already.
    server.doveadm("mailbox", "create", "-u", user, "INBOX")
    return ConnectionConfig(
        host=server.host,
        port=server.port,
        username=user,
        password=Secret(server.password),
        security=Security.PLAIN,
    )


def most_sessions(log: str) -> int:
    """Return how many sessions there were at once, by the log of Dovecot."""
    sessions = most = 0
    for line in log.splitlines():
        if "imap-login: Info: Login:" in line:
            sessions += 1
            most = max(most, sessions)
        elif re.search(r"imap\(\S+: Info: (Logged out|Disconnected|Connection)", line):
            sessions -= 1
    return most


async def test_dovecot_never_counts_a_sixth_session(
    certificates: Certificates, dovecot: DovecotServer
) -> None:
    """It refuses one more than five for a user, too, but logins at once slip in."""
    with DovecotServer(
        certificates=certificates,
        extra_config=f"mail_max_userip_connections = {SIZE}",
    ) as strict:
        config = allowed(strict)
        async with IMAPConnectionPool(config, max_size=SIZE) as pool:
            await crowd(pool, seed=2)
            assert_at_rest(pool)
            sessions = pool.stats().opened
        log = strict.log_tail(100_000)
        assert log.count("imap-login: Info: Login:") >= sessions
        assert "Maximum number of connections" not in log
        assert most_sessions(log) == SIZE
