"""What happens while nobody listens, worked out in every way there is."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import pytest

from aiosage import (
    ConnectionState,
    Flag,
    FlagsChanged,
    IMAPClient,
    MailboxCreated,
    MailboxDeleted,
    MailboxRenamed,
    MessageExpunged,
    MessagePart,
    NewMessage,
    WatchCursor,
)
from aiosage.testing import CyrusServer, DovecotServer, MemoryServer
from aiosage.watch._others import notify
from aiosage.watch._scope import Scope

from ..client.accounts import OtherClient, client_of, small
from ..client.relay import Relay
from ..conftest import CYRUS, Endpoint
from ..connection.scripted import LOGGED_IN, Peer, PeerGone, config, scripted
from .mirror import Mirrors, take

NONE = frozenset[Flag]()
SEEN = frozenset({Flag.SEEN})
FLAGGED = frozenset({Flag.FLAGGED})

# What Dovecot may be made to announce, and what must then have been said to it.
MASKS: Final = {
    "all": (
        "IDLE ENABLE UNSELECT CONDSTORE QRESYNC ESEARCH NOTIFY UIDPLUS",
        b" (QRESYNC (",
    ),
    "no NOTIFY": (
        "IDLE ENABLE UNSELECT CONDSTORE QRESYNC ESEARCH UIDPLUS",
        b" (QRESYNC (",
    ),
    "no QRESYNC": ("IDLE ENABLE CONDSTORE ESEARCH NOTIFY UIDPLUS", b"(CHANGEDSINCE "),
    "no ESEARCH": ("IDLE ENABLE CONDSTORE UIDPLUS", b"(CHANGEDSINCE "),
    "no CONDSTORE": ("IDLE NOTIFY UIDPLUS", b"UID FETCH 1:4294967295 (FLAGS)\r"),
    "no IDLE": (
        "ENABLE UNSELECT CONDSTORE QRESYNC ESEARCH NOTIFY UIDPLUS",
        b" (QRESYNC (",
    ),
    "nothing": ("UIDPLUS", b"UID FETCH 1:4294967295 (FLAGS)\r"),
}
ON_DOVECOT: Final = [
    pytest.param(name, marks=pytest.mark.dovecot, id=f"dovecot-{name}")
    for name in MASKS
]


@contextmanager
def _masked(request: pytest.FixtureRequest, mask: str) -> Iterator[Endpoint]:
    request.getfixturevalue("dovecot")  # skips where there is none
    with DovecotServer(capability=f"IMAP4rev1 {MASKS[mask][0]}") as server:
        yield endpoint_of("dovecot", server, server.new_user())


def endpoint_of(
    kind: Literal["memory", "dovecot", "cyrus"],
    backend: MemoryServer | DovecotServer | CyrusServer,
    user: str,
) -> Endpoint:
    """Return where *user* logs in to a server of the test's own."""
    return Endpoint(
        kind=kind,
        host=backend.host,
        port=backend.port,
        tls_port=0,
        username=user,
        password="secret" if isinstance(backend, MemoryServer) else backend.password,
        ssl_context=ssl.create_default_context(),
        backend=backend,
    )


@pytest.fixture(params=["memory", CYRUS, *ON_DOVECOT])
async def masked(
    request: pytest.FixtureRequest,
) -> AsyncIterator[tuple[Endpoint, bytes]]:
    """A server, with what must be said to it to learn what has changed."""
    if request.param in MASKS:
        with _masked(request, request.param) as endpoint:
            yield endpoint, MASKS[request.param][1]
    elif request.param == "cyrus":
        cyrus = request.getfixturevalue("cyrus")
        yield endpoint_of("cyrus", cyrus, cyrus.new_user()), b" (QRESYNC ("
    else:
        async with MemoryServer() as memory:
            memory.add_account("user", "secret")
            yield endpoint_of("memory", memory, "user"), b"(CHANGEDSINCE "


