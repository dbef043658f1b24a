"""Side by side with Dovecot: where the two differ, the embedded server is wrong.

Left out are the texts for humans, and the body of a message that was expunged
unnoticed: whether Dovecot still has it depends on the storage.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from aiosage.testing import DovecotServer
from aiosage.testing.memory import MemoryServer

from .corpus import MESSAGES
from .raw_client import RawClient, logged_in

Value: TypeAlias = "bytes | list[Value] | None"

_TOKEN = re.compile(
    rb"(?P<open>\()|(?P<close>\))|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|\{(?P<size>\d+)\}\r\n"
    rb"|(?P<section>BODY\[[^\]]*\](?:<\d+>)?)|(?P<atom>[^\s()]+)|\s+",
    re.DOTALL,
)


@dataclass(frozen=True)
class Both:
    """The same user on both servers."""

    dovecot: RawClient
    memory: RawClient

    async def ok(self, command: str, *literals: bytes) -> None:
        """Run a command on both."""
        for client in (self.dovecot, self.memory):
            await client.ok(command, *literals)


@pytest.fixture
async def both(dovecot: DovecotServer) -> AsyncIterator[Both]:
    user = dovecot.new_user()
    async with (
        MemoryServer() as server,
        logged_in(dovecot.host, dovecot.port, user, dovecot.password) as real,
    ):
        server.add_account(user, dovecot.password, special=True)
        async with logged_in(
            server.host, server.port, user, dovecot.password
        ) as embedded:
            yield Both(real, embedded)


def parsed(octets: bytes) -> list[Value]:
    """Return the values of a response, strings of any form alike."""
    stack: list[list[Value]] = [[]]
    position = 0
    while position < len(octets):
        found = _TOKEN.match(octets, position)
        assert found is not None, octets[position : position + 20]
        position = found.end()
        if found["open"]:
            stack.append([])
        elif found["close"]:
            inner = stack.pop()
            stack[-1].append(inner)
        elif found["quoted"] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", found["quoted"]))
        elif found["size"]:
            size = int(found["size"])
            stack[-1].append(octets[position : position + size])
            position += size
        elif found["section"] or found["atom"]:
            stack[-1].append(None if found[0] == b"NIL" else found[0])
    return stack[0]


_SECTIONS = (
    *("", "HEADER", "TEXT", "1", "1.MIME", "2", "2.HEADER", "2.TEXT", "2.1", "2.2"),
    *("2.2.MIME", "3", "4", "1.HEADER", "1.TEXT", "3.HEADER", "1.2.MIME"),
    *("HEADER.FIELDS (SUBJECT FROM)", "2.HEADER.FIELDS (from)"),
    *("HEADER.FIELDS (NOSUCH)", "HEADER.FIELDS.NOT (SUBJECT x-foo)"),
)
_PARTIALS = tuple(
    f"BODY.PEEK[{section}]<{partial}>"
    for section in ("", "HEADER", "TEXT", "1")
    for partial in ("0.10", "5.7", "1000000.5")
)
ITEMS = (
    *("RFC822.SIZE", "ENVELOPE", "BODY", "BODYSTRUCTURE", "RFC822.HEADER"),
    *(f"BODY.PEEK[{section}]" for section in _SECTIONS),
    *_PARTIALS,
)

ODD = {
    # Dovecot adds the blank line to these fields, but not to the others.
    ("header only", "BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT x-foo)]"),
    # And it counts the line end before the delimiter, but does not send it.
    ("header cut short", "BODY.PEEK[1.MIME]"),
    ("header cut short", "BODY.PEEK[2.HEADER]"),
    ("header cut short", "BODY.PEEK[2.HEADER.FIELDS (from)]"),
}


@pytest.mark.parametrize("name", MESSAGES)
async def test_fetch_gives_the_same_octets(both: Both, name: str) -> None:
    await both.ok("APPEND INBOX", MESSAGES[name])
    await both.ok("SELECT INBOX")

    for item in ITEMS:
        if (name, item) in ODD:
            continue
        [expected] = await both.dovecot.ok(f"FETCH 1 {item}")
        [answer] = await both.memory.ok(f"FETCH 1 {item}")
        assert parsed(answer) == parsed(expected), item


SEARCHES = (
    *('SUBJECT "folded subject"', "SUBJECT hi", "SUBJECT x", 'SUBJECT ""'),
    *("FROM a@x", "FROM jox", "TO b@y", "CC Team", "BCC u@h", "SUBJECT grusse"),
    *("HEADER X-Foo bar", "HEADER Content-Type alternative", "HEADER Sender w"),
    *('HEADER Content-Type ""', "HEADER SUBJECT two", "HEADER DATE d1", "SUBJECT ab"),
    *("BODY hello", 'BODY "ha"', "TEXT inner", "TEXT html", "BODY inner", "BODY x"),
    *("BODY preamble", "BODY epilogue", "BODY QUJD", "BODY PDF", "TEXT PDF"),
    *('BODY "some desc"', 'TEXT "some desc"', 'TEXT "c1"', 'SUBJECT "=?utf-8"'),
    *("LARGER 100", "SMALLER 100", "LARGER 0", 'BODY ""', 'TEXT ""', "TEXT boundary"),
    *("SENTBEFORE 2-Jan-2024", "SENTON 1-Jan-2024", "SENTSINCE 2-Jan-2024"),
    *("SENTSINCE 1-Jan-1990", "NOT SENTSINCE 1-Jan-1990", 'TEXT "Subject: hi"'),
    *('TEXT "Content-Type: text/html"', 'BODY "Content-Type"', "BODY orig", "BODY ob"),
    *('TEXT "Reporting-MTA: dns"', 'BODY "no end"', 'BODY "body only"'),
    *("OR SUBJECT hi SUBJECT two", "NOT SUBJECT x", "1:3 SUBJECT x", "UID 5:9"),
    *("NOT (SUBJECT x)", "(SUBJECT x FROM y)", "2,4:5,*", "NEW", "OLD", "UNSEEN"),
    *("SINCE 1-Jan-2024", "BEFORE 1-Jan-2024", "YOUNGER 1000", "OLDER 1000"),
    *("RETURN (MIN MAX COUNT ALL) SUBJECT x", "RETURN (COUNT) SUBJECT nothing"),
)


async def test_search_finds_the_same(both: Both) -> None:
    for raw in MESSAGES.values():
        await both.ok("APPEND INBOX", raw)
    await both.ok("SELECT INBOX")

    for criteria in SEARCHES:
        [expected] = await both.dovecot.ok(f"SEARCH {criteria}")
        [answer] = await both.memory.ok(f"SEARCH {criteria}")
        assert answer.replace(b"(TAG", b"") == expected.replace(b"(TAG", b""), criteria

    for key, word in (("BODY", "hä"), ("FROM", "jöx"), ("SUBJECT", "GRÜSSE")):
        command = f"SEARCH CHARSET UTF-8 {key}"
        [expected] = await both.dovecot.ok(command, word.encode())
        [answer] = await both.memory.ok(command, word.encode())
        assert answer == expected, (key, word)


WORDS = (
    b"Subject: a\n\nHello  you\nthere.\n",
    b"Subject: a\nContent-Type: text/html\n\n<p>Hello <b>you</b></p>\n",
    b"Subject: a\n\n\n",
    b"Content-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe\n",
    b"Subject: a\nContent-Type: application/pdf\n\nPDF\n",
)


async def test_previews_are_the_same(both: Both) -> None:
    """RFC 8970, of short texts: where a long one is cut is the server's choice."""
    for raw in WORDS:
        await both.ok("APPEND INBOX", raw.replace(b"\n", b"\r\n"))
    await both.ok("SELECT INBOX")

    for item in ("PREVIEW", "(PREVIEW (LAZY) UID)"):
        for number in range(1, len(WORDS) + 1):
            [expected] = await both.dovecot.ok(f"FETCH {number} {item}")
            [answer] = await both.memory.ok(f"FETCH {number} {item}")
            pairs = [dict_of(parsed(line)) for line in (answer, expected)]
            assert pairs[0] == pairs[1], number


