"""The server as an object: its life, its clients, and clients that misbehave."""

from __future__ import annotations

import asyncio
import random
import socket
from contextlib import suppress

import pytest

from aiosage.testing import Certificates
from aiosage.testing.memory import MemoryAccount, MemoryMailbox, MemoryServer
from aiosage.testing.memory._serve import MAX_BAD_COMMANDS

from .raw_client import RawClient, connected, logged_in


def own_tasks() -> set[str]:
    names = {task.get_name() for task in asyncio.all_tasks()}
    return {name for name in names if "MemoryServer" in name}


async def test_leaving_says_bye_and_leaves_nothing_behind(
    certificates: Certificates,
) -> None:
    context = certificates.server_context()
    async with MemoryServer(ssl_context=context) as server:
        server.add_account("alice", "secret")
        assert server.tls_port is not None
        idle = await asyncio.open_connection(server.host, server.port)
        half_open = await asyncio.open_connection(server.host, server.tls_port)
        await idle[0].readline()
        await server.wait_connections(2)

    assert await idle[0].read() == b"* BYE Server shutting down.\r\n"
    assert not own_tasks()
    with pytest.raises(RuntimeError, match="async with"):
        _ = server.port
    for _, writer in (idle, half_open):
        writer.transport.abort()


async def test_leaving_does_not_wait_for_a_client_that_does_not_read() -> None:
    loop = asyncio.get_running_loop()
    script = b"1 LOGIN alice secret\r\n2 SELECT INBOX\r\n3 FETCH 1 BODY[]\r\n"
    with socket.socket() as client:
        client.setblocking(False)
        async with MemoryServer() as server:
            account = server.add_account("alice", "secret")
            account.mailbox("INBOX").deliver(b"x" * 2**25)
            await loop.sock_connect(client, (server.host, server.port))
            await loop.sock_sendall(client, script)
            received = b""
            while b"BODY[]" not in received:
                received += await loop.sock_recv(client, 1000)
            async with asyncio.timeout(5):
                await server.aclose()

    assert not own_tasks()


async def test_cancelled_on_the_way_out_it_still_ends() -> None:
    server = MemoryServer()

    async def hold() -> None:
        async with server, connected(server.host, server.port) as client:
            await client.response()
            holding.set()
            await asyncio.Event().wait()

    holding = asyncio.Event()
    task = asyncio.create_task(hold())
    await holding.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert not own_tasks()


async def test_connections_can_be_reset_or_closed_politely(
    memory: MemoryServer, client: RawClient, alice: MemoryAccount
) -> None:
    assert memory.connections == 1
    memory.disconnect_all(abort=False)
    assert await client.reader.read() == b"* BYE Server shutting down.\r\n"

    async with logged_in(memory.host, memory.port) as again:
        memory.disconnect_all()
        with pytest.raises(ConnectionResetError):
            await again.reader.read()
    await memory.wait_connections(0)


async def test_connections_with_tls_can_be_closed_and_then_reset(
    certificates: Certificates,
) -> None:
    context = certificates.client_context()
    async with MemoryServer(ssl_context=certificates.server_context()) as server:
        assert server.tls_port is not None
        async with connected(server.host, server.tls_port, context=context) as client:
            await client.response()
            for _ in range(2):
                server.disconnect_all(abort=False)
            server.disconnect_all()
            with suppress(ConnectionResetError):
                while await client.reader.read(100):
                    pass
        await server.wait_connections(0)


async def test_commands_are_counted_by_name_only(
    memory: MemoryServer, client: RawClient
) -> None:
    await client.ok("SELECT INBOX")
    await client.ok("UID SEARCH ALL")
    await client.command("NONSENSE secret")

    assert memory.commands == {
        "LOGIN": 1,
        "SELECT": 1,
        "UID SEARCH": 1,
        "(unknown)": 1,
    }


async def test_capabilities_can_be_announced_freely() -> None:
    async with MemoryServer(capabilities=["IMAP4rev1", "X-ODD"]) as server:
        server.add_account("alice", "secret")
        async with logged_in(server.host, server.port) as client:
            assert await client.ok("CAPABILITY") == [
                b"* CAPABILITY IMAP4rev1 X-ODD\r\n"
            ]


async def test_a_bye_greeting_is_the_last_word() -> None:
    async with (
        MemoryServer(greeting=b"* BYE not today") as server,
        connected(server.host, server.port) as client,
    ):
        assert await client.reader.read() == b"* BYE not today\r\n"


async def test_an_empty_greeting_is_silence() -> None:
    async with (
        MemoryServer(greeting=b"") as server,
        connected(server.host, server.port) as client,
    ):
        client.send(b"x NOOP\r\n")
        assert await client.response() == b"x OK NOOP completed.\r\n"


def test_mistakes_in_the_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot disable X-NONSENSE"):
        MemoryServer(disable=["X-NONSENSE"])
    with pytest.raises(ValueError, match="needs an ssl_context"):
        MemoryServer(require_tls=True)
    server = MemoryServer()
    server.add_account("alice", "secret")
    with pytest.raises(ValueError, match="already"):
        server.add_account("alice", "other")


async def test_a_bug_in_the_server_is_not_taken_for_the_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: object, name: str) -> bool:
        raise RuntimeError("broken")

    server = await MemoryServer().__aenter__()
    server.add_account("alice", "secret")
    async with logged_in(server.host, server.port) as client:
        monkeypatch.setattr(MemoryAccount, "exists", broken)
        client.send(b"x SUBSCRIBE a\r\n")
        assert await client.reader.read() == b""
    with pytest.raises(ExceptionGroup, match="failed to serve") as raised:
        await server.__aexit__(None, None, None)

    assert raised.group_contains(RuntimeError, match="broken")


