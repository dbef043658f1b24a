"""Watching mailboxes, on both servers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from aiosage import (
    ConnectionState,
    Flag,
    FlagsChanged,
    IMAPClient,
    IMAPConnectionPool,
    IMAPMailboxError,
    IMAPPoolTimeout,
    MailboxReset,
    MessageExpunged,
    NewMessage,
)
from aiosage.testing import DovecotServer, MemoryServer
from aiosage.watch import watch

from ..client.accounts import OtherClient, client_of, config_of, small
from ..client.relay import Relay
from ..conftest import Endpoint
from ..connection.scripted import LOGGED_IN, Peer, config, scripted
from .mirror import PATIENCE, Mirror, take

NONE = frozenset[Flag]()
SEEN = frozenset({Flag.SEEN})
FLAGGED = frozenset({Flag.FLAGGED})


async def test_what_happens_is_told_in_order(
    server: Endpoint, other: OtherClient
) -> None:
    other.deliver(small(1))
    async with (
        client_of(server) as client,
        client.watch("INBOX") as events,
    ):
        uidvalidity = (await client.mailbox().search()).uidvalidity
        other.deliver(small(2))
        assert await take(events, 1) == [NewMessage("INBOX", uidvalidity, 2, NONE)]
        other.add_flag(1, Flag.SEEN)
        assert await take(events, 1) == [FlagsChanged("INBOX", uidvalidity, 1, SEEN)]
        other.remove_flag(1, Flag.SEEN)
        assert await take(events, 1) == [FlagsChanged("INBOX", uidvalidity, 1, NONE)]
        other.expunge(1)
        assert await take(events, 1) == [MessageExpunged("INBOX", uidvalidity, 1)]
        other.deliver(small(3), small(4))
        assert [
            event.uid
            for event in await take(events, 2)
            if isinstance(event, NewMessage)
        ] == [3, 4]
        assert events.empty()


async def test_what_goes_is_told_where_it_is_told_by_uid(
    server: Endpoint, other: OtherClient
) -> None:
    """With QRESYNC enabled it is VANISHED, not EXPUNGE (RFC 7162 §3.2.10)."""
    other.deliver(small(1), small(2), small(3))
    config = replace(config_of(server), enable=("QRESYNC",))
    async with IMAPClient(config) as client, client.watch("INBOX") as events:
        other.expunge(2)
        (gone,) = await take(events, 1)
        assert isinstance(gone, MessageExpunged)
        assert gone.uid == 2
        other.add_flag(3, Flag.SEEN)
        (changed,) = await take(events, 1)
        assert isinstance(changed, FlagsChanged)
        assert (changed.uid, changed.flags) == (3, SEEN)


async def test_a_message_that_is_told_of_can_be_read_at_once(
    server: Endpoint, other: OtherClient
) -> None:
    """By another connection, which has not heard of it yet."""
    async with (
        client_of(server) as client,
        client.watch("INBOX") as events,
    ):
        inbox = client.mailbox()
        assert not await inbox.search()
        for number in (1, 2):
            other.deliver(small(number))
            (event,) = await take(events, 1)
            assert isinstance(event, NewMessage)
            found = [m.subject async for m in inbox.fetch([event.uid])]
            assert found == [f"number {number}"]


async def test_what_the_client_itself_does_is_told_too(server: Endpoint) -> None:
    async with (
        client_of(server) as client,
        client.watch("INBOX") as events,
    ):
        inbox = client.mailbox()
        await inbox.append(small(1), flags=[Flag.SEEN])
        (new,) = await take(events, 1)
        await inbox.add_flags([1], Flag("Work"))
        (changed,) = await take(events, 1)
        await inbox.move([1], "Archive")
        (gone,) = await take(events, 1)

    assert isinstance(new, NewMessage)
    assert new.flags == SEEN
    assert isinstance(changed, FlagsChanged)
    assert changed.flags == {Flag.SEEN, Flag("Work")}
    assert isinstance(gone, MessageExpunged)


@pytest.mark.parametrize("connections", [1, 2, 3])
async def test_several_mailboxes_share_one_queue(
    any_server: Endpoint, connections: int
) -> None:
    server, other = any_server, OtherClient(any_server)
    quoted = "a b" if server.kind == "cyrus" else 'a "b"'  # Cyrus refuses quotes
    names = ["INBOX", "Grüße & Co", quoted]
    for name in names[1:]:
        other.create(name)
    async with (
        client_of(server, poll_interval=0.1) as client,
        client.watch(*names, connections=connections) as events,
    ):
        assert client.stats().busy == connections
        for name in names:
            other.deliver(small(1), mailbox=name)
        told = await take(events, 3)
        assert {event.mailbox for event in told} == set(names)

        assert client.stats().busy == connections
    assert client.stats().size == 0


async def test_idle_is_renewed_and_nothing_is_told_twice(
    server: Endpoint, relay: Relay, other: OtherClient
) -> None:
    """Servers log out clients idle for 30 minutes (RFC 2177 §3)."""
    renewals = asyncio.Semaphore(0)

    def count(sent: bytes) -> None:
        if b" IDLE\r\n" in sent:
            renewals.release()

    relay.before_sending = count
    async with (
        client_of(server, port=relay.port, idle_renewal=0.05) as client,
        client.watch("INBOX") as events,
    ):
        mirror = Mirror()
        for number in range(1, 5):
            other.deliver(small(number))
            async with asyncio.timeout(PATIENCE):
                for _ in range(2):
                    await renewals.acquire()
        await mirror.follow(events, dict.fromkeys(range(1, 5), NONE))

        assert events.empty()
    assert relay.most <= 2


@pytest.mark.parametrize(
    "kind", ["memory", pytest.param("dovecot", marks=pytest.mark.dovecot)]
)
async def test_a_server_without_idle_is_polled(
    request: pytest.FixtureRequest, kind: str
) -> None:
    async with (
        _without_idle(request, kind) as (endpoint, client),
        client.watch("INBOX") as events,
    ):
        mirror, other = Mirror(), OtherClient(endpoint)
        other.deliver(small(1))
        await mirror.follow(events, {1: NONE})
        other.add_flag(1, Flag.SEEN)
        await mirror.follow(events, {1: SEEN})
        other.expunge(1)
        await mirror.follow(events, {})


@asynccontextmanager
async def _without_idle(
    request: pytest.FixtureRequest, kind: str
) -> AsyncIterator[tuple[Endpoint, IMAPClient]]:
    backend: MemoryServer | DovecotServer
    if kind == "memory":
        backend = MemoryServer(disable=["IDLE"])
    else:
        request.getfixturevalue("dovecot")  # skips where there is none
        backend = DovecotServer(capability="IMAP4rev1 UIDPLUS")
    async with backend:
        if isinstance(backend, MemoryServer):
            backend.add_account("user", "secret")
        certificates = request.getfixturevalue("certificates")
        endpoint = Endpoint(
            kind="memory" if kind == "memory" else "dovecot",
            host=backend.host,
            port=backend.port,
            tls_port=0,
            username="user",
            password="secret",
            ssl_context=certificates.client_context(),
            backend=backend,
        )
        async with client_of(endpoint, poll_interval=0.02) as client:
            yield endpoint, client


async def test_what_happened_while_the_connection_was_lost_is_told_once_in_order(
    server: Endpoint, relay: Relay, other: OtherClient
) -> None:
    other.deliver(small(1), small(2), small(3))
    async with (
        client_of(server, port=relay.port) as client,
        client.watch("INBOX") as events,
    ):
        relay.is_open = False
        relay.cut()
        (lost,) = await take(events, 1)
        assert isinstance(lost, ConnectionState)
        assert not lost.is_connected
        assert lost.reason
        other.deliver(small(4))
        other.expunge(1)
        other.expunge(3)
        other.add_flag(2, Flag.FLAGGED)
        relay.is_open = True

        uidvalidity = (await client.mailbox().search()).uidvalidity
        assert await take(events, 5) == [
            MessageExpunged("INBOX", uidvalidity, 1),
            MessageExpunged("INBOX", uidvalidity, 3),
            FlagsChanged("INBOX", uidvalidity, 2, FLAGGED),
            NewMessage("INBOX", uidvalidity, 4, NONE),
            ConnectionState("INBOX", True),
        ]
        other.deliver(small(5))
        assert await take(events, 1) == [NewMessage("INBOX", uidvalidity, 5, NONE)]
        assert events.empty()


async def test_a_server_that_is_not_ready_yet_is_asked_again() -> None:
    """One that restarts may take the login first, and the mailbox only later."""
    opening = "C: T1 EXAMINE INBOX\nS: * 0 EXISTS\nS: T1 OK\nC: T2 IDLE\nS: + idling"
    later = [
        f"{LOGGED_IN}{opening}\nS! close",
        f"{LOGGED_IN}C: T1 EXAMINE INBOX\nS: T1 NO [UNAVAILABLE] not yet\n{opening}",
    ]

    async def serve(peer: Peer) -> None:
        await peer.play(later.pop(0))

    async with (
        scripted(serve) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX") as events,
    ):
        lost, again = await take(events, 2)
    assert isinstance(lost, ConnectionState)
    assert not lost.is_connected
    assert again == ConnectionState("INBOX", True)


async def test_every_loss_is_told_and_made_good(
    server: Endpoint, other: OtherClient
) -> None:
    """Also when one follows another at once."""
    async with (
        client_of(server) as client,
        client.watch("INBOX") as events,
    ):
        mirror = Mirror()
        for number in range(1, 4):
            other.cut()
            other.deliver(small(number))
            await mirror.follow(events, dict.fromkeys(range(1, number + 1), NONE))
            while mirror.states != [False, True] * number:
                mirror.apply(*await take(events, 1))

        assert events.empty()


async def test_a_mailbox_made_anew_is_told_as_a_reset(
    server: Endpoint, relay: Relay, other: OtherClient
) -> None:
    """Even if the first connection to the new one is lost while looking at it."""
    other.create("Box")
    other.deliver(small(1), small(2), mailbox="Box")
    looks = 0

    def cut_the_first_look(sent: bytes) -> None:
        nonlocal looks
        if b"UID FETCH" in sent:
            looks += 1
            if looks == 2:  # the first was before the block
                relay.cut()

    relay.before_sending = cut_the_first_look
    async with (
        client_of(server, port=relay.port) as client,
        client.watch("Box") as events,
    ):
        relay.is_open = False
        relay.cut()
        await take(events, 1)
        other.delete("Box")
        other.create("Box")
        other.deliver(small(3), mailbox="Box")
        relay.is_open = True
        reset, new, connected = await take(events, 3)

    assert looks >= 3
    assert isinstance(reset, MailboxReset)
    assert new == NewMessage("Box", reset.uidvalidity, 1, NONE)
    assert connected == ConnectionState("Box", True)


async def test_a_mailbox_made_anew_while_it_is_watched_is_told_as_a_reset(
    server: Endpoint, other: OtherClient
) -> None:
    """Dovecot keeps the session in the old one, and merely warns."""
    other.create("Box")
    other.deliver(small(1), small(2), mailbox="Box")
    async with (
        client_of(server) as client,
        client.watch("Box") as events,
    ):
        mirror = Mirror({1: NONE, 2: NONE})
        other.delete("Box")
        other.create("Box")
        await mirror.follow(events, {})
        other.deliver(small(3), mailbox="Box")
        other.add_flag(1, Flag.FLAGGED, "Box")
        await mirror.follow(events, {1: FLAGGED})

        assert mirror.resets == 1


async def test_a_mailbox_that_is_removed_ends_the_watch(
    server: Endpoint, other: OtherClient
) -> None:
    other.create("Box")
    other.deliver(small(1), mailbox="Box")

    async def keep_watching(client: IMAPClient) -> None:
        async with client.watch("INBOX", "Box") as events:
            other.delete("Box")
            while True:
                await events.get()

    async with client_of(server, poll_interval=0.1) as client:
        with pytest.raises(IMAPMailboxError, match="Box"):
            async with asyncio.timeout(PATIENCE):
                await keep_watching(client)
        assert client.stats().busy == 0


async def test_what_cannot_be_watched_is_told_at_once(server: Endpoint) -> None:
    async with client_of(server) as client:
        with pytest.raises(IMAPMailboxError):
            async with client.watch("INBOX", "missing"):
                pytest.fail("there is no such mailbox")
        with pytest.raises(ValueError, match="at least one connection"):
            async with client.watch("INBOX", connections=0):
                pytest.fail("nothing would be heard")
        with pytest.raises(ValueError, match="at least one event"):
            async with client.watch("INBOX", queue_size=0):
                pytest.fail("such a queue would be without bounds")
        with pytest.raises(ValueError, match="at least one mailbox"):
            client.watch()
        assert client.stats().busy == 0


async def test_more_mailboxes_than_connections_is_a_pool_timeout(
    server: Endpoint,
) -> None:
    pool = IMAPConnectionPool(config_of(server), max_size=1, acquire_timeout=0.05)
    async with pool:
        with pytest.raises(IMAPPoolTimeout, match="raise max_size"):
            async with watch(pool, "INBOX", "Sent", connections=2):
                pytest.fail("each needs a connection of its own")


async def test_a_slow_consumer_loses_nothing(
    server: Endpoint, other: OtherClient
) -> None:
    """The queue is full all the time, while much happens behind it."""
    async with (
        client_of(server) as client,
        client.watch("INBOX", queue_size=1) as events,
    ):
        inbox = client.mailbox()
        await inbox.append(small(0))
        while len(found := await inbox.search()) < 300:
            await inbox.copy(found, "INBOX")
        await inbox.add_flags(found, Flag.SEEN)
        await inbox.expunge([uid for uid in found if uid % 3])
        left = await inbox.search()

        mirror = Mirror()
        await mirror.follow(events, dict.fromkeys(left, SEEN))
        other.deliver(small(1))
        await mirror.follow(events, {**dict.fromkeys(left, SEEN), max(found) + 1: NONE})


async def test_news_of_the_mailbox_open_before_is_not_taken_for_the_watched_one(
    server: Endpoint, other: OtherClient
) -> None:
    """The pool lends whichever connection it has, with whatever is open."""
    other.create("Busy")
    other.deliver(*map(small, range(5)), mailbox="Busy")
    other.deliver(small(1))
    async with client_of(server, max_connections=1) as client:
        await client.mailbox("Busy").search()
        other.expunge(2, "Busy")
        other.deliver(small(6), mailbox="Busy")
        async with client.watch("INBOX") as events:
            other.deliver(small(2))
            (event,) = await take(events, 1)
            assert isinstance(event, NewMessage)
            assert event.uid == 2
            assert client.stats().opened == 1


async def test_a_message_that_cannot_be_fetched_does_not_keep_the_watch_busy() -> None:
    """Some servers count a broken message, and tell nothing of it."""
    script = f"""{LOGGED_IN}
