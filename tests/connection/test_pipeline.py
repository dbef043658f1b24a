"""Which commands may be under way together (RFC 9051 §5.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from aiosage.connection import IMAPConnection
from aiosage.connection._pipeline import MAX_DEPTH, may_join
from aiosage.errors import IMAPOperationError
from aiosage.model import (
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    SavedResult,
    Secret,
    SequenceSet,
    SortKey,
)
from aiosage.wire import InProgressCode, Status, StatusData
from aiosage.wire.commands import (
    Append,
    Close,
    Command,
    Comparator,
    Copy,
    Enable,
    Fetch,
    GetAcl,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    GetStatus,
    Idle,
    ListMailboxes,
    Login,
    Logout,
    Lsub,
    Move,
    MyRights,
    Noop,
    Notify,
    Search,
    SearchOptions,
    SearchReturn,
    Select,
    Sort,
    StartTls,
    Store,
    StoreMode,
    Thread,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidMove,
    UidScan,
    UidSearch,
    UidSearchReturn,
    UidSort,
    UidStore,
    UidThread,
    Unselect,
)

from .scripted import LOGGED_IN, SELECTED, Peer, config, scripted

UIDS = MessageSet([1])
FETCH = UidFetch(UIDS, (MessagePart.FLAGS,))
STORE = UidStore(UIDS, StoreMode.ADD, frozenset())
SEARCH = UidSearch(IMAPSearchCriteria())
STATUS = GetStatus("a", ())
ALONE: list[Command[object]] = [
    Select("a"),
    Unselect(),
    Close(),
    Idle(),
    Logout(),
    StartTls(),
    Enable(("A",)),
    Comparator(("i;octet",)),
    UidScan(UIDS),  # or a STORE under way would have flags from before it
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
        (STATUS, Notify(())),
        (ListMailboxes(), Lsub()),
        (ListMailboxes(), MyRights("a")),
        (ListMailboxes(), GetMetadata("a", ("/b",))),
        (GetQuota("a"), GetQuotaRoot("b")),
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
    for command in (
        *(FETCH, SEARCH, STATUS, Noop(), Append("a", b""), UidExpunge(UIDS)),
        *(MyRights("a"), GetAcl("a"), GetQuota("a"), GetMetadata("a", ("/b",))),
    ):
        assert may_join(command, under_way)
        under_way.append(command)


@pytest.mark.parametrize(
    "ask",
    [
        lambda name: GetStatus(name, ("MESSAGES",)),
        MyRights,
        lambda name: GetMetadata(name, ("/private/comment",)),
    ],
)
def test_questions_about_several_mailboxes_travel_together(
    ask: Callable[[str], Command[object]],
) -> None:
    """Each answer names its mailbox (RFC 9051 §5.5)."""
    assert may_join(ask("b"), [ask("a")])
    assert not may_join(ask("a"), [ask("b"), ask("a")])
    assert not may_join(ask("INBOX"), [ask("inbox")])


async def test_answers_about_several_mailboxes_may_come_in_any_order() -> None:
    """RFC 9051 §5.5: a server may begin with the one that is quick."""

    async def serve(peer: Peer) -> None:
        await peer.play(
            f"{LOGGED_IN}C: T1 STATUS a (MESSAGES)\nC: T2 STATUS inbox (MESSAGES)\n"
            "C: T3 STATUS c (MESSAGES)\n"
            "S: * STATUS INBOX (MESSAGES 2)\nS: * STATUS a (MESSAGES 1)\n"
            "S: * STATUS other (MESSAGES 9)\n"
            "S: T2 OK\nS: T3 NO\nS: T1 OK"
        )

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        told = await asyncio.gather(
            *(
                connection.execute(GetStatus(name, ("MESSAGES",)))
                for name in ("a", "inbox", "c")
            ),
            return_exceptions=True,
        )
        connection.abort()
    one, two, three = told
    assert isinstance(one, StatusData)
    assert isinstance(two, StatusData)
    assert (one.messages, two.messages) == (1, 2)
    assert isinstance(three, IMAPOperationError)


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


NUMBERS = SequenceSet([1])
BY_NUMBER: list[Command[object]] = [
    Fetch(NUMBERS, (MessagePart.FLAGS,)),
    Store(NUMBERS, StoreMode.ADD, frozenset()),
    Search(IMAPSearchCriteria()),
    SearchReturn(IMAPSearchCriteria()),
    Sort((SortKey.DATE,)),
    Thread(),
]
RENUMBERING: list[Command[object]] = [
    Noop(),
    FETCH,
    STORE,
    SEARCH,
    UidExpunge(UIDS),
    UidSort((SortKey.DATE,)),
    UidThread(),
    Append("a", b""),
]


@pytest.mark.parametrize("numbers", BY_NUMBER)
@pytest.mark.parametrize("other", RENUMBERING)
def test_numbers_do_not_travel_with_what_may_change_them(
    numbers: Command[object], other: Command[object]
) -> None:
    """RFC 9051 §5.5: an EXPUNGE may come during all but FETCH, STORE and SEARCH."""
    assert not may_join(numbers, [other])
    assert not may_join(other, [numbers])


def test_numbers_travel_with_what_keeps_them() -> None:
    """RFC 9051 §7.5.1, RFC 5256 §3: no EXPUNGE comes during these."""
    fetch, _, search, _, sort, thread = BY_NUMBER
    assert may_join(search, [fetch])
    assert may_join(sort, [fetch])
    assert may_join(thread, [fetch, sort])


def test_criteria_by_number_are_numbers_too() -> None:
    criteria = IMAPSearchCriteria.sequence(NUMBERS)
    for command in (UidSearch(criteria), UidSort((SortKey.DATE,), criteria)):
        assert not may_join(command, [Noop()])
    assert may_join(UidSort((SortKey.DATE,)), [Noop()])


@pytest.mark.parametrize("command", [Copy(NUMBERS, "a"), Move(NUMBERS, "a")])
def test_what_uses_and_changes_numbers_goes_alone(command: Command[object]) -> None:
    for other in (BY_NUMBER[0], Noop()):
        assert not may_join(command, [other])
        assert not may_join(other, [command])


async def test_what_was_saved_is_used_in_the_order_asked_for() -> None:
    """RFC 5182 §2.1: ``$`` means the search before, however much is under way."""

    async def serve(peer: Peer) -> None:
        await peer.play(
            f"{SELECTED}C: T2 UID SEARCH ALL\nS: * SEARCH 1\nS: T2 OK\n"
            "C: T3 UID SEARCH RETURN (SAVE) ALL\nC: T4 UID FETCH $ (FLAGS)\n"
            "S: T3 OK\nS: * 1 FETCH (UID 7 FLAGS ())\nS: T4 OK\n"
            "C: T5 UID SEARCH RETURN (SAVE) SEEN\nC: T6 UID FETCH $ (FLAGS)\n"
            "S: T5 OK\nS: T6 OK"
        )

    saving = [
        UidSearchReturn(criteria, SearchOptions(save=True))
        for criteria in (IMAPSearchCriteria(), IMAPSearchCriteria.SEEN)
    ]
    fetching = UidFetch(SavedResult(), (MessagePart.FLAGS,))
    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        connection._protocol.capabilities |= {"ESEARCH", "SEARCHRES"}
        await connection.select("INBOX")
        found = await asyncio.gather(
            connection.execute(SEARCH),
            connection.execute(saving[0]),
            connection.execute(fetching),
            connection.execute(saving[1]),
            connection.execute(fetching),
        )
        connection.abort()
    assert [data.uid for data in found[2]] == [7]
    assert found[4] == ()


async def test_news_of_a_long_command_reach_listeners() -> None:
    """RFC 9585: INPROGRESS tells how far a command has come."""

    async def serve(peer: Peer) -> None:
        await peer.play(
            f"{SELECTED}C: T2 UID SEARCH ALL\n"
            'S: * OK [INPROGRESS ("T2" 454 1000)] Still working on it\n'
            "S: * SEARCH 1\nS: T2 OK"
        )

    heard: list[object] = []
    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        await connection.select("INBOX")
        connection.add_listener(heard.append)
        assert await connection.execute(SEARCH) == UIDS
        connection.abort()
    assert [news.code for news in heard if isinstance(news, Status)] == [
        InProgressCode("INPROGRESS", '("T2" 454 1000)', "T2", 454, 1000)
    ]


async def test_a_session_by_uid_only_knows_no_numbers() -> None:
    """RFC 9586 §3: what goes by number is refused, and answers name UIDs."""

    async def serve(peer: Peer) -> None:
        await peer.play(
            f"{LOGGED_IN}\nC: T1 ENABLE UIDONLY\nS: * ENABLED UIDONLY\nS: T1 OK\n"
            "C: T2 SELECT INBOX\nS: T2 OK\nC: T3 UID FETCH 1 (FLAGS)\n"
            "S: * 1 UIDFETCH (FLAGS (x))\nS: T3 OK"
        )

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        connection._protocol.capabilities |= {"ENABLE"}
        await connection.execute(Enable(("UIDONLY",)))
        await connection.select("INBOX")
        for command in (*BY_NUMBER[:3], Copy(NUMBERS, "a")):
            with pytest.raises(IMAPOperationError) as caught:
                await connection.execute(command)
            assert caught.value.code == "UIDREQUIRED"
        found = await connection.execute(FETCH)
        connection.abort()
    assert [(data.seq, data.uid) for data in found] == [(None, 1)]
