"""Reading messages, on every server."""

from __future__ import annotations

import asyncio

import pytest

from aiosage import (
    EmailMessage,
    FetchOrder,
    Flag,
    IMAPClient,
    IMAPMailboxError,
    IMAPMailboxUIDService,
    IMAPMessageError,
    MessagePart,
    MessageSet,
)
from aiosage import (
    IMAPSearchCriteria as S,
)
from aiosage.model import MAX_UID

from ..conftest import Endpoint
from .accounts import (
    OtherClient,
    client_of,
    flags_of,
    scripted_client,
    small,
    uids_of,
)
from .relay import Relay


async def test_messages_come_whole_with_their_flags(
    inbox: IMAPMailboxUIDService,
) -> None:
    for number in (1, 2):
        await inbox.append(small(number), flags=[Flag.FLAGGED])

    found = [m async for m in inbox.fetch(await inbox.search())]

    assert [m.raw for m in found] == [small(1), small(2)]
    assert all(m.flags and Flag.FLAGGED in m.flags for m in found)
    assert [m.subject for m in found] == ["number 1", "number 2"]


@pytest.mark.parametrize("with_text", [False, True])
async def test_what_is_fetched_says_for_certain_which_message_it_is(
    inbox: IMAPMailboxUIDService, with_text: bool
) -> None:
    """Nor does it wear the Recent flag, which is the session's."""
    await inbox.append(small(1))
    fetch = inbox.fetch_text if with_text else inbox.fetch

    (message,) = [m async for m in fetch(MessageSet([1]))]

    assert message.messages == await inbox.search()
    assert message.messages.uidvalidity is not None
    assert message.flags == frozenset()


async def test_a_message_known_from_elsewhere_is_there_at_once(
    inbox: IMAPMailboxUIDService, other: OtherClient
) -> None:
    """A watch tells a UID; the connection fetched with has not heard of it."""
    assert not await inbox.search()
    other.deliver(small(1))

    assert await uids_of(inbox, MessageSet([1])) == [1]


async def test_flags_are_those_of_now(
    inbox: IMAPMailboxUIDService, other: OtherClient
) -> None:
    await inbox.append(small(1))
    assert await flags_of(inbox, 1) == set()
    other.add_flag(1, Flag.FLAGGED)

    assert await flags_of(inbox, 1) == {Flag.FLAGGED}


@pytest.mark.sends("SEEN")
async def test_reading_does_not_set_seen_unless_asked_to(
    inbox: IMAPMailboxUIDService,
) -> None:
    await inbox.append(small(1))
    parts = [
        MessagePart.FULL,
        MessagePart.TEXT,
        MessagePart.HEADER,
        MessagePart.section("1"),
        MessagePart.mime("1"),
        MessagePart.header_fields("Subject"),
    ]
    await uids_of(inbox, MessageSet([1]), *parts)
    assert await flags_of(inbox, 1) == set()

    await uids_of(inbox, MessageSet([1]), MessagePart.TEXT.marking_seen())
    assert await flags_of(inbox, 1) == {Flag.SEEN}


async def test_commands_inside_the_loop_need_no_second_connection(
    any_server: Endpoint,
) -> None:
    """No connection is held while the body runs."""
    async with client_of(any_server, max_connections=1) as client:
        inbox = client.mailbox()
        for number in range(40):
            await inbox.append(small(number))

        async with asyncio.timeout(20):
            async for message in inbox.fetch(await inbox.search()):
                assert client.stats().busy == 0
                await inbox.add_flags([message.uid], Flag.SEEN)
                if message.uid % 10 == 0:
                    await inbox.move([message.uid], "Archive")

        assert len(await inbox.search(S.SEEN)) == 36
        assert len(await client.mailbox("Archive").search()) == 4


async def test_leaving_the_loop_gives_everything_back(
    client: IMAPClient, inbox: IMAPMailboxUIDService
) -> None:
    for number in range(20):
        await inbox.append(small(number))
    messages = await inbox.search()

    async for _ in inbox.fetch(messages):
        break

    async def fail() -> None:
        async for _ in inbox.fetch(messages):
            raise RuntimeError("of the body")

    with pytest.raises(RuntimeError, match="of the body"):
        await fail()

    assert client.stats().busy == 0
    assert len(await uids_of(inbox, messages)) == 20


