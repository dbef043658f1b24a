"""Many commands of one kind at once: each gets its own answer."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeAlias

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.errors import IMAPMailboxError
from aiosage.model import (
    Flag,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    Secret,
)
from aiosage.wire import ExistsData
from aiosage.wire.commands import (
    Append,
    Create,
    GetStatus,
    ListMailboxes,
    Namespace,
    Noop,
    Select,
    StoreMode,
    UidCopy,
    UidFetch,
    UidMove,
    UidSearch,
    UidStore,
)

from ..conftest import Endpoint
from .scripted import LOGGED_IN, Peer, config, scripted

COUNT = 30


def body(number: int) -> bytes:
    """Return a message of a size, and with words, of its own."""
    return b"Subject: number %d\r\n\r\n" % number + b"%d " % number * number * 50


@pytest.fixture
async def connection(server: Endpoint) -> IMAPConnection:
    """A connection with thirty messages in INBOX, UIDs from 1."""
    config = ConnectionConfig(
        host=server.host,
        port=server.port,
        username=server.username,
        password=Secret(server.password),
        security=Security.PLAIN,
    )
    connection = await IMAPConnection.open(config)
    for number in range(1, COUNT + 1):
        await connection.execute(Append("INBOX", body(number)))
    await asyncio.gather(
        *(connection.execute(Create(f"box{n}")) for n in range(1, COUNT + 1))
    )
    await connection.select("INBOX")
    return connection


Kind: TypeAlias = Callable[[IMAPConnection, int], Coroutine[Any, Any, None]]


def only(number: int) -> MessageSet:
    """Return one message."""
    return MessageSet([number])


async def fetch(connection: IMAPConnection, number: int) -> None:
    """Claims FETCH, so that these cannot be pipelined."""
    (data,) = await connection.execute(UidFetch(only(number), (MessagePart.FULL,)))
    assert (data.uid, data.sections["BODY[]"]) == (number, body(number))


async def search(connection: IMAPConnection, number: int) -> None:
    """Answered by SEARCH, which does not say whose it is."""
    found = await connection.execute(
        UidSearch(IMAPSearchCriteria.subject(f"number {number}"))
    )
    expected = [n for n in range(1, COUNT + 1) if str(n).startswith(str(number))]
    assert list(found) == expected


async def esearch(connection: IMAPConnection, number: int) -> None:
    """Answered by ESEARCH, which does."""
    found = await connection.execute(
        UidSearch(IMAPSearchCriteria.uid(only(number)), esearch=True)
    )
    assert list(found) == [number]


async def store(connection: IMAPConnection, number: int) -> None:
    """Claims FETCH, with nothing but flags in it."""
    keyword = Flag(f"k{number}")
    now = await connection.execute(
        UidStore(only(number), StoreMode.ADD, frozenset({keyword}))
    )
    assert list(now) == [number]
    assert keyword in now[number]


async def copy(connection: IMAPConnection, number: int) -> None:
    """COPYUID says which message it was."""
    code = await connection.execute(UidCopy(only(number), f"box{number}"))
    assert code is not None
    assert list(code.pairs()) == [(number, 1)]


async def move(connection: IMAPConnection, number: int) -> None:
    """COPYUID comes untagged here."""
    code = await connection.execute(UidMove(only(number), f"box{number}"))
    assert code is not None
    assert list(code.pairs()) == [(number, 1)]


async def status(connection: IMAPConnection, number: int) -> None:
    """Answered by one STATUS each."""
    data = await connection.execute(GetStatus(f"box{number}", ("MESSAGES",)))
    assert data.mailbox == f"box{number}"


async def list_one(connection: IMAPConnection, number: int) -> None:
    """Answered by one LIST and one STATUS each."""
    (listed,) = await connection.execute(ListMailboxes(f"box{number}"))
    assert listed.data.name == f"box{number}"


async def select(connection: IMAPConnection, number: int) -> None:
    """Goes alone."""
    result = await connection.execute(Select(f"box{number}"))
    assert (result.mailbox, result.exists) == (f"box{number}", 0)


async def append(connection: IMAPConnection, number: int) -> None:
    """The UID in the answer is that of this message."""
    message = body(number) + b"again"
    code = await connection.execute(Append(f"box{number}", message))
    assert code is not None
    assert code.uids == ((1, 1),)


async def refused(connection: IMAPConnection, number: int) -> None:
    """Each is told of its own failure."""
    with pytest.raises(IMAPMailboxError) as caught:
        await connection.execute(GetStatus(f"none{number}", ("MESSAGES",)))
    assert caught.value.command == "STATUS"


async def noop(connection: IMAPConnection, number: int) -> None:
    """Pipelined to the full depth, and more."""
    await connection.execute(Noop())


async def namespace(connection: IMAPConnection, number: int) -> None:
    """All answers are the same, and all must come."""
    assert (await connection.execute(Namespace())).personal


async def idle(connection: IMAPConnection, number: int) -> None:
    """One after the other."""
    async with connection.idle():
        await asyncio.sleep(0)


async def mixed(connection: IMAPConnection, number: int) -> None:
    """Kinds that may go together, and some that may not."""
    kinds: list[Kind] = [fetch, search, status, noop, store, list_one, append, idle]
    await kinds[number % len(kinds)](connection, number)


KINDS: list[Kind] = [
    fetch,
    search,
    esearch,
    store,
    copy,
    move,
    status,
    list_one,
    select,
    append,
    refused,
    noop,
    namespace,
    idle,
    mixed,
]


async def all_at_once(awaitables: Iterable[Awaitable[object]]) -> None:
    """Await all; the first that fails fails."""
    async with asyncio.timeout(20.0):
        await asyncio.gather(*awaitables)


@pytest.mark.parametrize("count", [3, COUNT])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_each_gets_its_own_answer(
    kind: Kind, count: int, connection: IMAPConnection
) -> None:
    numbers = random.Random(count).sample(range(1, COUNT + 1), count)
    await all_at_once([kind(connection, number) for number in numbers])
    assert connection.is_quiet
    await connection.aclose()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_each_gets_its_own_answer_while_others_are_cancelled(
    kind: Kind, connection: IMAPConnection
) -> None:
    """Half are, at whatever point they have come to."""
    rng = random.Random(kind.__name__)
    tasks = [
        asyncio.ensure_future(kind(connection, number))
        for number in range(1, COUNT + 1)
    ]
    victims = rng.sample(tasks, COUNT // 2)
    for victim in victims:
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)
        victim.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for task, result in zip(tasks, results, strict=True):
        assert result is None or (
            task in victims and isinstance(result, asyncio.CancelledError)
        ), result
    assert results.count(None) >= COUNT // 2
    await connection.noop()
    await connection.aclose()


@pytest.mark.parametrize("waits", [False, True], ids=["LITERAL+", "synchronizing"])
async def test_concurrent_appends_never_mix(
    waits: bool, connection: IMAPConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither their octets nor their results: by the hash of what is stored."""
    if waits:
        connection._protocol.capabilities -= {"LITERAL+", "LITERAL-"}
    rng = random.Random(7)
    messages = [
        b"Subject: %d\r\n\r\n" % number
        # Sizes around what a socket takes at once, in lines that SMTP allows.
        + b"".join(b"%x\r\n" % rng.getrandbits(3900) for _ in range(rng.randrange(300)))
        for number in range(COUNT)
    ]
    told: dict[int, str] = {}

    async def append_one(message: bytes) -> None:
        code = await connection.execute(Append("box1", message))
        assert code is not None
        ((uid, _),) = code.uids
        assert uid not in told
        told[uid] = hashlib.sha256(message).hexdigest()

    noops = [connection.noop() for _ in range(10)]
    await all_at_once([append_one(message) for message in messages] + noops)
    exists = (await connection.select("box1")).exists
    stored = await connection.execute(UidFetch(MessageSet(told), (MessagePart.FULL,)))

    assert exists == COUNT
    assert told == {
        data.uid: hashlib.sha256(data.sections["BODY[]"] or b"").hexdigest()
        for data in stored
    }
    await connection.aclose()


