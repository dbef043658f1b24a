"""Searching, reading and changing messages, on both servers."""

from __future__ import annotations

import asyncio
import email.message
import email.policy
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from aiosage import (
    EmailMessage,
    Flag,
    IMAPClient,
    IMAPMailboxError,
    IMAPMailboxUIDService,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    Security,
    UIDValidityChanged,
)

from ..conftest import Endpoint
from .accounts import OtherClient, client_of, small
from .relay import Relay

S = IMAPSearchCriteria


@pytest.fixture
async def client(server: Endpoint) -> AsyncIterator[IMAPClient]:
    async with client_of(server) as client:
        yield client


@pytest.fixture
def inbox(client: IMAPClient) -> IMAPMailboxUIDService:
    return client.mailbox()


@pytest.fixture
def other(server: Endpoint) -> OtherClient:
    return OtherClient(server)


async def uids_of(
    inbox: IMAPMailboxUIDService, messages: MessageSet, *items: MessagePart
) -> list[int | None]:
    return [message.uid async for message in inbox.fetch(messages, *items)]


async def flags_of(inbox: IMAPMailboxUIDService, uid: int) -> set[Flag]:
    (message,) = [m async for m in inbox.fetch([uid], MessagePart.FLAGS)]
    assert message.flags is not None
    return set(message.flags - {Flag.RECENT})


@pytest.mark.parametrize("security", list(Security))
async def test_login_and_search_over_every_security_mode(
    server: Endpoint, security: Security
) -> None:
    port = server.tls_port if security is Security.TLS else server.port
    context = None if security is Security.PLAIN else server.ssl_context
    async with client_of(
        server, port=port, security=security, ssl_context=context
    ) as client:
        assert await client.mailbox().search() == MessageSet(
            mailbox="INBOX", uidvalidity=(await client.mailbox().search()).uidvalidity
        )


class TestSearch:
    async def test_keys_find_what_they_say(self, inbox: IMAPMailboxUIDService) -> None:
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
        self, inbox: IMAPMailboxUIDService, wanted: str
    ) -> None:
        message = email.message.EmailMessage()
        message["Subject"] = f"{wanted} aus der Ferne"
        message.set_content(f"so viele {wanted}\n")
        await inbox.append(small(1))
        await inbox.append(message)

        assert list(await inbox.search(S.subject(wanted))) == [2]
        assert list(await inbox.search(S.body(wanted))) == [2]

    async def test_a_message_that_just_arrived_is_found(
        self, inbox: IMAPMailboxUIDService, other: OtherClient
    ) -> None:
        """A session sees a mailbox as it was at its last command."""
        for number in (1, 2, 3):
            other.deliver(small(number))

            assert len(await inbox.search()) == number

    async def test_flags_that_just_changed_are_found(
        self, inbox: IMAPMailboxUIDService, other: OtherClient
    ) -> None:
        await inbox.append(small(1))
        assert await inbox.search(S.UNSEEN)
        other.add_flag(1, Flag.SEEN)

        assert not await inbox.search(S.UNSEEN)

    async def test_batches_ascend_and_hold_all_that_was_found(
        self, inbox: IMAPMailboxUIDService
    ) -> None:
        for number in range(7):
            await inbox.append(small(number))

        batches = [list(b) async for b in inbox.search_batches(batch_size=3)]

        assert batches == [[1, 2, 3], [4, 5, 6], [7]]
        assert [b async for b in inbox.search_batches(S.SEEN)] == []
        with pytest.raises(ValueError, match="at least one"):
            await anext(aiter(inbox.search_batches(batch_size=0)))

    async def test_a_missing_mailbox_is_a_mailbox_error(
        self, client: IMAPClient
    ) -> None:
        with pytest.raises(IMAPMailboxError, match="missing"):
            await client.mailbox("missing").search()

        assert client.stats().busy == 0