async def test_cancelling_the_loop_leaves_the_client_usable(
    client: IMAPClient, inbox: IMAPMailboxUIDService
) -> None:
    """At any await: the replies to what was under way reach nobody."""
    for number in range(30):
        await inbox.append(small(number))
    messages = await inbox.search()
    for steps in range(1, 60, 3):
        task = asyncio.create_task(uids_of(inbox, messages))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert await uids_of(inbox, MessageSet([7]), MessagePart.FLAGS) == [7]

    assert client.stats().busy == 0


@pytest.mark.parametrize("item", [MessagePart.FLAGS, MessagePart.FULL])
async def test_messages_expunged_in_between_are_left_out(
    inbox: IMAPMailboxUIDService, other: OtherClient, item: MessagePart
) -> None:
    """Between windows, and between the sizes of messages and the messages."""
    large = small(0) + b"x" * 400_000
    for number in range(20):
        await inbox.append(large if item is MessagePart.FULL else small(number))
    found: list[int | None] = []
    async for message in inbox.fetch(await inbox.search(), item):
        if not found:
            other.expunge(19)
        found.append(message.uid)

    assert found == [uid for uid in range(1, 21) if uid != 19]


@pytest.mark.parametrize("order", [FetchOrder.ASCENDING, FetchOrder.NEWEST_FIRST])
async def test_a_range_may_be_larger_than_any_mailbox(
    any_server: Endpoint, order: FetchOrder
) -> None:
    """`1:*` has no other form; 2^32 UIDs are not asked for one after the other."""
    async with (
        Relay(any_server.host, any_server.port) as relay,
        client_of(any_server, port=relay.port) as client,
    ):
        inbox = client.mailbox()
        for number in (1, 2, 3):
            await inbox.append(small(number))
        everything = MessageSet.from_range(2, MAX_UID)
        found = [m async for m in inbox.fetch(everything, order=order)]
        texts = [m async for m in inbox.fetch_text(everything, order=order)]

        async def take(_: EmailMessage) -> None:
            pass

        result = await inbox.process_in_batches(everything, take)

    expected = [2, 3] if order is FetchOrder.ASCENDING else [3, 2]
    assert [m.uid for m in found] == [m.uid for m in texts] == expected
    assert list(result.succeeded) == [2, 3]
    assert relay.commands.count("UID FETCH") < 10


async def test_octets_are_no_messages(inbox: IMAPMailboxUIDService) -> None:
    """To type checkers they are numbers: `b"3"`, as imaplib tells a UID, is 51."""
    await inbox.append(small(1))
    for read in (inbox.fetch, inbox.fetch_text):
        with pytest.raises(TypeError):
            read(b"1")
    with pytest.raises(TypeError):
        await inbox.expunge(b"1")


async def test_inbox_has_no_case(client: IMAPClient) -> None:
    """RFC 9051 §5.1; and a name that Unicode folds to it is another mailbox."""
    await client.mailbox("inbox").append(small(1))
    found = await client.mailbox("Inbox").search()

    assert found.mailbox == "INBOX"
    assert await uids_of(client.mailbox("iNBOX"), found) == [1]
    assert client.mailbox("\u0131nbox").name == "\u0131nbox"
    with pytest.raises(IMAPMailboxError):
        await client.folders.delete("\u0131nbox")


SELECTED = """S: * PREAUTH [CAPABILITY IMAP4rev1] ready
C: T1 EXAMINE INBOX
S: * 3 EXISTS
S: * OK [UIDVALIDITY 9] ok
S: T1 OK [READ-ONLY] done
"""


async def test_what_stops_early_is_asked_for_the_rest() -> None:
    """MESSAGELIMIT (RFC 9738 §3.1), announced or not."""
    script = f"""{SELECTED}
C: T2 UID FETCH 1:3 (FLAGS)
S: * 3 FETCH (UID 3 FLAGS ())
S: T2 OK [MESSAGELIMIT 1 3] stopped
C: T3 UID FETCH 1:2 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 FETCH (UID 2 FLAGS ())
S: T3 OK [MESSAGELIMIT 2 1] stopped
"""
    async with scripted_client(script) as client:
        found = await uids_of(
            client.mailbox(), MessageSet([1, 2, 3]), MessagePart.FLAGS
        )

    assert found == [1, 2, 3]


