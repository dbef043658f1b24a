"""Messages handed to a function: each has one outcome, whatever happens."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections import Counter

import pytest

from aiosage import (
    AppendItem,
    FetchedMessage,
    FetchOrder,
    Flag,
    IMAPClient,
    IMAPError,
    IMAPMailboxUIDService,
    MessagePart,
    MessageSet,
    ProcessProgress,
    ProcessResult,
    UIDValidityChanged,
)
from aiosage import IMAPSearchCriteria as S
from aiosage.testing import cancel_at_every_await

from ..conftest import Endpoint
from .accounts import OtherClient, client_of, small

COUNT = 25


async def fill(inbox: IMAPMailboxUIDService, count: int = COUNT) -> MessageSet:
    """Add messages; return all there are."""
    await inbox.append_many([AppendItem(small(n)) for n in range(1, count + 1)])
    return await inbox.search()


async def test_every_message_has_one_outcome(any_server: Endpoint) -> None:
    """The handler may send commands, over one connection, too."""
    tries: Counter[int] = Counter()
    told: list[ProcessProgress] = []
    async with client_of(any_server, max_connections=1) as client:
        inbox = client.mailbox()
        messages = await fill(inbox)

        async def handle(message: FetchedMessage) -> None:
            assert message.raw == small(message.uid)
            tries[message.uid] += 1
            if message.uid == 3:
                raise ValueError("of the handler")
            if message.uid % 10 == 0 and tries[message.uid] == 1:
                raise OSError("for a while")
            await inbox.add_flags([message.uid], Flag.SEEN)

        result = await inbox.process_in_batches(
            [*messages, 99],
            handle,
            batch_size=10,
            concurrency=3,
            on_progress=told.append,
        )
        seen = await inbox.search(S.SEEN)

    assert list(result.succeeded) == [uid for uid in range(1, COUNT + 1) if uid != 3]
    assert seen == result.succeeded  # of this life of the mailbox, too
    assert {uid: str(error) for uid, error in result.failed.items()} == {
        3: "of the handler"
    }
    assert result.missing == MessageSet([99]).bound_to("INBOX", seen.uidvalidity)
    assert not result.ok
    expected = dict.fromkeys(range(1, COUNT + 1), 1) | {3: 3, 10: 2, 20: 2}
    assert tries == expected
    assert told == [
        ProcessProgress(10, 1, COUNT + 1),
        ProcessProgress(20, 1, COUNT + 1),
        ProcessProgress(25, 1, COUNT + 1),
    ]


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_no_more_are_under_way_than_asked_for(
    inbox: IMAPMailboxUIDService, concurrency: int
) -> None:
    messages = await fill(inbox)
    under_way = most = 0

    async def handle(_: FetchedMessage) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    result = await inbox.process_in_batches(
        messages, handle, MessagePart.FLAGS, batch_size=10, concurrency=concurrency
    )

    assert most == concurrency
    assert result.ok
    assert result.succeeded == messages


async def test_the_order_is_kept_where_one_goes_after_the_other(
    inbox: IMAPMailboxUIDService,
) -> None:
    await fill(inbox)
    seen: list[int | None] = []

    async def handle(message: FetchedMessage) -> None:
        seen.append(message.uid)

    await inbox.process_in_batches(
        [7, 2, 9],
        handle,
        MessagePart.FLAGS,
        concurrency=1,
        order=FetchOrder.AS_GIVEN,
    )
    assert seen == [7, 2, 9]


async def test_large_messages_make_small_batches(inbox: IMAPMailboxUIDService) -> None:
    """What is in memory at once is bounded by octets, not only by number."""
    large = small(1) + b"x" * 1_500_000
    for _ in range(7):
        await inbox.append(large)
    done: list[int] = []

    async def handle(_: FetchedMessage) -> None:
        pass

    await inbox.process_in_batches(
        range(1, 8), handle, on_progress=lambda progress: done.append(progress.done)
    )
    assert done == [3, 6, 7]


async def test_failures_do_not_keep_messages_in_memory(
    inbox: IMAPMailboxUIDService,
) -> None:
    """A million of them would not fit; where the error came from is still told."""
    messages = await fill(inbox, 2)
    alive: list[weakref.ref[FetchedMessage]] = []

    async def handle(message: FetchedMessage) -> None:
        alive.append(weakref.ref(message))
        try:
            raise OSError("inside")
        except OSError as error:
            raise ValueError("outside") from error

    async def handle_in_group(message: FetchedMessage) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(handle(message))

    await inbox.process_in_batches([1], handle_in_group, attempts=1)
    result = await inbox.process_in_batches(messages, handle, attempts=1)
    gc.collect()

    assert [ref() for ref in alive] == [None] * 3
    assert [type(error) for error in result.failed.values()] == [ValueError] * 2
    assert all(error.__traceback__ is not None for error in result.failed.values())


async def test_an_error_of_somebody_else_leaves_them_alone(
    inbox: IMAPMailboxUIDService,
) -> None:
    """The error may come from a task that goes on, such as one that all share."""
    messages = await fill(inbox, 3)
    jobs: asyncio.Queue[tuple[FetchedMessage, asyncio.Future[None]]] = asyncio.Queue()

    async def write() -> None:
        while True:
            message, done = await jobs.get()
            try:
                if message.uid == 1:
                    raise OSError("no room")
                done.set_result(None)
            except OSError as error:
                done.set_exception(error)

    async def handle(message: FetchedMessage) -> None:
        done = asyncio.get_running_loop().create_future()
        jobs.put_nowait((message, done))
        await done

    writer = asyncio.create_task(write())
    processing = asyncio.create_task(
        inbox.process_in_batches(messages, handle, attempts=1, concurrency=1)
    )
    await asyncio.wait([writer, processing], return_when=asyncio.FIRST_COMPLETED)

    assert not writer.done()
    result = await processing
    assert list(result.succeeded) == [2, 3]
    assert [*result.failed] == [1]
    writer.cancel()


async def test_a_handler_whose_own_wait_was_cancelled_has_failed(
    inbox: IMAPMailboxUIDService,
) -> None:
    """It must not look as if the whole were cancelled, nor as if it had succeeded."""
    messages = await fill(inbox, 2)

    async def handle(message: FetchedMessage) -> None:
        if message.uid == 1:
            inner = asyncio.ensure_future(asyncio.Event().wait())
            inner.cancel()
            await inner

    result = await inbox.process_in_batches(messages, handle, attempts=1)

    assert list(result.succeeded) == [2]
    assert [*result.failed] == [1]


async def test_an_error_tells_what_was_done_before_it(
    client: IMAPClient, other: OtherClient
) -> None:
    await client.folders.create("box")
    box = client.mailbox("box")
    messages = await fill(box, 100)

    def make_anew(_: ProcessProgress) -> None:
        other.delete("box")
        other.create("box")

    async def handle(_: FetchedMessage) -> None:
        pass

    with pytest.raises(IMAPError) as caught:
        await box.process_in_batches(
            messages,
            handle,
            MessagePart.FLAGS,
            batch_size=16,
            on_progress=make_anew,
        )
    assert isinstance(caught.value, UIDValidityChanged)
    partial = caught.value.partial
    assert isinstance(partial, ProcessResult)
    # What was read ahead before is processed, the rest is not.
    assert len(partial.succeeded) in (16, 80)
    assert partial.succeeded.last == len(partial.succeeded)
    assert not partial.missing


async def test_cancelled_anywhere_it_leaves_no_handler(server: Endpoint) -> None:
    async with client_of(server, max_connections=1) as client:
        inbox = client.mailbox()
        messages = await fill(inbox, 3)
        under_way = 0

        async def handle(message: FetchedMessage) -> None:
            nonlocal under_way
            under_way += 1
            try:
                await inbox.add_flags([message.uid or 0], Flag.SEEN)
            finally:
                under_way -= 1

        tasks = asyncio.all_tasks()
        async for _ in cancel_at_every_await(
            lambda: inbox.process_in_batches(messages, handle, MessagePart.FLAGS)
        ):
            assert under_way == 0
            assert asyncio.all_tasks() == tasks
            assert client.stats().busy == 0


@pytest.mark.parametrize("name", ["batch_size", "concurrency", "attempts"])
async def test_numbers_below_one_are_refused(
    inbox: IMAPMailboxUIDService, name: str
) -> None:
    async def handle(_: FetchedMessage) -> None:
        pytest.fail("there is nothing to do")

    with pytest.raises(ValueError, match=name):
        await inbox.process_in_batches([1], handle, **{name: 0})  # type: ignore[arg-type]  # one of the three ints
