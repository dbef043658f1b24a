"""Commands given at once, cancelled, late or without an answer.

Numbers are of the issues of aioimaplib (or, above 80000, of Home Assistant) in
which users met the defect.
"""

from __future__ import annotations

import asyncio
import re

import pytest
from aioimaplib import AioImapException, CommandTimeout, aioimaplib

from ..scripted import Peer
from .library import LOGIN, Library


async def test_concurrent_appends_do_not_mix(library: Library) -> None:
    """The base sends one under the other's size; the rest is taken for commands."""
    stored: list[bytes] = []
    commands: list[str] = []

    async def store(peer: Peer) -> None:
        while len(stored) < 2:
            line = await peer.line()
            tag, command, *_ = line.split()
            commands.append(command)
            if command != "APPEND":
                return
            size = re.search(r"\{(\d+)\}$", line)
            assert size is not None
            peer.send(b"+ go\r\n")
            stored.append(await peer.reader.readexactly(int(size[1])))
            assert await peer.reader.readline() == b"\r\n"
            await peer.play(f"S: {tag} OK stored")

    short, long = b"Subject: a\r\n\r\n", b"Subject: b\r\n\r\nZ8 LOGOUT\r\n" * 2
    async with library.selected(store) as client:
        async with library.within:
            await asyncio.gather(
                client.append(short), client.append(long), return_exceptions=True
            )
        assert commands == ["APPEND", "APPEND"]
        assert stored == [short, long]


