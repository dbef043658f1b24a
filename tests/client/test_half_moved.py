"""A MOVE whose server is killed on its way: Dovecot adds first, and removes then."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from aiosage import CopyResult, IMAPClient, IMAPConnectionLost
from aiosage.client import _recovery
from aiosage.testing import Cut, Direction, MemoryServer

from ..conftest import Endpoint
from .accounts import OtherClient, client_of, open_client, raws_of, small
from .relay import Relay
from .test_recovery import QUICK

Half = Callable[[OtherClient], None]


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
    other.deliver(*messages)
    async with Relay(server.host, server.port) as relay:
        cut_at_move(relay, lambda: half(other))
        async with client_of(server, port=relay.port, retry=QUICK) as client:
            yield client


async def box_and_inbox(client: IMAPClient) -> tuple[list[bytes | None], ...]:
    return await raws_of(client.mailbox("Box")), await raws_of(client.mailbox())


async def test_what_is_there_already_is_only_removed_here(any_server: Endpoint) -> None:
    def half(other: OtherClient) -> None:
        other.deliver(small(1), small(2), mailbox="Box")

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
        other.deliver(*messages[:there], mailbox="Box")
        other.expunge(1)

    async with cut_once(any_server, half, *messages) as client:
        result = await client.mailbox().move([1, 2], "Box")
        assert list(result.done) == [1, 2]
        assert result.uids == {2: 2}
        assert await box_and_inbox(client) == (messages[:2], messages[2:])


async def test_what_is_not_there_is_moved_again(any_server: Endpoint) -> None:
    """A Dovecot that keeps a maildir may have copied any number of the messages."""

    def half(other: OtherClient) -> None:
        other.deliver(small(2), mailbox="Box")

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
    ("message", "there"),
    [
        pytest.param(b"x: y\r\n\r\nHi\r\n", b"x: y\r\n\r\nHi\r\n", id="no id"),
        pytest.param(small(1), small(1) + b"more\r\n", id="another draft"),
    ],
)
async def test_what_cannot_be_told_is_told_and_nothing_is_removed(
    any_server: Endpoint, message: bytes, there: bytes
) -> None:
    def half(other: OtherClient) -> None:
        other.deliver(there, mailbox="Box")

    async with cut_once(any_server, half, message) as client:
        with pytest.raises(IMAPConnectionLost) as caught:
            await client.mailbox().move([1], "Box")
        assert caught.value.maybe_executed
        assert isinstance(caught.value.partial, CopyResult)
        assert list(caught.value.partial.uncertain) == [1]
        assert await box_and_inbox(client) == ([there], [message])


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
