"""What a real server says in a session of many commands."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from aiosage.testing import CyrusServer, DovecotServer
from aiosage.wire import Framer, Status, parse

from ..conformance.corpus import corpus

MESSAGES = ("mixed", "sample 1", "sample 2", "sample 3")
COMMANDS = (
    b"CAPABILITY",
    b"ID NIL",
    b"NAMESPACE",
    b"ENABLE QRESYNC CONDSTORE",
    b'CREATE "One &- (two)"',
    b"CREATE &AOk-t&AOk-",
    b'LIST "" * RETURN (CHILDREN SPECIAL-USE)',
    b'LSUB "" *',
    b'LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT UIDVALIDITY HIGHESTMODSEQ))',
    b"STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE)",
    b"SELECT INBOX",
    b"FETCH 1:* FULL",
    b"UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)",
    b"UID FETCH 1:* (BINARY.SIZE[1] BINARY.PEEK[1] BODY.PEEK[1.MIME] MODSEQ)",
    b"UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[]<0.9> PREVIEW)",
    b"UID FETCH 1:2 (RFC822.HEADER BODY.PEEK[] FLAGS)",
    b"UID STORE 1:* +FLAGS (\\Flagged Work $Forwarded)",
    b"UID STORE 1 (UNCHANGEDSINCE 1) -FLAGS (Work)",
    b"UID SEARCH ALL",
    b"SEARCH MODSEQ 1",
    b"UID SEARCH RETURN (MIN MAX COUNT ALL) 1:*",
    b"UID SORT (REVERSE ARRIVAL) UTF-8 ALL",
    b"UID THREAD REFERENCES UTF-8 ALL",
    b"UID COPY 1:2 Sent",
    b"UID STORE 2 +FLAGS.SILENT (\\Deleted)",
    b"EXPUNGE",
    b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)",
    b"GETQUOTAROOT INBOX",
    b"MYRIGHTS INBOX",
    b"GETACL INBOX",
    b"UID SEARCH CHARSET X-NONE ALL",
    b"SELECT missing",
    b"BOGUS",
    b"UNSELECT",
    b"LOGOUT",
)


def commands(username: str, password: str) -> Iterator[bytes]:
    """Yield what to say, without tags."""
    yield f"LOGIN {username} {password}".encode()
    yield b"CREATE Sent"
    messages = dict(corpus())
    for name in MESSAGES:
        yield b"APPEND INBOX (\\Seen) {%d+}\r\n%b" % (
            len(messages[name]),
            messages[name],
        )
    yield from COMMANDS


def record(server: DovecotServer | CyrusServer) -> bytes:
    """Return all that *server* says to a new user, its greeting first."""
    received = bytearray()
    framer = Framer()

    def read(tag: str | None) -> None:
        while octets := connection.recv(65536):
            received.extend(octets)
            for frame in framer.feed(octets):
                said = parse(frame)
                if isinstance(said, Status) and said.tag == tag:
                    return
        assert framer.is_empty, "the server hung up"

    with socket.create_connection((server.host, server.port), 30.0) as connection:
        read(None)
        for command in commands(server.new_user(), server.password):
            connection.sendall(b"t " + command + b"\r\n")
            read("t")
    return bytes(received)