async def test_nothing_is_lost_or_told_twice_whatever_the_server_offers(
    masked: tuple[Endpoint, bytes],
) -> None:
    """Heard, missed while the connection was lost, and missed between two runs."""
    server, word = masked
    other = OtherClient(server)
    for box in ("A", "B"):
        other.create(box)
    other.deliver(*map(small, range(1, 6)))
    other.deliver(*map(small, range(1, 4)), mailbox="A")
    known = {"INBOX": dict.fromkeys(range(1, 6), NONE), "B": {}}
    mirrors = Mirrors({**known, "A": dict.fromkeys(range(1, 4), NONE)})

    async with (
        Relay(server.host, server.port) as relay,
        client_of(server, port=relay.port, poll_interval=0.1, idle_check=1) as client,
    ):
        async with client.watch("INBOX", "A", "B") as events:
            # Heard.
            other.add_flag(2, Flag.SEEN, "A")
            other.expunge(3, "A")
            other.deliver(small(6))
            other.deliver(small(1), mailbox="B")
            other.expunge(1)
            inbox = {**dict.fromkeys(range(2, 7), NONE)}
            a, b = {1: NONE, 2: SEEN}, {1: NONE}
            await mirrors.follow(events, {"INBOX": inbox, "A": a, "B": b})

            # Missed.
            relay.is_open = False
            relay.cut()
            while not mirrors.is_lost:
                mirrors.apply(*await take(events, 1))
            other.add_flag(3, Flag.FLAGGED)
            other.expunge(6)
            other.expunge(2)
            other.deliver(small(7))
            other.deliver(small(4), mailbox="A")
            other.remove_flag(2, Flag.SEEN, "A")
            other.expunge(1, "B")
            relay.is_open = True
            inbox = {3: FLAGGED, 4: NONE, 5: NONE, 7: NONE}
            a, b = {1: NONE, 2: NONE, 4: NONE}, {}
            await mirrors.follow(events, {"INBOX": inbox, "A": a, "B": b})
            cursor = str(events.cursor)
        assert any(word in sent for sent in relay.sent)
        if b"QRESYNC" in word:  # which tells everything
            assert not any(b"CHANGEDSINCE" in sent for sent in relay.sent)

        # Missed between two runs; B is another one by now.
        other.expunge(4)
        other.add_flag(5, Flag.SEEN)
        other.deliver(small(8))
        other.expunge(4, "A")
        other.delete("B")
        other.create("B")
        other.deliver(small(9), mailbox="B")
        async with client.watch("INBOX", "A", "B", since=cursor) as events:
            inbox = {3: FLAGGED, 5: SEEN, 7: NONE, 8: NONE}
            a, b = {1: NONE, 2: NONE}, {1: NONE}
            await mirrors.follow(events, {"INBOX": inbox, "A": a, "B": b})
            other.deliver(small(9))
            inbox[9] = NONE
            await mirrors.follow(events, {"INBOX": inbox, "A": a, "B": b})
            assert events.empty()
        assert mirrors.resets == {"B": 1}


async def test_what_has_not_been_taken_is_told_again_after_a_restart(
    server: Endpoint, other: OtherClient
) -> None:
    """The cursor is of what was taken, not of what was put into the queue."""
    async with client_of(server) as client:
        async with client.watch("INBOX", queue_size=1) as events:
            for number in (1, 2, 3):
                other.deliver(small(number))
            (first,) = await take(events, 1)
            cursor = events.cursor
        assert isinstance(first, NewMessage)
        assert first.uid == 1
        assert WatchCursor.parse(str(cursor)) == cursor
        async with client.watch("INBOX", since=cursor) as events:
            rest = await take(events, 2)
            assert [e.uid for e in rest if isinstance(e, NewMessage)] == [2, 3]
            assert events.empty()