class TestFetch:
    async def test_messages_come_whole_with_their_flags(
        self, inbox: IMAPMailboxUIDService
    ) -> None:
        for number in (1, 2):
            await inbox.append(small(number), flags=[Flag.FLAGGED])

        found = [m async for m in inbox.fetch(await inbox.search())]

        assert [m.raw for m in found] == [small(1), small(2)]
        assert all(m.flags and Flag.FLAGGED in m.flags for m in found)
        assert [m.subject for m in found] == ["number 1", "number 2"]

    async def test_a_message_known_from_elsewhere_is_there_at_once(
        self, inbox: IMAPMailboxUIDService, other: OtherClient
    ) -> None:
        """A watch tells a UID; the connection fetched with has not heard of it."""
        assert not await inbox.search()
        other.deliver(small(1))

        assert await uids_of(inbox, MessageSet([1])) == [1]

    async def test_flags_are_those_of_now(
        self, inbox: IMAPMailboxUIDService, other: OtherClient
    ) -> None:
        await inbox.append(small(1))
        assert await flags_of(inbox, 1) == set()
        other.add_flag(1, Flag.FLAGGED)

        assert await flags_of(inbox, 1) == {Flag.FLAGGED}

    async def test_reading_does_not_set_seen_unless_asked_to(
        self, inbox: IMAPMailboxUIDService
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
        self, server: Endpoint
    ) -> None:
        """No connection is held while the body runs."""
        async with client_of(server, max_connections=1) as client:
            inbox = client.mailbox()
            for number in range(40):
                await inbox.append(small(number))

            async with asyncio.timeout(20):
                async for message in inbox.fetch(await inbox.search()):
                    assert message.uid is not None
                    assert client.stats().busy == 0
                    await inbox.add_flags([message.uid], Flag.SEEN)
                    if message.uid % 10 == 0:
                        await inbox.move([message.uid], "Archive")

            assert len(await inbox.search(S.SEEN)) == 36
            assert len(await client.mailbox("Archive").search()) == 4

    async def test_leaving_the_loop_gives_everything_back(
        self, client: IMAPClient, inbox: IMAPMailboxUIDService
    ) -> None:
        for number in range(20):
            await inbox.append(small(number))
        messages = await inbox.search()

        async for _ in inbox.fetch(messages):
            break
        with pytest.raises(RuntimeError, match="of the body"):
            async for _ in inbox.fetch(messages):
                raise RuntimeError("of the body")

        assert client.stats().busy == 0
        assert len(await uids_of(inbox, messages)) == 20

    async def test_cancelling_the_loop_leaves_the_client_usable(
        self, client: IMAPClient, inbox: IMAPMailboxUIDService
    ) -> None:
        """At any await: the replies to what was under way reach nobody."""
        for number in range(30):
            await inbox.append(small(number))
        messages = await inbox.search()
        reached: list[int | None] = []

        async def read() -> None:
            async for message in inbox.fetch(messages):
                reached.append(message.uid)

        for steps in range(1, 60, 3):
            task = asyncio.create_task(read())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert await uids_of(inbox, MessageSet([7]), MessagePart.FLAGS) == [7]

        assert client.stats().busy == 0

    async def test_messages_expunged_in_between_are_left_out(
        self, inbox: IMAPMailboxUIDService, other: OtherClient
    ) -> None:
        for number in range(40):
            await inbox.append(small(number))
        found: list[int | None] = []
        async for message in inbox.fetch(await inbox.search(), MessagePart.FLAGS):
            if not found:
                other.expunge(30)
            found.append(message.uid)

        assert found == [uid for uid in range(1, 41) if uid != 30]

    async def test_big_messages_among_small_ones_are_asked_for_alone(
        self, server: Endpoint
    ) -> None:
        """Memory is bounded, however the sizes are mixed."""
        big = small(0) + (b"x" * 76 + b"\r\n") * (3 * 2**20 // 78)
        async with Relay(server.host, server.port) as relay:
            async with client_of(server, port=relay.port) as client:
                inbox = client.mailbox()
                for number in range(60):
                    await inbox.append(
                        big if number % 20 == 7 else small(number)
                    )
                sizes = [
                    len(message.raw or b"")
                    async for message in inbox.fetch(
                        await inbox.search(), MessagePart.FULL
                    )
                ]
            fetches = [
                line
                for line in relay.sent[0].split(b"\r\n")
                if b"UID FETCH" in line and b"BODY" in line
            ]

        assert len(sizes) == 60
        assert sum(size > 2**20 for size in sizes) == 3
        # Windows of at most 4 MiB: two big ones never travel together.
        assert len(fetches) == 3

    async def test_five_thousand_messages_come_once_each_in_order(
        self, client: IMAPClient, inbox: IMAPMailboxUIDService
    ) -> None:
        await inbox.append(small(0))
        while len(found := await inbox.search()) < 5000:
            await inbox.copy(found, "INBOX")

        fetched = await uids_of(inbox, found, MessagePart.ENVELOPE)

        assert fetched == list(found)

    async def test_a_single_message_costs_one_command(self, server: Endpoint) -> None:
        """Sizes are asked for only where they can change anything."""
        async with Relay(server.host, server.port) as relay:
            async with client_of(server, port=relay.port) as client:
                await client.mailbox().append(small(1))
                await uids_of(client.mailbox(), MessageSet([1]))
            assert relay.commands.count("UID FETCH") == 1


class TestFlags:
    async def test_flags_are_added_removed_and_replaced(
        self, inbox: IMAPMailboxUIDService
    ) -> None:
        await inbox.append(small(1))
        work = Flag("Work")

        told = await inbox.add_flags([1], Flag.SEEN, work)
        assert told[1] - {Flag.RECENT} == {Flag.SEEN, work}
        await inbox.remove_flags([1], Flag.SEEN)
        assert await flags_of(inbox, 1) == {work}
        await inbox.set_flags([1], Flag.FLAGGED)
        assert await flags_of(inbox, 1) == {Flag.FLAGGED}
        await inbox.set_flags([1])
        assert await flags_of(inbox, 1) == set()
        with pytest.raises(ValueError, match="no flags"):
            await inbox.add_flags([1])

    async def test_a_message_that_just_arrived_can_be_flagged(
        self, inbox: IMAPMailboxUIDService, other: OtherClient
    ) -> None:
        assert not await inbox.search()
        other.deliver(small(1))
        await inbox.add_flags([1], Flag.FLAGGED)

        assert await flags_of(inbox, 1) == {Flag.FLAGGED}

    async def test_a_set_too_long_for_one_line_is_split(
        self, client: IMAPClient, inbox: IMAPMailboxUIDService
    ) -> None:
        """Servers limit lines, to 8192 octets at least (RFC 7162 §4)."""
        await inbox.append(small(1))
        while len(found := await inbox.search()) < 4000:
            await inbox.copy(found, "INBOX")
        odd = MessageSet(range(1, 4000, 2))

        await inbox.add_flags(odd, Flag.FLAGGED)

        assert list(await inbox.search(S.FLAGGED)) == list(odd)


class TestAppend:
    async def test_flags_date_and_octets_arrive(
        self, inbox: IMAPMailboxUIDService
    ) -> None:
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
        assert message.flags - {Flag.RECENT} == {Flag.SEEN, Flag("Work")}

    async def test_messages_of_both_libraries_arrive_with_crlf(
        self, inbox: IMAPMailboxUIDService
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
        assert first.text == "From me\r\nto you: ä\r\n"
        assert second.raw is not None
        assert second.raw.endswith(b"\r\n\r\none\r\ntwo\r\nFrom here\r\n")
        assert third.raw == small(3)

    async def test_what_cannot_be_appended_is_refused_before_it_is_sent(
        self, client: IMAPClient, inbox: IMAPMailboxUIDService
    ) -> None:
        with pytest.raises(ValueError, match="fetch FULL"):
            await inbox.append(EmailMessage(uid=1, header=b"Subject: x\r\n\r\n"))
        with pytest.raises(ValueError, match="NUL"):
            await inbox.append(b"Subject: x\r\n\r\n\0")
        with pytest.raises(ValueError, match="aware"):
            await inbox.append(small(1), internal_date=datetime(2026, 1, 1))  # noqa: DTZ001  # that is the mistake

        assert not await inbox.search()
        assert client.stats().opened == 1

    async def test_a_missing_mailbox_is_a_mailbox_error(
        self, client: IMAPClient
    ) -> None:
        with pytest.raises(IMAPMailboxError) as caught:
            await client.mailbox("missing").append(small(1))

        assert caught.value.code == "TRYCREATE"


class TestUIDValidity:
    async def test_messages_of_an_earlier_life_are_refused(
        self, client: IMAPClient, other: OtherClient
    ) -> None:
        """The same UID is another message now: nothing may be done to it."""
        other.create("Box")
        box = client.mailbox("Box")
        await box.append(small(1))
        old = await box.search()
        await client.folders.delete("Box")
        other.create("Box")
        other.deliver(small(2), mailbox="Box")

        for change in (
            box.add_flags(old, Flag.DELETED),
            box.move(old, "INBOX"),
            box.copy(old, "INBOX"),
            box.expunge(old),
            uids_of(box, old),
        ):
            with pytest.raises(UIDValidityChanged) as caught:
                await change
            assert caught.value.expected == old.uidvalidity
        assert [m.subject async for m in box.fetch(await box.search())] == ["number 2"]
        assert not await client.mailbox().search()

    async def test_a_mailbox_recreated_behind_our_back_is_noticed(
        self, client: IMAPClient, other: OtherClient
    ) -> None:
        """Its session is in the mailbox that was deleted: it must not be used."""
        other.create("Box")
        box = client.mailbox("Box")
        await box.append(small(1))
        old = await box.search()
        other.delete("Box")
        other.create("Box")
        other.deliver(small(2), mailbox="Box")

        with pytest.raises(UIDValidityChanged):
            await uids_of(box, old, MessagePart.FLAGS)

        assert [m.subject async for m in box.fetch(await box.search())] == ["number 2"]

    async def test_messages_of_another_mailbox_are_a_mistake(
        self, client: IMAPClient, inbox: IMAPMailboxUIDService
    ) -> None:
        found = (await inbox.search()).bound_to("Sent", None)
        with pytest.raises(ValueError, match="are not in"):
            await inbox.move(found, "Archive")
