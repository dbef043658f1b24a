"""What Cyrus says, beyond what our commands ask it."""

from __future__ import annotations

import asyncio

from aiosage.testing import CyrusServer
from aiosage.wire import Condition, Continuation, Framer, Status, Unknown, parse

from ..conformance.corpus import corpus

COMMANDS = (
    b"CAPABILITY",
    b"ID NIL",
    b"NAMESPACE",
    b"ENABLE QRESYNC CONDSTORE",
    b'XLIST "" *',
    b'LSUB "" *',
    b'LIST (SUBSCRIBED) "" * RETURN (CHILDREN SPECIAL-USE MYRIGHTS)',
    b'LIST "" (INBOX "T%") RETURN (STATUS (MESSAGES UNSEEN HIGHESTMODSEQ SIZE))',
    b'LIST "" * RETURN (METADATA (/shared/comment /private/specialuse))',
    b"CREATE one/two",
    b"STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ SIZE)",
    b"STATUS INBOX (MAILBOXID)",
    b"APPEND INBOX (\\Seen) {%d+}\r\n",
    b"APPEND INBOX {%d+}\r\n",
    b"SELECT INBOX",
    b"NOOP",
    b"FETCH 1:* ALL",
    b"FETCH 1:* FULL",
    b"UID FETCH 1:* (UID MODSEQ EMAILID THREADID SAVEDATE PREVIEW BODYSTRUCTURE)",
    b"UID FETCH 1:* (BINARY[1] BINARY.SIZE[1] BODY.PEEK[1.MIME] RFC822.HEADER)",
    b"UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[]<0.9>)",
    b"UID FETCH 1:* (ANNOTATION (/* (value.priv size.shared)))",
    b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)",
    b"SEARCH ALL",
    b"UID SEARCH MODSEQ 1",
    b"UID SEARCH RETURN (MIN MAX COUNT ALL) 1:*",
    b"UID SEARCH RETURN (ALL) FUZZY SUBJECT none",
    b"UID SEARCH SUBJECT none",
    b"SORT (REVERSE ARRIVAL) UTF-8 ALL",
    b"UID SORT RETURN (COUNT ALL) (SUBJECT) UTF-8 ALL",
    b"THREAD REFERENCES UTF-8 ALL",
    b"THREAD REFS UTF-8 ALL",
    b"UID SORT RETURN (COUNT MIN) (DISPLAYFROM) UTF-8 ALL",
    b"SEARCH RETURN (COUNT) ALL",
    b"UID THREAD ORDEREDSUBJECT UTF-8 ALL",
    b"UID STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Flagged)",
    b"UID STORE 1 +FLAGS (\\Flagged Work $Forwarded)",
    b"UID COPY 1 Sent",
    b"UID MOVE 1 Trash",
    b"GETQUOTAROOT INBOX",
    b"MYRIGHTS INBOX",
    b"GETACL INBOX",
    b"LISTRIGHTS INBOX anyone",
    b'SETMETADATA INBOX (/private/comment {4+}\r\n"]\r\n)',
    b"GETMETADATA (DEPTH infinity) INBOX (/private /shared)",
    b'GETMETADATA "" (/shared/comment)',
    b"UNSELECT",
    b"EXAMINE Trash (CONDSTORE)",
    b"SELECT missing",
    b"BOGUS",
    b"LOGOUT",
)
"""Of every kind of response Cyrus has."""


async def test_every_kind_of_response_is_understood(cyrus: CyrusServer) -> None:
    """Not only what our commands ask for: none may end the session."""
    message = dict(corpus())["mixed"]
    reader, writer = await asyncio.open_connection(cyrus.host, cyrus.port)
    framer = Framer()
    login = f"LOGIN {cyrus.new_user()} {cyrus.password}".encode()
    refused = []
    unknown: set[bytes] = set()
    try:
        for command in (login, *COMMANDS):
            if command.startswith(b"APPEND"):
                command = command % len(message) + message
            writer.write(b"t " + command + b"\r\n")
            status = await tagged(reader, framer, unknown)
            if status.condition is not Condition.OK:
                refused.append(command.split()[0])
    finally:
        writer.close()
        await writer.wait_closed()
    assert framer.is_empty
    assert refused == [b"SELECT", b"BOGUS"]
    assert unknown == set()


async def tagged(
    reader: asyncio.StreamReader, framer: Framer, unknown: set[bytes]
) -> Status:
    """Parse what comes, up to the tagged response; add the names not known."""
    while True:
        async with asyncio.timeout(10.0):
            octets = await reader.read(65536)
        assert octets, "the server hung up"
        for response in [parse(frame) for frame in framer.feed(octets)]:
            assert not isinstance(response, Continuation)
            if isinstance(response, Unknown):
                unknown.add(response.raw.split()[1])
            if isinstance(response, Status) and response.tag is not None:
                return response
