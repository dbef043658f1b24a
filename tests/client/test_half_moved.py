"""A MOVE whose server is killed on its way: Dovecot adds first, and removes then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from aiosage import CopyResult, IMAPClient, IMAPConnectionLost, MessageSet
from aiosage.client import _recovery
from aiosage.testing import Cut, Direction, MemoryServer

from ..conftest import Endpoint
from ..connection.scripted import SELECTED
from .accounts import OtherClient, client_of, open_client, raws_of, small
from .relay import Relay
from .test_recovery import QUICK, recovering

Half = Callable[[OtherClient], None]

DATE = datetime(2026, 1, 5, 10, tzinfo=UTC)
LATER = DATE + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def no_settling(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers here end nothing late."""
    monkeypatch.setattr(_recovery, "SETTLE", 0.0)
    monkeypatch.setattr(_recovery, "_LOOK_AGAIN", (1,))


def cut_at_move(relay: Relay, half: Callable[[], None]) -> None:
    """Do *half* in place of the next MOVE, and let nobody know."""

    def instead(sent: bytes) -> None:
        if b"UID MOVE" in sent:
            relay.before_sending = None
            half()

    relay.before_sending = instead
    relay.next(Cut(pattern=b"UID MOVE", direction=Direction.TO_SERVER))


@asynccontextmanager
async def cut_once(
    server: Endpoint, half: Half, *messages: bytes
) -> AsyncIterator[IMAPClient]:
    """A client of an account with *messages*, the first MOVE of which is half done."""
    other = OtherClient(server)
    other.create("Box")
    other.deliver(*messages, date=DATE)
    async with Relay(server.host, server.port) as relay:
        cut_at_move(relay, lambda: half(other))
        async with client_of(server, port=relay.port, retry=QUICK) as client:
            yield client


async def box_and_inbox(client: IMAPClient) -> tuple[list[bytes | None], ...]:
    return await raws_of(client.mailbox("Box")), await raws_of(client.mailbox())


async def test_what_is_there_already_is_only_removed_here(any_server: Endpoint) -> None:
    def half(other: OtherClient) -> None:
        other.deliver(small(1), small(2), mailbox="Box", date=DATE)

    messages = [small(n) for n in (1, 2, 3)]
    async with cut_once(any_server, half, *messages) as client:
        result = await client.mailbox().move([1, 2], "Box")
        assert list(result.done) == [1, 2]
        assert result.uids == {1: 1, 2: 2}
        assert await box_and_inbox(client) == (messages[:2], messages[2:])


@pytest.mark.parametrize("there", [1, 2], ids=["here", "here and there"])
async def test_some_are_moved_and_the_others_are_still(
    any_server: Endpoint, there: int
) -> None:
    """As servers do that move in pieces."""
    messages = [small(n) for n in (1, 2, 3)]

    def half(other: OtherClient) -> None:
        other.deliver(*messages[:there], mailbox="Box", date=DATE)
        other.expunge(1)

    async with cut_once(any_server, half, *messages) as client:
        result = await client.mailbox().move([1, 2], "Box")
        assert list(result.done) == [1, 2]
        assert result.uids == {2: 2}
        assert await box_and_inbox(client) == (messages[:2], messages[2:])


async def test_what_is_not_there_is_moved_again(any_server: Endpoint) -> None:
    """A Dovecot that keeps a maildir may have copied any number of the messages."""

    def half(other: OtherClient) -> None:
        other.deliver(small(2), mailbox="Box", date=DATE)

    messages = [small(n) for n in (1, 2, 3)]
    async with cut_once(any_server, half, *messages) as client:
        result = await client.mailbox().move([1, 2, 3], "Box")
        assert list(result.done) == [1, 2, 3]
        assert result.uids == {1: 2, 2: 1, 3: 3}
        assert await box_and_inbox(client) == ([messages[n] for n in (1, 0, 2)], [])


async def test_without_message_id_it_is_moved_again_if_nothing_came(
    any_server: Endpoint,
) -> None:
    message = b"x: y\r\n\r\nHi\r\n"
    async with cut_once(any_server, lambda _: None, message) as client:
        await client.mailbox().move([1], "Box")
        assert await box_and_inbox(client) == ([message], [])


@pytest.mark.parametrize(
    ("message", "there", "date"),
    [
        pytest.param(b"x: y\r\n\r\nHi\r\n", b"x: y\r\n\r\nHi\r\n", DATE, id="no id"),
        pytest.param(small(1), small(1) + b"more\r\n", DATE, id="another draft"),
        pytest.param(
            small(1), small(1).replace(b"llo 1", b"llo 2"), LATER, id="of one size"
        ),
    ],
)
async def test_what_cannot_be_told_is_told_and_nothing_is_removed(
    any_server: Endpoint, message: bytes, there: bytes, date: datetime
) -> None:
    def half(other: OtherClient) -> None:
        other.deliver(there, mailbox="Box", date=date)

    async with cut_once(any_server, half, message) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().move([1], "Box")
        assert caught.value.maybe_executed
        assert isinstance(caught.value.partial, CopyResult)
        assert list(caught.value.partial.uncertain) == [1]
        assert await box_and_inbox(client) == ([there], [message])


