"""Watching on servers that warn, forget, and go back in time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import cycle

import pytest

from aiosage import (
    ConnectionState,
    FlagsChanged,
    IMAPClient,
    MailboxCreated,
    NewMessage,
)
from aiosage.testing import PeerGone
from aiosage.watch import MailboxCursor, WatchCursor

from ..connection.scripted import CAPABILITIES, LOGGED_IN, Peer, config, scripted
from .mirror import PATIENCE, take
from .test_watch import NONE, SEEN

END = """
C: DONE
S: T{0} OK
C: T{1} LOGOUT
S: * BYE
S: T{1} OK
"""


async def test_a_server_that_warns_at_each_command_is_not_asked_for_ever() -> None:
    script = f"""{LOGGED_IN}
C: T1 EXAMINE INBOX
S: * 1 EXISTS
S: T1 OK
C: T2 UID FETCH 1:4294967295 (FLAGS)
S: * NO almost full
S: * 1 FETCH (UID 1 FLAGS ())
S: T2 OK
C: T3 EXAMINE INBOX
S: * 1 EXISTS
S: T3 OK
C: T4 UID FETCH 1:4294967295 (FLAGS)
S: * NO almost full
S: * 1 FETCH (UID 1 FLAGS ())
S: T4 OK
C: T5 IDLE
S: + idling
S: * 1 FETCH (FLAGS (\\Seen))
{END.format(5, 6)}"""
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX") as events,
    ):
        assert await take(events, 1) == [FlagsChanged("INBOX", None, 1, SEEN)]


async def test_a_warning_where_no_mailbox_is_open_does_not_keep_the_watch_busy() -> (
    None
):
    is_idle = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.play(f"""{LOGGED_IN}