@pytest.mark.parametrize("command", ["select", "search"])
async def test_a_cancelled_command_that_is_never_answered_blocks_nobody(
    library: Library, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the base the next one waits for ever (58). Ours gives the connection up."""
    monkeypatch.setattr("aiosage.connection._protocol.ABANDON_SECONDS", 0.05)
    async with library.selected("C: T1 ...", timeout=30) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(getattr(client, command)("x"), 0.02)
        with pytest.raises(AioImapException):
            async with library.within:
                await getattr(client, command)("y")


async def test_an_answer_after_its_timeout_goes_nowhere(library: Library) -> None:
    """The base raises Abort into asyncio, and its connection dies (90881, 90817)."""
    timed_out = asyncio.Event()

    async def late(peer: Peer) -> None:
        await peer.play("C: T1 FETCH 1 (FLAGS)")
        await timed_out.wait()
        await peer.play(
            "S: * 1 FETCH (FLAGS ())\nS: T1 OK done\nC: T2 NOOP\nS: T2 OK x"
        )

    async with library.selected(late) as client:
        with pytest.raises(CommandTimeout):
            await client.protocol.fetch("1", "(FLAGS)", timeout=0.02)
        timed_out.set()
        assert (await client.noop()).result == "OK"


@pytest.mark.parametrize("name", ["search", "examine"])
async def test_three_commands_of_one_kind_get_their_own_answers(
    library: Library, name: str
) -> None:
    """In the base the connection dies (106)."""

    async def answer(peer: Peer) -> None:
        for number in range(3):
            tag = (await peer.line()).split()[0]
            peer.send(f"* SEARCH {number}\r\n{tag} OK answer {number}\r\n".encode())

    async with library.selected(answer) as client, library.within:
        answers = await asyncio.gather(*(getattr(client, name)("x") for _ in range(3)))
        assert [found.lines[-1] for found in answers] == [
            b"answer 0",
            b"answer 1",
            b"answer 2",
        ]


async def test_news_during_another_command_is_not_lost(library: Library) -> None:
    """The base throws it away; sequence numbers are wrong from then on."""
    script = (
        "C: T1 UID SEARCH ALL\nS: * 11 EXISTS\nS: * SEARCH 1\nS: * 1 EXPUNGE\n"
        "S: T1 OK done\nC: T2 NOOP\nS: * 12 EXISTS\nS: T2 OK there"
    )
    async with library.selected(script) as client:
        await client.uid_search("ALL", charset=None)
        news = [b"11 EXISTS", b"1 EXPUNGE", b"12 EXISTS", b"there"]
        assert (await client.noop()).lines == news


async def test_a_timeout_is_the_own_one_of_each_command(library: Library) -> None:
    """In the base a queued command raises that of the one before it."""
    timed_out = asyncio.Event()

    async def late(peer: Peer) -> None:
        await peer.play("C: T1 FETCH 1 (FLAGS)")
        await timed_out.wait()
        await peer.play("S: T1 OK done\nC: T2 FETCH 2 (FLAGS)\nS: T2 OK second")

    async with library.selected(late) as client:
        protocol = client.protocol
        first = asyncio.ensure_future(protocol.fetch("1", "(FLAGS)", timeout=0.02))
        second = asyncio.ensure_future(protocol.fetch("2", "(FLAGS)", timeout=5))
        with pytest.raises(CommandTimeout):
            await first
        timed_out.set()
        async with library.within:
            assert (await second).lines == [b"second"]


@pytest.mark.parametrize("command", ["store", "copy", "move", "expunge"])
async def test_every_uid_command_has_a_timeout(library: Library, command: str) -> None:
    """In the base these wait for ever (58)."""
    async with library.selected("C: T1 ...") as client:
        client.timeout = 0.02
        deadline = library.within
        with pytest.raises((TimeoutError, CommandTimeout)):
            async with deadline:
                await client.uid(command, "1", "x")
        assert not deadline.expired()


async def test_search_is_a_uid_command(library: Library) -> None:
    """The base refuses it by its general name."""
    script = "C: T1 UID SEARCH UNSEEN\nS: * SEARCH 4 5\nS: T1 OK done"
    async with library.selected(script) as client:
        assert (await client.uid("search", "UNSEEN")).lines == [b"4 5", b"done"]


async def test_a_literal_that_is_not_there_is_not_announced(library: Library) -> None:
    """The base writes None when the server asks for it, inside of asyncio."""
    script = "C: T1 APPEND INBOX {3}\nS: + go"
    async with library.selected(script) as client:
        protocol = client.protocol
        command = aioimaplib.Command("APPEND", protocol.new_tag(), "INBOX", "{3}")
        with pytest.raises(ValueError, match="literal"):
            async with library.within:
                await protocol.execute(command)


@pytest.mark.parametrize("what", [memoryview(b"abcd").cast("I"), bytearray(b"abcd")])
async def test_a_message_has_as_many_octets_as_announced(
    library: Library, what: bytearray | memoryview
) -> None:
    """Whatever its items are, and what is done to it later."""
    script = (
        "C: T1 NOOP\nS: T1 OK x\nC: T2 APPEND INBOX {4}\nS: + go\nC: abcd\nS: T2 OK x\n"
    )
    async with library.selected(script) as client:
        noop = asyncio.ensure_future(client.noop())
        await asyncio.sleep(0)
        append = asyncio.ensure_future(client.append(what))
        await asyncio.sleep(0)
        if isinstance(what, bytearray):
            what.clear()
        async with library.within:
            await noop
            assert (await append).result == "OK"


async def test_a_message_that_is_text_is_refused(library: Library) -> None:
    """The base announces as many characters, and hangs."""
    async with library.selected("C: T1 NOOP\nS: T1 OK x\n") as client:
        with pytest.raises(TypeError):
            await client.append("Subject: hello")
        assert (await client.noop()).result == "OK"


async def test_a_message_goes_with_no_other_command(library: Library) -> None:
    """Not with an IDLE, in place of DONE; the base keeps it, too."""
    script = "C: T1 IDLE\nS: + idling\nC: DONE\nS: T1 OK done\n"
    async with library.selected(script) as client:
        with pytest.raises(ValueError, match="CR and LF"):
            await client.append(b"body\r\nZ9 CREATE Injected\r\n", "a\r\nb")
        idle = await client.idle_start()
        client.idle_done()
        async with library.within:
            await idle
        assert client.protocol.literal_data is None


async def test_a_lost_connection_ends_everything_that_waits(library: Library) -> None:
    """In the base all of it waits out its time, IDLE for ever (110, 87648)."""
    asked = asyncio.Event()

    async def lose(peer: Peer) -> None:
        await peer.play("C: T1 IDLE\nS: + go")
        await asked.wait()
        peer.writer.transport.abort()

    async with library.selected(lose, timeout=30) as client:
        idle = await client.idle_start()
        push = asyncio.ensure_future(client.wait_server_push())
        noop = asyncio.ensure_future(client.noop())
        await asyncio.sleep(0)
        asked.set()
        async with library.within:
            for waiting in (push, noop, idle):
                with pytest.raises(AioImapException):
                    await waiting
            with pytest.raises(AioImapException):
                await client.noop()
        assert not client.has_pending_idle()
        assert client.get_state() == "LOGOUT"


async def test_a_select_that_is_answered_after_its_timeout_is_known(
    library: Library,
) -> None:
    """In the base the client says AUTH while the server says SELECTED."""
    timed_out = asyncio.Event()

    async def late(peer: Peer) -> None:
        await peer.play("C: T1 SELECT Slow")
        await timed_out.wait()
        await peer.play("S: T1 OK done\nC: T2 NOOP\nS: T2 OK there")

    async with library.greeted(LOGIN, late) as client:
        await client.login("joe", "secret")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.select("Slow"), 0.02)
        timed_out.set()
        assert (await client.noop()).result == "OK"
        assert client.get_state() == "SELECTED"


@pytest.mark.parametrize("name", ["select", "examine"])
async def test_states_are_those_of_the_server(library: Library, name: str) -> None:
    """In the base EXAMINE selects nothing, a failed SELECT something (85, 101)."""
    script = (
        f"{LOGIN}C: T2 {name.upper()} a\nS: T2 OK in\nC: T3 FETCH 1 (UID)\nS: T3 OK x\n"
        f"C: T4 {name.upper()} b\nS: T4 NO no"
    )
    async with library.greeted(script) as client:
        await client.login("joe", "secret")
        await getattr(client, name)("a")
        assert client.get_state() == "SELECTED"
        assert (await client.fetch("1", "(UID)")).result == "OK"
        await getattr(client, name)("b")
        assert client.get_state() == "AUTH"


async def test_commands_the_base_does_not_know_can_be_sent(library: Library) -> None:
    """The base raises AttributeError."""
    script = "C: T1 GETMETADATA INBOX\nS: * METADATA x\nS: T1 OK done"
    async with library.selected(script) as client:
        protocol = client.protocol
        command = aioimaplib.Command("GETMETADATA", protocol.new_tag(), "INBOX")
        response = await protocol.execute(command)
        assert response.lines == [b"METADATA x", b"done"]
