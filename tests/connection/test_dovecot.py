"""What only a real server proves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection
from aiosage.errors import IMAPConnectionError, IMAPConnectionLost, IMAPMailboxError
from aiosage.model import Flag, IMAPSearchCriteria, MessagePart, MessageSet, Secret
from aiosage.testing import DovecotServer
from aiosage.wire.commands import (
    Append,
    Create,
    GetStatus,
    ListMailboxes,
    StoreMode,
    UidExpunge,
    UidFetch,
    UidMove,
    UidSearch,
    UidStore,
)


@pytest.fixture
async def connection(dovecot: DovecotServer) -> AsyncIterator[IMAPConnection]:
    """A session of a user nobody else has."""
    config = ConnectionConfig(
        host=dovecot.host,
        port=dovecot.tls_port,
        username=dovecot.new_user(),
        password=Secret(dovecot.password),
        ssl_context=dovecot.client_context(),
    )
    async with await IMAPConnection.open(config) as connection:
        yield connection


def without_literal_plus(connection: IMAPConnection) -> None:
    """Let every literal wait for the server."""
    connection._protocol.capabilities -= {"LITERAL+", "LITERAL-"}


async def bodies(connection: IMAPConnection, uids: MessageSet) -> dict[int, bytes]:
    """Return whole messages by UID."""
    got = await connection.execute(UidFetch(uids, (MessagePart.FULL,)))
    return {data.uid or 0: data.sections["BODY[]"] or b"" for data in got}


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("count", [3, 30])
async def test_appends_and_fetches_at_once_never_mix(
    connection: IMAPConnection, count: int, waits: bool
) -> None:
    if waits:
        without_literal_plus(connection)
    messages = [
        b"Subject: %d\r\n\r\n" % n + b"%d\r\n" % n * (n * 100) for n in range(count)
    ]
    codes = await asyncio.gather(
        *(connection.execute(Append("INBOX", message)) for message in messages)
    )
    uids = [code.uids[0][0] for code in codes if code is not None]
    assert len(set(uids)) == count
    await connection.select("INBOX")
    got = await asyncio.gather(*(bodies(connection, MessageSet([uid])) for uid in uids))
    assert got == [{uid: body} for uid, body in zip(uids, messages, strict=True)]
    found = await asyncio.gather(
        *(
            connection.execute(UidSearch(IMAPSearchCriteria.subject(str(n))))
            for n in range(count)
        )
    )
    assert all(uid in hits for uid, hits in zip(uids, found, strict=True))


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "a b",
        'q"uote',
        "back\\slash",
        "R&D",
        "Entwürfe",
        "日本",
        "x{3}",
        "(p)",
        "NIL",
        "a]",
    ],
)
async def test_mailbox_names_of_every_kind(
    connection: IMAPConnection, name: str, waits: bool
) -> None:
    if waits:
        without_literal_plus(connection)
    await connection.execute(Create(name))
    listed = await connection.execute(ListMailboxes())
    assert name in [item.data.name for item in listed]
    await connection.execute(Append(name, b"\r\nx"))
    status = await connection.execute(GetStatus(name, ("MESSAGES",)))
    assert (status.mailbox, status.items) == (name, {"MESSAGES": 1})
    assert (await connection.select(name)).exists == 1


@pytest.mark.parametrize("subject", ["5* hotel (:-)", "sad :( face {3}", 'a "b" \\ c'])
async def test_odd_subjects_arrive_unchanged(
    connection: IMAPConnection, subject: str
) -> None:
    message = f"Subject: {subject}\r\n\r\nx".encode()
    await connection.execute(Append("INBOX", message))
    await connection.select("INBOX")
    header = MessagePart.header_fields("Subject")
    (data,) = await connection.execute(
        UidFetch(MessageSet([1]), (MessagePart.ENVELOPE, header))
    )
    assert data.envelope is not None
    assert data.envelope.subject == subject
    assert data.sections[header.key] == f"Subject: {subject}\r\n\r\n".encode()
    hits = await connection.execute(UidSearch(IMAPSearchCriteria.subject(subject)))
    assert hits == MessageSet([1])


async def test_flags_moves_and_expunges(connection: IMAPConnection) -> None:
    for _ in range(3):
        await connection.execute(Append("INBOX", b"\r\nx", frozenset({Flag.SEEN})))
    await connection.execute(Create("other"))
    await connection.select("INBOX")
    uids = MessageSet([1, 2, 3])
    deleted = frozenset({Flag.DELETED})
    stored = await connection.execute(UidStore(uids, StoreMode.ADD, deleted))
    assert {flags - {Flag.RECENT} for flags in stored.values()} == {
        frozenset({Flag.SEEN, Flag.DELETED})
    }
    code = await connection.execute(UidMove(MessageSet([1, 2]), "other"))
    assert code is not None
    assert dict(code.pairs()) == {1: 1, 2: 2}
    await connection.execute(UidExpunge(uids))
    assert await connection.execute(UidSearch(IMAPSearchCriteria())) == MessageSet()
    with pytest.raises(IMAPMailboxError) as caught:
        await connection.execute(Append("nowhere", b"\r\nx"))
    assert caught.value.code == "TRYCREATE"


async def test_selecting_tells_how_the_mailbox_stands(
    connection: IMAPConnection,
) -> None:
    await connection.execute(Append("INBOX", b"\r\nx"))
    selected = await connection.select("INBOX")
    assert (selected.exists, selected.uidnext, selected.read_only) == (1, 2, False)
    assert selected.uidvalidity
    assert selected.permanent_flags is not None
    assert Flag.SEEN in selected.permanent_flags
    assert (await connection.reselect("INBOX", read_only=True)).read_only


@pytest.mark.parametrize("kick", [True, False])
async def test_a_session_ended_by_the_server_fails_every_waiter_at_once(
    connection: IMAPConnection, dovecot: DovecotServer, kick: bool
) -> None:
    """Three wait behind IDLE when the process that serves them goes."""
    await connection.select("INBOX")
    user = connection.config.username
    ended = asyncio.Event()

    def listen(news: object) -> None:
        if isinstance(news, IMAPConnectionError):
            ended.set()

    connection.add_listener(listen)

    async def idle() -> None:
        async with connection.idle():
            end = dovecot.kick if kick else dovecot.kill_sessions
            await asyncio.to_thread(end, user)
            await ended.wait()

    idling = asyncio.ensure_future(idle())
    waiting = [asyncio.ensure_future(connection.noop()) for _ in range(3)]
    async with asyncio.timeout(10.0):
        errors = await asyncio.gather(idling, *waiting, return_exceptions=True)
    assert {type(error) for error in errors} == {IMAPConnectionLost}


async def test_cancelled_commands_leave_the_session_usable(
    connection: IMAPConnection,
) -> None:
    messages = {n: b"Subject: %d\r\n\r\n" % n + b"x" * 50_000 for n in range(1, 11)}
    for message in messages.values():
        await connection.execute(Append("INBOX", message))
    every = MessageSet(messages)
    for steps in range(0, 60, 3):
        await connection.select("INBOX")
        fetching = asyncio.ensure_future(bodies(connection, every))
        for _ in range(steps):
            await asyncio.sleep(0)
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
        uid = steps % 10 + 1
        got = await bodies(connection, MessageSet([uid]))
        assert got == {uid: messages[uid]}