async def test_save_dates_are_those_of_arrival_here(both: Both) -> None:
    """RFC 8514: today, for messages of any date."""
    append = 'APPEND INBOX () "01-Jan-2020 10:00:00 +0000"'
    for client in (both.dovecot, both.memory):
        await client.ok(append, b"Subject: a\r\n")
        await client.ok("SELECT INBOX")
        for key in ("SAVEDSINCE 2-Jan-2020", "SAVEDATESUPPORTED"):
            assert await client.ok(f"SEARCH {key}") == [b"* SEARCH 1\r\n"]
        for key in ("SAVEDBEFORE 2-Jan-2020", "SAVEDON 1-Jan-2020"):
            assert await client.ok(f"SEARCH {key}") == [b"* SEARCH\r\n"]
        [answer] = await client.ok("FETCH 1 SAVEDATE")
        told = re.search(rb'SAVEDATE "(.{11}) .{8} [+-]\d{4}"', answer)
        assert told is not None
        assert told[1][7:] != b"2020"


ORDERS = (
    *("ARRIVAL", "REVERSE ARRIVAL", "SIZE", "REVERSE SIZE", "SUBJECT", "SUBJECT DATE"),
    *("FROM", "TO REVERSE SIZE", "CC", "REVERSE DATE", "DATE SUBJECT"),
    *("DISPLAYFROM", "REVERSE DISPLAYTO SIZE"),
)
ALGORITHMS = ("REFERENCES", "REFS", "ORDEREDSUBJECT")


