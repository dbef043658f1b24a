"""An independent client, the standard library's, finds its way."""

from __future__ import annotations

import asyncio
import imaplib

from aiosage.testing import Certificates
from aiosage.testing.memory import MemoryAccount, MemoryServer

MESSAGE = b"From: a@b\r\nSubject: hello\r\n\r\nworld\r\n"


async def test_imaplib_reads_and_writes_mail(
    memory: MemoryServer, alice: MemoryAccount
) -> None:
    def session() -> None:
        with imaplib.IMAP4(memory.host, memory.port) as client:
            client.login("alice", "secret")
            assert client.create("Work")[0] == "OK"
            assert client.append("Work", "(\\Seen)", "", MESSAGE)[0] == "OK"
            assert client.select("Work") == ("OK", [b"1"])
            assert client.uid("SEARCH", "SUBJECT", "hello") == ("OK", [b"1"])
            status, data = client.fetch("1", "(UID FLAGS BODY.PEEK[])")
            assert status == "OK"
            assert isinstance(data[0], tuple)
            assert data[0][1] == MESSAGE
            assert client.store("1", "+FLAGS", "(\\Deleted)")[0] == "OK"
            assert client.expunge() == ("OK", [b"1"])
            assert client.status("Work", "(MESSAGES)") == ("OK", [b"Work (MESSAGES 0)"])

    await asyncio.to_thread(session)

    assert alice.mailbox("Work").uids == []


async def test_imaplib_over_tls(certificates: Certificates) -> None:
    def session(port: int, tls_port: int) -> None:
        context = certificates.client_context()
        with imaplib.IMAP4("localhost", port) as client:
            client.starttls(context)
            client.login("alice", "secret")
        with imaplib.IMAP4_SSL("localhost", tls_port, ssl_context=context) as client:
            client.authenticate("PLAIN", lambda _: b"\0alice\0secret")
            assert client.select() == ("OK", [b"0"])

    context = certificates.server_context()
    async with MemoryServer(ssl_context=context, require_tls=True) as server:
        server.add_account("alice", "secret")
        assert server.tls_port is not None
        await asyncio.to_thread(session, server.port, server.tls_port)
