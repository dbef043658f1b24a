"""Adding messages, on every server."""

from __future__ import annotations

import email.message
from datetime import UTC, datetime

import pytest

from aiosage import (
    EmailMessage,
    Flag,
    IMAPClient,
    IMAPMailboxError,
    IMAPMailboxUIDService,
    MessagePart,
)

from .accounts import small


async def test_flags_date_and_octets_arrive(inbox: IMAPMailboxUIDService) -> None:
    when = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
    result = await inbox.append(
        small(1), flags=[Flag.SEEN, Flag("Work")], internal_date=when
    )

    assert result.mailbox == "INBOX"
    assert result.uid == 1
    assert result.uidvalidity == (await inbox.search()).uidvalidity
    (message,) = [
        m
        async for m in inbox.fetch(
            [1], MessagePart.FULL, MessagePart.FLAGS, MessagePart.INTERNAL_DATE
        )
    ]
    assert message.raw == small(1)
    assert message.internal_date == when
    assert message.flags is not None
    assert message.flags == frozenset({Flag.SEEN, Flag("Work")})


async def test_messages_of_both_libraries_arrive_with_crlf(
    inbox: IMAPMailboxUIDService,
) -> None:
    theirs = email.message.EmailMessage()
    theirs["Subject"] = "Grüße"
    theirs.set_content("From me\nto you: ä\n")
    old = email.message.Message()
    old["Subject"] = "old"
    old.set_payload("one\r\ntwo\nFrom here\n")
    await inbox.append(theirs)
    await inbox.append(old)
    await inbox.append(EmailMessage.from_bytes(small(3)))

    first, second, third = [m async for m in inbox.fetch([1, 2, 3])]

    for message in (first, second, third):
        assert message.raw is not None
        assert message.raw.count(b"\n") == message.raw.count(b"\r\n")
        assert b"\r\r\n" not in message.raw
    assert first.subject == "Grüße"
    assert first.text == "From me\nto you: ä\n"
    assert second.raw is not None
    assert second.raw.endswith(b"\r\n\r\none\r\ntwo\r\nFrom here\r\n")
    assert third.raw == small(3)


async def test_what_cannot_be_appended_is_refused_before_it_is_sent(
    client: IMAPClient, inbox: IMAPMailboxUIDService
) -> None:
    with pytest.raises(ValueError, match="fetch FULL"):
        await inbox.append(EmailMessage(uid=1, header=b"Subject: x\r\n\r\n"))
    with pytest.raises(ValueError, match="naive"):
        await inbox.append(small(1), internal_date=datetime(2026, 1, 1))

    assert not await inbox.search()
    assert client.stats().opened == 1


async def test_a_missing_mailbox_is_a_mailbox_error(client: IMAPClient) -> None:
    with pytest.raises(IMAPMailboxError) as caught:
        await client.mailbox("missing").append(small(1))

    assert caught.value.code == "TRYCREATE"


async def test_flags_as_they_were_fetched_can_be_appended(
    inbox: IMAPMailboxUIDService,
) -> None:
    r"""Among them may be ``\Recent``, which servers refuse to be told."""
    result = await inbox.append(small(1), flags=[Flag.SEEN, Flag.RECENT])
    assert result.uid == 1
    assert await inbox.set_flags([1], Flag.FLAGGED, Flag.RECENT)
