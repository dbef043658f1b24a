"""What services take for messages: sets, UIDs, criteria, fetched and sorted ones."""

from __future__ import annotations

import pytest

from aiosage import (
    FetchedMessage,
    FetchOrder,
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    SortKey,
    UIDValidityChanged,
)

from .accounts import OtherClient, flags_of, messages_in, raws_of, small

Q = IMAPSearchCriteria


async def box_with(client: IMAPClient, name: str, count: int) -> IMAPMailboxUIDService:
    await messages_in(client, name, count)
    return client.mailbox(name)


async def uids(
    inbox: IMAPMailboxUIDService, messages: IMAPSearchCriteria | MessageSet
) -> list[int]:
    return [m.uid async for m in inbox.fetch(messages, MessagePart.FLAGS)]


async def test_criteria_are_searched_for_first(client: IMAPClient) -> None:
    inbox = await box_with(client, "INBOX", 4)
    second = Q.subject("number 2")

    assert await uids(inbox, second) == [2]
    assert [m.text async for m in inbox.fetch_text(second)] == ["Hello 2\n"]
    assert (await inbox.add_flags(second, Flag.FLAGGED)).done == MessageSet(
        [2], mailbox="INBOX", uidvalidity=(await inbox.search()).uidvalidity
    )
    assert await uids(inbox, Q.FLAGGED) == [2]
    await inbox.set_flags(Q.FLAGGED, Flag.ANSWERED)
    await inbox.remove_flags(Q.ANSWERED, Flag.ANSWERED)
    assert await flags_of(inbox, 2) == set()

    await client.folders.create("box")
    assert (await inbox.copy(second, "box")).uids == {2: 1}
    assert (await inbox.move(Q.subject("number 3"), "box")).uids == {3: 2}
    assert [*(await inbox.delete(Q.subject("number 4"))).done] == [4]
    assert [*(await inbox.expunge(Q.uid(1))).done] == [1]
    assert await uids(inbox, Q.ALL) == [2]


async def test_criteria_that_nothing_matches_change_nothing(
    client: IMAPClient,
) -> None:
    inbox = await box_with(client, "INBOX", 1)

    assert await uids(inbox, Q.DRAFT) == []
    assert not (await inbox.delete(Q.DRAFT)).done
    assert await raws_of(inbox) == [small(1)]


async def test_what_matches_is_processed_and_counted(client: IMAPClient) -> None:
    inbox = await box_with(client, "INBOX", 3)
    seen: list[FetchedMessage] = []

    async def handle(message: FetchedMessage) -> None:
        seen.append(message)

    totals: list[int] = []
    result = await inbox.process_in_batches(
        ~Q.subject("number 2"),
        handle,
        on_progress=lambda progress: totals.append(progress.total),
    )

    assert [*result.succeeded] == sorted(m.uid for m in seen) == [1, 3]
    assert totals == [2]


async def test_fetched_messages_are_named_by_themselves(client: IMAPClient) -> None:
    inbox = await box_with(client, "INBOX", 3)
    first, second, third = [m async for m in inbox.fetch(Q.ALL)]

    await inbox.add_flags(second, Flag.FLAGGED)
    await inbox.add_flags([third, 1], Flag.SEEN)
    again = inbox.fetch([third, first], order=FetchOrder.AS_GIVEN)

    assert [m.uid async for m in again] == [3, 1]
    assert await uids(inbox, Q.FLAGGED) == [2]
    assert await uids(inbox, Q.SEEN) == [1, 3]


async def test_fetched_messages_are_of_their_mailbox_and_its_life(
    client: IMAPClient, other: OtherClient
) -> None:
    """A number alone would be that of another message there."""
    box = await box_with(client, "box", 1)
    (message,) = [m async for m in box.fetch(Q.ALL)]
    with pytest.raises(ValueError, match="are not in 'INBOX'"):
        await client.mailbox().add_flags([message], Flag.SEEN)

    other.delete("box")
    other.create("box")
    other.deliver(small(9), mailbox="box")
    with pytest.raises(UIDValidityChanged):
        await box.add_flags(message, Flag.SEEN)
    with pytest.raises(ValueError, match="do not mix"):
        await box.add_flags([message, await box.fetch_one(1)], Flag.SEEN)


async def test_a_slice_of_what_was_sorted_keeps_order_and_uidvalidity(
    client: IMAPClient, other: OtherClient
) -> None:
    box = await box_with(client, "box", 5)
    newest = await box.sort(Q.ALL, SortKey.SUBJECT.descending)
    page = newest[1:4]

    assert (newest[0], [*page], page[-1], 4 in page) == (5, [4, 3, 2], 2, True)
    assert page.messages.uidvalidity == (await box.search()).uidvalidity
    assert [m.uid async for m in box.fetch(page)] == [4, 3, 2]
    ascending = box.fetch_text(page, order=FetchOrder.ASCENDING)
    assert [m.uid async for m in ascending] == [2, 3, 4]

    other.delete("box")
    other.create("box")
    other.deliver(small(9), mailbox="box")
    with pytest.raises(UIDValidityChanged):
        await box.add_flags(page, Flag.SEEN)


async def test_threads_and_copies_are_named_by_themselves(client: IMAPClient) -> None:
    inbox = await box_with(client, "INBOX", 2)
    threads = await inbox.thread()
    assert [m.uid async for m in inbox.fetch(threads)] == [1, 2]

    await client.folders.create("box")
    box = client.mailbox("box")
    await box.add_flags(await inbox.copy([2], "box"), Flag.FLAGGED)
    assert await flags_of(box, 1) == {Flag.FLAGGED}


async def test_an_open_end_is_what_is_there_from_then_on(
    client: IMAPClient, other: OtherClient
) -> None:
    """Without the last message, which IMAP's own ``9:*`` is (RFC 9051 §9)."""
    box = await box_with(client, "box", 4)
    rest = MessageSet.parse("3:*")

    assert await uids(box, rest) == [3, 4]
    assert [*(await box.add_flags(rest, Flag.SEEN)).done] == [3, 4]
    assert await uids(box, MessageSet.from_range(9)) == []
    assert await uids(box, Q.uid("9:*")) == []
    assert not (await box.expunge(MessageSet.from_range(5))).done
    assert len(await box.search()) == 4

    bound = MessageSet.from_json(
        MessageSet.from_range(
            2, mailbox="box", uidvalidity=(await box.search()).uidvalidity
        ).to_json()
    )
    assert await uids(box, bound) == [2, 3, 4]
    other.delete("box")
    other.create("box")
    with pytest.raises(UIDValidityChanged):
        await uids(box, bound)
