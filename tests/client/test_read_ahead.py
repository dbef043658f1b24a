"""The next window is read while the one before is; in order, and within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage import (
    AppendItem,
    FetchedMessage,
    FetchOrder,
    Flag,
    IMAPClient,
    IMAPConnectionPool,
    IMAPMailboxUIDService,
    IMAPPoolTimeout,
    MessagePart,
    MessageSet,
)
from aiosage.client._fetching import Windows, fetch
from aiosage.client._windows import MESSAGE_OCTETS, TARGET_OCTETS
from aiosage.testing import cancel_at_every_await

from ..conftest import Endpoint
from .accounts import client_of, config_of, small, uids_of
from .relay import Relay

COUNT = 100
"""Messages: several windows, of 16, 64 and the rest."""


async def fill(inbox: IMAPMailboxUIDService) -> MessageSet:
    """Make `COUNT` messages and return them."""
    await inbox.append_many([AppendItem(small(n)) for n in range(1, COUNT + 1)])
    return await inbox.search()


@asynccontextmanager
async def filled(
    server: Endpoint,
) -> AsyncIterator[tuple[Relay, IMAPClient, MessageSet]]:
    """A client with one connection over a relay, and its messages."""
    async with (
        Relay(server.host, server.port) as relay,
        client_of(server, port=relay.port, max_connections=1) as client,
    ):
        yield relay, client, await fill(client.mailbox())


async def test_the_next_window_is_under_way_while_the_body_runs(
    server: Endpoint,
) -> None:
    """Its round trip is hidden; but no more than one, or memory would grow."""
    async with filled(server) as (relay, client, messages):
        inbox = client.mailbox()
        under_way = asyncio.Event()
        before = relay.commands.count("UID FETCH")

        def look(_: bytes) -> None:
            if relay.commands.count("UID FETCH") - before == 2:
                under_way.set()

        relay.before_sending = look
        async with aclosing(inbox.fetch(messages, MessagePart.FLAGS)) as found:
            async for _ in found:
                async with asyncio.timeout(10):
                    await under_way.wait()
                await inbox.search()  # which comes after whatever is under way
                assert relay.commands.count("UID FETCH") - before == 2
                break


async def test_commands_in_the_loop_and_windows_ahead_share_one_connection(
    server: Endpoint,
) -> None:
    async with filled(server) as (_, client, messages):
        inbox = client.mailbox()
        seen: list[int | None] = []
        async with asyncio.timeout(30):
            async for message in inbox.fetch(messages, MessagePart.ENVELOPE):
                if message.uid % 10 == 0:
                    await inbox.add_flags([message.uid], Flag.FLAGGED)
                seen.append(message.uid)
        assert seen == list(messages)


@pytest.mark.parametrize("way", ["break", "error", "cancel"])
async def test_no_task_is_left_however_the_loop_ends(
    client: IMAPClient, inbox: IMAPMailboxUIDService, way: str
) -> None:
    messages = await fill(inbox)
    tasks = asyncio.all_tasks()

    async def read() -> None:
        async with aclosing(inbox.fetch(messages, MessagePart.FLAGS)) as found:
            async for _ in found:
                await asyncio.sleep(0)  # lets the window ahead begin
                assert len(asyncio.all_tasks()) > len(tasks)
                if way == "break":
                    break
                if way == "error":
                    raise RuntimeError("of the body")
                reading.cancel()

    reading = asyncio.create_task(read())
    (ended,) = await asyncio.gather(reading, return_exceptions=True)

    expected = {"error": RuntimeError, "cancel": asyncio.CancelledError}
    assert type(ended) is expected.get(way, type(None))
    assert asyncio.all_tasks() == tasks
    assert client.stats().busy == 0
    assert await uids_of(inbox, messages, MessagePart.FLAGS) == list(messages)


async def test_reading_ahead_may_be_cancelled_anywhere(server: Endpoint) -> None:
    async with filled(server) as (_, client, messages):
        inbox = client.mailbox()

        async def read() -> None:
            async with aclosing(inbox.fetch(messages, MessagePart.FLAGS)) as found:
                async for message in found:
                    if message.uid == 1:
                        await inbox.search()

        tasks = asyncio.all_tasks()
        async for _ in cancel_at_every_await(read):
            assert asyncio.all_tasks() <= tasks | {asyncio.current_task()}
            assert client.stats().busy == 0
            assert await uids_of(inbox, MessageSet([7]), MessagePart.FLAGS) == [7]


async def test_a_body_that_keeps_the_only_connection_is_waited_for(
    server: Endpoint,
) -> None:
    """The window ahead finds no connection in time, and is read once there is one."""
    config = config_of(server)
    async with IMAPConnectionPool(config, max_size=1, acquire_timeout=0.1) as pool:
        inbox = IMAPMailboxUIDService(pool, "INBOX")
        messages = await fill(inbox)
        seen = 0
        async for _ in inbox.fetch(messages, MessagePart.FLAGS):
            seen += 1
            if seen == 1:
                async with pool.connection():
                    await asyncio.sleep(0)  # lets the window ahead queue up first
                    with pytest.raises(IMAPPoolTimeout):
                        await inbox.search()
        assert seen == COUNT


@pytest.mark.parametrize("item", [MessagePart.FLAGS, MessagePart.FULL])
async def test_messages_come_in_the_order_asked_for(
    any_client: IMAPClient, item: MessagePart
) -> None:
    inbox = any_client.mailbox()
    messages = await fill(inbox)
    given = [50, 3, 99, 3, 51, 1]

    async def read(uids: MessageSet | list[int], order: FetchOrder) -> list[int | None]:
        return [message.uid async for message in inbox.fetch(uids, item, order=order)]

    uids = list(messages)
    assert await read(messages, FetchOrder.ASCENDING) == uids
    assert await read(messages, FetchOrder.NEWEST_FIRST) == uids[::-1]
    assert await read(given, FetchOrder.AS_GIVEN) == [50, 3, 99, 51, 1]
    assert await read(given, FetchOrder.ASCENDING) == [1, 3, 50, 51, 99]
    assert await read(given, FetchOrder.NEWEST_FIRST) == [99, 51, 50, 3, 1]


class Held:
    """A mailbox in memory that notes the most octets on their way and unread."""

    def __init__(self, sizes: Mapping[int, int]) -> None:
        self._sizes = sizes
        self.block = 7
        self.unread = 0
        self.most_with_others = 0
        self.failures = 0

    async def sizes(self, uids: Sequence[int]) -> Mapping[int, int]:
        """Tell the size of each."""
        return {uid: self._sizes[uid] + MESSAGE_OCTETS for uid in uids}

    async def read(self, uids: Sequence[int]) -> Sequence[FetchedMessage]:
        """Return messages of the size told."""
        octets = sum((await self.sizes(uids)).values())
        if self.unread:
            self.most_with_others = max(self.most_with_others, self.unread + octets)
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise ConnectionError
        self.unread += octets
        return [
            FetchedMessage(uid=uid, mailbox="INBOX", raw=b"x" * self._sizes[uid])
            for uid in uids
        ]


SIZES = st.lists(
    st.one_of(st.integers(0, 10_000), st.integers(0, TARGET_OCTETS * 2)), max_size=20
)


@given(SIZES)
def test_what_is_read_ahead_fits_beside_what_is_not_read_yet(sizes: list[int]) -> None:
    """Messages larger than the bound come alone; nothing is left out for it."""
    held = Held(dict(enumerate(sizes, 1)))

    async def read() -> list[int | None]:
        uids: list[int | None] = []
        windows = Windows(held, iter(range(1, len(sizes) + 1)))
        async for message in fetch(windows):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            uids.append(message.uid)
            held.unread -= (message.size or 0) + MESSAGE_OCTETS
        return uids

    assert asyncio.run(read()) == list(range(1, len(sizes) + 1))
    assert held.most_with_others <= TARGET_OCTETS


async def test_a_window_that_failed_can_be_read_again() -> None:
    """So a stream goes on after a lost connection exactly where it was."""
    held = Held(dict.fromkeys(range(1, 20), 10))
    windows = Windows(held, iter(range(1, 20)))
    seen: list[int | None] = []
    for failures in (1, 0, 2, 0, 0, 0, 0):
        held.failures = failures
        while True:
            try:
                window = await windows.read()
            except ConnectionError:
                continue
            break
        seen.extend(message.uid for message in window.messages) if window else None

    assert seen == list(range(1, 20))