def conversation() -> list[bytes]:
    """Return answers of some depth, one to a message that is not there."""
    answered = {1: (), 2: (1,), 3: (2, 1), 4: (9,), 5: (9,), 6: (), 7: (), 8: (6,)}
    subjects = {3: "Re: a", 6: "b", 7: "Fwd: b", 8: "c"}
    return [
        b"Subject: %b\r\nMessage-ID: <%d@x>\r\nReferences: %b\r\n"
        b"Date: %d Jan 2026 10:00:00 +0000\r\n\r\nx\r\n"
        % (
            subjects.get(number, "a").encode(),
            number,
            b" ".join(b"<%d@x>" % other for other in others),
            10 + number * 5 % 7,
        )
        for number, others in answered.items()
    ]


async def test_messages_are_sorted_and_threaded_the_same(both: Both) -> None:
    """All but what has no address in From, and threads that are as late as others."""
    corpus = [raw for name, raw in MESSAGES.items() if name != "broken addresses"]
    for raw in (*conversation(), *corpus):
        await both.ok("APPEND INBOX", raw)
    await both.ok("SELECT INBOX")
    commands = [
        *(f"SORT ({order}) UTF-8 ALL" for order in ORDERS),
        "SORT (SIZE) UTF-8 SUBJECT x",
        *(f"THREAD {algorithm} US-ASCII 1:8" for algorithm in ALGORITHMS),
        *(f"UID THREAD {algorithm} UTF-8 3:8" for algorithm in ALGORITHMS),
        "THREAD REFERENCES UTF-8 ALL",
        "THREAD ORDEREDSUBJECT UTF-8 ALL",
        "UID SORT RETURN (MIN MAX COUNT ALL) (REVERSE SIZE) UTF-8 ALL",
        "SORT RETURN (COUNT) (SIZE) UTF-8 SUBJECT nothing",
        "THREAD REFERENCES UTF-8 SUBJECT nothing",
        "SORT (SIZE) UTF-8 SUBJECT nothing",
    ]

    for command in commands:
        [expected] = await both.dovecot.ok(command)
        [answer] = await both.memory.ok(command)
        assert answer.split() == expected.split(), command


def dict_of(response: list[Value]) -> dict[bytes, Value]:
    """Return the items of a FETCH response, whatever their order."""
    items = response[-1]
    assert isinstance(items, list)
    names = [name for name in items[::2] if isinstance(name, bytes)]
    return dict(zip(names, items[1::2], strict=True))


