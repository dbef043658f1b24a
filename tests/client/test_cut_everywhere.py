"""Every operation, cut after any octet of its exchange, ends in the right state.

And it succeeds: the client connects again, finds out what became of the command and
goes on. What is checked is what the server has in the end, and what was returned.
With ``AIOSAGE_CUT_EVERY=1`` it is cut after every octet, on Dovecot too.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from aiosage import (
    AppendItem,
    Flag,
    IMAPClient,
    MessagePart,
    MessageSet,
    RetryPolicy,
    Secret,
    Security,
)
from aiosage import IMAPSearchCriteria as S
from aiosage.client import _fetching, _recovery
from aiosage.connection import ConnectionConfig
from aiosage.testing import Certificates, DovecotServer, MemoryServer

from .accounts import raws_of, small
from .cutting import CuttingRelay

EVERY: Final = int(os.environ.get("AIOSAGE_CUT_EVERY", "11"))
"""Octets between two cuts: 1 takes six minutes."""

EVERY_ON_DOVECOT: Final = EVERY if EVERY == 1 else 4 * EVERY
"""The same there, where each takes longer."""

COUNT: Final = 3
AT_ONCE: Final = 16
POLICY: Final = RetryPolicy(attempts=8, first_wait=0.002, longest_wait=0.05)

pytestmark = pytest.mark.timeout(1800 if EVERY == 1 else 120)

Do = Callable[[IMAPClient], Awaitable[object]]


@dataclass(frozen=True)
class Operation:
    """What is done, and what must be true then.

    Attributes:
        do: it, given a client whose connection is about to be cut.
        inbox: what must be in INBOX then, where three messages were.
        archive: what must be in Archive then, where the first was.
        returns: what it must return.
        lacking: extensions the server shall not have.
        marks: what must be flagged then.
        may_tell_less: if it is cut, it may return less than that.
    """

    do: Do
    inbox: tuple[int, ...] = (1, 2, 3)
    archive: tuple[int, ...] = (1,)
    returns: object = None
    lacking: tuple[str, ...] = ()
    marks: tuple[int, ...] = ()
    may_tell_less: bool = False

    @property
    def left(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """What must be in each mailbox."""
        yield "INBOX", self.inbox
        yield "Archive", self.archive


async def fetch(client: IMAPClient) -> list[tuple[int | None, str | None]]:
    items = MessagePart.header_fields("Subject")
    found = client.mailbox().fetch(MessageSet([1, 2, 3]), items)
    return [(message.uid, message.subject) async for message in found]


async def search_batches(client: IMAPClient) -> list[int]:
    found = client.mailbox().search_batches(S.ALL, 2)
    return [uid async for batch in found for uid in batch]


async def append(client: IMAPClient) -> int | None:
    return (await client.mailbox("Archive").append(small(9))).uid


async def append_many(client: IMAPClient) -> list[int | None]:
    items = [AppendItem(small(8)), AppendItem(small(9))]
    return [one.uid for one in await client.mailbox("Archive").append_many(items)]


async def copy(client: IMAPClient) -> dict[int, int]:
    return dict((await client.mailbox().copy([2, 3], "Archive")).uids)


async def move_by_copy(client: IMAPClient) -> dict[int, int]:
    return dict((await client.mailbox().move([2, 3], "Archive")).uids)


async def move(client: IMAPClient) -> list[int]:
    return list((await client.mailbox().move([2, 3], "Archive")).done)


async def flag(client: IMAPClient) -> list[int]:
    return list((await client.mailbox().add_flags([2, 3], Flag.FLAGGED)).done)


async def replace(client: IMAPClient) -> int | None:
    return (await client.mailbox().replace(2, small(9))).uid


async def expunge(client: IMAPClient) -> list[int]:
    return list((await client.mailbox().expunge([2])).done)


OPERATIONS: Final = {
    "fetch": Operation(fetch, returns=[(n, f"number {n}") for n in (1, 2, 3)]),
    "search_batches": Operation(search_batches, returns=[1, 2, 3]),
    "append": Operation(append, archive=(1, 9), returns=2),
    "append without UIDPLUS": Operation(
        append,
        archive=(1, 9),
        returns=2,
        lacking=("UIDPLUS",),
        may_tell_less=True,
    ),
    "append_many": Operation(append_many, archive=(1, 8, 9), returns=[2, 3]),
    "append_many one by one": Operation(
        append_many, archive=(1, 8, 9), returns=[2, 3], lacking=("MULTIAPPEND",)
    ),
    "copy": Operation(copy, archive=(1, 2, 3), returns={2: 2, 3: 3}),
    "move": Operation(move, inbox=(1,), archive=(1, 2, 3), returns=[2, 3]),
    "move by copy": Operation(
        move_by_copy,
        inbox=(1,),
        archive=(1, 2, 3),
        returns={2: 2, 3: 3},
        lacking=("MOVE",),
    ),
    "add_flags": Operation(flag, returns=[2, 3], marks=(2, 3)),
    "replace": Operation(replace, inbox=(1, 3, 9), returns=4),
    "replace by append": Operation(
        replace, inbox=(1, 3, 9), returns=4, lacking=("REPLACE",)
    ),
    "expunge": Operation(expunge, inbox=(1, 3), returns=[2]),
}


class Account:
    """An account as a test finds it, and as it must be left."""

    def __init__(self, host: str, port: int, user: str, password: str) -> None:
        self.host = host
        self.port = port
        self._user = user
        self._password = password

    def client(self, port: int | None = None) -> IMAPClient:
        """Return a client of it, by way of the relay on *port*."""
        config = ConnectionConfig(
            host=self.host,
            port=port or self.port,
            username=self._user,
            password=Secret(self._password),
            security=Security.PLAIN,
            poll_interval=0.1,
        )
        return IMAPClient(config, max_connections=1, retry=POLICY)

    @asynccontextmanager
    async def behind_relay(self) -> AsyncIterator[tuple[CuttingRelay, IMAPClient]]:
        """A client that may be cut, of the account with some mail in it."""
        await self.fill()
        async with (
            CuttingRelay().before(self.host, self.port) as relay,
            self.client(relay.port) as client,
        ):
            await client.mailbox().search()
            yield relay, client

    async def fill(self) -> None:
        """Put three messages into INBOX, and one into Archive."""
        async with self.client() as direct:
            await direct.folders.create("Archive")
            for number in range(1, COUNT + 1):
                await direct.mailbox().append(small(number))
            await direct.mailbox("Archive").append(small(1))

    async def check(self, operation: Operation) -> None:
        """See whether it is what *operation* leaves behind."""
        async with self.client() as direct:
            for name, numbers in operation.left:
                left = await raws_of(direct.mailbox(name))
                assert Counter(left) == Counter(map(small, numbers)), name
            flagged = await direct.mailbox().search(S.FLAGGED)
            assert tuple(flagged) == operation.marks


class MemoryServerAccount(Account):
    """One that can be looked into without logging in, which is faster."""

    def __init__(self, server: MemoryServer, user: str) -> None:
        super().__init__(server.host, server.port, user, "secret")
        self._account = server.add_account(user, "secret")

    async def fill(self) -> None:
        """As of any account."""
        for number in range(1, COUNT + 1):
            self._account.mailbox("INBOX").deliver(small(number))
        self._account.create_mailbox("Archive")
        self._account.mailbox("Archive").deliver(small(1))

    async def check(self, operation: Operation) -> None:
        """As of any account."""
        for name, numbers in operation.left:
            left = [one.raw for one in self._account.mailbox(name).messages]
            assert Counter(left) == Counter(map(small, numbers)), name
        flagged = [
            message.uid
            for message in self._account.mailbox("INBOX").messages
            if Flag.FLAGGED in message.flags
        ]
        assert tuple(flagged) == operation.marks


async def measure(account: Account, operation: Operation) -> tuple[int, int]:
    """Return how many octets are sent and received when nothing is cut."""
    async with account.behind_relay() as (relay, client):
        relay.arm()
        assert await operation.do(client) == operation.returns
        octets = relay.sent, relay.received
    await account.check(operation)
    return octets


async def cut_everywhere(
    operation: Operation, new_account: Callable[[], Account], by: int
) -> int:
    """Cut after every *by* octets, each time in another account; return how often."""
    sent, received = await measure(new_account(), operation)
    slots = asyncio.Semaphore(AT_ONCE)
    cuts = 0

    async def one(sent: int | None, received: int | None) -> None:
        nonlocal cuts
        account = new_account()
        async with slots, account.behind_relay() as (relay, client):
            relay.arm(sent=sent, received=received)
            try:
                async with asyncio.timeout(30):
                    returned = await operation.do(client)
                assert returned == operation.returns or operation.may_tell_less
                await account.check(operation)
            except Exception as error:
                error.add_note(f"cut after {sent=} or {received=} octets")
                raise
            cuts += relay.cuts

    async with asyncio.TaskGroup() as tasks:
        for octets in {*range(0, sent, by), sent}:
            tasks.create_task(one(octets, None))
        for octets in {*range(0, received, by), received}:
            tasks.create_task(one(None, octets))
    return cuts


@pytest.fixture(scope="module")
def reusing(
    dovecot: DovecotServer, certificates: Certificates
) -> Iterator[DovecotServer]:
    """A Dovecot that starts no process for each session, which takes half the time."""
    config = "service imap {\n  service_count = 1000\n}"
    with DovecotServer(certificates=certificates, extra_config=config) as server:
        yield server


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small windows, and servers that are known to end at once what they received."""
    monkeypatch.setattr(_fetching, "FIRST_WINDOW", 1)
    monkeypatch.setattr(_recovery, "SETTLE", 0.05)


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_cut_anywhere_changes_nothing_of_what_is_done(name: str) -> None:
    operation = OPERATIONS[name]
    async with MemoryServer(disable=operation.lacking) as server:
        users = 0

        def new_account() -> Account:
            nonlocal users
            users += 1
            return MemoryServerAccount(server, f"user{users}")

        cuts = await cut_everywhere(operation, new_account, by=EVERY)
        assert cuts > 3


@pytest.mark.dovecot
@pytest.mark.parametrize("name", [n for n in OPERATIONS if not OPERATIONS[n].lacking])
async def test_a_cut_anywhere_changes_nothing_on_dovecot(
    name: str, reusing: DovecotServer
) -> None:
    def new_account() -> Account:
        user = reusing.new_user()
        return Account(reusing.host, reusing.port, user, reusing.password)

    cuts = await cut_everywhere(OPERATIONS[name], new_account, by=EVERY_ON_DOVECOT)
    assert cuts > 3
