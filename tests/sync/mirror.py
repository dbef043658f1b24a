"""Accounts to mirror, mail to fill them with, and how to compare."""

from __future__ import annotations

import hashlib
import socket
import sqlite3
from collections.abc import Sequence

from anyio import to_thread

from aiosage import ConnectionConfig, Flag, IMAPClient, MessagePart, Security
from aiosage.sync import SQLiteStore, Store

Mirror = dict[str, dict[int, tuple[frozenset[Flag], str]]]
"""By mailbox and UID: the flags, and the SHA-256 of the message."""


def account(
    host: str, port: int, username: str, password: str, **options: float
) -> ConnectionConfig:
    """Return how to log in without TLS."""
    return ConnectionConfig(
        host=host,
        port=port,
        username=username,
        password=password,  # type: ignore[arg-type]  # becomes a Secret
        security=Security.PLAIN,
        **options,  # type: ignore[arg-type]  # seconds only
    )


def mail(number: int, size: int = 400) -> bytes:
    """Return a message of about *size* octets, another one for each number."""
    head = (
        f"From: Jane <jane{number}@example.org>\r\n"
        "To: Bob <bob@example.org>, carol@example.org\r\n"
        f"Subject: =?utf-8?q?caf=C3=A9?= {number}\r\n"
        "Date: Fri, 20 Nov 2026 10:00:00 +0100\r\n"
        f"Message-ID: <{number}@example.org>\r\n"
        "\r\n"
    )
    line = f"message {number} (:-) {{3}} "
    body = (line * (1 + max(0, size - len(head)) // len(line)))[: max(0, size)]
    return f"{head}{body}\r\n".encode()


async def fill(
    config: ConnectionConfig, messages: Sequence[bytes], mailbox: str = "INBOX"
) -> None:
    """Put *messages* into *mailbox*, which has a plain name, a thousand at a time.

    By a raw socket: with any client, filling would take longer than the test. In
    a thread, since the server may run in this one.
    """
    await to_thread.run_sync(_fill, config, messages, mailbox)


def _fill(config: ConnectionConfig, messages: Sequence[bytes], mailbox: str) -> None:
    with socket.create_connection((config.host, config.effective_port)) as raw:
        stream = raw.makefile("rwb")

        def wait(tag: bytes) -> None:
            stream.flush()
            while not (line := stream.readline()).startswith(tag):
                assert line, "the server hung up"
            assert line.startswith(tag + b" OK"), line

        wait(b"*")
        login = f"a LOGIN {config.username} {config.password.reveal()}\r\n"
        stream.write(login.encode())
        wait(b"a")
        for start in range(0, len(messages), 1000):
            stream.write(b'b APPEND "%s"' % mailbox.encode())
            for message in messages[start : start + 1000]:
                stream.write(b" {%d+}\r\n%s" % (len(message), message))
            stream.write(b"\r\n")
            wait(b"b")
        stream.write(b"c LOGOUT\r\n")
        wait(b"c")


async def of_server(client: IMAPClient) -> Mirror:
    """Return what is on the server."""
    mirror: Mirror = {}
    for mailbox in await client.folders.list():
        if not mailbox.is_selectable:
            continue
        service = client.mailbox(mailbox.name)
        mirror[mailbox.name] = {
            message.uid: (
                message.flags or frozenset(),
                hashlib.sha256(message.raw or b"").hexdigest(),
            )
            async for message in service.fetch(
                await service.search(), MessagePart.FLAGS, MessagePart.FULL
            )
            if message.uid is not None
        }
    return mirror


async def of_store(store: Store, config: ConnectionConfig) -> Mirror:
    """Return what is in the store, having checked that its octets are all there."""
    mirror: Mirror = {}
    for mailbox in await store.mailboxes(config.account):
        found: dict[int, tuple[frozenset[Flag], str]] = {}
        octets = await _octets(store, config.account, mailbox.name)
        async for message in store.messages(config.account, mailbox.name):
            assert message.uid not in found
            assert hashlib.sha256(octets[message.uid]).hexdigest() == message.sha256
            found[message.uid] = (message.flags, message.sha256)
        mirror[mailbox.name] = found
    return mirror


async def _octets(store: Store, account: str, mailbox: str) -> dict[int, bytes]:
    if isinstance(store, SQLiteStore):
        # As another program sees them; asking for each would take seconds.
        database = sqlite3.connect(store.path)
        try:
            return dict(
                database.execute(
                    "SELECT uid, raw FROM message"
                    " JOIN mailbox ON mailbox.id = mailbox_id"
                    " JOIN account ON account.id = account_id"
                    " WHERE account.name = ? AND mailbox.name = ?",
                    (account, mailbox),
                )
            )
        finally:
            database.close()
    return {
        message.uid: await store.raw(account, mailbox, message.uid) or b""
        async for message in store.messages(account, mailbox)
    }


async def assert_in_sync(store: Store, config: ConnectionConfig) -> None:
    """Compare every flag and every octet with the server."""
    async with IMAPClient(config) as client:
        assert await of_store(store, config) == await of_server(client)