async def test_answers_may_come_in_any_order() -> None:
    """A server may end what came last first (RFC 9051 §5.5), be it all at once."""

    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        while True:
            lines = [await peer.line()]
            with suppress(TimeoutError):
                while True:
                    async with asyncio.timeout(0.01):
                        lines.append(await peer.line())
            for line in reversed(lines):
                tag, name, mailbox, *_ = line.split(" ")
                if name == "STATUS":
                    number = mailbox.removeprefix("box")
                    peer.send(f"* STATUS {mailbox} (MESSAGES {number})\r\n".encode())
                else:
                    peer.send(f'* LIST () "/" {line.split(" ")[3]}\r\n'.encode())
                peer.send(f"{tag} OK done\r\n".encode())

    async def ask(connection: IMAPConnection, number: int) -> None:
        box = f"box{number}"
        if number % 2:
            data = await connection.execute(GetStatus(box, ("MESSAGES",)))
            assert (data.mailbox, data.items) == (box, {"MESSAGES": number})
        else:
            (listed,) = await connection.execute(ListMailboxes(box))
            assert listed.data.name == box

    async with scripted(serve) as port:
        opened = await IMAPConnection.open(config(port))
        await all_at_once([ask(opened, number) for number in range(COUNT)])
        opened.abort()


async def test_news_reaches_listeners_once_whoever_is_asking(
    connection: IMAPConnection,
) -> None:
    """Thirty appends to the open mailbox, and each EXISTS is told once."""
    seen: list[int] = []
    connection.add_listener(
        lambda news: seen.append(news.count) if isinstance(news, ExistsData) else None
    )
    await all_at_once(
        [
            connection.execute(Append("INBOX", body(number)))
            for number in range(1, COUNT + 1)
        ]
    )
    await connection.noop()

    assert seen == sorted(set(seen))
    assert seen[-1] == 2 * COUNT
    await connection.aclose()