async def test_a_state_of_a_draft_is_not_removed_for_another_that_was_moved(
    any_server: Endpoint,
) -> None:
    """Two of one Message-ID and size, of which the server has moved the first."""
    states = [small(1), small(1).replace(b"llo 1", b"llo 2")]

    def half(other: OtherClient) -> None:
        other.deliver(states[0], mailbox="Box", date=DATE)
        other.expunge(1)

    async with cut_once(any_server, half, states[0]) as client:
        await client.mailbox().append(states[1], internal_date=LATER)
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().move([1, 2], "Box")
        assert isinstance(caught.value.partial, CopyResult)
        assert list(caught.value.partial.done) == [1]
        assert list(caught.value.partial.uncertain) == [2]
        assert await box_and_inbox(client) == (states[:1], states[1:])


async def test_a_message_is_not_taken_for_a_copy_of_itself(
    any_server: Endpoint,
) -> None:
    """Moved to where it was, in a range that holds it there, too."""
    other = OtherClient(any_server)
    other.deliver(small(1), small(2))
    async with Relay(any_server.host, any_server.port) as relay:
        relay.next(Cut(pattern=b"COPYUID"))
        async with client_of(any_server, port=relay.port, retry=QUICK) as client:
            messages = MessageSet.from_range(1, 100)
            with pytest.raises(IMAPConnectionLost) as caught:
                await client.mailbox().move(messages, "INBOX")
            assert caught.value.maybe_executed
            assert await raws_of(client.mailbox()) == [small(1), small(2)]
        assert relay.struck


async def test_where_one_cannot_expunge_by_uid_it_is_moved_again() -> None:
    """All that may be removed is removed by the server."""
    async with MemoryServer(disable=["UIDPLUS"]) as memory:
        account = memory.add_account("user", "secret")
        box = account.create_mailbox("Box")
        inbox = account.mailbox("INBOX")
        inbox.deliver(small(1))
        async with Relay(memory.host, memory.port) as relay:
            cut_at_move(relay, lambda: None)
            async with open_client(relay.host, relay.port, "user") as client:
                result = await client.mailbox().move([1], "Box")
                assert list(result.done) == [1]
                assert "STATUS" not in relay.commands
        assert [one.raw for one in box.messages] == [small(1)]
        assert not inbox.messages


async def test_attempts_end_though_each_is_found_out() -> None:
    """To know that nothing was moved is no progress: it would go on for ever."""
    tried = 0
    async with MemoryServer() as memory:
        account = memory.add_account("user", "secret")
        account.create_mailbox("Box")
        account.mailbox("INBOX").deliver(small(1))
        async with Relay(memory.host, memory.port) as relay:

            def cut_again() -> None:
                nonlocal tried
                tried += 1
                if tried < 20:
                    cut_at_move(relay, cut_again)

            cut_at_move(relay, cut_again)
            async with open_client(
                relay.host, relay.port, "user", retry=QUICK
            ) as client:
                with pytest.raises(IMAPConnectionLost):
                    await client.mailbox().move([1], "Box")
    assert tried == QUICK.attempts


async def test_what_cannot_be_fetched_is_not_taken_for_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a broken message servers tell nothing but that it is there."""
    monkeypatch.setattr(_recovery, "_LOOK_AGAIN", ())
    moving = f"""{SELECTED}
C: T2 STATUS Box (UIDNEXT UIDVALIDITY)
S: * STATUS Box (UIDNEXT 9 UIDVALIDITY 7)
S: T2 OK done
C: T3 UID MOVE 5 Box
S! reset"""
    looking = f"""{SELECTED.replace("SELECT", "EXAMINE")}
C: T2 UID SEARCH UID 5
S: * SEARCH 5
S: T2 OK done
C: T3 UID FETCH 5 (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])
S: T3 OK done
C: T4 UID FETCH 5 (RFC822.SIZE INTERNALDATE)
S: T4 OK done
C: T5 EXAMINE Box
S: * OK [UIDVALIDITY 7] ok
S: * OK [UIDNEXT 10] ok
S: T5 OK [READ-ONLY] selected
C: T6 UID FETCH 9:4294967295 (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])
S: T6 OK done"""
    async with recovering(moving, looking) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().move([5], "Box")
    assert isinstance(caught.value.partial, CopyResult)
    assert list(caught.value.partial.uncertain) == [5]
    assert not caught.value.partial.done


@pytest.mark.parametrize("lacking", ["MOVE", "REPLACE"])
async def test_no_command_is_longer_than_servers_take(lacking: str) -> None:
    """What is there of a range may have no range in it (RFC 9051 §4)."""
    async with MemoryServer(disable=[lacking], max_line=8192) as memory:
        account = memory.add_account("user", "secret")
        box = account.create_mailbox("Box")
        inbox = account.mailbox("INBOX")
        for number in range(1, 4001):
            inbox.deliver(small(number), date=DATE)
        inbox.expunge(range(2, 4001, 2))

        def half() -> None:
            for message in inbox.messages:
                box.deliver(message.raw, date=DATE)

        async with Relay(memory.host, memory.port) as relay:
            if lacking != "MOVE":
                cut_at_move(relay, half)
            async with open_client(relay.host, relay.port, "user") as client:
                await client.mailbox().move(MessageSet.from_range(1, 4000), "Box")
        assert not inbox.messages
        assert len(box.messages) == 2000