@pytest.mark.parametrize(
    "disable", [(), ("LIST-EXTENDED",), ("CONDSTORE", "IDLE")], ids=str
)
async def test_mailboxes_that_fit_a_pattern_come_and_go(
    disable: tuple[str, ...],
) -> None:
    async with MemoryServer(disable=disable) as memory:
        account = memory.add_account("user", "secret")
        account.create_mailbox("Lists/one")
        account.create_mailbox("Other")
        endpoint = endpoint_of("memory", memory, "user")
        async with client_of(endpoint, poll_interval=0.02) as client:
            async with client.watch("Lists/*") as events:
                account.mailbox("Other").deliver(small(1))
                account.mailbox("Lists/one").deliver(small(1))
                (new,) = await take(events, 1)
                assert isinstance(new, NewMessage)
                account.create_mailbox("Lists/two").deliver(small(2))
                created, new = await take(events, 2)
                assert created == MailboxCreated("Lists/two")
                assert isinstance(new, NewMessage)
                assert new.mailbox == "Lists/two"
                account.delete_mailbox("Lists/one")
                while MailboxDeleted("Lists/one") not in (
                    told := await take(events, 1)
                ):
                    assert isinstance(told[0], ConnectionState)
                cursor = events.cursor
                assert list(cursor.mailboxes) == ["Lists/two"]
            account.delete_mailbox("Lists/two")
            account.create_mailbox("Lists/three")
            async with client.watch("Lists/*", since=cursor) as events:
                told = await take(events, 2)
                assert set(told) == {
                    MailboxDeleted("Lists/two"),
                    MailboxCreated("Lists/three"),
                }


@pytest.mark.parametrize(
    ("watched", "left"),
    [
        (["A/*"], ["A/B", "A/B/C"]),
        (["A/%"], ["A/B"]),
        (["INBOX", "A/%"], ["INBOX", "A/B"]),
        (["Q*"], []),
    ],
)
async def test_what_is_not_watched_any_more_is_not_told_to_be_gone(
    server: Endpoint, other: OtherClient, watched: list[str], left: list[str]
) -> None:
    """A cursor may be of a watch of other mailboxes; what did go is told."""
    for name in ("A/B", "A/B/C", "Q"):
        other.create(name)
    async with client_of(server) as client:
        async with client.watch("*") as events:
            cursor = events.cursor
        other.delete("Q")
        async with client.watch(*watched, since=cursor) as events:
            if "Q*" in watched:
                assert await take(events, 1) == [MailboxDeleted("Q")]
            assert events.empty()
            assert sorted(events.cursor.mailboxes) == sorted(left)


async def test_a_mailbox_that_is_renamed_is_told_as_such_where_the_server_does(
    dovecot: DovecotServer,
) -> None:
    """NOTIFY tells the old name (RFC 5465 §5.4)."""
    server = endpoint_of("dovecot", dovecot, dovecot.new_user())
    other = OtherClient(server)
    other.create("Lists/a")
    other.deliver(small(1), mailbox="Lists/a")
    async with (
        client_of(server) as client,
        client.watch("INBOX", "Lists/*") as events,
    ):
        other.deliver(small(2), mailbox="Lists/a")
        await take(events, 1)  # with it comes what Dovecot has to tell of before
        await client.folders.rename("Lists/a", "Lists/b")
        assert await take(events, 1) == [MailboxRenamed("Lists/b", "Lists/a")]
        other.deliver(small(3), mailbox="Lists/b")
        (new,) = await take(events, 1)
        assert isinstance(new, NewMessage)
        assert (new.mailbox, new.uid) == ("Lists/b", 3)


async def test_new_messages_come_with_what_is_to_be_fetched(
    any_server: Endpoint,
) -> None:
    """Of each mailbox, and whatever the queue has room for."""
    other = OtherClient(any_server)
    other.create("A")
    async with (
        client_of(any_server, poll_interval=0.1) as client,
        client.watch(
            "INBOX", "A", queue_size=2, fetch=[MessagePart.ENVELOPE]
        ) as events,
    ):
        other.deliver(*map(small, range(1, 5)))
        subjects = [
            event.message.subject
            for event in await take(events, 4)
            if isinstance(event, NewMessage) and event.message
        ]
        assert subjects == ["number 1", "number 2", "number 3", "number 4"]
        other.deliver(small(5), mailbox="A")
        (new,) = await take(events, 1)
        assert isinstance(new, NewMessage)
        assert new.message is not None
        assert (new.mailbox, new.message.subject) == ("A", "number 5")


