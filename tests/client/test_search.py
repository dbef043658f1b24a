"""Searching, on every server."""

from __future__ import annotations

import email.message

import pytest

from aiosage import (
    Flag,
    IMAPClient,
    IMAPMailboxError,
    IMAPMailboxUIDService,
    MessageSet,
)
from aiosage import (
    IMAPSearchCriteria as S,
)

from .accounts import OtherClient, small


async def test_keys_find_what_they_say(inbox: IMAPMailboxUIDService) -> None:
    for number in (1, 2, 3):
        await inbox.append(small(number))
    await inbox.add_flags([2], Flag.FLAGGED)

    assert list(await inbox.search()) == [1, 2, 3]
    assert list(await inbox.search(S.FLAGGED)) == [2]
    assert list(await inbox.search(S.UNSEEN & ~S.FLAGGED)) == [1, 3]
    assert list(await inbox.search(S.subject("number 3") | S.FLAGGED)) == [2, 3]
    assert list(await inbox.search(S.uid(MessageSet([2, 9])))) == [2]
    assert not await inbox.search(S.subject('5* hotel "(:-)\\'))


@pytest.mark.parametrize("wanted", ["Grüße", "日本", "Ελλάς"])
async def test_text_beyond_ascii_is_found(
    inbox: IMAPMailboxUIDService, wanted: str
) -> None:
    message = email.message.EmailMessage()
    message["Subject"] = f"{wanted} aus der Ferne"
    message.set_content(f"so viele {wanted}\n")
    await inbox.append(small(1))
    await inbox.append(message)

    assert list(await inbox.search(S.subject(wanted))) == [2]
    assert list(await inbox.search(S.body(wanted))) == [2]


async def test_a_message_that_just_arrived_is_found(
    inbox: IMAPMailboxUIDService, other: OtherClient
) -> None:
    """A session sees a mailbox as it was at its last command."""
    for number in (1, 2, 3):
        other.deliver(small(number))

        assert len(await inbox.search()) == number


async def test_flags_that_just_changed_are_found(
    inbox: IMAPMailboxUIDService, other: OtherClient
) -> None:
    await inbox.append(small(1))
    assert await inbox.search(S.UNSEEN)
    other.add_flag(1, Flag.SEEN)

    assert not await inbox.search(S.UNSEEN)


async def test_batches_ascend_and_hold_all_that_was_found(
    inbox: IMAPMailboxUIDService,
) -> None:
    for number in range(7):
        await inbox.append(small(number))

    batches = [list(b) async for b in inbox.search_batches(batch_size=3)]

    assert batches == [[1, 2, 3], [4, 5, 6], [7]]
    assert [b async for b in inbox.search_batches(S.SEEN)] == []
    with pytest.raises(ValueError, match="at least one"):
        await anext(aiter(inbox.search_batches(batch_size=0)))


async def test_a_missing_mailbox_is_a_mailbox_error(client: IMAPClient) -> None:
    with pytest.raises(IMAPMailboxError):
        await client.mailbox("missing").search()

    assert client.stats().busy == 0
