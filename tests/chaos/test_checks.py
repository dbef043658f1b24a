"""The checks of the chaos suite find what they are for: each is shown it once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from aiosage import (
    Flag,
    FlagsChanged,
    IMAPClient,
    IMAPError,
    MailboxDeleted,
    MessageExpunged,
    NewMessage,
    Secret,
    Security,
)
from aiosage.testing import DovecotServer, MemoryServer

from . import census
from .actions import VOLATILE, adding
from .episode import (
    check_nobody_holds_a_connection,
    new_account,
    nothing_left_over,
)
from .ledger import Copies, Ledger
from .listeners import difference
from .replica import Replicas
from .users import User

INBOX = ("INBOX",)
FLAGGED = frozenset({Flag.FLAGGED})


@pytest.fixture
async def client() -> AsyncIterator[IMAPClient]:
    """Somebody who uses an account that nobody else uses."""
    async with MemoryServer() as server:
        server.add_account("jane", "secret")
        async with IMAPClient(
            server.host,
            "jane",
            Secret("secret"),
            port=server.port,
            security=Security.PLAIN,
        ) as client:
            yield client


@pytest.fixture
def ledger() -> Ledger:
    """Nothing has been done yet."""
    return Ledger()


async def check(client: IMAPClient, ledger: Ledger) -> None:
    """Compare everything, as at the end of an episode."""
    found = await census.take(client, INBOX, ledger)
    census.check_copies(ledger, found)
    census.check_flags(ledger, found)


@pytest.mark.parametrize("copies", [0, 1, 2])
async def test_a_message_must_be_there_once(
    client: IMAPClient, ledger: Ledger, copies: int
) -> None:
    """Lost and doubled are both found."""
    user = User(client, ledger, INBOX)
    async with adding(user, Random(1)) as (octets,):
        for _ in range(copies):
            await client.mailbox().append(octets)

    if copies == 1:
        await check(client, ledger)
    else:
        with pytest.raises(AssertionError, match="copies there must be"):
            await check(client, ledger)


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_only_who_moves_a_message_at_once_with_others_may_double_it(
    client: IMAPClient, ledger: Ledger, is_at_once: bool
) -> None:
    """Servers do; a move that ended before cannot be why."""
    user = User(client, ledger, INBOX)
    async with adding(user, Random(1)) as (octets,):
        await client.mailbox().append(octets)
    await client.mailbox().append(octets)

    with ExitStack() as moves:
        moves.enter_context(ledger.moving([1], "one"))
        if not is_at_once:
            moves.close()
        moves.enter_context(ledger.moving([1], "another"))

    if is_at_once:
        await check(client, ledger)
    else:
        with pytest.raises(AssertionError, match=r"another: done; now in .*INBOX 2"):
            await check(client, ledger)


async def test_a_move_of_which_nobody_knows_the_end_may_double_and_not_lose(
    client: IMAPClient, ledger: Ledger
) -> None:
    """A server that is killed in the middle has copied it, and not removed it."""
    user = User(client, ledger, INBOX)
    async with adding(user, Random(1)) as (octets,):
        await client.mailbox().append(octets)
    with pytest.raises(TimeoutError), ledger.moving([1], "away"):
        raise TimeoutError

    await client.mailbox().append(octets)
    await check(client, ledger)
    await client.mailbox().expunge(await client.mailbox().search())
    with pytest.raises(AssertionError, match="copies there must be"):
        await check(client, ledger)


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_message_that_was_refused_must_not_be_there(
    client: IMAPClient, ledger: Ledger, is_there: bool
) -> None:
    """An error that says it was not done must be right."""
    user = User(client, ledger, INBOX)

    async def add() -> None:
        async with adding(user, Random(1)) as (octets,):
            if is_there:
                await client.mailbox().append(octets)
            raise IMAPError("not done")

    with pytest.raises(IMAPError):
        await add()
    if is_there:
        with pytest.raises(AssertionError, match="copies there must be"):
            await check(client, ledger)
    else:
        await check(client, ledger)


async def test_of_many_those_that_are_told_of_must_be_there(
    client: IMAPClient, ledger: Ledger
) -> None:
    """The partial result counts, and only that."""
    user = User(client, ledger, INBOX)

    async def add() -> None:
        async with adding(user, Random(1), 3):
            error = IMAPError("not done")
            error.partial = (object(),)
            raise error

    with pytest.raises(IMAPError):
        await add()
    assert list(ledger.copies.values()) == [Copies.ONE, Copies.NONE, Copies.NONE]


async def test_a_damaged_message_is_found(client: IMAPClient, ledger: Ledger) -> None:
    """Octet by octet."""
    _, octets = ledger.new_message(Random(1))
    await client.mailbox().append(octets + b"!")

    with pytest.raises(AssertionError, match="damaged"):
        await check(client, ledger)


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_a_lost_keyword_is_found(
    client: IMAPClient, ledger: Ledger, is_at_once: bool
) -> None:
    """What a STORE was answered with has to last, unless it was of what just went."""
    number, octets = ledger.new_message(Random(1))
    await client.mailbox().append(octets)
    with ledger.moving([number], "away"):
        begin = asyncio.get_running_loop().time()
    if not is_at_once:
        begin = asyncio.get_running_loop().time()
    ledger.mark(number, "$Chaos1", begin)

    if is_at_once:
        await check(client, ledger)
    else:
        with pytest.raises(AssertionError, match=r"has lost .* set in its place"):
            await check(client, ledger)


def hear_one(ledger: Ledger) -> Replicas:
    """Return what somebody knows who was told of one message."""
    replicas = Replicas("INBOX", ledger=ledger)
    replicas.hear(NewMessage("INBOX", 1, 1, frozenset()))
    return replicas


@pytest.mark.parametrize(
    "event",
    [
        NewMessage("INBOX", 1, 1, frozenset()),
        FlagsChanged("INBOX", 1, 1, frozenset()),
        FlagsChanged("INBOX", 1, 2, FLAGGED),
        FlagsChanged("INBOX", 2, 1, FLAGGED),
        MessageExpunged("INBOX", 1, 2),
        MailboxDeleted("Elsewhere"),
    ],
    ids=str,
)
def test_an_event_that_is_told_twice_or_of_nothing_is_found(
    ledger: Ledger, event: NewMessage | FlagsChanged | MessageExpunged | MailboxDeleted
) -> None:
    """A consumer of such an event would do its work twice."""
    with pytest.raises(AssertionError):
        hear_one(ledger).hear(event)


def test_a_message_does_not_come_again(ledger: Ledger) -> None:
    """UIDs are never given again (RFC 9051 §2.3.1.1)."""
    replicas = hear_one(ledger)
    replicas.hear(MessageExpunged("INBOX", 1, 1))

    with pytest.raises(AssertionError, match="risen"):
        replicas.hear(NewMessage("INBOX", 1, 1, frozenset()))


@pytest.mark.parametrize(
    "there",
    [
        {"INBOX": census.Mailbox(1, {}, {})},
        {"INBOX": census.Mailbox(1, {}, {1: frozenset(), 2: frozenset()})},
        {"INBOX": census.Mailbox(1, {}, {1: FLAGGED})},
        {"INBOX": census.Mailbox(2, {}, {1: frozenset()})},
        {},
    ],
    ids=["expunged", "arrived", "flagged", "another", "deleted"],
)
def test_an_event_that_was_not_told_is_found(
    ledger: Ledger, there: dict[str, census.Mailbox]
) -> None:
    """What is there differs from what was told."""
    replicas = hear_one(ledger)
    right = {"INBOX": census.Mailbox(1, {}, {1: frozenset()})}

    assert difference(replicas, right) is None
    assert difference(replicas, there) is not None


@pytest.mark.dovecot
async def test_a_mailbox_that_is_broken_for_ever_is_known_to_be(
    dovecot: DovecotServer, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch cannot tell that it is gone: it may be mended, and LIST tells of it."""
    monkeypatch.setattr(census, "BROKEN", 0.1)
    config = replace(new_account(dovecot, "broken"), idle_check=0.1)
    told = Replicas("INBOX", *VOLATILE[:1], ledger=ledger)
    async with IMAPClient(config) as client:
        await client.folders.create(VOLATILE[0])
        async with client.watch("INBOX", "Volatile*") as events:
            home = dovecot.doveadm("user", "-f", "home", config.username)
            folder = Path(home.strip()) / f"mdbox/mailboxes/{VOLATILE[0]}/dbox-Mails"
            folder.chmod(0)
            try:
                async with IMAPClient(config) as straight:
                    names = ("INBOX", *VOLATILE)
                    found, broken = await census.take_all(straight, names, ledger)
                    octets = ledger.new_message(Random(1))[1]
                    await straight.mailbox("INBOX").append(octets)
            finally:
                folder.chmod(0o700)
            event = await events.get()  # what else was watched still is

    assert isinstance(event, NewMessage)
    assert broken == {VOLATILE[0]}
    assert difference(told, found, broken) is None
    assert difference(told, found) == {VOLATILE[0]: "told, not there"}


