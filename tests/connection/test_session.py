"""A session under way: answers and news, played over a real socket."""

from __future__ import annotations

import asyncio
import logging

import pytest

from aiosage.connection import IMAPConnection, News
from aiosage.errors import (
    IMAPCapabilityError,
    IMAPMailboxError,
    IMAPOperationError,
)
from aiosage.model import Flag, IMAPSearchCriteria, MessagePart, MessageSet
from aiosage.wire import ExistsData, FetchData, Status
from aiosage.wire.commands import (
    Append,
    Create,
    Idle,
    ListMailboxes,
    Lsub,
    Namespace,
    Noop,
    Select,
    SelectResult,
    SessionState,
    StoreMode,
    UidCopy,
    UidFetch,
    UidSearch,
    UidStore,
    Unselect,
)

from .scripted import (
    CAPABILITIES,
    LOGGED_IN,
    SELECTED,
    Peer,
    config,
    opened,
    scripted,
)

UIDS = MessageSet([1, 2, 3])

FETCH = UidFetch(UIDS, (MessagePart.FULL,))


async def test_a_command_gets_its_own_answer_and_listeners_hear_everything() -> None:
    script = (
        f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])\nS: * 4 EXISTS\n"
        'S: * 1 FETCH (UID 1 BODY[] "5* hotel (:-)")\nS: * 9 FETCH (FLAGS (x))\n'
        'S: * 3 FETCH (UID 3 BODY[] "sad :( face {3}")\nS: * OK beware of {3}\n'
        "S: T2 OK done {7}"
    )
    heard: list[News] = []
    async with scripted(script) as port:
        connection = await opened(port)
        connection.add_listener(heard.append)
        got = await connection.execute(FETCH)
        connection.remove_listener(heard.append)
        connection.abort()
    assert [(data.uid, data.sections["BODY[]"]) for data in got] == [
        (1, b"5* hotel (:-)"),
        (3, b"sad :( face {3}"),
    ]
    assert [type(news) for news in heard] == [
        ExistsData,
        FetchData,
        FetchData,
        FetchData,
        Status,
    ]


async def test_five_thousand_fetch_lines_in_one_read() -> None:
    """Aioimaplib recursed for each and ran out of stack."""
    lines = b"".join(
        b"* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (n, n) for n in range(1, 5001)
    )

    async def serve(peer: Peer) -> None:
        await peer.play(f"{SELECTED}C: T2 UID FETCH 1:5000 (FLAGS)")
        peer.send(lines + peer.tags["T2"].encode() + b" OK done\r\n")

    async with scripted(serve) as port:
        connection = await opened(port)
        every = MessageSet.from_range(1, 5000)
        got = await connection.execute(UidFetch(every, (MessagePart.FLAGS,)))
        connection.abort()
    assert [data.uid for data in got] == list(every)
    assert {data.flags for data in got} == {frozenset({Flag.SEEN})}


async def test_an_answer_may_come_octet_by_octet() -> None:
    async def serve(peer: Peer) -> None:
        await peer.play(f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])")
        tag = peer.tags["T2"].encode()
        for octet in b"* 1 FETCH (UID 1 BODY[] {5}\r\na\r\nb))\r\n%b OK x\r\n" % tag:
            peer.send(bytes([octet]))
            await peer.writer.drain()

    async with scripted(serve) as port:
        connection = await opened(port)
        (data,) = await connection.execute(FETCH)
        connection.abort()
    assert data.sections["BODY[]"] == b"a\r\nb)"


