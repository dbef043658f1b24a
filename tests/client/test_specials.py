"""Mailboxes by what they are for, instead of by name."""

from __future__ import annotations

import pytest

from aiosage import IMAPClient, IMAPMailboxError, IMAPSearchCriteria, SpecialUse

from .accounts import messages_in, raws_of, small
from .test_poor_servers import KINDS, poor_server

Q = IMAPSearchCriteria


async def name_of(client: IMAPClient, use: SpecialUse) -> str:
    """Return the name of the mailbox for *use*, made unless it is there."""
    if await client.folders.special(use) is None:
        await client.folders.create(f"My {use.name.lower()}", use)
    info = await client.folders.special(use)
    assert info is not None
    return info.name


async def test_a_mailbox_is_found_by_its_use_when_it_is_needed(
    client: IMAPClient,
) -> None:
    sent = client.mailbox(SpecialUse.SENT)
    assert (sent.name, repr(sent)) == ("\\Sent", r"<IMAPMailboxUIDService '\\Sent'>")
    name = await name_of(client, SpecialUse.SENT)

    result = await sent.append(small(1))

    assert (result.mailbox, sent.name) == (name, name)
    (message,) = [m async for m in sent.fetch(Q.ALL)]
    assert (message.mailbox, message.raw) == (name, small(1))
    async with client.mailbox(SpecialUse.SENT).download(message.uid) as octets:
        assert b"".join([piece async for piece in octets]) == small(1)


async def test_messages_are_archived_and_thrown_to_the_junk(
    client: IMAPClient,
) -> None:
    await messages_in(client, "INBOX", 3)
    inbox = client.mailbox()
    archive = await name_of(client, SpecialUse.ARCHIVE)
    junk = await name_of(client, SpecialUse.JUNK)

    assert (await inbox.archive([1])).mailbox == archive
    assert (await inbox.junk(Q.subject("number 2"))).mailbox == junk
    assert (await inbox.copy([3], SpecialUse.JUNK)).mailbox == junk

    assert await raws_of(inbox) == [small(3)]
    assert await raws_of(client.mailbox(archive)) == [small(1)]
    assert await raws_of(client.mailbox(junk)) == [small(2), small(3)]
    with pytest.raises(IMAPMailboxError, match="already"):
        await client.mailbox(archive).archive([1])


@KINDS
async def test_without_a_mailbox_for_it_the_error_says_so(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """And none is made: its name is the user's business."""
    async with poor_server(request, kind) as (_, client):
        before = {info.name for info in await client.folders.list()}
        there = set(await client.folders.specials())
        (missing, *_) = set(SpecialUse) - there
        with pytest.raises(IMAPMailboxError, match=missing.name.lower()) as caught:
            await client.mailbox(missing).search()

        assert caught.value.code == "NONEXISTENT"
        assert {info.name for info in await client.folders.list()} == before