async def test_a_slow_consumer_holds_up_no_other(
    server: Endpoint, other: OtherClient
) -> None:
    async with (
        client_of(server) as client,
        client.watch("INBOX", queue_size=1) as slow,
    ):
        fast = slow.subscribe()
        for number in (1, 2, 3):
            other.deliver(small(number))
        found = [e.uid for e in await take(fast, 3) if isinstance(e, NewMessage)]
        assert found == [1, 2, 3]
        other.expunge(2)
        assert isinstance((await take(fast, 1))[0], MessageExpunged)
        found = [e.uid for e in await take(slow, 2) if isinstance(e, NewMessage)]
        assert found == [1, 3]


async def test_what_the_server_does_not_tell_is_found_by_asking() -> None:
    """Dovecot loses changes at the moment in which it hibernates a session."""
    script = f"""{LOGGED_IN}
C: T1 EXAMINE INBOX
S: * 0 EXISTS
S: T1 OK
C: T2 IDLE
S: + idling
C: DONE
S: T2 OK
C: T3 NOOP
S: * 1 EXISTS
S: T3 OK
C: T4 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: T4 OK
C: T5 IDLE
S: + idling
C: DONE
S: T5 OK
C: T6 LOGOUT
S: * BYE
S: T6 OK
"""
    async with (
        scripted(script) as port,
        IMAPClient(replace(config(port), idle_check=0.1)) as client,
        client.watch("INBOX") as events,
    ):
        assert await take(events, 1) == [NewMessage("INBOX", None, 1, NONE)]


@pytest.mark.parametrize(
    "capability", [None, "IMAP4rev1 IDLE ENABLE CONDSTORE ESEARCH LITERAL+"]
)
async def test_a_lost_index_of_dovecot_loses_no_change(
    dovecot: DovecotServer, capability: str | None
) -> None:
    """UIDs are kept in another file, mod-sequences are not."""
    with DovecotServer(storage="maildir", capability=capability) as own:
        user = own.new_user()
        server = endpoint_of("dovecot", own, user)
        other = OtherClient(server)
        other.deliver(*map(small, range(1, 4)))
        for _ in range(10):
            other.add_flag(1, Flag.FLAGGED)
            other.remove_flag(1, Flag.FLAGGED)
        async with client_of(server) as client:
            async with client.watch("INBOX") as events:
                cursor = events.cursor
            assert cursor.mailboxes["INBOX"].modseq is not None
        lose_index(own, user)
        other.add_flag(2, Flag.SEEN)
        async with (
            client_of(server) as client,
            client.watch("INBOX", since=cursor) as events,
        ):
            (changed,) = await take(events, 1)
            assert isinstance(changed, FlagsChanged)
            assert (changed.uid, changed.flags) == (2, SEEN)


def lose_index(server: DovecotServer, user: str) -> None:
    """Remove what is not the mail itself."""
    server.kill_sessions(user)
    home = Path(server.doveadm("user", "-f", "home", user).strip())
    for index in home.rglob("dovecot.index*"):
        index.unlink()


async def test_others_are_asked_no_more_often_because_much_is_heard() -> None:
    """There may be a thousand of them."""
    async with MemoryServer() as memory:
        account = memory.add_account("user", "secret")
        account.create_mailbox("A")
        endpoint = endpoint_of("memory", memory, "user")
        async with (
            Relay(endpoint.host, endpoint.port) as relay,
            client_of(replace(endpoint, port=relay.port), poll_interval=60) as client,
            client.watch("INBOX", "A") as events,
        ):
            for number in range(1, 6):
                account.mailbox("INBOX").deliver(small(number))
                await take(events, 1)
            assert relay.commands.count("STATUS") == 1


