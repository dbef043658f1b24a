"""The account of a test: how to log in to it, and who else changes it."""

from __future__ import annotations

import imaplib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Unpack

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    MessagePart,
    MessageSet,
    RetryPolicy,
    Secret,
    Security,
)
from aiosage.client import ConnectionOptions
from aiosage.client._client import USUAL_RETRY
from aiosage.testing import (
    DovecotServer,
    MemoryAccount,
    MemoryMailbox,
    MemoryServer,
)
from aiosage.wire import encode_mailbox_name

from ..conftest import Endpoint
from ..connection.scripted import config, scripted

SMALL = (
    b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\n"
    b"Subject: number %d\r\nMessage-ID: <%d@example.org>\r\n"
    b"Date: Mon, 5 Jan 2026 10:00:00 +0000\r\n\r\nHello %d\r\n"
)


def small(number: int) -> bytes:
    """Return a small message, told apart by its *number*."""
    return SMALL % (number, number, number)


def config_of(
    server: Endpoint, **options: Unpack[ConnectionOptions]
) -> ConnectionConfig:
    """Return how to log in to *server*, without TLS unless *options* say so."""
    settings = ConnectionOptions(port=server.port, security=Security.PLAIN)
    settings.update(options)
    return ConnectionConfig(
        host=server.host,
        username=server.username,
        password=Secret(server.password),
        **settings,
    )


def client_of(
    server: Endpoint,
    *,
    max_connections: int = 4,
    retry: RetryPolicy | None = USUAL_RETRY,
    **options: Unpack[ConnectionOptions],
) -> IMAPClient:
    """Return a client of *server*, not yet open."""
    return IMAPClient(
        config_of(server, **options), max_connections=max_connections, retry=retry
    )


def open_client(
    host: str, port: int, user: str, *, retry: RetryPolicy | None = USUAL_RETRY
) -> IMAPClient:
    """Return a client, not yet open, of a server that a test has for itself."""
    return IMAPClient(
        host, user, "secret", port=port, security=Security.PLAIN, retry=retry
    )


class OtherClient:
    """Whoever else changes the account, behind the back of the client tested."""

    def __init__(self, server: Endpoint) -> None:
        self._server = server

    def deliver(
        self, *messages: bytes, mailbox: str = "INBOX", date: datetime | None = None
    ) -> None:
        """Put *messages* into *mailbox*, as having arrived at *date*, or now."""
        if box := self._box(mailbox):
            for message in messages:
                box.deliver(message, date=date)
            return
        with self._session() as session:
            for message in messages:
                _ok(session.append(_quoted(mailbox), "", date or "", message))

    def add_flag(self, uid: int, flag: Flag, mailbox: str = "INBOX") -> None:
        """Give a message *flag*."""
        if box := self._box(mailbox):
            box.add_flags([uid], flag)
        else:
            self._store(mailbox, uid, "+FLAGS.SILENT", flag)

    def remove_flag(self, uid: int, flag: Flag, mailbox: str = "INBOX") -> None:
        """Take *flag* from a message."""
        if box := self._box(mailbox):
            box.remove_flags([uid], flag)
        else:
            self._store(mailbox, uid, "-FLAGS.SILENT", flag)

    def expunge(self, uid: int, mailbox: str = "INBOX") -> None:
        r"""Remove a message for good; on Cyrus others may see it \Deleted before."""
        if box := self._box(mailbox):
            box.expunge([uid])
        elif isinstance(dovecot := self._server.backend, DovecotServer):
            user = self._server.username
            message = ("mailbox", mailbox, "uid", str(uid))
            dovecot.doveadm("expunge", "-u", user, *message)
        else:
            with self._session(mailbox) as session:
                _ok(session.uid("STORE", str(uid), "+FLAGS.SILENT", Flag.DELETED))
                _ok(session.uid("EXPUNGE", str(uid)))

    def create(self, mailbox: str) -> None:
        """Make *mailbox*."""
        if account := self._account:
            account.create_mailbox(mailbox)
            return
        with self._session() as session:
            _ok(session.create(_quoted(mailbox)))

    def delete(self, mailbox: str) -> None:
        """Remove *mailbox*."""
        if account := self._account:
            account.delete_mailbox(mailbox)
            return
        with self._session() as session:
            _ok(session.delete(_quoted(mailbox)))

    def cut(self) -> None:
        """End every connection of the user at once, without a word."""
        backend = self._server.backend
        if isinstance(backend, MemoryServer):
            backend.disconnect_all()
        else:
            backend.kill_sessions(self._server.username)

    @property
    def _account(self) -> MemoryAccount | None:
        backend = self._server.backend
        if isinstance(backend, MemoryServer):
            return backend.account(self._server.username)
        return None

    def _box(self, mailbox: str) -> MemoryMailbox | None:
        return account.mailbox(mailbox) if (account := self._account) else None

    def _store(self, mailbox: str, uid: int, item: str, flag: Flag) -> None:
        with self._session(mailbox) as session:
            _ok(session.uid("STORE", str(uid), item, f"({flag})"))

    @contextmanager
    def _session(self, mailbox: str | None = None) -> Iterator[imaplib.IMAP4]:
        """Log in to a real server, by a library that shares no code with ours."""
        with imaplib.IMAP4(self._server.host, self._server.port) as session:
            session.login(self._server.username, self._server.password)
            if mailbox is not None:
                _ok(session.select(_quoted(mailbox)))
            yield session


def _quoted(mailbox: str) -> str:
    name = encode_mailbox_name(mailbox).decode()
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _ok(answer: tuple[str, object]) -> None:
    assert answer[0] == "OK", answer


@asynccontextmanager
async def scripted_client(script: str) -> AsyncIterator[IMAPClient]:
    """A client of a server that plays *script*, which begins with the greeting."""
    leaving = "\nC: T99 LOGOUT\nS: * BYE bye\nS: T99 OK bye"
    async with (
        scripted(script + leaving) as port,
        IMAPClient(config(port), retry=None) as client,
    ):
        yield client


async def uids_of(
    mailbox: IMAPMailboxUIDService, messages: MessageSet, *items: MessagePart
) -> list[int]:
    """Return the UIDs of what fetching yields, in the order it does."""
    return [message.uid async for message in mailbox.fetch(messages, *items)]


async def flags_of(mailbox: IMAPMailboxUIDService, uid: int) -> set[Flag]:
    """Return the flags of a message."""
    (message,) = [m async for m in mailbox.fetch([uid], MessagePart.FLAGS)]
    assert message.flags is not None
    return set(message.flags)


async def raws_of(mailbox: IMAPMailboxUIDService) -> list[bytes | None]:
    """Return the octets of all messages, in order of UID."""
    found = await mailbox.search()
    return [m.raw async for m in mailbox.fetch(found, MessagePart.FULL)]


async def messages_in(client: IMAPClient, name: str, count: int) -> None:
    """Make the mailbox *name*, unless it is INBOX, and add *count* messages."""
    if name != "INBOX":
        await client.folders.create(name)
    for number in range(1, count + 1):
        await client.mailbox(name).append(small(number))