C: T1 EXAMINE INBOX
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T1 OK
C: T2 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: T2 OK
C: T3 UID FETCH 2:4294967295 (FLAGS)
S: T3 OK
C: T4 NOOP
S: T4 OK
C: T5 IDLE
S: + idling
S: * 3 EXISTS
C: DONE
S: T5 OK
C: T6 UID FETCH 2:4294967295 (FLAGS)
S: * 3 FETCH (UID 5 FLAGS ())
S: T6 OK
C: T7 UID FETCH 2:4294967295 (FLAGS)
S: * 3 FETCH (UID 5 FLAGS ())
S: T7 OK
C: T8 NOOP
S: T8 OK
C: T9 IDLE
S: + idling
S: * 3 FETCH (FLAGS (\\Seen))
C: DONE
S: T9 OK
C: T10 LOGOUT
S: * BYE
S: T10 OK
"""
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX") as events,
    ):
        new, changed = await take(events, 2)
    assert new == NewMessage("INBOX", 7, 5, NONE)
    assert changed == FlagsChanged("INBOX", 7, 5, SEEN)


async def test_a_message_that_comes_while_another_is_asked_for_is_told_at_once() -> (
    None
):
    """As many are unknown as before, but it is another one."""
    script = f"""{LOGGED_IN}
