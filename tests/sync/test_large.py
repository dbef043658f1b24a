"""Ten thousand messages, all of them, once."""

from __future__ import annotations

import gc
import hashlib
import tracemalloc

from aiosage import Flag, IMAPClient
from aiosage.sync import SQLiteStore, sync_accounts
from aiosage.testing import DovecotServer

from .mirror import account, fill, mail, of_store
from .relay import Relay

COUNT = 10_000


async def test_ten_thousand_messages_are_synchronised_once(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    messages = [mail(n) for n in range(COUNT)]
    async with Relay(dovecot.host, dovecot.port).listening() as relay:
        config = account(relay.host, relay.port, dovecot.new_user(), dovecot.password)
        await fill(config, messages)

        report = await sync_accounts([config], sqlite)

        assert report.ok
        assert report.new == COUNT
        assert report.octets == sum(map(len, messages))
        assert relay.bodies == COUNT
        stored = [m async for m in sqlite.messages(config.account, "INBOX")]
        # Dovecot gives UIDs in the order of APPEND.
        assert [m.sha256 for m in stored] == [
            hashlib.sha256(message).hexdigest() for message in messages
        ]
        # The digests are those of what is in the file.
        assert len((await of_store(sqlite, config))["INBOX"]) == COUNT

        commands = len(relay.body_fetches)
        async with IMAPClient(config) as client:
            await client.mailbox().add_flags([stored[77].uid], Flag.FLAGGED)
        again = await sync_accounts([config], sqlite)

        assert again.ok
        assert (again.new, again.vanished, again.flags_changed) == (0, 0, 1)
        assert (len(relay.body_fetches), relay.bodies) == (commands, COUNT)


async def test_memory_does_not_grow_with_the_mailbox(
    dovecot: DovecotServer, sqlite: SQLiteStore
) -> None:
    """Nor is it left to the garbage collector, which may take its time."""
    size, count = 3 * 2**20, 20
    config = account(dovecot.host, dovecot.port, dovecot.new_user(), dovecot.password)
    await fill(config, [mail(1, size)] * count)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        report = await sync_accounts([config], sqlite)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()

    assert report.ok
    assert report.octets > count * size
    assert peak < 10 * size
