"""The account of a test: how to log in to it, and who else changes it."""

from __future__ import annotations

import imaplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Unpack

from aiosage import (
    ConnectionConfig,
    Flag,
    IMAPClient,
    IMAPMailboxUIDService,
    MessagePart,
    MessageSet,
    Secret,
    Security,
)
from aiosage.client import ConnectionOptions
from aiosage.testing import DovecotServer, MemoryMailbox, MemoryServer
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
    **options: Unpack[ConnectionOptions],
) -> IMAPClient:
    """Return a client of *server*, not yet open."""
    return IMAPClient(config_of(server, **options), max_connections=max_connections)


def open_client(host: str, port: int, user: str) -> IMAPClient:
    """Return a client, not yet open, of a server that a test has for itself."""
    return IMAPClient(host, user, "secret", port=port, security=Security.PLAIN)


class OtherClient:
    """Whoever else changes the account, behind the back of the client tested."""

    def __init__(self, server: Endpoint) -> None:
        self._server = server
        self._user = server.username

    @property
    def _dovecot(self) -> DovecotServer:
        assert isinstance(self._server.backend, DovecotServer)
        return self._server.backend

    @property
    def _memory(self) -> MemoryServer:
        assert isinstance(self._server.backend, MemoryServer)
        return self._server.backend

    @property
    def _is_memory(self) -> bool:
        return isinstance(self._server.backend, MemoryServer)

    @property
    def _is_dovecot(self) -> bool:
        return isinstance(self._server.backend, DovecotServer)

    def _box(self, mailbox: str) -> MemoryMailbox:
        return self._memory.account(self._user).mailbox(mailbox)

    def _by_imap(self, change: Callable[[imaplib.IMAP4], tuple[str, object]]) -> None:
        """Make *change* in a session of its own: Cyrus has no back door."""
        session = imaplib.IMAP4(self._server.host, self._server.port)
        try:
            session.login(self._user, self._server.password)
            kind, data = change(session)
            assert kind == "OK", data
        finally:
            session.logout()

    def deliver(self, *messages: bytes, mailbox: str = "INBOX") -> None:
        """Put *messages* into *mailbox*."""
        for message in messages:
            if self._is_memory:
                self._box(mailbox).deliver(message)
            elif self._is_dovecot:
                self._dovecot.doveadm(
                    "save", "-u", self._user, "-m", mailbox, stdin=message
                )
            else:
                self._append(message, _quoted(mailbox))

    def _append(self, message: bytes, name: str) -> None:
        self._by_imap(lambda session: session.append(name, "", "", message))

    def _flags(self, verb: str, uid: int, flag: Flag, mailbox: str) -> None:
        if self._is_dovecot:
            self._dovecot.doveadm(
                *("flags", verb, "-u", self._user, flag),
                *("mailbox", mailbox, "uid", str(uid)),
            )
            return
        sign = "+" if verb == "add" else "-"

        def store(session: imaplib.IMAP4) -> tuple[str, object]:
            session.select(_quoted(mailbox))
            return session.uid("STORE", str(uid), f"{sign}FLAGS", f"({flag})")

        self._by_imap(store)

    def add_flag(self, uid: int, flag: Flag, mailbox: str = "INBOX") -> None:
        """Give a message *flag*."""
        if self._is_memory:
            self._box(mailbox).add_flags([uid], flag)
        else:
            self._flags("add", uid, flag, mailbox)

    def remove_flag(self, uid: int, flag: Flag, mailbox: str = "INBOX") -> None:
        """Take *flag* from a message."""
        if self._is_memory:
            self._box(mailbox).remove_flags([uid], flag)
        else:
            self._flags("remove", uid, flag, mailbox)

    def expunge(self, uid: int, mailbox: str = "INBOX") -> None:
        """Remove a message for good."""
        if self._is_memory:
            self._box(mailbox).expunge([uid])
        elif self._is_dovecot:
            self._dovecot.doveadm(
                "expunge", "-u", self._user, "mailbox", mailbox, "uid", str(uid)
            )
        else:

            def expunge(session: imaplib.IMAP4) -> tuple[str, object]:
                session.select(_quoted(mailbox))
                session.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
                return session.uid("EXPUNGE", str(uid))

            self._by_imap(expunge)

    def create(self, mailbox: str) -> None:
        """Make *mailbox*."""
        if self._is_memory:
            self._memory.account(self._user).create_mailbox(mailbox)
        elif self._is_dovecot:
            self._dovecot.doveadm("mailbox", "create", "-u", self._user, mailbox)
        else:
            self._by_imap(lambda session: session.create(_quoted(mailbox)))

    def delete(self, mailbox: str) -> None:
        """Remove *mailbox*."""
        if self._is_memory:
            self._memory.account(self._user).delete_mailbox(mailbox)
        elif self._is_dovecot:
            self._dovecot.doveadm("mailbox", "delete", "-u", self._user, "-s", mailbox)
        else:
            self._by_imap(lambda session: session.delete(_quoted(mailbox)))

    def cut(self) -> None:
        """End every connection of the user at once, without a word."""
        if self._is_memory:
            self._memory.disconnect_all()
        else:
            self._dovecot.kill_sessions(self._user)


def _quoted(mailbox: str) -> str:
    escaped = encode_mailbox_name(mailbox).decode("ascii")
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'


@asynccontextmanager
async def scripted_client(script: str) -> AsyncIterator[IMAPClient]:
    """A client of a server that plays *script*, which begins with the greeting."""
    leaving = "\nC: T99 LOGOUT\nS: * BYE bye\nS: T99 OK bye"
    async with scripted(script + leaving) as port, IMAPClient(config(port)) as client:
        yield client


async def uids_of(
    mailbox: IMAPMailboxUIDService, messages: MessageSet, *items: MessagePart
) -> list[int | None]:
    """Return the UIDs of what fetching yields, in the order it does."""
    return [message.uid async for message in mailbox.fetch(messages, *items)]


async def flags_of(mailbox: IMAPMailboxUIDService, uid: int) -> set[Flag]:
    r"""Return the flags of a message, without \Recent, which is the session's."""
    (message,) = [m async for m in mailbox.fetch([uid], MessagePart.FLAGS)]
    assert message.flags is not None
    return set(message.flags - {Flag.RECENT})


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
