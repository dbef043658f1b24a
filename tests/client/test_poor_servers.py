"""What is done another way, or refused, where a server lacks an extension."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPCapabilityError,
    IMAPClient,
    IMAPMailboxError,
    IMAPSearchCriteria,
    MessageSet,
    Secret,
    Security,
)
from aiosage.testing import DovecotServer, MemoryServer

from .accounts import small
from .relay import Relay

POOR = "IMAP4rev1 LITERAL+ SASL-IR"
KINDS = pytest.mark.parametrize(
    "kind", ["memory", pytest.param("dovecot", marks=pytest.mark.dovecot)]
)


@asynccontextmanager
async def poor_server(
    request: pytest.FixtureRequest, kind: str, *lacking: str
) -> AsyncIterator[tuple[Relay, IMAPClient]]:
    """A client, over a relay, of a server that lacks some extensions."""
    if kind == "memory":
        # Dovecot 2.3 has no REPLACE, either.
        async with MemoryServer(disable=[*lacking, "REPLACE"]) as memory:
            memory.add_account("user", "secret").create_mailbox("Archive")
            async with _client(memory.host, memory.port, "user") as both:
                yield both
        return
    request.getfixturevalue("dovecot")  # skips where there is none
    offered = [name for name in ("UIDPLUS", "MOVE") if name not in lacking]
    async with DovecotServer(capability=" ".join([POOR, *offered])) as dovecot:
        user = dovecot.new_user()
        async with _client(dovecot.host, dovecot.port, user) as both:
            yield both


@asynccontextmanager
async def _client(
    host: str, port: int, user: str
) -> AsyncIterator[tuple[Relay, IMAPClient]]:
    async with Relay(host, port) as relay:
        config = ConnectionConfig(
            host=relay.host,
            port=relay.port,
            username=user,
            password=Secret("secret"),
            security=Security.PLAIN,
        )
        async with IMAPClient(config, retry=None) as client:
            yield relay, client


@KINDS
async def test_move_without_move_expunges_only_what_was_moved(
    request: pytest.FixtureRequest, kind: str
) -> None:
    r"""Another client's \Deleted mail must survive (RFC 4315 §2.1)."""
    async with poor_server(request, kind, "MOVE") as (relay, client):
        inbox = client.mailbox()
        for number in range(1, 5):
            await inbox.append(small(number))
        await inbox.add_flags([1, 4], Flag.DELETED)

        result = await inbox.move([2, 3], "Archive")

        assert list(await inbox.search()) == [1, 4]
        assert result.uids == {2: 1, 3: 2}
        subjects = [
            (m.subject, Flag.DELETED in (m.flags or ()))
            async for m in client.mailbox("Archive").fetch(result.messages)
        ]
        assert subjects == [("number 2", False), ("number 3", False)]
        assert not {"EXPUNGE", "CLOSE", "UID MOVE"} & set(relay.commands)


async def test_move_without_move_spares_mail_that_arrives_meanwhile() -> None:
    """A session copies what it sees; what it saw later must not be expunged."""
    async with MemoryServer(disable=["MOVE"]) as server:
        account = server.add_account("user", "secret")
        archive = account.create_mailbox("Archive")
        inbox = account.mailbox("INBOX")
        inbox.deliver(small(1))
        async with _client(server.host, server.port, "user") as (relay, client):

            def deliver_before_copy(sent: bytes) -> None:
                if b"UID COPY" in sent:
                    inbox.deliver(small(2))

            relay.before_sending = deliver_before_copy
            await client.mailbox().move(MessageSet.from_range(1, 10), "Archive")

        assert inbox.uids == [2]
        assert archive.uids == [1]


