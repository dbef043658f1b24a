"""From the greeting to the authenticated state, and TLS."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator

import pytest

from aiosage.testing import Certificates
from aiosage.testing.memory import MemoryServer

from .raw_client import RawClient, connected, logged_in

PLAIN = base64.b64encode(b"\0alice\0secret")


@pytest.fixture
async def secure(certificates: Certificates) -> AsyncIterator[MemoryServer]:
    context = certificates.server_context()
    async with MemoryServer(ssl_context=context, require_tls=True) as server:
        server.add_account("alice", "secret")
        yield server


async def greeted(client: RawClient) -> bytes:
    return await client.response()


async def test_greeting_and_login_tell_the_capabilities(memory: MemoryServer) -> None:
    memory.add_account("alice", "secret")
    async with connected(memory.host, memory.port) as client:
        greeting = await greeted(client)
        _, before = await client.command("CAPABILITY")
        login = (await client.command("LOGIN alice secret"))[-1]

    assert greeting.startswith(b"* OK [CAPABILITY IMAP4rev1 ")
    assert b"AUTH=PLAIN" in greeting
    assert b"LOGINDISABLED" not in greeting + before
    assert login.startswith(b"a2 OK [CAPABILITY IMAP4rev1 ")
    assert b" MOVE " in login
    assert b"AUTH=" not in login


@pytest.mark.parametrize("command", ["LOGIN alice wrong", "LOGIN nobody secret"])
async def test_wrong_credentials_are_refused_alike(
    memory: MemoryServer, command: str
) -> None:
    memory.add_account("alice", "secret")
    async with connected(memory.host, memory.port) as client:
        await greeted(client)

        refused = await client.command(command)
        await client.ok("LOGIN alice secret")

    assert refused == [b"a1 NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"]


async def test_login_with_literals_and_quoted_specials(memory: MemoryServer) -> None:
    memory.add_account('a"b', "p\\w é")
    async with connected(memory.host, memory.port) as client:
        await greeted(client)
        await client.ok("LOGIN", b'a"b', "p\\w é".encode())
    async with connected(memory.host, memory.port) as client:
        await greeted(client)
        await client.ok('LOGIN "a\\"b" {6+}\r\np\\w é'.encode())


async def test_authenticate_plain_with_and_without_initial_response(
    memory: MemoryServer,
) -> None:
    memory.add_account("alice", "secret")
    async with connected(memory.host, memory.port) as client:
        await greeted(client)
        await client.ok(b"AUTHENTICATE PLAIN " + PLAIN)
    async with connected(memory.host, memory.port) as client:
        await greeted(client)
        client.send(b"x AUTHENTICATE PLAIN\r\n")
        assert await client.response() == b"+ \r\n"
        client.send(PLAIN + b"\r\n")
        assert (await client.response()).startswith(b"x OK")


@pytest.mark.parametrize(
    "arguments",
    [
        b"CRAM-MD5",
        b"PLAIN AAAA=",
        b"PLAIN " + base64.b64encode(b"alice"),
        b"PLAIN " + base64.b64encode(b"bob\0alice\0secret"),
        b"PLAIN =",
    ],
)
async def test_other_ways_to_authenticate_are_refused(
    memory: MemoryServer, arguments: bytes
) -> None:
    """Alice may not become bob, and there is no mechanism but PLAIN."""
    memory.add_account("alice", "secret")
    memory.add_account("bob", "other")
    async with connected(memory.host, memory.port) as client:
        await greeted(client)

        refused = await client.command(b"AUTHENTICATE " + arguments)

    assert refused[-1].startswith(b"a1 NO ")


async def test_authentication_can_be_aborted(memory: MemoryServer) -> None:
    """RFC 9051 §6.2.2."""
    async with connected(memory.host, memory.port) as client:
        await greeted(client)
        client.send(b"x AUTHENTICATE PLAIN\r\n*\r\ny NOOP\r\n")

        responses = await client.until(b"y")

    assert responses[1].startswith(b"x BAD")
    assert responses[2].startswith(b"y OK")


@pytest.mark.parametrize("command", ["SELECT INBOX", 'LIST "" *', "FETCH 1 FLAGS"])
async def test_nothing_but_login_is_possible_before_it(
    memory: MemoryServer, command: str
) -> None:
    async with connected(memory.host, memory.port) as client:
        await greeted(client)
        assert (await client.command(command))[-1].startswith(b"a1 BAD")


async def test_implicit_tls(secure: MemoryServer, certificates: Certificates) -> None:
    assert secure.tls_port is not None
    context = certificates.client_context()
    async with connected(secure.host, secure.tls_port, context=context) as client:
        greeting = await greeted(client)
        await client.ok("LOGIN alice secret")

    assert b"STARTTLS" not in greeting
    assert b"LOGINDISABLED" not in greeting


async def test_login_waits_for_starttls_where_tls_is_required(
    secure: MemoryServer, certificates: Certificates
) -> None:
    async with connected(secure.host, secure.port) as client:
        greeting = await greeted(client)
        refused = await client.command("LOGIN alice secret")
        also_refused = await client.command(b"AUTHENTICATE PLAIN " + PLAIN)
        await client.ok("STARTTLS")
        await upgrade(client, certificates.client_context())
        capabilities, _ = await client.command("CAPABILITY")
        await client.ok("LOGIN alice secret")

    assert b"LOGINDISABLED STARTTLS" in greeting
    assert b"AUTH=PLAIN" not in greeting
    assert refused[-1].startswith(b"a1 NO [PRIVACYREQUIRED]")
    assert also_refused[-1].startswith(b"a2 NO [PRIVACYREQUIRED]")
    assert b"AUTH=PLAIN" in capabilities
    assert b"STARTTLS" not in capabilities


async def upgrade(client: RawClient, context: ssl.SSLContext) -> None:
    await client.writer.start_tls(context, server_hostname="localhost")


async def test_what_is_pipelined_before_starttls_is_never_run(
    secure: MemoryServer, certificates: Certificates
) -> None:
    """An attacker in the path could add commands in the clear (RFC 9051 §11.1)."""
    async with connected(secure.host, secure.port) as client:
        await greeted(client)
        client.send(b"x STARTTLS\r\nevil NOOP\r\nevil NOOP\r\n")
        assert await client.response() == b"x OK Begin TLS negotiation now.\r\n"
        await upgrade(client, certificates.client_context())

        client.send(b"y CAPABILITY\r\n")
        responses = await client.until(b"y", b"evil")

    assert responses[-1].startswith(b"y OK")
    assert secure.commands["NOOP"] == 0


async def test_starttls_without_tls_is_bad(memory: MemoryServer) -> None:
    async with connected(memory.host, memory.port) as client:
        await greeted(client)
        assert (await client.command("STARTTLS"))[-1].startswith(b"a1 BAD")


async def test_a_client_that_fails_the_handshake_harms_nobody(
    secure: MemoryServer,
) -> None:
    assert secure.tls_port is not None
    async with connected(secure.host, secure.tls_port) as client:
        client.send(b"this is not TLS\r\n" * 10)
        await client.reader.read()
    async with connected(secure.host, secure.port) as client:
        await greeted(client)
        await client.ok("STARTTLS")
        client.send(b"neither is this\r\n" * 10)
        with pytest.raises(asyncio.IncompleteReadError):
            await client.until(b"never")
    async with connected(secure.host, secure.port) as client:
        assert (await greeted(client)).startswith(b"* OK")


async def test_logout_says_bye_and_closes(client: RawClient) -> None:
    responses = await client.command("LOGOUT")

    assert responses[0].startswith(b"* BYE")
    assert responses[-1] == b"a2 OK Logout completed.\r\n"
    assert await client.reader.read() == b""


async def test_another_user_may_take_the_connection(
    memory: MemoryServer, client: RawClient
) -> None:
    """RFC 8437: nothing of the first is left."""
    memory.add_account("bob", "secret").create_mailbox("Bobs")
    await client.ok("SELECT INBOX (CONDSTORE)")
    await client.ok("UNAUTHENTICATE")

    for command in ("FETCH 1 FLAGS", 'LIST "" *', "UNAUTHENTICATE"):
        assert b" BAD " in (await client.command(command))[-1][:10]
    await client.ok("LOGIN bob secret")
    assert b"Bobs" in b"".join(await client.ok('LIST "" *'))
    assert b" BAD " in (await client.command("FETCH 1 FLAGS"))[-1][:10]
    memory.account("bob").mailbox("INBOX").deliver(b"x")
    await client.ok("SELECT INBOX")
    assert await client.ok("STORE 1 FLAGS (a)") != []
    memory.account("bob").mailbox("INBOX").add_flags([1], "b")
    assert b"MODSEQ" not in b"".join(await client.ok("NOOP"))


async def test_id_enable_and_namespace(client: RawClient) -> None:
    identity = await client.ok('ID ("name" "test" "version" NIL)')
    enabled = await client.ok("ENABLE CONDSTORE X-UNKNOWN")
    namespace = await client.ok("NAMESPACE")

    assert identity[0].startswith(b'* ID ("name" ')
    assert enabled == [b"* ENABLED CONDSTORE\r\n"]
    assert namespace == [b'* NAMESPACE (("" "/")) NIL NIL\r\n']
    assert (await client.command("LOGIN alice secret"))[-1].endswith(
        b"Unknown command\r\n"
    )


async def test_accounts_do_not_see_each_other(memory: MemoryServer) -> None:
    memory.add_account("alice", "secret").create_mailbox("hers")
    memory.add_account("bob", "other")
    async with logged_in(memory.host, memory.port, "bob", "other") as client:
        listed = await client.ok('LIST "" *')

    assert listed == [b'* LIST (\\HasNoChildren) "/" "INBOX"\r\n']
