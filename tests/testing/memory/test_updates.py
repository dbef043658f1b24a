"""What a session is told of what others do, and when (RFC 9051 §7.5.1)."""

from __future__ import annotations

import asyncio

import pytest

from aiosage.model import Flag
from aiosage.testing.memory import MemoryAccount, MemoryMailbox

from .raw_client import RawClient

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture
async def selected(client: RawClient, inbox: MemoryMailbox) -> RawClient:
    for _ in range(4):
        inbox.deliver(MESSAGE)
    await client.ok("SELECT INBOX")
    return client


async def test_noop_tells_all_there_is(
    selected: RawClient, inbox: MemoryMailbox
) -> None:
    inbox.deliver(MESSAGE)
    inbox.add_flags([1], Flag.SEEN)
    inbox.expunge([2, 3])

    assert await selected.ok("NOOP") == [
        b"* 1 FETCH (FLAGS (\\Seen \\Recent))\r\n",
        b"* 3 EXPUNGE\r\n",
        b"* 2 EXPUNGE\r\n",
        b"* 3 EXISTS\r\n",
        b"* 3 RECENT\r\n",
    ]
    assert await selected.ok("NOOP") == []


@pytest.mark.parametrize(
    "command", ["FETCH 4 UID", "STORE 4 +FLAGS \\Seen", "SEARCH 4"]
)
async def test_numbers_do_not_change_under_a_command_that_uses_them(
    selected: RawClient, inbox: MemoryMailbox, command: str
) -> None:
    inbox.expunge([1])
    inbox.deliver(MESSAGE)

    responses = await selected.ok(command)
    later = await selected.ok("NOOP")

    assert b"* 5 EXISTS\r\n" in responses
    assert not any(b"EXPUNGE" in response for response in responses)
    assert later[0] == b"* 1 EXPUNGE\r\n"


@pytest.mark.parametrize(
    "command", ["UID FETCH 4 FLAGS", "UID STORE 4 +FLAGS \\Seen", "UID SEARCH UID 4"]
)
async def test_uid_commands_may_tell_of_expunges(
    selected: RawClient, inbox: MemoryMailbox, command: str
) -> None:
    inbox.expunge([1])

    responses = await selected.ok(command)

    assert b"* 1 EXPUNGE\r\n" in responses


async def test_a_message_gone_unnoticed_keeps_its_number_but_not_its_body(
    selected: RawClient, inbox: MemoryMailbox
) -> None:
    """As Dovecot has it; COPY refuses (RFC 5530, EXPUNGEISSUED)."""
    inbox.expunge([2])

    fetched = await selected.command("FETCH 2:3 (UID BODY.PEEK[HEADER])")
    copied = await selected.command("COPY 2:3 Sent")

    assert fetched[0] == b"* 2 FETCH (UID 2 BODY[HEADER] NIL)\r\n"
    assert fetched[1].startswith(b"* 3 FETCH (UID 3 BODY[HEADER] {")
    assert b" OK [EXPUNGEISSUED] " in fetched[-1]
    assert copied[0] == b"* 2 EXPUNGE\r\n"
    assert b" NO [EXPUNGEISSUED] " in copied[-1]


async def test_a_client_is_not_told_its_own_silent_store(
    selected: RawClient, other: RawClient
) -> None:
    await other.ok("SELECT INBOX")

    assert await selected.ok("STORE 1 +FLAGS.SILENT \\Seen") == []
    assert await selected.ok("NOOP") == []
    assert await other.ok("NOOP") == [b"* 1 FETCH (FLAGS (\\Seen))\r\n"]


async def test_only_the_first_session_sees_recent(
    selected: RawClient, other: RawClient, inbox: MemoryMailbox
) -> None:
    """RFC 3501 §2.3.2."""
    assert b"* 0 RECENT\r\n" in await other.ok("SELECT INBOX")
    inbox.deliver(MESSAGE)

    assert await other.ok("NOOP") == [b"* 5 EXISTS\r\n", b"* 1 RECENT\r\n"]
    assert await selected.ok("NOOP") == [b"* 5 EXISTS\r\n"]


async def test_examine_does_not_take_recent_away(
    client: RawClient, other: RawClient, inbox: MemoryMailbox
) -> None:
    inbox.deliver(MESSAGE)

    assert b"* 1 RECENT\r\n" in await client.ok("EXAMINE INBOX")
    assert b"* 1 RECENT\r\n" in await other.ok("SELECT INBOX")