async def test_a_literal_over_the_limit_is_refused_before_it_is_sent() -> None:
    """RFC 7888 §4, RFC 7889 (TOOBIG)."""
    async with MemoryServer(max_message=1000, max_line=200) as server:
        server.add_account("alice", "secret")
        async with logged_in(server.host, server.port) as client:
            await client.append(b"x" * 1000)
            refused = await client.command("APPEND INBOX", b"x" * 1001)
            name = await client.command("CREATE", b"x" * 201)
            client.send(b"x APPEND INBOX {9999999999+}\r\n")
            bye = await client.reader.read()

    assert refused == [b"a3 NO [TOOBIG] Literal is too large\r\n"]
    assert name == [b"a4 NO [TOOBIG] Literal is too large\r\n"]
    assert bye == b"* BYE [TOOBIG] Literal is too large.\r\n"


async def test_an_endless_line_ends_the_session(memory: MemoryServer) -> None:
    async with connected(memory.host, memory.port) as client:
        await client.response()
        client.send(b"x" * 70_000)
        assert (
            await client.reader.readline() == b"* BYE [TOOBIG] Command is too long.\r\n"
        )


async def test_a_flood_of_bad_commands_ends_the_session(memory: MemoryServer) -> None:
    async with connected(memory.host, memory.port) as client:
        await client.response()
        client.send(b"x FOO\r\n" * MAX_BAD_COMMANDS)

        *bad, bye = await client.until(b"* BYE")

    assert len(bad) == MAX_BAD_COMMANDS
    assert bye == b"* BYE Too many invalid IMAP commands.\r\n"


async def test_commands_may_be_pipelined_and_split_anywhere(client: RawClient) -> None:
    script = b"1 SUBSCRIBE {5+}\r\nINBOX\r\n2 NOOP\r\n3 STATUS INBOX (MESSAGES)\r\n"
    for octet in script:
        client.send(bytes([octet]))
        await client.writer.drain()
        await asyncio.sleep(0)

    responses = await client.until(b"3 ")

    assert responses == [
        b"1 OK Subscribe completed.\r\n",
        b"2 OK NOOP completed.\r\n",
        b"* STATUS INBOX (MESSAGES 0)\r\n",
        b"3 OK Status completed.\r\n",
    ]


@pytest.mark.parametrize(
    "command",
    [
        b"",
        b"x",
        b"* NOOP",
        b"+ NOOP",
        b"x  NOOP",
        b"x NOOP extra",
        b"x\0 NOOP",
        b"x UID",
    ],
)
async def test_what_is_no_command_is_bad(client: RawClient, command: bytes) -> None:
    client.send(command + b"\r\n")

    assert b" BAD " in await client.response()
    await client.ok("NOOP")


SEEDS = [
    b'1 SEARCH RETURN (ALL) OR (SUBJECT "a" NOT UID 1:*) SINCE 1-Jan-2024 $\r\n',
    b"2 UID FETCH 1:*,2 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (A B)]<0.9> ENVELOPE)\r\n",
    b'3 LIST (SUBSCRIBED) "" (a% *b) RETURN (STATUS (MESSAGES) CHILDREN)\r\n',
    b"4 STORE 1 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Seen kw)\r\n",
    b'5 APPEND INBOX (\\Seen) " 1-Feb-2020 10:11:12 +0100" {3+}\r\nabc\r\n',
    b'6 ID ("a" NIL "b" "c")\r\n',
    b"7 UID COPY 1 Sent\r\n",
    b"8 SELECT INBOX (CONDSTORE)\r\n",
    b'9 CREATE "a\\"b" (USE (\\Sent))\r\n',
]


@pytest.mark.parametrize("seed", range(30))
async def test_mangled_commands_are_answered_or_refused(seed: int) -> None:
    """No octets crash a session: leaving the server would raise if they did."""
    rng = random.Random(seed)
    async with MemoryServer() as server:
        account = server.add_account("alice", "secret", special=True)
        account.mailbox("INBOX").deliver(b"Subject: x\r\n\r\nbody")
        for _ in range(10):
            async with logged_in(server.host, server.port) as client:
                await client.ok("SELECT INBOX")
                for _ in range(8):
                    client.send(mangled(rng, rng.choice(SEEDS)))
                client.send(b"\r\n" + b"x" * 100 + b"\r\nlast LOGOUT\r\n")
                client.writer.write_eof()
                await client.reader.read()

    assert server.commands


def mangled(rng: random.Random, command: bytes) -> bytes:
    octets = bytearray(command)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(octets))
        match rng.randrange(3):
            case 0:
                octets[at] = rng.randrange(256)
            case 1:
                del octets[at]
            case _:
                octets[at:at] = rng.choice([b"(", b")", b" ", b'"', b"{", b"*", b"99"])
    return bytes(octets)


async def test_fifty_thousand_messages_are_no_burden(
    client: RawClient, inbox: MemoryMailbox
) -> None:
    for number in range(50_000):
        inbox.deliver(b"Subject: %d\r\n\r\nbody\r\n" % number)
    await client.ok("SELECT INBOX")

    fetched = await client.ok("UID FETCH 1:10000 (FLAGS BODY.PEEK[])")
    expunged = await client.ok("UID STORE 1:49999 +FLAGS.SILENT \\Deleted")
    expunged += await client.ok("EXPUNGE")

    assert len(fetched) == 10_000
    assert sum(b"EXPUNGE" in response for response in expunged) == 49_999
    assert inbox.uids == [50_000]