@KINDS
async def test_move_without_move_of_more_than_fits_one_line(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """Dovecot ends the session at 64 KiB, other servers at 8."""
    async with poor_server(request, kind, "MOVE") as (relay, client):
        inbox = client.mailbox()
        for number in range(1, 4):
            await inbox.append(small(number))
        apart = MessageSet([1, 3, *range(100_001, 200_000, 2)])

        result = await inbox.move(apart, "Archive")

        assert list(await inbox.search()) == [2]
        assert result.uids == {1: 1, 3: 2}
        assert max(map(len, relay.sent[0].split(b"\r\n"))) < 8192


@KINDS
async def test_move_without_move_leaves_what_it_could_not_copy(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """What is not copied must not be expunged: there is no such mailbox."""
    async with poor_server(request, kind, "MOVE") as (relay, client):
        inbox = client.mailbox()
        await inbox.append(small(1))

        with pytest.raises(IMAPMailboxError):
            await inbox.move([1], "missing")

        assert list(await inbox.search(~IMAPSearchCriteria.DELETED)) == [1]
        assert "UID EXPUNGE" not in relay.commands


@KINDS
async def test_move_without_uidplus_is_refused_and_changes_nothing(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """A bare EXPUNGE would destroy other mail."""
    async with poor_server(request, kind, "MOVE", "UIDPLUS") as (relay, client):
        inbox = client.mailbox()
        await inbox.append(small(1))
        before = len(relay.commands)

        with pytest.raises(IMAPCapabilityError) as move:
            await inbox.move([1], "Archive")
        with pytest.raises(IMAPCapabilityError) as expunge:
            await inbox.expunge([1])

        assert move.value.capability == expunge.value.capability == "UIDPLUS"
        assert set(relay.commands[before:]) <= {"SELECT", "NOOP"}
        assert list(await inbox.search(~IMAPSearchCriteria.DELETED)) == [1]


@KINDS
async def test_without_uidplus_a_copy_tells_no_uids(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """What is not known is not guessed."""
    async with poor_server(request, kind, "UIDPLUS") as (_, client):
        await client.mailbox().append(small(1))
        copied = await client.mailbox().copy([1], "Archive")

    if kind == "memory":  # Dovecot does what it does not announce
        assert (copied.uids, copied.uidvalidity) == ({}, None)
    assert copied.mailbox == "Archive"
    assert list(copied.done) == [1]


@KINDS
async def test_all_of_it_works_on_the_poorest_server(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """IMAP4rev1 alone: no ESEARCH, UNSELECT, LIST-STATUS, NAMESPACE, LITERAL+."""
    lacking = ("ESEARCH", "UNSELECT", "SPECIAL-USE", "LITERAL+", "CONDSTORE", "MOVE")
    async with poor_server(request, kind, *lacking) as (_, client):
        inbox = client.mailbox()
        await inbox.append(small(1))
        await inbox.add_flags([1], Flag.FLAGGED)
        found = await inbox.search(IMAPSearchCriteria.FLAGGED)
        assert [m.raw async for m in inbox.fetch(found)] == [small(1)]
        await client.folders.create("Grüße & Co")
        await inbox.copy(found, "Grüße & Co")
        names = [mailbox.name for mailbox in await client.folders.list()]
        assert "Grüße & Co" in names
        assert (await client.folders.status("Grüße & Co")).messages == 1
        await client.mailbox("Grüße & Co").search()
        await client.folders.delete("Grüße & Co")
        assert list(await inbox.search()) == [1]


@KINDS
async def test_what_may_destroy_other_mail_is_never_sent(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """Neither EXPUNGE without UIDs nor CLOSE, whatever is called."""
    async with poor_server(request, kind) as (relay, client):
        inbox = client.mailbox()
        for number in range(1, 6):
            await inbox.append(small(number))
        await inbox.add_flags([1], Flag.DELETED)
        await inbox.move([2], "Archive")
        await inbox.copy([3], "Archive")
        await inbox.expunge([4])
        await inbox.expunge([1, 5])
        assert [m.uid async for m in inbox.fetch(await inbox.search())] == [3]
        await client.folders.create("Box")
        await client.mailbox("Box").search()
        await client.folders.rename("Box", "Box2")
        await client.folders.delete("Box2")
        async with client.watch("INBOX"):
            pass

    assert "UID EXPUNGE" in relay.commands
    assert not {"EXPUNGE", "CLOSE"} & set(relay.commands)