async def test_idle_tells_at_once(selected: RawClient, inbox: MemoryMailbox) -> None:
    selected.send(b"x IDLE\r\n")
    assert await selected.response() == b"+ idling\r\n"

    inbox.deliver(MESSAGE)
    assert await selected.until(b"* 5 RECENT") == [b"* 5 EXISTS\r\n", b"* 5 RECENT\r\n"]
    inbox.add_flags([1], "keyword")
    *_, flags = await selected.until(b"* 1 FETCH")
    inbox.expunge([1])
    assert (await selected.response()) == b"* 1 EXPUNGE\r\n"
    selected.send(b"done\r\n")
    *_, tagged = await selected.until(b"x ")

    assert flags == b"* 1 FETCH (FLAGS (\\Recent keyword))\r\n"
    assert tagged == b"x OK Idle completed.\r\n"


async def test_idle_tells_what_happened_before_it(
    selected: RawClient, inbox: MemoryMailbox
) -> None:
    inbox.expunge([4])
    selected.send(b"x IDLE\r\n")

    assert await selected.until(b"* 4 EXPUNGE")


async def test_idle_ends_by_done_and_nothing_else(selected: RawClient) -> None:
    selected.send(b"x IDLE\r\ny NOOP\r\n")

    *_, tagged = await selected.until(b"x ", b"y ")

    assert tagged == b"x BAD Expected DONE\r\n"
    await selected.ok("NOOP")


async def test_changes_of_one_step_come_together(
    selected: RawClient, inbox: MemoryMailbox
) -> None:
    """A hundred deliveries at once are one EXISTS."""
    selected.send(b"x IDLE\r\n")
    await selected.response()

    for _ in range(100):
        inbox.deliver(MESSAGE)

    assert await selected.response() == b"* 104 EXISTS\r\n"


async def test_two_clients_see_each_other(
    selected: RawClient, other: RawClient
) -> None:
    await other.ok("SELECT INBOX")
    selected.send(b"x IDLE\r\n")
    await selected.response()

    await other.ok("UID MOVE 2 Sent")
    assert await selected.response() == b"* 2 EXPUNGE\r\n"
    await other.append(MESSAGE)
    assert (await selected.until(b"* 4 EXISTS"))[:-1] == [b"* 3 RECENT\r\n"]


async def test_mod_sequences_are_told_once_asked_for(
    selected: RawClient, inbox: MemoryMailbox
) -> None:
    """RFC 7162 §3.2."""
    await selected.ok("ENABLE CONDSTORE")
    inbox.add_flags([1], Flag.SEEN)

    modseq = inbox.messages[0].modseq
    assert await selected.ok("NOOP") == [
        b"* 1 FETCH (MODSEQ (%d) FLAGS (\\Seen \\Recent))\r\n" % modseq
    ]


@pytest.mark.parametrize("idle", [True, False])
async def test_losing_the_selected_mailbox_ends_the_session(
    client: RawClient, alice: MemoryAccount, idle: bool
) -> None:
    alice.create_mailbox("doomed")
    await client.ok("SELECT doomed")
    if idle:
        client.send(b"x IDLE\r\n")
        await client.response()

    alice.delete_mailbox("doomed")
    if not idle:
        client.send(b"x NOOP\r\n")

    assert (await client.response()).startswith(b"* BYE Selected mailbox was deleted")
    assert await client.reader.read() == b""


async def test_a_long_answer_does_not_starve_others(
    client: RawClient, other: RawClient, inbox: MemoryMailbox
) -> None:
    """While one client takes its time to read, others are served."""
    body = MESSAGE + b"x" * 100_000
    for _ in range(300):
        inbox.deliver(body)
    await client.ok("SELECT INBOX")
    client.send(b"x UID FETCH 1:* BODY.PEEK[]\r\n")

    async with asyncio.timeout(10):
        await other.ok("SELECT INBOX")
        inbox.expunge(inbox.uids[150:])
        await other.ok("NOOP")
        responses = await client.until(b"x ")

    bodies = [r for r in responses if b" FETCH (" in r]
    assert len(bodies) == 300
    assert bodies[-1] == b"* 300 FETCH (UID 300 BODY[] NIL)\r\n"
    assert b"EXPUNGEISSUED" in responses[-1]
