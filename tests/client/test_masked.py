"""Every way around an extension, on servers that do not announce it.

Each row of the table is done twice: where the server has the extension, which shows
that it would be used, and where it is masked. The answers must be the same, or the
error names what is missing.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

import pytest

from aiosage import IMAPCapabilityError, IMAPClient, Security, SpecialUse
from aiosage.testing import Certificates, CyrusServer, DovecotServer, MemoryServer

from . import operations as does
from .accounts import small
from .relay import Relay

Act: TypeAlias = Callable[[IMAPClient], Awaitable[object]]


NOTHING: Final = object()


@dataclass(frozen=True, slots=True)
class Row:
    """What is done without an extension.

    Attributes:
        masked: the extension, or several with a space between.
        act: what is done.
        answer: what that returns.
        uses: what is on the wire where the server has the extension, and is not
            where it is masked; a pattern.
        instead: what is on the wire where it is masked, and not where it is there.
        without: what is returned without it, if that is something else.
        refused: the capability that the error names, if it cannot be done.
        servers: that offer the extension.
    """

    masked: str
    act: Act
    answer: object
    uses: bytes | None
    instead: bytes | None = None
    without: object = NOTHING
    refused: str | None = None
    servers: tuple[str, ...] = ("memory", "dovecot")


SMALL: Final = [small(number) for number in range(5)]
USES: Final = {
    use: use[1:]
    for use in SpecialUse
    if use[1:] in ("Archive", "Drafts", "Junk", "Sent", "Trash")
}
LISTED: Final = (["Box", "Box/a"], [1, 1], ["Box/a"])
HEADER: Final = SMALL[1].partition(b"Hello")[0]
APPENDED: Final = ([1, 2], SMALL[1:3])
ALL: Final = ("memory", "dovecot", "cyrus")

ROWS: Final = (
    Row(
        "MOVE",
        does.move,
        ([3], 2, SMALL[1:3]),
        rb" UID MOVE ",
        rb"(?s) UID COPY .* UID EXPUNGE ",
        servers=ALL,
    ),
    Row(
        "UIDPLUS",
        does.expunge,
        [2, 3],
        rb" UID EXPUNGE ",
        refused="UIDPLUS",
        servers=ALL,
    ),
    Row("UIDPLUS", does.append, APPENDED, None, rb" STATUS .*UIDNEXT"),
    Row(
        "REPLACE",
        does.replace,
        ([3], [SMALL[2], SMALL[3]]),
        rb" UID REPLACE ",
        rb"(?s) UID FETCH .* APPEND .* UID EXPUNGE ",
        servers=("memory",),
    ),
    Row(
        "MULTIAPPEND",
        does.append_many,
        ([1, 2, 3], SMALL[1:4]),
        None,
        rb"(?s)( APPEND .*){3}",
        servers=ALL,
    ),
    Row(
        "CATENATE",
        does.append_parts,
        [SMALL[1], HEADER + b"other\r\n"],
        rb" CATENATE ",
        rb"(?s) UID FETCH .* APPEND ",
        servers=("dovecot", "cyrus"),
    ),
    Row("BINARY", does.append_nul, 1, rb" ~\{", refused="BINARY", servers=("dovecot",)),
    Row("LITERAL+", does.append, APPENDED, rb"\{\d+\+\}", rb"\{\d+\}\r\n"),
    Row("ESEARCH", does.search, ([1, 2, 4], []), rb" SEARCH RETURN ", servers=ALL),
    Row("SORT", does.sort, [3, 2, 1], rb" UID SORT ", rb" UID FETCH ", servers=ALL),
    Row("ESORT", does.sort, [3, 2, 1], rb" UID SORT RETURN ", rb" UID SORT \("),
    Row(
        "PARTIAL",
        does.search_batches,
        [[1, 2], [3]],
        rb"\(PARTIAL 1:2",
        rb" UID SEARCH RETURN \((?!PARTIAL)",
        servers=("memory",),
    ),
    Row(
        "CONTEXT=SEARCH",
        does.search_batches,
        [[1, 2], [3]],
        rb"\(PARTIAL 1:2",
        rb" UID SEARCH RETURN \((?!PARTIAL)",
        servers=("dovecot",),
    ),
    Row("PREVIEW", does.preview, "Hello 1", rb"\(.*PREVIEW", rb"\(BODYSTRUCTURE\)"),
    Row("SAVEDATE", does.save_date, True, rb"\(SAVEDATE\)", refused="SAVEDATE"),
    Row(
        "OBJECTID",
        does.email_id,
        True,
        rb"\(EMAILID\)",
        refused="OBJECTID",
        servers=("memory", "cyrus"),
    ),
    Row(
        "THREAD=REFERENCES",
        does.thread,
        [(1, 4), (2,), (3,)],
        rb" UID THREAD ",
        rb" UID FETCH ",
        servers=ALL,
    ),
    Row("WITHIN", does.search_younger, [1], rb" YOUNGER ", refused="WITHIN"),
    Row(
        "CONDSTORE",
        does.store_unchanged,
        ([1], [2]),
        rb" \(UNCHANGEDSINCE ",
        refused="CONDSTORE",
        servers=("memory",),
    ),
    Row(
        "CONDSTORE QRESYNC",
        does.store_unchanged,
        ([1], [2]),
        rb" \(UNCHANGEDSINCE ",
        refused="CONDSTORE",
        servers=("dovecot", "cyrus"),
    ),
    Row("LIST-EXTENDED", does.list_all, LISTED, rb" RETURN \(", rb" LSUB "),
    Row(
        "LIST-STATUS",
        does.list_all,
        LISTED,
        rb" RETURN \(.*STATUS",
        rb" STATUS \"?Box\"? ",
        servers=ALL,
    ),
    Row(
        "STATUS=SIZE",
        does.sizes,
        len(SMALL[1]) + len(SMALL[2]),
        rb"[( ]SIZE[ )]",
        without=None,
    ),
    Row("SPECIAL-USE", does.specials, USES, rb"SPECIAL-USE", servers=ALL),
    Row(
        "CREATE-SPECIAL-USE",
        does.create_for_use,
        (SpecialUse.ARCHIVE, SpecialUse.ARCHIVE),
        rb" \(USE \(",
        rb' SETMETADATA "?Away',
        servers=("memory", "cyrus"),
    ),
    Row("NAMESPACE", does.namespaces, ("", "/"), rb" NAMESPACE\r\n", rb' LIST "" ""'),
    Row(
        "UNSELECT",
        does.delete_open_mailbox,
        (False, 1),
        rb" UNSELECT\r\n",
        rb' EXAMINE "no such',
        servers=ALL,
    ),
    Row(
        "ACL LIST-MYRIGHTS",
        does.rights,
        [True],
        rb"RIGHTS",
        refused="ACL",
        servers=("memory", "cyrus"),
    ),
    Row(
        "LIST-MYRIGHTS",
        does.rights,
        [True],
        rb" RETURN \(.*MYRIGHTS",
        rb" MYRIGHTS \"?INBOX",
        servers=("memory", "cyrus"),
    ),
    Row(
        "LIST-METADATA",
        does.notes,
        [{"/private/comment": b"hello"}],
        rb" RETURN \(.*METADATA",
        rb" GETMETADATA ",
        servers=("memory", "cyrus"),
    ),
    Row("IDLE", does.watch, "NewMessage", rb" IDLE\r\n", rb" NOOP\r\n"),
)
MARKS: Final = {"dovecot": pytest.mark.dovecot, "cyrus": pytest.mark.cyrus}


@pytest.fixture(scope="module")
def maskable(
    request: pytest.FixtureRequest, certificates: Certificates
) -> Iterator[Callable[[str, str], DovecotServer | CyrusServer]]:
    """Gives the server of a kind that lacks an extension, started once."""
    started: dict[tuple[str, str], DovecotServer | CyrusServer] = {}

    def lacking(kind: str, masked: str) -> DovecotServer | CyrusServer:
        """Return it."""
        whole: DovecotServer | CyrusServer = request.getfixturevalue(kind)
        if not masked:
            return whole
        if (kind, masked) not in started:
            started[kind, masked] = poorer = (
                DovecotServer(
                    certificates=certificates, capability=without(whole, masked)
                )
                if isinstance(whole, DovecotServer)
                else CyrusServer(
                    certificates=certificates, options={"suppress_capabilities": masked}
                )
            )
            poorer.start()
        return started[kind, masked]

    yield lacking
    for server in started.values():
        server.stop()


def without(server: DovecotServer, masked: str) -> str:
    """Return what *server* announces after login, without what is *masked*."""
    with imaplib.IMAP4(server.host, server.port) as session:
        session.login(server.new_user(), server.password)
        offered = session.capability()[1][0].decode().split()
    assert set(masked.split()) <= set(offered)
    return " ".join(name for name in offered if name not in masked.split())


@asynccontextmanager
async def client_of_kind(
    kind: str, masked: str, maskable: Callable[[str, str], DovecotServer | CyrusServer]
) -> AsyncGenerator[tuple[Relay, IMAPClient]]:
    """A client, over a relay, of a server that lacks what is *masked*."""
    if kind == "memory":
        async with MemoryServer(disable=masked.split()) as memory:
            memory.add_account("user", "secret", special=True)
            async with relayed(memory.host, memory.port, "user") as both:
                yield both
    else:
        server = maskable(kind, masked)
        async with relayed(server.host, server.port, server.new_user()) as both:
            yield both


@asynccontextmanager
async def relayed(
    host: str, port: int, user: str
) -> AsyncGenerator[tuple[Relay, IMAPClient]]:
    async with Relay(host, port) as relay:
        client = IMAPClient(
            relay.host,
            user,
            "secret",
            port=relay.port,
            security=Security.PLAIN,
            poll_interval=0.02,
            retry=None,  # which would ask how things stand before it changes them
        )
        async with client:
            yield relay, client


@pytest.mark.parametrize("is_masked", [False, True], ids=["offered", "masked"])
@pytest.mark.parametrize(
    ("kind", "row"),
    [
        pytest.param(
            kind,
            row,
            id=f"{kind}-{row.masked}-{row.act.__name__}",
            marks=MARKS.get(kind, ()),
        )
        for row in ROWS
        for kind in row.servers
    ],
)
async def test_without_it_the_answer_is_the_same_or_the_error_names_it(
    maskable: Callable[[str, str], DovecotServer | CyrusServer],
    kind: str,
    row: Row,
    is_masked: bool,
) -> None:
    masked = row.masked if is_masked else ""
    async with client_of_kind(kind, masked, maskable) as (relay, client):
        if is_masked and row.refused is not None:
            with pytest.raises(IMAPCapabilityError) as caught:
                await row.act(client)
            assert caught.value.capability == row.refused
        elif is_masked and row.without is not NOTHING:
            assert await row.act(client) == row.without
        else:
            assert await row.act(client) == row.answer
        sent = b"\n".join(relay.sent)

    if row.uses is not None:
        assert bool(re.search(row.uses, sent)) is not is_masked
    if row.instead is not None:
        assert bool(re.search(row.instead, sent)) is is_masked
