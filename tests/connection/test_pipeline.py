"""Which commands may be under way together (RFC 9051 §5.5)."""

from __future__ import annotations

import asyncio

import pytest

from aiosage.connection import IMAPConnection
from aiosage.connection._pipeline import MAX_DEPTH, may_join
from aiosage.model import IMAPSearchCriteria, MessagePart, MessageSet, Secret
from aiosage.wire.commands import (
    Append,
    Command,
    Enable,
    Idle,
    ListMailboxes,
    Login,
    Logout,
    MailboxStatus,
    Noop,
    Select,
    StartTls,
    StoreMode,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidMove,
    UidSearch,
    UidStore,
    Unselect,
)

from .scripted import SELECTED, Peer, config, scripted

UIDS = MessageSet([1])
FETCH = UidFetch(UIDS, (MessagePart.FLAGS,))
STORE = UidStore(UIDS, StoreMode.ADD, frozenset())
SEARCH = UidSearch(IMAPSearchCriteria())
STATUS = MailboxStatus("a", ())
ALONE: list[Command[object]] = [
    Select("a"),
    Unselect(),
    Idle(),
    Logout(),
    StartTls(),
    Enable(("A",)),
    Login("a", Secret("b")),
]


@pytest.mark.parametrize("alone", ALONE)
def test_what_changes_the_meaning_of_others_goes_alone(alone: Command[object]) -> None:
    assert may_join(alone, [])
    assert not may_join(alone, [Noop()])
    assert not may_join(Noop(), [alone])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FETCH, FETCH),
        (FETCH, STORE),
        (SEARCH, SEARCH),
        (STATUS, ListMailboxes()),
        (UidMove(UIDS, "a"), UidCopy(UIDS, "b")),
    ],
)
def test_commands_whose_answers_look_alike_take_turns(
    one: Command[object], other: Command[object]
) -> None:
    assert not may_join(one, [other])
    assert not may_join(other, [Noop(), one])


def test_all_others_travel_together() -> None:
    under_way: list[Command[object]] = []
    for command in (FETCH, SEARCH, STATUS, Noop(), Append("a", b""), UidExpunge(UIDS)):
        assert may_join(command, under_way)
        under_way.append(command)


def test_there_is_a_limit_to_how_many() -> None:
    assert may_join(Noop(), [Noop()] * (MAX_DEPTH - 1))
    assert not may_join(Noop(), [Noop()] * MAX_DEPTH)


async def test_select_waits_for_what_is_under_way_and_the_rest_for_select() -> None:
    """UIDs mean something else in another mailbox."""

    async def serve(peer: Peer) -> None:
        await peer.play(f"{SELECTED}C: T2 UID SEARCH ALL")
        await quiet(peer)
        await peer.play("S: * SEARCH 1\nS: T2 OK\nC: T3 SELECT b")
        await quiet(peer)
        await peer.play("S: T3 OK\nC: T4 UID SEARCH ALL\nS: * SEARCH 2\nS: T4 OK")

    async def quiet(peer: Peer) -> None:
        """Check that the client has said no more, after a turn to do so."""
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(peer.line(), 0.05)

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        first, _, second = await asyncio.gather(
            connection.execute(SEARCH),
            connection.execute(Select("b")),
            connection.execute(SEARCH),
        )
        connection.abort()
    assert (first, second) == (MessageSet([1]), MessageSet([2]))