def essence(responses: list[bytes]) -> list[bytes]:
    r"""Return what the responses say to a program.

    Left out: texts, UIDVALIDITY and mod-sequences; \Recent, \Marked and the
    flags in use, which Dovecot tells at moments of its choice.
    """
    said: list[bytes] = []
    for response in responses:
        response = re.sub(rb"\[(COPYUID|APPENDUID|UIDVALIDITY) \d+", rb"[\1", response)
        response = re.sub(rb" ?\\(Recent|Marked)", b"", response).replace(b"( ", b"(")
        response = re.sub(rb'"/" "?([^"]*)"?\r\n', rb"\1", response)
        if re.search(rb"RECENT|FLAGS \(\\Answered|HIGHESTMODSEQ", response[:40]):
            continue
        if found := re.match(rb"(\S+ (?:OK|NO|BAD))( \[[^\]]*\])?", response):
            response = found[1] + (found[2] or b"")
        said.append(response.strip())
    return said


SCRIPT = """
A: STATUS INBOX (MESSAGES UIDNEXT UNSEEN SIZE)
A: SELECT INBOX
B: SELECT INBOX
B: STORE 1 +FLAGS (\\Flagged)
B: STORE 1:2 FLAGS (\\Answered)
B: STORE 1 +FLAGS.SILENT (\\Seen)
A: NOOP
A: FETCH 1:2 (UID FLAGS)
A: UID FETCH 9:* UID
A: UID FETCH 9 UID
A: FETCH 7 FLAGS
A: FETCH 1 NONSENSE
A: FETCH 1 BODY[TEXT]
B: NOOP
B: STORE 2,4:5 +FLAGS.SILENT (\\Deleted)
A: NOOP
B: UID EXPUNGE 4
A: FETCH 1 FLAGS
B: EXPUNGE
A: UID SEARCH ALL
A: NOOP
B: COPY 1 nosuch
B: MOVE 1 nosuch
B: CREATE box
B: CREATE box
B: CREATE a//b
B: COPY 1:2 box
B: UID MOVE 3:9 box
A: NOOP
A: UID COPY 99 box
A: UNSELECT
A: UNSELECT
A: SELECT nosuch
A: EXAMINE box
A: STORE 1 +FLAGS (\\Seen)
A: CLOSE
A: CREATE box/below
A: DELETE box
A: DELETE box
A: DELETE box/below
A: CREATE box
A: RENAME box box/below
A: CREATE &
A: LIST "" box
A: LIST "" "%"
A: LSUB "" "T%"
A: RENAME box other/box
A: LIST "" *box
A: STATUS other/box (MESSAGES UIDNEXT)
A: DELETE other/box
A: DELETE other/box
A: DELETE INBOX
A: STATUS other/box (MESSAGES)
A: APPEND nosuch {3}
A: NONSENSE
A: SEARCH ALL
B: CLOSE
B: LOGOUT
"""


async def test_a_conversation_goes_the_same_way(dovecot: DovecotServer) -> None:
    """Two clients of one mailbox, step by step."""
    user, password = dovecot.new_user(), dovecot.password
    async with MemoryServer(disable=["OBJECTID"]) as server:
        server.add_account(user, password, special=True)
        answers: dict[str, list[tuple[str, list[bytes]]]] = {}
        for kind, host, port in (
            ("dovecot", dovecot.host, dovecot.port),
            ("memory", server.host, server.port),
        ):
            async with (
                logged_in(host, port, user, password) as a,
                logged_in(host, port, user, password) as b,
            ):
                clients = {"A": a, "B": b}
                for number in range(5):
                    await b.append(b"Subject: %d\r\n\r\nbody\r\n" % number)
                answers[kind] = [
                    (line, essence(await clients[line[0]].command(line[3:])))
                    for line in SCRIPT.strip().splitlines()
                ]

    for expected, answer in zip(answers["dovecot"], answers["memory"], strict=True):
        line = answer[0]
        if line.startswith("A: L"):  # the order of names is the server's
            expected[1].sort()
            answer[1].sort()
        assert answer == expected
