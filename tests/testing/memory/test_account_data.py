"""QUOTA, ACL and METADATA, as a client writes them."""

from __future__ import annotations

import pytest

from aiosage.testing.memory import MemoryAccount

from .raw_client import RawClient


async def test_quota_counts_all_mailboxes(
    alice: MemoryAccount, client: RawClient
) -> None:
    """STORAGE is in units of 1024 octets, rounded up (RFC 9208 §5.1)."""
    alice.mailbox("INBOX").deliver(b"x" * 1025)
    alice.mailbox("Sent").deliver(b"y")
    alice.quota = {"STORAGE": 2, "MESSAGE": 9}

    assert await client.ok("GETQUOTAROOT Sent") == [
        b'* QUOTAROOT Sent ""\r\n',
        b'* QUOTA "" (STORAGE 2 2 MESSAGE 2 9)\r\n',
    ]
    assert await client.ok('SETQUOTA "" (MESSAGE 2)') == [
        b'* QUOTA "" (MESSAGE 2 2)\r\n'
    ]
    assert await client.ok('GETQUOTA ""') == [b'* QUOTA "" (MESSAGE 2 2)\r\n']


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        ("GETQUOTA other", b"NO [NONEXISTENT]"),
        ('SETQUOTA "" (BANANA 1)', b"NO "),
        ('SETQUOTA "" (STORAGE x)', b"BAD "),
        ("GETACL missing", b"NO [NONEXISTENT]"),
        ("SETACL Sent bob zz", b"BAD "),
        ("SETACL Sent bob L", b"BAD "),
        ("GETMETADATA missing /private/a", b"NO [NONEXISTENT]"),
        ("GETMETADATA Sent /public/a", b"BAD "),
        ("GETMETADATA (DEPTH 2) Sent /private/a", b"BAD "),
        ("SETMETADATA Sent (/private/a", b"BAD "),
    ],
)
async def test_what_cannot_be_is_refused(
    client: RawClient, command: str, refused: bytes
) -> None:
    assert refused in (await client.command(command))[-1]


async def test_messages_beyond_the_quota_are_refused_all_together(
    alice: MemoryAccount, client: RawClient
) -> None:
    alice.quota = {"STORAGE": 1}
    alice.mailbox("INBOX").deliver(b"x" * 600)
    await client.ok("SELECT INBOX")
    refused = await client.command("COPY 1 Sent")
    appended = await client.command("APPEND Sent", b"y" * 425)

    assert b"NO [OVERQUOTA]" in refused[-1]
    assert b"NO [OVERQUOTA]" in appended[-1]
    assert alice.mailbox("Sent").message_count == 0
    await client.ok("MOVE 1 Sent")  # which takes no room


async def test_rights_stay_with_a_mailbox_that_is_renamed(client: RawClient) -> None:
    await client.ok("SETACL Sent bob lrs")
    await client.ok("SETACL Sent bob -s")
    await client.ok("SETACL Sent bob +w")
    await client.ok("RENAME Sent Gone")

    [acl] = await client.ok("GETACL Gone")
    assert acl == b"* ACL Gone alice lrswipkxtea bob lrw\r\n"
    await client.ok("DELETEACL Gone bob")
    assert await client.ok("MYRIGHTS Gone") == [b"* MYRIGHTS Gone lrswipkxtea\r\n"]


async def test_annotations_are_found_as_deep_as_asked(client: RawClient) -> None:
    """RFC 5464 §4.2.2."""
    await client.ok(
        'SETMETADATA Sent (/private/a "1" /private/a/b "2" /private/a/b/c "333")'
    )
    found = {
        depth: b"".join(
            await client.ok(f"GETMETADATA (DEPTH {depth}) Sent /private/A")
        ).count(b"/private")
        for depth in ("0", "1", "infinity")
    }
    [small, long] = await client.command(
        "GETMETADATA (MAXSIZE 2 DEPTH infinity) Sent /private/a"
    )

    assert found == {"0": 1, "1": 2, "infinity": 3}
    assert small == b'* METADATA "Sent" (/private/a "1" /private/a/b "2")\r\n'
    assert b"OK [METADATA LONGENTRIES 3]" in long


async def test_the_server_has_annotations_of_its_own(
    alice: MemoryAccount, client: RawClient
) -> None:
    await client.ok('SETMETADATA "" (/shared/comment "hi" /shared/other "x")')
    await client.ok('SETMETADATA "" (/shared/other NIL)')

    assert alice.metadata == {"/shared/comment": b"hi"}
    assert await client.ok('GETMETADATA "" (/shared/comment /shared/other)') == [
        b'* METADATA "" (/shared/comment "hi" /shared/other NIL)\r\n'
    ]
