"""Whole clients against a server in another process, over loopback.

The server is written in Python too, so its time is in every row; the floor is a
client that only waits for the end of the answer.
"""

from __future__ import annotations

import asyncio
import imaplib
import socket
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from aioimaplib import aioimaplib

from aiosage import ConnectionConfig, IMAPClient, MessagePart, Secret, Security
from aiosage.sync import SQLiteStore, sync_accounts

from ._measure import Contestant, measure, show
from .mail_server import PASSWORD, USERNAME, mail_server

_HOST = "127.0.0.1"
_BODIES = "(UID BODY.PEEK[])"
_OVERVIEW = "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"
_OVERVIEW_PARTS = (
    MessagePart.FLAGS,
    MessagePart.INTERNAL_DATE,
    MessagePart.SIZE,
    MessagePart.ENVELOPE,
    MessagePart.BODY_STRUCTURE,
)
_CHUNK = 50
"""Messages aioimaplib is asked for at once: more take it longer than fewer."""


def run(*, is_quick: bool) -> None:
    """Print a table for each kind of work."""
    messages = 1_000 if is_quick else 10_000
    runs = 3
    with mail_server(messages) as port:
        raw = _Raw(port)
        octets = raw.fetch(_BODIES)
        bodies = [
            Contestant("raw socket (floor)", lambda: raw.fetch(_BODIES), octets),
            *_by_peers(port, messages, _BODIES, "BODY.PEEK[]"),
            Contestant(
                "aiosage", lambda: asyncio.run(_fetch(port, MessagePart.FULL)), messages
            ),
        ]
        title = f"{messages:,} whole messages, {octets / 1e6:.1f} MB"
        show(title, measure(bodies, runs=runs), octets=octets)

        octets = raw.fetch(_OVERVIEW)
        overviews = [
            Contestant("raw socket (floor)", lambda: raw.fetch(_OVERVIEW), octets),
            *_by_peers(port, messages, _OVERVIEW, _OVERVIEW[5:-1]),
            Contestant(
                "aiosage", lambda: asyncio.run(_fetch(port, *_OVERVIEW_PARTS)), messages
            ),
        ]
        title = f"{messages:,} ENVELOPE BODYSTRUCTURE ..., {octets / 1e6:.1f} MB"
        show(title, measure(overviews, runs=runs), octets=octets)

        octets = raw.fetch(_BODIES)
        with tempfile.TemporaryDirectory() as folder:
            mirror = _Mirror(port, Path(folder))
            syncs = [
                Contestant("raw socket (floor)", lambda: raw.fetch(_BODIES), octets),
                Contestant("first: all is new", mirror.first, messages),
                Contestant("second: nothing is", mirror.again, 0),
            ]
            title = f"{messages:,} messages synchronised into SQLite"
            show(title, measure(syncs, runs=runs), octets=octets)


class _Raw:
    """A client that looks for the tag and counts octets, nothing else."""

    def __init__(self, port: int) -> None:
        self._port = port

    def fetch(self, items: str) -> int:
        """Return how many octets the answer to a FETCH of everything has."""
        with socket.create_connection((_HOST, self._port)) as connection:
            connection.recv(65536)
            self._command(connection, f"LOGIN {USERNAME} {PASSWORD}")
            self._command(connection, "EXAMINE INBOX")
            return self._command(connection, f"UID FETCH 1:* {items}")

    def _command(self, connection: socket.socket, line: str) -> int:
        connection.sendall(f"A1 {line}\r\n".encode("ascii"))
        octets = 0
        end = b""
        while not (end.endswith(b"\r\n") and b"\r\nA1 " in b"\r\n" + end):
            received = connection.recv(256 * 1024)
            if not received:
                raise ConnectionError("the server closed the connection")
            octets += len(received)
            end = (end + received)[-1000:]  # a tagged line is no longer
        assert b"A1 OK" in end, end
        return octets


def _by_peers(
    port: int, messages: int, items: str, imapclient_items: str
) -> Iterator[Contestant]:
    def by_imaplib() -> int:
        with imaplib.IMAP4(_HOST, port) as client:
            client.login(USERNAME, PASSWORD)
            client.select("INBOX", readonly=True)
            _, data = client.uid("FETCH", "1:*", items)
        return sum(1 for item in data if item != b")")

    # Without a literal a message is one line of imaplib's; some have two here.
    is_whole = "BODY.PEEK[]" in items
    yield Contestant("imaplib (cut into lines)", by_imaplib, messages)
    if find_spec("imapclient") is not None:
        import imapclient  # type: ignore[import-not-found,import-untyped,unused-ignore]  # only where it is installed

        wanted = ["BODY.PEEK[]"] if is_whole else imapclient_items.split()

        def by_imapclient() -> int:
            with imapclient.IMAPClient(_HOST, port, ssl=False) as client:
                client.login(USERNAME, PASSWORD)
                client.select_folder("INBOX", readonly=True)
                return len(client.fetch(client.search(), wanted))

        yield Contestant("IMAPClient", by_imapclient, messages)

    async def by_aioimaplib() -> int:
        client = aioimaplib.IMAP4(_HOST, port)
        await client.wait_hello_from_server()
        await client.login(USERNAME, PASSWORD)
        await client.select("INBOX")
        count = 0
        for first in range(1, messages + 1, _CHUNK):
            uids = f"{first}:{first + _CHUNK - 1}"
            response = await client.uid("fetch", uids, items)
            count += sum(1 for line in response.lines if b" FETCH (" in line[:40])
        await client.logout()
        return count

    yield Contestant(
        f"aioimaplib (lines, by {_CHUNK})",
        lambda: asyncio.run(by_aioimaplib()),
        messages,
    )


def _config(port: int) -> ConnectionConfig:
    return ConnectionConfig(
        host=_HOST,
        port=port,
        username=USERNAME,
        password=Secret(PASSWORD),
        security=Security.PLAIN,
    )


async def _fetch(port: int, *parts: MessagePart) -> int:
    count = 0
    async with IMAPClient(_config(port)) as client:
        inbox = client.mailbox("INBOX")
        async for _ in inbox.fetch(await inbox.search(), *parts):
            count += 1
    return count


class _Mirror:
    """A mirror that is made anew, and then found complete."""

    def __init__(self, port: int, folder: Path) -> None:
        self._config = _config(port)
        self._folder = folder
        self._number = 0

    def first(self) -> int:
        """Synchronise into a new file; return how many messages were new."""
        self._number += 1
        return asyncio.run(self._sync())

    def again(self) -> int:
        """Synchronise once more; return the same."""
        return asyncio.run(self._sync())

    async def _sync(self) -> int:
        async with SQLiteStore(self._folder / f"{self._number}.sqlite") as store:
            report = await sync_accounts([self._config], store)
        assert report.ok, report
        return report.new
