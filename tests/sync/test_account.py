from __future__ import annotations

from collections import Counter

import pytest

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPCapabilityError,
    IMAPClient,
    IMAPConnectionError,
    IMAPMailboxError,
    MailboxInfo,
)
from aiosage.sync import (
    MemoryStore,
    Store,
    SyncPhase,
    SyncProgress,
    sync_account,
    sync_mailbox,
)
from aiosage.testing import MemoryServer

from ..conftest import Endpoint
from .mirror import account, assert_in_sync, fill, mail, of_store
from .relay import Relay

ODD_NAMES = [
    "two words",
    'a "quoted" name',
    "back\\slash",
    "R&D",
    "Entwürfe",
    "日本語",
    "percent % and * star",
    "deep/er",
]


def of(server: Endpoint, port: int | None = None) -> ConnectionConfig:
    return account(server.host, port or server.port, server.username, server.password)


async def test_every_mailbox_is_mirrored_whatever_its_name(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    async with IMAPClient(config) as client:
        for number, name in enumerate(ODD_NAMES):
            await client.folders.create(name)
            await client.mailbox(name).append(mail(number))

    report = await sync_account(config, store)

    assert report.ok
    assert report.new == len(ODD_NAMES)
    assert {mailbox.mailbox for mailbox in report.mailboxes} >= {"INBOX", *ODD_NAMES}
    await assert_in_sync(store, config)


async def test_what_cannot_hold_messages_is_left_out(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    async with IMAPClient(config) as client:
        await client.folders.create("above/below")
        listed = {m.name: m for m in await client.folders.list("above*")}
        assert not listed["above"].is_selectable

    report = await sync_account(config, store)

    assert report.ok
    names = [mailbox.name for mailbox in await store.mailboxes(config.account)]
    assert "above/below" in names
    assert "above" not in names


async def test_the_metadata_of_a_message_is_stored(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    async with IMAPClient(config) as client:
        await client.mailbox().append(mail(7), flags=[Flag.SEEN, Flag("$Work")])

    await sync_account(config, store)

    [message] = [m async for m in store.messages(config.account, "INBOX")]
    assert message.subject == "café 7"
    assert message.sender == "Jane <jane7@example.org>"
    assert message.recipients == "Bob <bob@example.org>, carol@example.org"
    assert message.message_id == "<7@example.org>"
    assert message.date is not None
    assert message.date.isoformat() == "2026-11-20T09:00:00+00:00"
    assert message.internal_date is not None
    assert message.internal_date.utcoffset() is not None
    assert message.size == len(mail(7))
    assert message.flags == {Flag.SEEN, Flag("$Work")}
    assert await store.raw(config.account, "INBOX", message.uid) == mail(7)


BROKEN = [
    b"\r\n",
    b"no header at all",
    b"Subject: =?utf-16?b?2AA=?= lone surrogate\r\n\r\n",
    b"Subject: =?utf-8?q?a=00b?=\r\nDate: 1 Jan 0001 00:00:00 +1400\r\n\r\n",
    b"Date: Fri, 31 Dec 9999 23:59:59 -1200\r\n\r\n",
    b"Subject: " + b"x" * 20_000 + b"\r\n\r\n",
    b"Subject: \xff\xfe\r\nFrom: <<>>,,@\r\n\r\n\xff",
]


async def test_broken_mail_is_mirrored_octet_by_octet(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    await fill(config, BROKEN)

    report = await sync_account(config, store)

    assert report.ok
    messages = [m async for m in store.messages(config.account, "INBOX")]
    raw = [await store.raw(config.account, "INBOX", m.uid) for m in messages]
    assert raw == BROKEN
    assert max(len(message.subject or "") for message in messages) == 10_000


async def test_a_second_run_moves_only_the_difference(
    server: Endpoint, store: Store
) -> None:
    """New, expunged and flagged by another client; no body is fetched again."""
    config = of(server)
    await fill(config, [mail(n) for n in range(20)], "INBOX")
    await sync_account(config, store)
    async with IMAPClient(config) as client:
        inbox = client.mailbox()
        uids = list(await inbox.search())
        await inbox.expunge(uids[3:5])
        await inbox.add_flags(uids[7:10], Flag.SEEN, Flag("$Work"))
        await inbox.append(mail(100))

    report = await sync_account(config, store)

    [inbox_report] = [m for m in report.mailboxes if m.mailbox == "INBOX"]
    assert (report.new, report.vanished, report.flags_changed) == (1, 2, 3)
    assert inbox_report.octets == len(mail(100))
    await assert_in_sync(store, config)


async def test_a_second_run_fetches_no_body_again(
    server: Endpoint, store: Store
) -> None:
    """Counted on the wire."""
    await fill(of(server), [mail(n) for n in range(30)], "INBOX")
    async with Relay(server.host, server.port).listening() as relay:
        config = of(server, relay.port)
        first = await sync_account(config, store)
        assert (first.new, relay.bodies) == (30, 30)
        commands = len(relay.body_fetches)
        assert commands > 0

        second = await sync_account(config, store)

        assert second.ok
        assert (second.new, second.octets) == (0, 0)
        assert (len(relay.body_fetches), relay.bodies) == (commands, 30)


async def test_flags_taken_away_are_mirrored_too(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    async with IMAPClient(config) as client:
        await client.mailbox().append(mail(1), flags=[Flag.SEEN, Flag.FLAGGED])
        await sync_account(config, store)
        inbox = client.mailbox()
        await inbox.set_flags(await inbox.search())

        report = await sync_account(config, store)

    assert report.flags_changed == 1
    await assert_in_sync(store, config)


async def test_a_mailbox_made_anew_under_the_same_name_is_fetched_anew(
    server: Endpoint, store: Store
) -> None:
    """Its UIDs are those of other messages now: UIDVALIDITY tells."""
    config = of(server)
    async with IMAPClient(config) as client:
        await client.folders.create("Work")
        await fill(config, [mail(n) for n in range(5)], "Work")
        await sync_account(config, store)
        before = await of_store(store, config)
        await client.folders.delete("Work")
        await client.folders.create("Work")
        await fill(config, [mail(n) for n in range(100, 103)], "Work")

    report = await sync_account(config, store)

    [work] = [m for m in report.mailboxes if m.mailbox == "Work"]
    assert (work.new, work.vanished) == (3, 5)
    after = await of_store(store, config)
    assert before["Work"].keys() & after["Work"].keys(), "the UIDs must collide"
    await assert_in_sync(store, config)


async def test_mailboxes_that_are_gone_leave_the_mirror(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    async with IMAPClient(config) as client:
        for name in ("Old", "Gone"):
            await client.folders.create(name)
            await client.mailbox(name).append(mail(1))
        await sync_account(config, store)
        await client.folders.delete("Gone")
        await client.folders.rename("Old", "New")

    report = await sync_account(config, store)

    assert report.removed == ("Gone", "Old")
    assert report.new == 1
    await assert_in_sync(store, config)


async def test_only_the_mailboxes_named_are_looked_at(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    async with IMAPClient(config) as client:
        await client.folders.create("Work")
        await client.folders.create("Play")
        await sync_account(config, store)
        await client.folders.delete("Play")

        report = await sync_account(config, store, mailboxes=["inbox", "Work"])

    assert report.ok
    assert report.removed == ()
    assert [m.mailbox for m in report.mailboxes] == ["INBOX", "Work"]


async def test_mailboxes_are_chosen_by_what_they_are(
    server: Endpoint, store: Store
) -> None:
    def is_inbox(mailbox: MailboxInfo) -> bool:
        return mailbox.name == "INBOX"

    report = await sync_account(of(server), store, mailboxes=is_inbox)

    assert [m.mailbox for m in report.mailboxes] == ["INBOX"]


async def test_a_mailbox_named_that_is_not_there_is_an_error_of_its_own(
    server: Endpoint, store: Store
) -> None:
    """A typing mistake must not look like an empty mailbox."""
    report = await sync_account(of(server), store, mailboxes=["INBOX", "Inbocks"])

    assert not report.ok
    assert report.error is None
    inbox, typo = report.mailboxes
    assert inbox.ok
    assert isinstance(typo.error, IMAPMailboxError)


async def test_sync_mailbox_raises_what_is_wrong(
    server: Endpoint, store: Store
) -> None:
    async with IMAPClient(of(server)) as client:
        with pytest.raises(IMAPMailboxError):
            await sync_mailbox(client, "Nowhere", store)

        await client.mailbox().append(mail(1))
        report = await sync_mailbox(client, "INBOX", store)

    assert (report.new, report.ok) == (1, True)


async def test_a_client_given_is_used_and_left_open(
    server: Endpoint, store: Store
) -> None:
    async with Relay(server.host, server.port).listening() as relay:
        async with IMAPClient(of(server, relay.port)) as client:
            report = await sync_account(client, store, connections=1)

            assert report.ok
            await client.mailbox().search()
        assert relay.connections == 1


async def test_a_mailbox_that_is_open_already_is_seen_as_it_is_now(
    server: Endpoint, store: Store
) -> None:
    """What was told when it was opened is not the checkpoint."""
    async with IMAPClient(of(server), max_connections=1) as client:
        await client.mailbox().search()
        await fill(of(server), [mail(1), mail(2)])

        await sync_account(client, store, mailboxes=["INBOX"])

    [inbox] = await store.mailboxes(of(server).account)
    assert inbox.uidnext == 3


async def test_connections_are_bounded(server: Endpoint) -> None:
    async with Relay(server.host, server.port).listening() as relay:
        report = await sync_account(
            of(server, relay.port), MemoryStore(), connections=2
        )

    assert report.ok
    assert len(report.mailboxes) >= 6
    assert relay.most == 2


async def test_progress_tells_each_batch_and_ends_complete(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    await fill(config, [mail(n) for n in range(1200)], "INBOX")
    told: list[SyncProgress] = []

    await sync_account(config, store, mailboxes=["INBOX"], on_progress=told.append)

    fetching = [p for p in told if p.phase is SyncPhase.FETCHING]
    assert [p.done for p in fetching] == [0, 500, 1000, 1200]
    assert {p.total for p in fetching} == {1200}
    last = told[-1]
    assert last.phase is SyncPhase.FINISHED
    assert (last.account, last.mailbox) == (config.account, "INBOX")
    assert last.octets == sum(len(mail(n)) for n in range(1200))

    told.clear()
    await sync_account(config, store, mailboxes=["INBOX"], on_progress=told.append)

    assert Counter(p.phase for p in told)[SyncPhase.COMPARING] > 0
    assert max(p.done for p in told if p.phase is SyncPhase.COMPARING) == 1200


async def test_a_message_that_the_server_refuses_does_not_hide_the_others(
    server: Endpoint, store: Store
) -> None:
    """Servers refuse a whole FETCH for one message that they cannot read."""
    await fill(of(server), [mail(n) for n in range(40)], "INBOX")
    async with IMAPClient(of(server)) as client:
        uids = list(await client.mailbox().search())
    broken = uids[17]

    def refuse(line: bytes) -> bytes | None:
        tag, *words = line.split() or [b""]  # SCRAM ends with an empty one
        if words[:2] == [b"UID", b"FETCH"] and b"BODY.PEEK[]" in line:
            asked = [tuple(map(int, r.split(b":"))) for r in words[2].split(b",")]
            if any(r[0] <= broken <= r[-1] for r in asked):
                return tag + b" NO [UNKNOWN-CTE] Cannot read it.\r\n"
        return None

    async with Relay(server.host, server.port).listening() as relay:
        relay.refuse = refuse
        config = of(server, relay.port)
        report = await sync_account(config, store, mailboxes=["INBOX"])

        [inbox] = report.mailboxes
        assert list(inbox.unreadable) == [broken]
        assert not report.ok
        assert inbox.error is None
        assert inbox.new == 39
        [stored] = await store.mailboxes(config.account)
        assert stored.synced_at is None, "it is not complete"

        relay.refuse = lambda _line: None
        report = await sync_account(config, store, mailboxes=["INBOX"])

        assert report.ok
        assert report.new == 1
        assert list((await of_store(store, config))["INBOX"]) == uids


async def test_a_mailbox_that_kills_the_session_does_not_disturb_the_others(
    server: Endpoint, store: Store
) -> None:
    config = of(server)
    async with IMAPClient(config) as client:
        for name in ("A", "Poison", "Z"):
            await client.folders.create(name)
            await client.mailbox(name).append(mail(1))

    async with Relay(server.host, server.port).listening() as relay:
        relay.refuse = lambda line: b"" if b"EXAMINE Poison" in line else None
        report = await sync_account(
            of(server, relay.port), store, attempts=3, connections=1
        )

    assert report.error is None
    failed = [m for m in report.mailboxes if not m.ok]
    assert [m.mailbox for m in failed] == ["Poison"]
    assert isinstance(failed[0].error, IMAPConnectionError)
    assert report.new == 2
    assert sum(b"EXAMINE Poison" in line for line in relay.lines) == 3


async def test_the_mirror_survives_a_server_that_lists_nothing(
    server: Endpoint, store: Store
) -> None:
    """It has lost its list, not the mail: an account always has an INBOX."""
    async with Relay(server.host, server.port).listening() as relay:
        config = of(server, relay.port)
        await fill(of(server), [mail(1)], "INBOX")
        await sync_account(config, store)
        before = await of_store(store, config)

        def refuse(line: bytes) -> bytes | None:
            tag, *words = line.split() or [b""]  # SCRAM ends with an empty one
            return tag + b" OK\r\n" if words[:1] == [b"LIST"] else None

        relay.refuse = refuse
        report = await sync_account(config, store)

    assert report.removed == ()
    assert await of_store(store, config) == before


async def test_a_server_without_esearch_will_do(store: Store) -> None:
    async with MemoryServer(disable=["ESEARCH"]) as memory:
        memory.add_account("ann", "secret")
        config = account(memory.host, memory.port, "ann", "secret")
        await fill(config, [mail(n) for n in range(3)])

        report = await sync_account(config, store)

        assert (report.ok, report.new) == (True, 3)
        await assert_in_sync(store, config)


async def test_a_server_without_uidvalidity_cannot_be_mirrored(
    server: Endpoint, store: Store
) -> None:
    """Whose UIDs they are could not be told (RFC 9051 §2.3.1.1)."""

    def refuse(line: bytes) -> bytes | None:
        tag, *words = line.split() or [b""]  # SCRAM ends with an empty one
        if words[:1] == [b"EXAMINE"]:
            return b"* 0 EXISTS\r\n" + tag + b" OK [READ-ONLY] Opened.\r\n"
        return None

    async with Relay(server.host, server.port).listening() as relay:
        relay.refuse = refuse
        report = await sync_account(of(server, relay.port), store)

    assert all(
        isinstance(mailbox.error, IMAPCapabilityError) for mailbox in report.mailboxes
    )


async def test_a_message_that_the_server_withholds_is_reported(
    server: Endpoint, store: Store
) -> None:
    """BODY[] NIL: the server has the message, but not what is in it."""
    await fill(of(server), [mail(1)])

    def withhold(line: bytes) -> bytes | None:
        tag, *words = line.split() or [b""]  # SCRAM ends with an empty one
        if b"BODY.PEEK[]" not in line:
            return None
        uid = words[2]
        return b"* 1 FETCH (UID %s FLAGS () BODY[] NIL)\r\n%s OK\r\n" % (uid, tag)

    async with Relay(server.host, server.port).listening() as relay:
        relay.refuse = withhold
        report = await sync_account(of(server, relay.port), store, mailboxes=["INBOX"])

    [inbox] = report.mailboxes
    assert len(inbox.unreadable) == 1
    assert (inbox.ok, inbox.new) == (False, 0)
