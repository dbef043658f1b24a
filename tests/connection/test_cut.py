"""The wire cut at every octet: a typed error at once, and honest about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from aiosage.connection import IMAPConnection
from aiosage.errors import (
    IMAPConnectError,
    IMAPConnectionLost,
)
from aiosage.model import Flag, MessagePart, MessageSet, SequenceSet
from aiosage.wire.commands import (
    Append,
    Command,
    Rename,
    Store,
    StoreMode,
    UidFetch,
    UidStore,
)

from .scripted import PASSWORD, Peer, PeerGone, config, opened, scripted

MESSAGE = b"Subject: x\r\n\r\nhello {3}"
ONE = MessageSet([1])
SEEN = frozenset({Flag.SEEN})
OPERATIONS: dict[str, Callable[[IMAPConnection], Awaitable[object]]] = {
    "select": lambda c: c.select("INBOX"),
    "fetch": lambda c: c.execute(UidFetch(ONE, (MessagePart.FULL,))),
    "append": lambda c: c.execute(Append("INBOX", MESSAGE)),
    "store": lambda c: c.execute(UidStore(ONE, StoreMode.ADD, SEEN)),
    "rename": lambda c: c.execute(Rename("a", "b")),
}


class CutPeer(Peer):
    """Ends the connection after so many octets, sent or received.

    Attributes:
        complete: commands that arrived whole.
        risky: commands that the client may have sent whole by now.
    """

    def __init__(self, peer: Peer, *, sent: int | None, received: int | None) -> None:
        super().__init__(peer.reader, peer.writer)
        self.complete: set[str] = set()
        self.risky = {"append", "rename"}
        self.left_to_send = sent
        self.left_to_receive = received

    def send(self, octets: bytes) -> None:
        """Send *octets*, or as many as there may be."""
        super().send(octets[: self.left_to_send])
        if self.left_to_send is not None:
            self.left_to_send -= len(octets)
            if self.left_to_send <= 0:
                self._cut()

    async def octets(self, count: int) -> bytes:
        """Return *count* octets, if as many may come."""
        if self.left_to_receive is not None:
            if count > self.left_to_receive:
                await self.reader.readexactly(self.left_to_receive)
                self._cut()
            self.left_to_receive -= count
        return await self.reader.readexactly(count)

    async def line(self) -> str:
        """Return the next line."""
        line = b""
        while not line.endswith(b"\r\n"):
            line += await self.octets(1)
        return line[:-2].decode()

    def _cut(self) -> None:
        self.writer.close()
        raise PeerGone

    async def run(self, capabilities: str) -> None:
        """Play the whole session."""
        sync = "LITERAL+" not in capabilities
        if sync:
            self.risky.remove("append")
        announced = f"{{{len(MESSAGE)}{'' if sync else '+'}}}"
        await self.play(
            f"S: * OK [CAPABILITY {capabilities}] hi\nC: T0 LOGIN joe {PASSWORD}\n"
            f"S: T0 OK [CAPABILITY {capabilities}] in\n"
            "C: T1 SELECT INBOX\nS: * 1 EXISTS\nS: T1 OK [READ-WRITE] done\n"
            "C: T2 UID FETCH 1 (BODY.PEEK[])\nS: * 1 FETCH (UID 1 BODY[] {5}\n"
            "S: a\nS: )) UID 1)\nS: T2 OK done\n"
            f"C: T3 APPEND INBOX {announced}"
        )
        if sync:
            if self.left_to_send is None or self.left_to_send >= len(b"+ OK\r\n"):
                self.risky.add("append")
            self.send(b"+ OK\r\n")
        assert await self.octets(len(MESSAGE)) == MESSAGE
        await self.play("C: ")
        self.complete.add("append")
        await self.play(
            "S: T3 OK [APPENDUID 1 2] done\nC: T4 UID STORE 1 +FLAGS (\\Seen)\n"
            "S: * 1 FETCH (UID 1 FLAGS (\\Seen))\nS: T4 OK done\nC: T5 RENAME a b"
        )
        self.complete.add("rename")
        await self.play("S: T5 OK done")


@pytest.mark.parametrize("direction", ["from the server", "to the server"])
@pytest.mark.parametrize("capabilities", ["IMAP4rev1", "IMAP4rev1 LITERAL+"])
async def test_the_wire_cut_at_every_octet(capabilities: str, direction: str) -> None:
    """Whoever waits is told at once, and never that a risky repeat is safe."""
    peer: CutPeer
    cut = 0

    async def serve(plain: Peer) -> None:
        nonlocal peer
        if direction == "from the server":
            peer = CutPeer(plain, sent=cut, received=None)
        else:
            peer = CutPeer(plain, sent=None, received=cut)
        await peer.run(capabilities)

    failed: list[str] = []
    async with scripted(serve) as port:
        while not failed or failed[-1] != "nothing":
            name, error = await _failure(port)
            if error is not None:
                assert not peer.complete & {name} or error.maybe_executed
                assert not error.maybe_executed or name in peer.risky
            failed.append(name)
            cut += 1
            assert cut < 1000
    steps = list(dict.fromkeys(failed))
    assert steps == ["open", *OPERATIONS, "nothing"]


async def _failure(port: int) -> tuple[str, IMAPConnectionLost | None]:
    """Run the session; return the operation that failed, and how."""
    async with asyncio.timeout(2.0):
        try:
            connection = await IMAPConnection.open(config(port))
        except IMAPConnectError:
            return "open", None
        for name, operation in OPERATIONS.items():
            try:
                await operation(connection)
            except IMAPConnectionLost as error:
                await connection.aclose()
                return name, error
        connection.abort()
        await connection.aclose()
    return "nothing", None


async def test_an_append_whose_literal_was_never_asked_for_may_be_repeated() -> None:
    """The server cannot have carried out half a command."""
    script = (
        "S: * OK [CAPABILITY IMAP4rev1] hi\nC: T0 LOGIN ...\n"
        "S: T0 OK [CAPABILITY IMAP4rev1] in\nC: T1 APPEND INBOX ...\nS! close"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        with pytest.raises(IMAPConnectionLost) as caught:
            await connection.execute(Append("INBOX", MESSAGE))
    assert not caught.value.maybe_executed


@pytest.mark.parametrize(
    ("store", "is_risky"),
    [
        (UidStore(ONE, StoreMode.ADD, SEEN), False),
        # Its own first time would look like a change by somebody else.
        (UidStore(ONE, StoreMode.ADD, SEEN, unchanged_since=5), True),
        # In the next session message 1 may be another.
        (Store(SequenceSet([1]), StoreMode.ADD, SEEN), True),
    ],
)
async def test_a_store_may_be_repeated_if_it_does_the_same(
    store: Command[object], is_risky: bool
) -> None:
    script = (
        "S: * OK [CAPABILITY IMAP4rev1 CONDSTORE] hi\nC: T0 LOGIN ...\n"
        "S: T0 OK [CAPABILITY IMAP4rev1 CONDSTORE] in\nC: T1 SELECT INBOX\n"
        "S: T1 OK in\nC: T2 ...\nS! close"
    )
    async with scripted(script) as port:
        connection = await opened(port)
        with pytest.raises(IMAPConnectionLost) as caught:
            await connection.execute(store)
    assert caught.value.maybe_executed is is_risky