async def test_who_never_gets_on_is_not_asked_for_ever() -> None:
    script = f"""{SELECTED}
C: T2 UID FETCH 1:3 (FLAGS)
S: T2 OK [MESSAGELIMIT 1 4] stopped
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPMessageError, match="MESSAGELIMIT"):
            await uids_of(client.mailbox(), MessageSet([1, 2, 3]), MessagePart.FLAGS)


async def test_a_refusal_since_some_are_gone_leaves_the_others() -> None:
    """The server may refuse all until it could tell (RFC 2180 §4.1.1)."""
    script = f"""{SELECTED}
C: T2 UID FETCH 1:3 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: T2 NO [EXPUNGEISSUED] some are gone
C: T3 NOOP
S: * 2 EXPUNGE
S: T3 OK done
C: T4 UID FETCH 1:3 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: * 2 FETCH (UID 3 FLAGS ())
S: T4 OK done
"""
    async with scripted_client(script) as client:
        found = await uids_of(
            client.mailbox(), MessageSet([1, 2, 3]), MessagePart.FLAGS
        )

    assert found == [1, 3]


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (MessagePart.HEADER, 'BODY[HEADER] ""'),
        (MessagePart.INTERNAL_DATE, 'INTERNALDATE "01-Jan-2026 00:00:00 +0000"'),
    ],
)
async def test_flags_of_a_message_that_goes_meanwhile_are_no_message(
    item: MessagePart, told: str
) -> None:
    r"""Somebody else marks it ``\Deleted`` and expunges it."""
    script = f"""{SELECTED}
C: T2 UID FETCH 1:2 ({item})
S: * 1 FETCH (FLAGS (\\Deleted) UID 1)
S: * 2 FETCH (UID 2 {told})
S: * 1 EXPUNGE
S: T2 OK done
"""
    async with scripted_client(script) as client:
        found = await uids_of(client.mailbox(), MessageSet([1, 2]), item)

    assert found == [2]


async def test_big_messages_among_small_ones_are_asked_for_alone(
    any_server: Endpoint,
) -> None:
    """Memory is bounded, however the sizes are mixed."""
    big = small(0) + (b"x" * 76 + b"\r\n") * (3 * 2**20 // 78)
    async with Relay(any_server.host, any_server.port) as relay:
        async with client_of(any_server, port=relay.port) as client:
            inbox = client.mailbox()
            for number in range(60):
                await inbox.append(big if number % 20 == 7 else small(number))
            sizes = [
                len(message.raw or b"")
                async for message in inbox.fetch(await inbox.search(), MessagePart.FULL)
            ]
        fetches = [
            bytes(line.split(b"FETCH ")[1].split()[0])
            for line in relay.sent[0].split(b"\r\n")
            if b"UID FETCH" in line and b"BODY" in line
        ]

    assert len(sizes) == 60
    assert sum(size > 2**20 for size in sizes) == 3
    assert fetches == [b"1:7", b"8", b"9:27", b"28", b"29:47", b"48", b"49:60"]


async def test_five_thousand_messages_come_once_each_in_order(
    server: Endpoint,
) -> None:
    """Cyrus, a file for each, would take half a minute."""
    async with client_of(server) as client:
        inbox = client.mailbox()
        await inbox.append(small(0))
        while len(found := await inbox.search()) < 5000:
            await inbox.copy(found, "INBOX")

        fetched = await uids_of(inbox, found, MessagePart.ENVELOPE)

    assert fetched == list(found)


async def test_a_single_message_costs_one_command(any_server: Endpoint) -> None:
    """Sizes are asked for only where they can change anything."""
    async with Relay(any_server.host, any_server.port) as relay:
        async with client_of(any_server, port=relay.port) as client:
            await client.mailbox().append(small(1))
            await uids_of(client.mailbox(), MessageSet([1]))
        assert relay.commands.count("UID FETCH") == 1
