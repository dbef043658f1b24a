"""UIDs of another mailbox, or of another life of it, are refused."""

from __future__ import annotations

import pytest

from aiosage import (
    FetchOrder,
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPSearchCriteria,
    MessagePart,
    SortKey,
    UIDValidityChanged,
)

from .accounts import OtherClient, small, uids_of


async def test_messages_of_an_earlier_life_are_refused(
    client: IMAPClient, other: OtherClient
) -> None:
    """The same UID is another message now: nothing may be done to it."""
    other.create("Box")
    box = client.mailbox("Box")
    await box.append(small(1))
    old = await box.search()
    ordered = await box.sort(IMAPSearchCriteria.ALL, SortKey.SUBJECT)
    await client.folders.delete("Box")
    other.create("Box")
    other.deliver(small(2), mailbox="Box")

    for change in (
        box.add_flags(old, Flag.DELETED),
        box.move(old, "INBOX"),
        box.copy(old, "INBOX"),
        box.expunge(old),
        uids_of(box, old),
        box.expunge(ordered),
        anext(box.fetch(ordered, order=FetchOrder.AS_GIVEN)),
        anext(box.fetch_text(ordered)),
    ):
        with pytest.raises(UIDValidityChanged) as caught:
            await change
        assert caught.value.expected == old.uidvalidity
    assert [m.subject async for m in box.fetch(await box.search())] == ["number 2"]
    assert not await client.mailbox().search()


async def test_a_mailbox_recreated_behind_our_back_is_noticed(
    client: IMAPClient, other: OtherClient
) -> None:
    """Its session is in the mailbox that was deleted: it must not be used."""
    other.create("Box")
    box = client.mailbox("Box")
    await box.append(small(1))
    old = await box.search()
    other.delete("Box")
    other.create("Box")

    with pytest.raises(UIDValidityChanged):
        await uids_of(box, old, MessagePart.FLAGS)
    other.deliver(small(2), mailbox="Box")

    assert [m.subject async for m in box.fetch(await box.search())] == ["number 2"]


async def test_messages_of_another_mailbox_are_a_mistake(
    client: IMAPClient, inbox: IMAPMailboxUIDService
) -> None:
    found = (await inbox.search()).bound_to("Sent", None)
    with pytest.raises(ValueError, match="are not in"):
        await inbox.move(found, "Archive")