C: T1 LIST "" Lists/*
S: T1 OK
C: T2 IDLE
S: + idling
S: * NO almost full
C: DONE
S: T2 OK
C: T3 LIST "" Lists/*
S: T3 OK
C: T4 IDLE
S: + idling
""")
        with pytest.raises(TimeoutError):  # it says no more
            async with asyncio.timeout(0.1):
                await peer.line()
        is_idle.set()
        await peer.play(END.format(4, 5))

    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("Lists/*"),
    ):
        async with asyncio.timeout(PATIENCE):
            await is_idle.wait()


def with_capabilities(more: str) -> str:
    """Return how a session with a server begins that can do *more*."""
    return LOGGED_IN.replace(CAPABILITIES, f"{CAPABILITIES} {more}")


async def test_what_an_overflow_of_notify_hid_is_asked_for_at_once() -> None:
    """RFC 5465 §5.8: the server tells nothing of any mailbox any more."""
    notify = "NOTIFY SET (selected ***) (mailboxes ***)"
    script = f"""{with_capabilities("NOTIFY")}
C: T1 {notify}
S: T1 OK
C: T2 STATUS A (UIDVALIDITY UIDNEXT MESSAGES UNSEEN)
S: * STATUS A (UIDVALIDITY 8 UIDNEXT 1 MESSAGES 0 UNSEEN 0)
S: T2 OK
C: T3 EXAMINE A
S: * 0 EXISTS
S: * OK [UIDVALIDITY 8] ok
S: T3 OK
C: T4 EXAMINE INBOX
S: * 0 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T4 OK
C: T5 IDLE
S: + idling
S: * OK [NOTIFICATIONOVERFLOW] too much
C: DONE
S: T5 OK
C: T6 {notify}
S: T6 OK
C: T7 STATUS A (UIDVALIDITY UIDNEXT MESSAGES UNSEEN)
S: * STATUS A (UIDVALIDITY 8 UIDNEXT 2 MESSAGES 1 UNSEEN 1)
S: T7 OK
C: T8 EXAMINE A
S: * 1 EXISTS
S: * OK [UIDVALIDITY 8] ok
S: T8 OK
C: T9 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: T9 OK
C: T10 EXAMINE INBOX
S: * 0 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T10 OK
C: T11 IDLE
S: + idling
{END.format(11, 12)}"""
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX", "A") as events,
    ):
        assert await take(events, 1) == [NewMessage("A", 8, 1, NONE)]


@pytest.mark.parametrize("extension", ["CONDSTORE", "CONDSTORE ENABLE QRESYNC"])
@pytest.mark.parametrize("highest", ["HIGHESTMODSEQ 5", "NOMODSEQ"])
async def test_a_server_that_counts_anew_is_asked_for_everything(
    extension: str, highest: str
) -> None:
    """An index that was rebuilt, or a backup: it knows no changes since 900."""
    qresync = " (QRESYNC (7 900))" if "QRESYNC" in extension else " (CONDSTORE)"
    enable = (
        ""
        if "QRESYNC" not in extension
        else """
C: T2 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: T2 OK
"""
    )
    script = f"""{with_capabilities(extension)}{enable}
C: T3 EXAMINE INBOX{qresync}
S: * 2 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: * OK [{highest}] ok
S: T3 OK
C: T4 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS (\\Seen))
S: * 2 FETCH (UID 2 FLAGS ())
S: T4 OK
C: T5 IDLE
S: + idling
{END.format(5, 6)}"""
    cursor = WatchCursor({"INBOX": MailboxCursor.of(7, 900, {1: NONE, 2: NONE})})
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX", since=cursor) as events,
    ):
        assert await take(events, 1) == [FlagsChanged("INBOX", 7, 1, SEEN)]


async def test_a_connection_that_may_be_notified_is_not_lent_again() -> None:
    """It would be told of mailboxes, and renumbered, at any time (RFC 5465)."""
    is_asked = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.play(with_capabilities("NOTIFY"))
        await peer.line()
        is_asked.set()
        await peer.gone()

    async with scripted(script) as port, IMAPClient(config(port)) as client:
        watching = asyncio.create_task(watch_both(client))
        async with asyncio.timeout(PATIENCE):
            await is_asked.wait()
        watching.cancel()
        await asyncio.wait([watching])
        assert client.stats().size == 0


async def watch_both(client: IMAPClient) -> None:
    async with client.watch("INBOX", "A"):
        pass


async def test_a_mailbox_made_while_mailboxes_are_listed_is_not_overlooked() -> None:
    """Told after the answer in which it is not, and heard in the same breath."""
    tag = ""

    async def script(peer: Peer) -> None:
        nonlocal tag
        await peer.play(with_capabilities("NOTIFY"))
        lists = 0
        with suppress(PeerGone):
            while True:
                words = (await peer.line()).split()
                tag, command = (tag, "DONE") if len(words) == 1 else words[:2]
                said = f"{tag} OK\r\n"
                if command == "LIST":
                    lists += 1
                    known = ("INBOX", "B")[: 1 if lists < 3 else 2]
                    said = "".join(f'* LIST () "/" {box}\r\n' for box in known) + said
                    said += '* LIST () "/" B\r\n' if lists == 2 else ""
                elif command == "EXAMINE":
                    said = f"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{said}"
                elif command == "STATUS":
                    marks = "UIDVALIDITY 7 UIDNEXT 1 MESSAGES 0 UNSEEN 0"
                    said = f"* STATUS {words[2]} ({marks})\r\n{said}"
                elif command == "IDLE":
                    said = "+ idling\r\n"
                peer.send(said.encode())

    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX", "*") as events,
        asyncio.timeout(PATIENCE),
    ):
        assert await events.get() == MailboxCreated("B")


async def test_a_mailbox_in_which_something_happens_is_not_overlooked() -> None:
    """Dovecot does not always tell that one was made, if it was there just before."""
    script = f"""{with_capabilities("NOTIFY")}
C: T1 LIST "" L/*
S: * LIST () "/" L/A
S: T1 OK
C: T2 NOTIFY SET (selected ***) (personal ***)
S: T2 OK
C: T3 LIST "" L/*
S: * LIST () "/" L/A
S: T3 OK
C: T4 EXAMINE L/A
S: * 0 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T4 OK
C: T5 IDLE
S: + idling
S: * STATUS Other (UIDVALIDITY 9 UIDNEXT 2 MESSAGES 1 UNSEEN 1)
S: * STATUS L/B (UIDVALIDITY 8 UIDNEXT 2 MESSAGES 1 UNSEEN 1)
C: DONE
S: T5 OK
C: T6 LIST "" L/*
S: * LIST () "/" L/A
S: * LIST () "/" L/B
S: T6 OK
C: T7 STATUS L/B ***
S: * STATUS L/B (UIDVALIDITY 8 UIDNEXT 2 MESSAGES 1 UNSEEN 1)
S: T7 OK
C: T8 EXAMINE L/B
S: * 1 EXISTS
S: * OK [UIDVALIDITY 8] ok
S: T8 OK
C: T9 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: T9 OK
C: T10 EXAMINE L/A
S: * 0 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T10 OK
C: T11 IDLE
S: + idling
{END.format(11, 12)}"""
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("L/*") as events,
    ):
        assert await take(events, 2) == [
            MailboxCreated("L/B"),
            NewMessage("L/B", 8, 1, NONE),
        ]


async def test_a_mailbox_that_is_told_of_but_never_listed_is_asked_for_once() -> None:
    """Else a server that tells of it at each command is asked for ever."""
    told = "S: * STATUS L/B (UIDVALIDITY 8 UIDNEXT 2 MESSAGES 1 UNSEEN 1)"
    script = f"""{with_capabilities("NOTIFY")}
C: T1 LIST "" L/*
S: * LIST () "/" L/A
S: T1 OK
C: T2 NOTIFY SET (selected ***) (personal ***)
S: T2 OK
C: T3 LIST "" L/*
S: * LIST () "/" L/A
S: T3 OK
C: T4 EXAMINE L/A
S: * 0 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T4 OK
C: T5 IDLE
S: + idling
{told}
C: DONE
S: T5 OK
C: T6 LIST "" L/*
{told}
S: * LIST () "/" L/A
S: T6 OK
C: T7 IDLE
S: + idling
{told}
S: * 1 EXISTS
C: DONE
S: T7 OK
C: T8 UID FETCH *** (FLAGS)
{told}
S: * 1 FETCH (UID 1 FLAGS ())
S: T8 OK
C: T9 IDLE
S: + idling
S: * LIST () "/" L/B
C: DONE
S: T9 OK
C: T10 LIST "" L/*
S: * LIST () "/" L/A
S: * LIST () "/" L/B
S: T10 OK
C: T11 STATUS L/B ***
{told}
S: T11 OK
C: T12 EXAMINE L/B
S: * 0 EXISTS
S: * OK [UIDVALIDITY 8] ok
S: T12 OK
C: T13 EXAMINE L/A
S: * 1 EXISTS
S: * OK [UIDVALIDITY 7] ok
S: T13 OK
C: T14 UID FETCH *** (FLAGS)
S: * 1 FETCH (UID 1 FLAGS ())
S: T14 OK
C: T15 IDLE
S: + idling
{END.format(15, 16)}"""
    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("L/*") as events,
    ):
        assert await take(events, 2) == [
            NewMessage("L/A", 7, 1, NONE),
            MailboxCreated("L/B"),
        ]


async def test_a_mailbox_told_of_while_others_are_listed_is_not_watched() -> None:
    """NOTIFY is for all of one's mailboxes, whatever pattern is listed just then."""
    opened: list[str] = []
    is_idle = asyncio.Event()
    tag = ""

    async def script(peer: Peer) -> None:
        nonlocal tag
        await peer.play(with_capabilities("NOTIFY"))
        lists = 0
        with suppress(PeerGone):
            while True:
                match (await peer.line()).split():
                    case [tag, command, *words]:
                        pass
                    case _:
                        command, words = "DONE", []
                said = f"{tag} OK\r\n"
                if command == "LIST":
                    lists += 1
                    names = ("A/one", "A/two/deep", "Other")[: 1 if lists == 1 else 3]
                    said = "".join(f'* LIST () "/" {n}\r\n' for n in names) + said
                elif command == "EXAMINE":
                    opened.append(words[0])
                    said = f"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{said}"
                elif command == "IDLE":
                    said = "+ idling\r\n"
                    is_idle.set()
                peer.send(said.encode())

    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        asyncio.timeout(PATIENCE),
    ):
        async with client.watch("A/%") as events:
            await is_idle.wait()
            assert events.empty()
        assert opened == ["A/one"]


async def test_a_busy_mailbox_does_not_hide_that_others_are_not_told_of() -> None:
    """What the server tells of one says nothing of what it tells of the others."""
    asked = 0
    is_asked_again = asyncio.Event()

    async def push(peer: Peer) -> None:
        for flags in cycle(("\\Seen", "")):
            peer.send(f"* 1 FETCH (FLAGS ({flags}))\r\n".encode())
            await asyncio.sleep(0.01)

    async def script(peer: Peer) -> None:
        nonlocal asked
        tag = ""
        await peer.play(with_capabilities("NOTIFY"))
        with suppress(PeerGone):
            while True:
                words = (await peer.line()).split()
                tag, command = (tag, "DONE") if len(words) == 1 else words[:2]
                said = f"{tag} OK\r\n"
                if command == "EXAMINE":
                    said = f"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n{said}"
                elif command == "UID":
                    said = f"* 1 FETCH (UID 1 FLAGS ())\r\n{said}"
                elif command == "STATUS":
                    asked += 1
                    marks = "UIDVALIDITY 7 UIDNEXT 2 MESSAGES 1 UNSEEN 1"
                    said = f"* STATUS {words[2]} ({marks})\r\n{said}"
                    if asked > 1:
                        is_asked_again.set()
                elif command == "IDLE":
                    peer.send(b"+ idling\r\n")
                    pushing = asyncio.create_task(push(peer))
                    await peer.line()
                    pushing.cancel()
                peer.send(said.encode())

    async with (
        scripted(script) as port,
        IMAPClient(replace(config(port), idle_check=0.1)) as client,
        client.watch("INBOX", "A"),
        asyncio.timeout(PATIENCE),
    ):
        await is_asked_again.wait()


async def test_what_is_told_between_two_commands_may_not_be_all() -> None:
    """Numbers of changes are told in any order, so the highest proves nothing."""
    seen = "S: * 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (10))"
    opened = """S: * OK [UIDVALIDITY 7] ok
S: * OK [HIGHESTMODSEQ {}] ok"""
    scripts = iter(
        (
            f"""{with_capabilities("CONDSTORE ENABLE QRESYNC")}
C: T1 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: T1 OK
C: T2 EXAMINE INBOX (CONDSTORE)
S: * 2 EXISTS
{opened.format(8)}
S: T2 OK
C: T3 UID FETCH 1:4294967295 (FLAGS)
S: * 1 FETCH (UID 1 FLAGS () MODSEQ (7))
S: * 2 FETCH (UID 2 FLAGS () MODSEQ (8))
S: T3 OK
C: T4 IDLE
S: + idling
S: * 3 EXISTS
C: DONE
S: T4 OK
C: T5 UID FETCH 3:4294967295 (FLAGS)
S: * 3 FETCH (UID 3 FLAGS () MODSEQ (8))
S: T5 OK
{seen}
C: T6 IDLE""",
            f"""{with_capabilities("CONDSTORE ENABLE QRESYNC")}
C: T1 ENABLE QRESYNC
S: * ENABLED QRESYNC
S: T1 OK
C: T2 EXAMINE INBOX (QRESYNC (7 8))
S: * 3 EXISTS
{opened.format(10)}
{seen}
S: * 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (9))
S: T2 OK
C: T3 IDLE
S: + idling
{END.format(3, 4)}""",
        )
    )

    async def script(peer: Peer) -> None:
        await peer.play(next(scripts))
        peer.writer.close()

    async with (
        scripted(script) as port,
        IMAPClient(config(port)) as client,
        client.watch("INBOX") as events,
    ):
        told = [e for e in await take(events, 5) if not isinstance(e, ConnectionState)]
        assert told == [
            NewMessage("INBOX", 7, 3, NONE),
            FlagsChanged("INBOX", 7, 1, SEEN),
            FlagsChanged("INBOX", 7, 2, SEEN),
        ]
