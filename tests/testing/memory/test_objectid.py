"""OBJECTID (RFC 8474), which Dovecot 2.3 has not."""

from __future__ import annotations

import re

from aiosage.testing.memory import MemoryAccount

from .raw_client import RawClient


async def test_a_copy_has_the_same_id_and_another_message_another(
    alice: MemoryAccount, client: RawClient
) -> None:
    """RFC 8474 §5.1; there are no ids of threads (§5.2)."""
    for raw in (b"Subject: a\r\n\r\nx", b"Subject: b\r\n\r\nx"):
        alice.mailbox("INBOX").deliver(raw)
    await client.ok("SELECT INBOX")
    await client.ok("COPY 1 INBOX")
    told = await client.ok("FETCH 1:3 (EMAILID THREADID)")
    ids = re.findall(rb"EMAILID \((\w+)\) THREADID NIL", b"".join(told))

    assert ids[0] == ids[2] != ids[1]
    assert await client.ok(b"SEARCH EMAILID " + ids[0]) == [b"* SEARCH 1 3\r\n"]
    assert await client.ok(b"SEARCH THREADID " + ids[0]) == [b"* SEARCH\r\n"]


async def test_a_mailbox_keeps_its_id_when_it_is_renamed(client: RawClient) -> None:
    """RFC 8474 §4: CREATE, SELECT and STATUS tell it."""
    [created] = await client.command("CREATE Box")
    told = re.search(rb"\[MAILBOXID \((\w+)\)\]", created)
    assert told is not None
    [status] = await client.ok("STATUS INBOX (MAILBOXID MESSAGES)")
    await client.ok("RENAME Box Other")
    selected = await client.ok("SELECT Other")

    assert re.fullmatch(
        rb"\* STATUS INBOX \(MAILBOXID \(\w+\) MESSAGES 0\)\r\n", status
    )
    assert told[1] not in status
    assert b"* OK [MAILBOXID (%b)] Ok\r\n" % told[1] in selected
