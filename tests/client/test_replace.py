"""Putting a message in the place of another: nothing is lost on the way."""

from __future__ import annotations

import pytest

from aiosage import (
    AppendResult,
    Flag,
    IMAPCapabilityError,
    IMAPClient,
    IMAPConnectionLost,
    IMAPMailboxUIDService,
    IMAPMessageError,
    Security,
)
from aiosage.connection import TraceRecord
from aiosage.testing import MemoryServer

from ..connection.scripted import LOGGED_IN
from .accounts import flags_of, raws_of, scripted_client, small
from .test_poor_servers import KINDS, poor_server


async def test_the_new_message_takes_the_flags_of_the_old_one(
    client: IMAPClient,
) -> None:
    inbox = client.mailbox()
    for number in (1, 2):
        await inbox.append(small(number), flags=[Flag.DRAFT, Flag.FLAGGED])

    result = await inbox.replace(1, small(3))

    found = await inbox.search()
    assert result == AppendResult("INBOX", found.uidvalidity, 3)
    assert await raws_of(inbox) == [small(2), small(3)]
    assert await flags_of(inbox, 3) == {Flag.DRAFT, Flag.FLAGGED}


async def test_flags_that_are_given_are_taken_instead(
    inbox: IMAPMailboxUIDService,
) -> None:
    await inbox.append(small(1), flags=[Flag.DRAFT])
    await inbox.replace(1, small(2), flags=[Flag.SEEN])
    assert await flags_of(inbox, 2) == {Flag.SEEN}
    await inbox.replace(2, small(3), flags=[])
    assert await flags_of(inbox, 3) == set()


async def test_a_message_that_is_gone_is_not_replaced(
    client: IMAPClient,
) -> None:
    """Else whoever repeats a call that had worked adds the message once more."""
    inbox = client.mailbox()
    await inbox.append(small(1))
    await inbox.replace(1, small(2))
    with pytest.raises(IMAPMessageError, match="no message 1"):
        await inbox.replace(1, small(2))

    assert await raws_of(inbox) == [small(2)]


@KINDS
async def test_mail_that_others_marked_as_deleted_stays(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """And the new message is not born deleted."""
    async with poor_server(request, kind) as (relay, client):
        inbox = client.mailbox()
        for number in (1, 2):
            await inbox.append(small(number), flags=[Flag.DELETED])

        await inbox.replace(1, small(3))

        assert await raws_of(inbox) == [small(2), small(3)]
        assert await flags_of(inbox, 3) == set()
    assert not {"EXPUNGE", "CLOSE"} & set(relay.commands)


@KINDS
async def test_without_uidplus_it_is_refused_before_anything_is_added(
    request: pytest.FixtureRequest, kind: str
) -> None:
    async with poor_server(request, kind, "UIDPLUS") as (relay, client):
        inbox = client.mailbox()
        await inbox.append(small(1))
        with pytest.raises(IMAPCapabilityError) as caught:
            await inbox.replace(1, small(2))

        assert caught.value.capability == "UIDPLUS"
        assert await raws_of(inbox) == [small(1)]
    assert relay.commands.count("APPEND") == 1


async def test_a_cut_before_the_old_one_is_expunged_tells_of_the_new_one(
    request: pytest.FixtureRequest,
) -> None:
    """Both are there, and the call must not be repeated blindly."""
    async with poor_server(request, "memory") as (relay, client):
        inbox = client.mailbox()
        await inbox.append(small(1))

        def cut_before_store(sent: bytes) -> None:
            if b"UID STORE" in sent:
                relay.cut()

        relay.before_sending = cut_before_store
        with pytest.raises(IMAPConnectionLost) as caught:
            await inbox.replace(1, small(2))
        relay.before_sending = None

        added = caught.value.partial
        assert isinstance(added, AppendResult)
        assert added.uid == 2
        assert caught.value.maybe_executed
        await inbox.expunge([1])
        assert await raws_of(inbox) == [small(2)]


async def test_one_command_does_it_where_the_server_has_replace() -> None:
    """RFC 8508 §3.3; neither Dovecot 2.3 nor Cyrus 3.6 has it."""
    script = f"""{LOGGED_IN.replace("MOVE", "MOVE REPLACE")}
C: T1 SELECT INBOX
S: * 3 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T1 OK [READ-WRITE] selected
C: T2 UID FETCH 5 (FLAGS)
S: * 2 FETCH (UID 5 FLAGS (\\Draft \\Recent))
S: T2 OK done
C: T3 UID REPLACE 5 INBOX (\\Draft) {{6+}}
C: x: y
C:
S: * OK [APPENDUID 7 9] added
S: * 4 EXISTS
S: * 2 EXPUNGE
S: T3 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().replace(5, b"x: y\r\n")
    assert result == AppendResult("INBOX", 7, 9)


async def test_a_uid_that_is_none_is_a_value_error(
    inbox: IMAPMailboxUIDService,
) -> None:
    with pytest.raises(ValueError, match="UIDs are in"):
        await inbox.replace(0, small(1))
    assert not await inbox.search()


async def test_a_message_that_goes_as_it_is_replaced_is_told_of() -> None:
    """REPLACE itself finds that: the error is about a message, not its mailbox."""

    def expunge(record: TraceRecord) -> None:
        if "UID REPLACE" in record.text:  # before the server reads it
            box.expunge([1])

    async with MemoryServer() as server:
        box = server.add_account("jane", "secret").mailbox("INBOX")
        box.deliver(small(1))
        async with IMAPClient(
            server.host,
            "jane",
            "secret",
            port=server.port,
            security=Security.PLAIN,
            trace=expunge,
        ) as client:
            with pytest.raises(IMAPMessageError, match="there is no message 1"):
                await client.mailbox().replace(1, small(2))

    assert box.uids == []
