"""Client and pool cancelled at every await: nothing is lost, nothing leaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TypeAlias

import pytest

from aiosage import (
    AppendItem,
    IMAPClient,
    IMAPSearchCriteria,
    MessagePart,
    MessageSection,
    MessageSet,
    SortKey,
)
from aiosage.model import Flag
from aiosage.testing import MemoryServer, cancel_at_every_await

from ..conftest import Endpoint
from .accounts import client_of, small

Operation: TypeAlias = Callable[[IMAPClient], Awaitable[object]]

COUNT = 3
ALL = MessageSet(range(1, COUNT + 1))
SIZE = 2  # connections


async def search_batches(client: IMAPClient) -> None:
    """Take all batches."""
    async for _ in client.mailbox().search_batches(batch_size=1):
        pass


async def fetch(client: IMAPClient) -> None:
    """Take all messages, with a command for each in between."""
    async for message in client.mailbox().fetch(ALL):
        await client.mailbox().add_flags([message.uid], Flag.SEEN)


async def fetch_and_break(client: IMAPClient) -> None:
    """Take one message."""
    messages = client.mailbox().fetch(ALL)
    async for _ in messages:
        break
    await messages.aclose()


async def fetch_text(client: IMAPClient) -> None:
    """Take the text of all messages, and a preview of each."""
    async with aclosing(client.mailbox().fetch_text(ALL)) as messages:
        async for _ in messages:
            pass
    async with aclosing(client.mailbox().fetch(ALL, MessagePart.PREVIEW)) as messages:
        async for _ in messages:
            pass


async def download(client: IMAPClient) -> None:
    """Take a part of a message."""
    async with client.mailbox().download(1, "1") as octets:
        async for _ in octets:
            pass


async def process(client: IMAPClient) -> None:
    """Search once for each message."""
    inbox = client.mailbox()
    await inbox.process_in_batches(ALL, lambda _: inbox.search(), batch_size=2)


async def borrow(client: IMAPClient) -> None:
    """Hold a connection for a while, the other one, too."""
    async with (
        client.pool.connection("INBOX") as one,
        client.pool.connection("other", read_only=True) as other,
    ):
        assert one is not other
        await asyncio.gather(one.noop(), other.noop())


async def crowd(client: IMAPClient) -> None:
    """Wait for connections that others have."""
    await asyncio.gather(*(client.mailbox().search() for _ in range(5)))


async def folders(client: IMAPClient) -> None:
    """Make, rename, subscribe and remove a mailbox."""
    await client.folders.create("made")
    await client.folders.subscribe("made")
    await client.folders.unsubscribe("made")
    await client.folders.rename("made", "renamed")
    await client.folders.delete("renamed")


async def tree(client: IMAPClient) -> None:
    """Make mailboxes below each other, rename them and remove them."""
    await client.folders.ensure("made/below")
    await client.folders.rename("made", "renamed")
    await client.folders.tree(status=True)
    await client.folders.delete("renamed", children=True)


OPERATIONS: dict[str, Operation] = {
    "search": lambda c: c.mailbox().search(IMAPSearchCriteria.subject("é")),
    "search_batches": search_batches,
    "count": lambda c: c.mailbox().count(),
    "sort": lambda c: c.mailbox().sort(IMAPSearchCriteria.ALL, SortKey.DATE),
    "thread": lambda c: c.mailbox().thread(),
    "explain": lambda c: c.mailbox().explain(),
    "fetch": fetch,
    "fetch and break": fetch_and_break,
    "fetch_one": lambda c: c.mailbox().fetch_one(1),
    "fetch_text": fetch_text,
    "download": download,
    "process_in_batches": process,
    "add_flags": lambda c: c.mailbox().add_flags(ALL, Flag.FLAGGED),
    "remove_flags": lambda c: c.mailbox().remove_flags(ALL, Flag.FLAGGED),
    "set_flags": lambda c: c.mailbox().set_flags(ALL, Flag.FLAGGED),
    "copy": lambda c: c.mailbox().copy(ALL, "other"),
    "expunge": lambda c: c.mailbox().expunge([99]),
    "append": lambda c: c.mailbox("other").append(small(9)),
    "append_many": lambda c: c.mailbox("other").append_many(
        [AppendItem(small(8)), AppendItem(small(9))]
    ),
    "append_parts": lambda c: c.mailbox("other").append_parts(
        [small(9), MessageSection("INBOX", 1)]
    ),
    "delete": lambda c: c.mailbox().delete([99]),
    "list": lambda c: c.folders.list(),
    "status": lambda c: c.folders.status("other"),
    "statuses": lambda c: c.folders.statuses(["other", "INBOX", "missing"]),
    "specials": lambda c: c.folders.specials(),
    "namespaces": lambda c: c.folders.namespaces(),
    "server": lambda c: c.server(),
    "folders": folders,
    "tree": tree,
    "pool.connection": borrow,
    "crowd": crowd,
}


async def prepare(client: IMAPClient) -> None:
    """Make ``other``, and three messages in INBOX."""
    await client.folders.create("other")
    for number in range(1, COUNT + 1):
        await client.mailbox().append(small(number))


async def check(client: IMAPClient) -> None:
    """Let the client answer rightly, with every slot of its pool free."""
    stats = client.stats()
    assert (stats.busy, stats.waiting) == (0, 0)
    assert stats.size <= SIZE
    async with asyncio.timeout(10.0):
        async with (
            client.pool.connection() as one,
            client.pool.connection() as other,
        ):
            await asyncio.gather(one.noop(), other.noop())
        messages = [
            (message.uid, message.subject)
            async for message in client.mailbox().fetch(ALL)
        ]
    assert messages == [(n, f"number {n}") for n in range(1, COUNT + 1)]


@pytest.mark.parametrize("name", OPERATIONS)
async def test_the_next_call_gets_its_own_answer(name: str, server: Endpoint) -> None:
    async with client_of(server, max_connections=SIZE) as client:
        await prepare(client)
        cancelled = 0
        async for cancellation in cancel_at_every_await(
            lambda: OPERATIONS[name](client)
        ):
            cancelled += cancellation.is_cancelled
            await check(client)
            if name in ("folders", "tree"):
                await remove(client, "made", "renamed")
        assert cancelled >= 2
    await no_connection_is_left(server)


async def remove(client: IMAPClient, *names: str) -> None:
    """Remove mailboxes that may be there."""
    there = {mailbox.name for mailbox in await client.folders.list()}
    for name in there & set(names):
        await client.folders.delete(name, children=True)


async def no_connection_is_left(server: Endpoint) -> None:
    """Wait until the server has nobody any more, where it can tell."""
    if isinstance(server.backend, MemoryServer):
        async with asyncio.timeout(5.0):
            await server.backend.wait_connections(0)


async def test_a_cancelled_move_leaves_each_message_in_one_place(
    server: Endpoint,
) -> None:
    async with client_of(server, max_connections=SIZE) as client:
        await prepare(client)
        inbox, other = client.mailbox(), client.mailbox("other")

        async def move() -> None:
            await inbox.move(await inbox.search(), "other")

        async for _ in cancel_at_every_await(move):
            moved = await other.search()
            assert {len(moved), len(await inbox.search())} == {0, COUNT}
            if moved:
                await other.move(moved, "INBOX")


async def test_a_move_without_the_extension_is_never_lost_half_way() -> None:
    """It is copied before it is removed, so it may be in both, but not in none."""
    async with MemoryServer(disable=["MOVE"]) as backend:
        account = backend.add_account("joe", "secret")
        server = Endpoint(
            kind="memory",
            host=backend.host,
            port=backend.port,
            tls_port=0,
            username="joe",
            password="secret",
            ssl_context=None,  # type: ignore[arg-type]  # there is no TLS here
            backend=backend,
        )
        async with client_of(server, max_connections=SIZE) as client:
            await prepare(client)
            inbox = client.mailbox()

            async def move() -> None:
                await inbox.move(await inbox.search(), "other")

            async for _ in cancel_at_every_await(move):
                await inbox.search()  # waits for what is still being drained
                boxes = [account.mailbox(name) for name in ("INBOX", "other")]
                left = {message.raw for box in boxes for message in box.messages}
                assert left == {small(number) for number in range(1, COUNT + 1)}
                for box in boxes:
                    box.expunge(box.uids)
                for raw in left:
                    boxes[0].deliver(raw)
            assert backend.commands["UID EXPUNGE"] >= 1


async def test_a_cancelled_replace_leaves_the_old_message_or_the_new_one(
    server: Endpoint,
) -> None:
    """The new one is there before the old one goes, so both may be, but not none."""
    async with client_of(server, max_connections=1) as client:
        inbox = client.mailbox()
        await inbox.append(small(1))

        async def replace() -> None:
            await inbox.replace((await inbox.search()).ranges[0][0], small(2))

        ends: set[int] = set()
        async for _ in cancel_at_every_await(replace):
            left = [m.subject async for m in inbox.fetch(await inbox.search())]
            ends.add(len(left))
            assert left in (["number 1"], ["number 1", "number 2"], ["number 2"])
            await inbox.expunge(await inbox.search())
            await inbox.append(small(1))
        # The embedded server does it in one step, by REPLACE.
        assert ends == ({1} if server.kind == "memory" else {1, 2})


async def test_opening_and_closing_cancelled_leave_no_connection(
    server: Endpoint,
) -> None:
    """Neither on the server nor in the pool."""
    clients: list[IMAPClient] = []

    async def use() -> None:
        clients.append(client_of(server, max_connections=SIZE))
        async with clients[-1] as client:
            await client.folders.list()

    async for _ in cancel_at_every_await(use):
        await no_connection_is_left(server)
        for client in clients:
            assert client.stats().size == 0
    assert len(clients) >= 4


async def test_a_cancelled_crowd_leaves_the_pool_whole(server: Endpoint) -> None:
    """Thirty callers for two connections, half of them cancelled on their way."""
    async with client_of(server, max_connections=SIZE) as client:
        await prepare(client)
        for turns in range(12):
            tasks = [
                asyncio.ensure_future(client.mailbox().search()) for _ in range(30)
            ]
            for _ in range(turns):
                await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(list(found) == list(ALL) for found in results[1::2])  # type: ignore[arg-type]  # an error fails as well
            await check(client)