@pytest.mark.parametrize("watched", ["INBOX *", "INBOX A", "A INBOX", "A *"])
async def test_a_mailbox_that_is_broken_holds_up_no_other(
    dovecot: DovecotServer, watched: str
) -> None:
    """Dovecot says SERVERBUG, try later; when it is mended, nothing is missing."""
    server = endpoint_of("dovecot", dovecot, dovecot.new_user())
    other = OtherClient(server)
    other.create("A")
    other.deliver(small(1), mailbox="A")
    home = Path(dovecot.doveadm("user", "-f", "home", server.username).strip())
    folder = home / "mdbox/mailboxes/A/dbox-Mails"
    async with client_of(server, idle_check=0.2) as client:
        async with client.watch(*watched.split()) as events:
            cursor = events.cursor
        other.deliver(small(2), mailbox="A")
        folder.chmod(0)
        async with client.watch(*watched.split(), since=cursor) as events:
            other.deliver(small(1))
            assert [e for e in await take(events, 1) if isinstance(e, NewMessage)]
            folder.chmod(0o700)
            (new,) = await take(events, 1)
            assert isinstance(new, NewMessage)
            assert (new.mailbox, new.uid) == ("A", 2)


async def test_what_alone_was_broken_is_opened_when_it_is_mended() -> None:
    """Nothing is open meanwhile, not even what was to be."""
    opened = 0

    async def script(peer: Peer) -> None:
        nonlocal opened
        await peer.play(LOGGED_IN)
        tag = ""
        with suppress(PeerGone):
            while True:
                words = (await peer.line()).split()
                tag, command = (tag, "DONE") if len(words) == 1 else words[:2]
                said = f"{tag} OK\r\n"
                if command == "LIST":
                    said = f'* LIST () "/" INBOX\r\n{said}'
                elif command == "EXAMINE":
                    opened += 1
                    said = f"{tag} NO [SERVERBUG] broken\r\n" if opened == 2 else said
                    count = int(opened > 2)
                    said = f"* {count} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{said}"
                elif "FETCH" in words:
                    said = f"* 1 FETCH (UID 1 FLAGS ())\r\n{said}"
                elif command == "IDLE" and opened == 1:
                    return await peer.play("S! reset")  # and be broken from now on
                elif command == "IDLE":
                    said = "+ idling\r\n"
                peer.send(said.encode())

    async with (
        scripted(script) as port,
        IMAPClient(replace(config(port), idle_check=0.1, poll_interval=0.1)) as client,
        client.watch("INBOX", "*") as events,
    ):
        found = [e for e in await take(events, 3) if isinstance(e, NewMessage)]
        assert [new.uid for new in found] == [1]


def test_a_server_is_to_tell_of_what_is_broken_too() -> None:
    """It may be mended; and to be told of no mailbox cannot be asked for."""
    scope = Scope(["INBOX", "A"])
    for name in ("INBOX", "A"):
        scope.leave_out(name)
        assert notify(scope).groups[1].mailboxes == ("INBOX", "A")


async def test_what_may_be_opened_again_is_watched_again() -> None:
    """It was told to be gone, so all that is in it is new."""
    is_open = False
    tag = ""

    async def script(peer: Peer) -> None:
        nonlocal tag
        await peer.play(LOGGED_IN)
        with suppress(PeerGone):
            while True:
                words = (await peer.line()).split()
                tag, command = (tag, "DONE") if len(words) == 1 else words[:2]
                said = f"{tag} OK\r\n"
                if command == "LIST":
                    said = f'* LIST () "/" A\r\n* LIST () "/" INBOX\r\n{said}'
                elif command in ("EXAMINE", "STATUS") and words[2] == "A":
                    said = said if is_open else f"{tag} NO [NOPERM]\r\n"
                    said = f"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{said}"
                elif command == "EXAMINE":
                    said = f"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{said}"
                elif command == "IDLE":
                    said = "+ idling\r\n"
                peer.send(said.encode())

    async with (
        scripted(script) as port,
        IMAPClient(replace(config(port), idle_check=0.1, poll_interval=0.1)) as client,
        client.watch("INBOX", "*") as events,
    ):
        is_open = True
        assert await take(events, 1) == [MailboxCreated("A")]
