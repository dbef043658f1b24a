"""REPLACE (RFC 8508), which neither Dovecot 2.3 nor Cyrus 3.6 has."""

from __future__ import annotations

import pytest

from aiosage import Flag
from aiosage.testing.memory import MemoryAccount, MemoryMailbox

from .raw_client import RawClient

NEW = b"Subject: new\r\n\r\nx\r\n"


@pytest.fixture
async def two(inbox: MemoryMailbox, client: RawClient) -> RawClient:
    """Alice, with two messages, of which the second is marked as deleted."""
    inbox.deliver(b"Subject: 1\r\n\r\nx")
    inbox.deliver(b"Subject: 2\r\n\r\nx", [Flag.DELETED])
    await client.ok("SELECT INBOX")
    return client


@pytest.mark.parametrize("command", ["REPLACE 1", "UID REPLACE 1"])
async def test_the_new_message_comes_before_the_old_one_goes(
    two: RawClient, inbox: MemoryMailbox, command: str
) -> None:
    """And nothing else goes (RFC 8508 §3.4)."""
    told = await two.ok(f"{command} INBOX (\\Seen)", NEW)

    assert told[0].startswith(b"* OK [APPENDUID %d 3]" % inbox.uidvalidity)
    assert b"* 1 EXPUNGE\r\n" in told
    assert [(m.uid, set(m.flags)) for m in inbox.messages] == [
        (2, {Flag.DELETED}),
        (3, {Flag.SEEN}),
    ]
    assert inbox.messages[1].raw == NEW


async def test_it_may_go_into_another_mailbox(
    two: RawClient, alice: MemoryAccount
) -> None:
    """As a draft does that is sent."""
    await two.ok("UID REPLACE 1 Sent", NEW)

    assert alice.mailbox("INBOX").uids == [2]
    assert [m.raw for m in alice.mailbox("Sent").messages] == [NEW]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("UID REPLACE 9 INBOX", b" NO [NONEXISTENT] "),
        ("REPLACE 9 INBOX", b" BAD "),
        ("REPLACE 0 INBOX", b" BAD "),
        ("REPLACE 1:2 INBOX", b" BAD "),
        ("REPLACE 1 nosuch", b" NO [TRYCREATE] "),
    ],
)
async def test_what_cannot_be_replaced_changes_nothing(
    two: RawClient, inbox: MemoryMailbox, command: str, answer: bytes
) -> None:
    refused = await two.command(command, NEW)

    assert answer in refused[-1]
    assert inbox.uids == [1, 2]


async def test_in_a_mailbox_open_for_reading_nothing_is_replaced(
    two: RawClient, inbox: MemoryMailbox
) -> None:
    await two.ok("EXAMINE INBOX")
    refused = await two.command("REPLACE 1 INBOX", NEW)

    assert b" NO [READ-ONLY] " in refused[-1]
    assert inbox.uids == [1, 2]


async def test_the_old_message_makes_room_for_the_new_one(
    two: RawClient, alice: MemoryAccount, inbox: MemoryMailbox
) -> None:
    """RFC 8508 §3.4: what counts is the difference."""
    alice.quota = {"MESSAGE": 2}
    await two.ok("REPLACE 1 INBOX", NEW)
    refused = await two.command("APPEND INBOX", NEW)

    assert b" NO [OVERQUOTA] " in refused[-1]
    assert inbox.uids == [2, 3]


async def test_a_message_longer_than_a_line_may_be(
    two: RawClient, inbox: MemoryMailbox
) -> None:
    """It counts as a message, not as an argument."""
    await two.ok("UID REPLACE 1 INBOX", NEW + b"x" * 100_000)

    assert len(inbox.messages[1].raw) == len(NEW) + 100_000