C: T1 EXAMINE INBOX
S: * 0 EXISTS
S: T1 OK
C: T2 IDLE
S: + idling
S: * 1 EXISTS
C: DONE
S: T2 OK
C: T3 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 EXISTS
S: T3 OK
C: T4 UID FETCH 2:4294967295 (FLAGS)
S: * 2 FETCH (UID 2 FLAGS ())
S: T4 OK
C: T5 IDLE
S: + idling
C: DONE
S: T5 OK
C: T6 LOGOUT
S: * BYE
S: T6 OK
"""
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX") as events,
    ):
        told = await take(events, 2)
    assert [event.uid for event in told if isinstance(event, NewMessage)] == [1, 2]


async def test_cancelling_at_any_time_gives_the_connections_back(
    server: Endpoint, other: OtherClient
) -> None:
    """While connecting, looking, in IDLE, renewing it or telling."""
    rng = random.Random(5)
    other.deliver(small(1))

    async def keep_watching(client: IMAPClient) -> None:
        async with client.watch("INBOX", "Sent", queue_size=1) as events:
            while True:
                await events.get()

    async with client_of(server, idle_renewal=0.01) as client:
        for number in range(25):
            task = asyncio.create_task(keep_watching(client))
            await asyncio.sleep(rng.random() / 20)
            if number % 5 == 0:
                other.deliver(small(number))
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
            assert client.stats().busy == 0
        assert len(await client.mailbox().search()) == 6
        assert client.stats().opened - client.stats().closed <= 2


async def test_the_exception_of_the_consumer_reaches_it_as_it_was(
    server: Endpoint,
) -> None:
    """Not in a group, and with the cause it had."""
    cause = KeyError("cause")

    async def consume(client: IMAPClient) -> None:
        async with client.watch("INBOX"):
            raise RuntimeError("of the consumer") from cause

    async with client_of(server) as client:
        with pytest.raises(RuntimeError, match="of the consumer") as caught:
            await consume(client)
        assert caught.value.__cause__ is cause
        assert client.stats().busy == 0


async def test_leaving_the_block_ends_idle_and_gives_the_connection_back(
    server: Endpoint, relay: Relay
) -> None:
    async with client_of(server, port=relay.port, max_connections=1) as client:
        for _ in range(3):
            async with client.watch("INBOX"):
                assert client.stats().busy == 1
            assert not await client.mailbox().search()
        assert client.stats().opened == 1
