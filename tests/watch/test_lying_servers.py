"""Watching on servers that warn, forget, and go back in time."""

from __future__ import annotations

import asyncio

import pytest

from aiosage import FlagsChanged, IMAPClient

from ..connection.scripted import LOGGED_IN, Peer, config, scripted
from .mirror import take
from .test_watch import SEEN

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
        await is_idle.wait()