@pytest.mark.parametrize("count", [3, 30, 100])
async def test_commands_of_one_kind_at_once_each_get_their_own_answer(
    count: int,
) -> None:
    """Their answers cannot be told apart, so they take turns (RFC 9051 §5.5)."""

    async def serve(peer: Peer) -> None:
        await peer.play(LOGGED_IN)
        while True:
            tag, _, rest = (await peer.line()).partition(" ")
            assert not peer.reader._buffer  # type: ignore[attr-defined]  # no other is sent
            name = rest.split()[2]
            peer.send(f'* LSUB () "/" {name}\r\n{tag} OK\r\n'.encode())

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(config(port))
        got = await asyncio.gather(
            *(connection.execute(Lsub(f"m{n}")) for n in range(count))
        )
        connection.abort()
    assert [[data.name for data in told] for told in got] == [
        [f"m{n}"] for n in range(count)
    ]


async def test_commands_that_cannot_be_confused_travel_together() -> None:
    """Answered in reverse order, all sent before the first answer."""
    script = (
        f"{SELECTED}C: T2 UID SEARCH UNSEEN\nC: T3 NOOP\n"
        'C: T4 LIST "" *\nC: T5 CREATE a\nS: T5 NO [ALREADYEXISTS] there is\n'
        'S: * LIST () "/" x\nS: T4 OK\nS: T3 OK\nS: * SEARCH 2\nS: T2 OK'
    )
    async with scripted(script) as port:
        connection = await opened(port)
        found, nothing, listed, refused = await asyncio.gather(
            connection.execute(UidSearch(IMAPSearchCriteria.UNSEEN)),
            connection.execute(Noop()),
            connection.execute(ListMailboxes()),
            connection.execute(Create("a")),
            return_exceptions=True,
        )
        connection.abort()
    assert found == MessageSet([2])
    assert nothing is None
    assert isinstance(listed, tuple)
    assert listed[0].data.name == "x"
    assert isinstance(refused, IMAPMailboxError)
    assert (refused.command, refused.code) == ("CREATE", "ALREADYEXISTS")


