"""Parts as streams and as files, decoded, over connections that break."""

from __future__ import annotations

import asyncio
import base64
import os
import quopri
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from aiosage import (
    AppendItem,
    Download,
    IMAPClient,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPMailboxUIDService,
    IMAPMessageError,
    IMAPProtocolError,
    MessagePart,
    RetryAttempt,
    RetryPolicy,
    UIDValidityChanged,
)
from aiosage.testing import DovecotServer, Peer, ScriptedServer, cancel_at_every_await

from ..conftest import Endpoint
from .accounts import OtherClient, client_of, open_client, small
from .relay import Relay

PICTURE = bytes(range(256)) * 8000  # 2 MB
WORDS = "Grüße = 1\r\n".encode() * 500


def part(content_type: str, encoding: str, encoded: bytes) -> bytes:
    """Return one part of a multipart."""
    head = f"--x\r\nContent-Type: {content_type}\r\n"
    head += f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + encoded.rstrip(b"\r\n") + b"\r\n"


def encoded(content: bytes) -> bytes:
    """Return *content* in base64, with the line ends of mail."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


HEAD = b"Subject: parts\r\nMIME-Version: 1.0\r\n"
HEAD += b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
QUOTED = quopri.encodestring(WORDS.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
RAW = b"".join(
    [
        HEAD,
        part("text/plain; charset=utf-8", "quoted-printable", QUOTED),
        part("image/png", "BASE64", encoded(PICTURE)),
        part("message/rfc822", "7bit", small(7)),
        part("application/x-odd", "x-odd", b"as it is"),
        part("text/plain", "base64", b"QUJD!RE=VG\r\nRw"),
        b"--x--\r\n",
    ]
)


async def read_rest(octets: Download) -> bytes:
    """Return what has not been read yet."""
    return b"".join([piece async for piece in octets])


def files_in(folder: Path) -> list[Path]:
    """Return what is in *folder*, hidden or not."""
    return list(folder.iterdir())


async def read(inbox: IMAPMailboxUIDService, section: str) -> bytes:
    """Return a section of the first message as it is downloaded."""
    async with inbox.download(1, section) as octets:
        return await read_rest(octets)


async def test_parts_come_decoded_and_the_rest_as_it_is(
    any_client: IMAPClient,
) -> None:
    """Whether the server decodes them or they are decoded here."""
    inbox = any_client.mailbox()
    await inbox.append(RAW)

    assert await read(inbox, "2") == PICTURE
    assert (await read(inbox, "1")).rstrip() == WORDS.rstrip()
    assert await read(inbox, "") == RAW
    assert await read(inbox, "HEADER") == HEAD
    assert await read(inbox, "TEXT") == RAW[len(HEAD) :]
    assert (await read(inbox, "3.1")).rstrip() == b"Hello 7"
    assert await read(inbox, "3.HEADER") == small(7).partition(b"Hello")[0]
    assert (await read(inbox, "4")).rstrip() == b"as it is"


async def test_what_the_server_cannot_decode_is_decoded_here(
    any_client: IMAPClient,
) -> None:
    """It says UNKNOWN-CTE (RFC 3516 §4.3), or decodes it as far as it can."""
    inbox = any_client.mailbox()
    await inbox.append(RAW)

    assert (await read(inbox, "5")).startswith(b"ABCD")
    assert await read(inbox, "2") == PICTURE


@pytest.mark.parametrize("lacking", ["BINARY", ""])
async def test_the_server_decodes_where_it_can(
    dovecot: DovecotServer, lacking: str
) -> None:
    """A quarter less is sent. Both ways give the same."""
    capability = "IMAP4rev1 LITERAL+ SASL-IR UIDPLUS"
    async with (
        DovecotServer(
            capability=f"{capability} BINARY"[: -7 if lacking else None]
        ) as server,
        Relay(server.host, server.port) as relay,
        open_client(relay.host, relay.port, server.new_user()) as client,
    ):
        inbox = client.mailbox()
        await inbox.append(RAW)
        structure = (
            await inbox.fetch_one(1, MessagePart.BODY_STRUCTURE)
        ).body_structure
        assert structure is not None
        async with inbox.download(1, structure.parts[1]) as octets:
            size = octets.size
            pieces = [piece async for piece in octets]
            assert octets.received == octets.size

    assert b"".join(pieces) == PICTURE
    assert (size == len(PICTURE)) == (not lacking)
    assert (b"BINARY.PEEK[2]" in relay.sent[0]) == (not lacking)


async def test_what_is_not_there_is_refused_before_the_block(
    any_client: IMAPClient,
) -> None:
    inbox = any_client.mailbox()
    await inbox.append(RAW)

    for uid, section in ((1, "9"), (1, "1.2"), (2, "1"), (2, "")):
        with pytest.raises(IMAPMessageError, match=str(uid)):
            async with inbox.download(uid, section):
                pytest.fail("there is nothing to read")
    with pytest.raises(ValueError, match="section"):
        async with inbox.download(1, "x y"):
            pytest.fail("there is no such section")
    assert any_client.stats().busy == 0
    assert await read(inbox, "HEADER") == HEAD


@asynccontextmanager
async def relayed(
    server: Endpoint, raw: bytes = RAW
) -> AsyncIterator[tuple[Relay, IMAPClient]]:
    """A client with one connection over a relay, and one message."""
    async with (
        Relay(server.host, server.port) as relay,
        client_of(server, port=relay.port, max_connections=1) as client,
    ):
        await client.mailbox().append(raw)
        yield relay, client


@pytest.mark.parametrize("section", ["2", ""])
async def test_a_lost_connection_is_gone_on_after_where_it_was(
    any_server: Endpoint, section: str
) -> None:
    """Nothing comes twice, and nothing is left out, whoever decodes."""
    cuts = 0
    async with relayed(any_server) as (relay, client):
        pieces: list[bytes] = []
        async with client.mailbox().download(1, section) as octets:
            async for piece in octets:
                pieces.append(piece)
                if cuts < 3 and octets.received > cuts * octets.size // 4:
                    cuts += 1
                    relay.cut()
                    await relay.wait_connections(0)

    assert b"".join(pieces) == (PICTURE if section else RAW)
    assert cuts == 3
    resumed = [octets for octets in relay.sent if f"[{section}]<".encode() in octets]
    assert resumed


async def test_a_server_that_stays_away_is_given_up(server: Endpoint) -> None:
    async with relayed(server) as (relay, client):
        async with client.mailbox().download(1, "2") as octets:
            relay.is_open = False
            relay.cut()
            with pytest.raises(IMAPConnectionError):
                await read_rest(octets)
        assert client.stats().busy == 0
        relay.is_open = True
        assert await read(client.mailbox(), "HEADER") == HEAD


async def test_it_is_tried_as_often_as_the_client_is_told_to(
    server: Endpoint,
) -> None:
    def tell(attempt: RetryAttempt) -> None:
        relay.is_open = attempt.number == 7

    policy = RetryPolicy(attempts=8, first_wait=0.001, longest_wait=0.01, on_retry=tell)
    async with (
        Relay(server.host, server.port) as relay,
        client_of(server, port=relay.port, retry=policy) as client,
    ):
        await client.mailbox().append(RAW)
        async with client.mailbox().download(1, "2") as octets:
            relay.is_open = False
            relay.cut()
            assert await read_rest(octets) == PICTURE


async def test_without_retries_the_first_error_is_told(server: Endpoint) -> None:
    async with (
        Relay(server.host, server.port) as relay,
        client_of(server, port=relay.port, retry=None) as client,
    ):
        await client.mailbox().append(RAW)
        async with client.mailbox().download(1, "2") as octets:
            sessions = len(relay.sent)
            relay.cut()
            with pytest.raises(IMAPConnectionLost):
                await read_rest(octets)
        assert len(relay.sent) == sessions


async def test_a_busy_server_is_waited_for_as_long_as_it_asks() -> None:
    """Before the first octet, and after the connection was lost amid them."""
    begin = "S: * PREAUTH [CAPABILITY IMAP4rev1] ready\nC: T1 EXAMINE INBOX"
    begin += "\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] ok\nS: T1 OK done"
    busy = b"%s NO [UNAVAILABLE] Suggested Backoff Time: 50 milliseconds\r\n"
    answers = [
        busy,
        b"* 1 FETCH (UID 1 BODY[] {10}\r\n0123",
        busy,
        b"* 1 FETCH (UID 1 BODY[]<4> {6}\r\n456789)\r\n%s OK done\r\n",
    ]

    async def serve(peer: Peer) -> None:
        await peer.play(begin)
        while (line := await peer.line()) and "LOGOUT" not in line:
            tag = line.split()[0].encode()
            answer = answers.pop(0) if "FETCH" in line else b"%s OK done\r\n"
            peer.send(answer % tag if b"%s" in answer else answer)
            if b"%s" not in answer:
                break
        await peer.writer.drain()
        peer.writer.close()

    told: list[RetryAttempt] = []
    policy = RetryPolicy(first_wait=0.001, longest_wait=0.01, on_retry=told.append)
    async with (
        ScriptedServer(serve, complete=False) as server,
        open_client(server.host, server.port, "joe", retry=policy) as client,
        client.mailbox().download(1) as octets,
    ):
        assert await read_rest(octets) == b"0123456789"
    assert not answers
    assert [attempt.wait >= 0.05 for attempt in told] == [True, False, True]


async def test_what_came_from_another_life_of_the_mailbox_is_not_gone_on_with(
    any_server: Endpoint, other: OtherClient
) -> None:
    """A file of two halves of two messages would be worse than an error."""
    async with relayed(any_server) as (relay, client):
        await client.folders.create("box")
        box = client.mailbox("box")
        await box.append(RAW)
        async with box.download(1, "2") as octets:
            relay.cut()
            await relay.wait_connections(0)
            other.delete("box")
            other.create("box")
            other.deliver(RAW, mailbox="box")
            with pytest.raises(UIDValidityChanged):
                await read_rest(octets)


async def test_a_block_left_early_leaves_the_client_usable(
    server: Endpoint,
) -> None:
    async with relayed(server) as (_, client):
        for _ in range(2):
            async with client.mailbox().download(1, "2") as octets:
                async for _ in octets:
                    break
            assert client.stats().busy == 0
        assert await read(client.mailbox(), "2") == PICTURE


async def test_a_download_within_a_fetch_needs_no_second_connection(
    any_server: Endpoint,
) -> None:
    """The window ahead waits until it is over."""
    async with relayed(any_server) as (_, client):
        inbox = client.mailbox()
        await inbox.append_many([AppendItem(small(n)) for n in range(40)])
        read = 0
        async for message in inbox.fetch(range(1, 42), MessagePart.FLAGS):
            async with inbox.download(message.uid, "1") as octets:
                assert await read_rest(octets)
                read += 1
        assert read == 41


async def test_a_file_is_whole_and_replaces_nothing_unasked(
    any_client: IMAPClient, tmp_path: Path
) -> None:
    inbox = any_client.mailbox()
    await inbox.append(RAW)
    path = tmp_path / "picture.png"
    told: list[tuple[int, int]] = []

    size = await inbox.download_to(
        path, 1, "2", on_progress=lambda received, size: told.append((received, size))
    )
    assert size == len(PICTURE)
    assert path.read_bytes() == PICTURE
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]

    with pytest.raises(FileExistsError):
        await inbox.download_to(path, 1, "1")
    assert path.read_bytes() == PICTURE
    await inbox.download_to(path, 1, "HEADER", overwrite=True)
    assert path.read_bytes() == HEAD
    with pytest.raises(IMAPMessageError):
        await inbox.download_to(tmp_path / "none", 1, "9")
    assert files_in(tmp_path) == [path]


async def test_a_file_that_came_up_meanwhile_is_left_alone(
    inbox: IMAPMailboxUIDService, tmp_path: Path
) -> None:
    await inbox.append(RAW)
    path = tmp_path / "picture.png"

    with pytest.raises(FileExistsError):
        await inbox.download_to(
            path, 1, "2", on_progress=lambda *_: path.write_bytes(b"another's")
        )
    assert path.read_bytes() == b"another's"
    assert files_in(tmp_path) == [path]


async def test_more_than_was_asked_for_is_not_handed_on() -> None:
    """After a lost connection, say, or the file would be longer than its size."""

    async def serve(peer: Peer) -> None:
        begin = "S: * PREAUTH [CAPABILITY IMAP4rev1] ready\nC: T1 EXAMINE INBOX"
        begin += "\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] ok\nS: T1 OK done"
        await peer.play(begin)
        while "<" in (line := await peer.line()):
            end = f"{line.split()[0]} OK done\r\n".encode()
            peer.send(b"* 1 FETCH (UID 1 BODY[]<4> {10}\r\n4567890123)\r\n" + end)
        peer.send(b"* 1 FETCH (UID 1 BODY[] {10}\r\n0123")
        await peer.writer.drain()
        peer.writer.close()

    async with (
        ScriptedServer(serve, complete=False) as server,
        open_client(server.host, server.port, "joe") as client,
        client.mailbox().download(1) as octets,
    ):
        assert await anext(octets) == b"0123"
        with pytest.raises(IMAPProtocolError, match="6 were asked for"):
            await anext(octets)


async def test_a_file_is_not_left_to_a_thread(
    inbox: IMAPMailboxUIDService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread cannot be cancelled; what it works on must not go meanwhile."""
    await inbox.append(RAW)
    loop, begun, go = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    link = os.link

    def slow_link(src: str, dst: str) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait()
        link(src, dst)

    monkeypatch.setattr(os, "link", slow_link)
    saving = asyncio.create_task(inbox.download_to(tmp_path / "file", 1))
    await begun.wait()
    for _ in range(3):
        saving.cancel()
        await asyncio.sleep(0)
    assert not saving.done()
    go.set()

    with pytest.raises(asyncio.CancelledError):
        await saving
    assert [path.read_bytes() for path in files_in(tmp_path)] == [RAW]


async def test_a_cancelled_file_is_whole_or_absent(
    server: Endpoint, tmp_path: Path
) -> None:
    async with relayed(server, small(1)) as (_, client):
        inbox = client.mailbox()
        path = tmp_path / "text"

        async for _ in cancel_at_every_await(lambda: inbox.download_to(path, 1, "1")):
            if path.exists():
                assert path.read_bytes() == b"Hello 1\r\n"
                path.unlink()
            assert client.stats().busy == 0
        assert files_in(tmp_path) == []
