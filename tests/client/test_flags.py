"""Changing flags, on both servers."""

from __future__ import annotations

import pytest

from aiosage import (
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    MessageSet,
)
from aiosage import (
    IMAPSearchCriteria as S,
)

from .accounts import OtherClient, flags_of, small


async def test_flags_are_added_removed_and_replaced(
    inbox: IMAPMailboxUIDService,
) -> None:
    await inbox.append(small(1))
    work = Flag("Work")

    told = await inbox.add_flags([1], Flag.SEEN, work)
    assert told.flags[1] - {Flag.RECENT} == {Flag.SEEN, work}
    await inbox.remove_flags([1], Flag.SEEN)
    assert await flags_of(inbox, 1) == {work}
    await inbox.set_flags([1], Flag.FLAGGED)
    assert await flags_of(inbox, 1) == {Flag.FLAGGED}
    await inbox.set_flags([1])
    assert await flags_of(inbox, 1) == set()
    with pytest.raises(ValueError, match="no flags"):
        await inbox.add_flags([1])


async def test_a_message_that_just_arrived_can_be_flagged(
    inbox: IMAPMailboxUIDService, other: OtherClient
) -> None:
    assert not await inbox.search()
    other.deliver(small(1))
    await inbox.add_flags([1], Flag.FLAGGED)

    assert await flags_of(inbox, 1) == {Flag.FLAGGED}


async def test_a_set_too_long_for_one_line_is_split(
    client: IMAPClient, inbox: IMAPMailboxUIDService
) -> None:
    """Servers limit lines, to 8192 octets at least (RFC 7162 §4)."""
    await inbox.append(small(1))
    while len(found := await inbox.search()) < 4000:
        await inbox.copy(found, "INBOX")
    odd = MessageSet(range(1, 4000, 2))

    await inbox.add_flags(odd, Flag.FLAGGED)

    assert list(await inbox.search(S.FLAGGED)) == list(odd)