async def test_a_refused_command_leaves_the_session_good() -> None:
    script = (
        f"{LOGGED_IN}C: T1 SELECT a\nS: T1 NO [NONEXISTENT] no such mailbox\n"
        "C: T2 NOOP\nS: T2 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        with pytest.raises(IMAPMailboxError, match="no such mailbox"):
            await connection.select("a")
        assert connection.selected is None
        await connection.noop()
        connection.abort()


async def test_what_cannot_work_is_refused_without_a_word_to_the_server() -> None:
    async with scripted(f"{LOGGED_IN}C: T1 NOOP\nS: T1 OK") as port:
        connection = await IMAPConnection.open(config(port))
        with pytest.raises(IMAPOperationError, match="Select a mailbox first"):
            await connection.execute(FETCH)
        with pytest.raises(IMAPCapabilityError, match="NAMESPACE") as caught:
            await connection.execute(Namespace())
        assert caught.value.capability == "NAMESPACE"
        with pytest.raises(ValueError, match="mailbox name"):
            await connection.execute(Create("a\r\nb"))
        await connection.noop()
        connection.abort()


@pytest.mark.parametrize("answer", ["T1 NO [TOOBIG] no", "T1 BAD no"])
async def test_a_literal_that_is_refused_is_not_sent(answer: str) -> None:
    script = (
        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: T0 LOGIN ...\n"
        "S: T0 OK [CAPABILITY IMAP4rev1] in\n"
        f"C: T1 APPEND a {{5}}\nS: {answer}\nC: T2 NOOP\nS: T2 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        with pytest.raises(IMAPOperationError, match="no"):
            await connection.execute(Append("a", b"hello"))
        await connection.noop()
        connection.abort()


async def test_no_command_goes_between_a_command_and_its_literal() -> None:
    """Octets of another there would become part of the message."""
    script = (
        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: T0 LOGIN ...\n"
        "S: T0 OK [CAPABILITY IMAP4rev1] in\n"
        "C: T1 APPEND a {5}\nS: * 1 EXISTS\nS: + OK\nC: hello\nC: T2 NOOP\n"
        "S: T2 OK\nS: T1 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        await asyncio.gather(
            connection.execute(Append("a", b"hello")), connection.noop()
        )
        connection.abort()


async def test_selecting_tells_listeners_where_the_old_mailbox_ends() -> None:
    script = (
        f"{SELECTED}C: T2 EXAMINE b\nS: * 9 EXISTS\nS: T2 OK [READ-ONLY] x\n"
        "C: T3 EXAMINE b\nS: * 8 EXISTS\nS: T3 OK [READ-ONLY] x\n"
        "C: T4 UNSELECT\nS: T4 OK"
    )
    heard: list[News] = []
    async with scripted(script) as port:
        connection = await opened(port)
        assert await connection.select("INBOX", read_only=True) == connection.selected
        connection.add_listener(heard.append)
        opened_b = await connection.select("b", read_only=True)
        assert await connection.select("b", read_only=True) == opened_b
        assert (await connection.reselect("b", read_only=True)).exists == 8
        await connection.unselect()
        assert connection.selected is None
        assert connection.state is SessionState.AUTHENTICATED
        await connection.unselect()
        connection.abort()
    assert heard[0] == ExistsData(9)
    assert heard[1] == opened_b
    assert isinstance(heard[3], SelectResult)


async def test_the_open_mailbox_is_the_one_opened_last_by_whichever_command() -> None:
    """Taken for the one before, UIDs would mean other messages."""
    script = (
        f"{SELECTED}C: T2 SELECT b\nS: * 9 EXISTS\nS: T2 OK\n"
        "C: T3 SELECT INBOX\nS: T3 OK\nC: T4 UNSELECT\nS: T4 OK\n"
        "C: T5 SELECT INBOX\nS: T5 OK"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        opened_b = await connection.execute(Select("b"))
        assert connection.selected == opened_b
        assert (await connection.select("INBOX")).mailbox == "INBOX"
        await connection.execute(Unselect())
        assert connection.selected is None
        await connection.select("INBOX")
        connection.abort()


async def test_a_select_that_fails_has_closed_the_mailbox_before() -> None:
    """RFC 9051 §6.3.2: NO leaves no mailbox selected."""
    script = f"{SELECTED}C: T2 SELECT b\nS: T2 NO no"
    async with scripted(script) as port:
        connection = await opened(port)
        with pytest.raises(IMAPMailboxError):
            await connection.select("b")
        assert connection.selected is None
        assert connection.state is SessionState.AUTHENTICATED
        with pytest.raises(IMAPOperationError, match="Select a mailbox first"):
            await connection.execute(FETCH)
        connection.abort()


async def test_nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither message bodies nor what is appended."""
    caplog.set_level(logging.DEBUG)
    script = (
        f"{SELECTED}C: T2 UID FETCH 1:3 (BODY.PEEK[])\n"
        'S: * 1 FETCH (UID 1 BODY[] "private body")\nS: T2 OK done\n'
        "C: T3 APPEND a {12+}\nC: private body\nS: T3 OK done"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        await connection.execute(FETCH)
        await connection.execute(Append("a", b"private body"))
        connection.abort()
    assert "UID FETCH 1:3" in caplog.text
    assert "private" not in caplog.text


async def test_copy_and_store_results() -> None:
    script = (
        f"{SELECTED}C: T2 UID COPY 1:3 a\nS: T2 OK [COPYUID 9 1:3 12:10] x\n"
        "C: T3 UID STORE 1:3 +FLAGS (x)\nS: * 1 FETCH (UID 1 FLAGS (x))\nS: T3 OK"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        code = await connection.execute(UidCopy(UIDS, "a"))
        flags = frozenset({Flag("x")})
        stored = await connection.execute(UidStore(UIDS, StoreMode.ADD, flags))
        connection.abort()
    assert code is not None
    assert dict(code.pairs()) == {1: 10, 2: 11, 3: 12}
    assert stored == {1: flags}


def test_what_the_scripts_announce_is_what_the_tests_need() -> None:
    assert Idle.requires in CAPABILITIES.split()