async def test_a_task_that_is_left_over_is_found() -> None:
    """Nobody waits for it, so nobody sees its error."""
    task: asyncio.Task[None] | None = None
    with pytest.raises(AssertionError, match="forgotten"):
        async with nothing_left_over(patience=0.05):
            task = asyncio.create_task(asyncio.sleep(60), name="forgotten")
    assert task is not None
    task.cancel()


async def test_a_file_that_is_left_open_is_found() -> None:
    """Sockets are files here."""
    left = -1
    with pytest.raises(AssertionError, match="files"):
        async with nothing_left_over(patience=0.05):
            left = os.open(os.devnull, os.O_RDONLY)
    os.close(left)


async def test_a_connection_that_is_not_given_back_is_found(client: IMAPClient) -> None:
    """It would be missing for ever."""
    async with client.pool.connection():
        with pytest.raises(AssertionError, match="keeps a connection"):
            check_nobody_holds_a_connection(client)
    check_nobody_holds_a_connection(client)


async def test_what_hangs_is_found(client: IMAPClient, ledger: Ledger) -> None:
    """With the stacks of all tasks, to see where."""

    async def wait(user: User, random: Random) -> None:
        await asyncio.Event().wait()

    user = User(client, ledger, INBOX, hang=0.05)
    with pytest.raises(AssertionError, match="wait hangs"):
        await user.act(Random(1), wait)
    for task in asyncio.all_tasks():
        if task.get_name() == "wait":
            task.cancel()


async def test_what_ends_as_nothing_should_is_found(
    client: IMAPClient, ledger: Ledger
) -> None:
    """Only what comes of a bad network may be raised."""

    async def stumble(user: User, random: Random) -> None:
        raise KeyError("not what a network does")

    with pytest.raises(AssertionError, match="stumble ends with KeyError"):
        await User(client, ledger, INBOX).act(Random(1), stumble)
