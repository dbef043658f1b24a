"""The embedded server against Dovecot: one script, two servers, equal results.

Where they differ, the embedded server is wrong: it is there to be taken for a
real one in the tests of programs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TypeAlias

import pytest

from aiosage import (
    ConnectionConfig,
    EmailMessage,
    Flag,
    IMAPClient,
    IMAPOperationError,
    MessagePart,
    MessageSet,
    Secret,
    Security,
)
from aiosage import IMAPSearchCriteria as S
from aiosage.testing import DovecotServer, MemoryServer
from aiosage.wire.commands import Create, ListMailboxes, Rename

from .corpus import corpus

Results: TypeAlias = dict[str, object]
CODES = frozenset({"NONEXISTENT", "ALREADYEXISTS", "TRYCREATE", "OVERQUOTA", "TOOBIG"})
Script: TypeAlias = Callable[[IMAPClient], Awaitable[Results]]

pytestmark = pytest.mark.dovecot


@asynccontextmanager
async def client_of(host: str, port: int, username: str) -> AsyncIterator[IMAPClient]:
    config = ConnectionConfig(
        host=host,
        port=port,
        username=username,
        password=Secret("secret"),
        security=Security.PLAIN,
    )
    async with IMAPClient(config) as client:
        yield client


async def check_alike(dovecot: DovecotServer, script: Script) -> None:
    """Run *script* on both servers, and fail with all that differs."""
    async with MemoryServer() as server:
        server.add_account("user", "secret")
        async with client_of(server.host, server.port, "user") as client:
            memory = await script(client)
    async with client_of(dovecot.host, dovecot.port, dovecot.new_user()) as client:
        real = await script(client)
    differences = [
        f"{label}:\n  Dovecot {real.get(label)!r}\n  memory  {memory.get(label)!r}"
        for label in {**real, **memory}
        if memory.get(label) != real.get(label)
    ]
    if differences:
        pytest.fail("\n".join(["memory is not like Dovecot", *differences]))


async def refusal(call: Awaitable[object]) -> tuple[str, str, str | None] | None:
    """Return how the server refuses, without its words; None if it does not.

    Of the codes only those that tell a program what to do next.
    """
    try:
        await call
    except IMAPOperationError as error:
        code = error.code if error.code in CODES else None
        return type(error).__name__, error.status, code
    return None


def told(message: EmailMessage) -> dict[str, object]:
    """Return what the server said about *message*."""
    values = {field.name: getattr(message, field.name) for field in fields(message)}
    del values["uidvalidity"]  # each server's own
    return {name: value for name, value in values.items() if value not in (None, {})}


SECTIONS = [
    "",
    "HEADER",
    "TEXT",
    "1",
    "2",
    "3",
    "1.1",
    "1.2",
    "2.1",
    "1.1.1",
    "1.1.2",
    "1.MIME",
    "2.MIME",
    "1.1.MIME",
    "1.HEADER",
    "1.TEXT",
    "2.HEADER",
    "1.1.HEADER",
]
ITEMS = [
    MessagePart.SIZE,
    MessagePart.ENVELOPE,
    MessagePart.BODY_STRUCTURE,
    *map(MessagePart.section, SECTIONS),
    MessagePart.header_fields("Subject", "from", "X-Missing"),
    MessagePart.header_fields("Subject", "To", excluding=True),
    MessagePart.header_fields("Subject", section="1"),
    MessagePart.header_fields("X-Long"),
    MessagePart.FULL.partial(0, 10),
    MessagePart.FULL.partial(7, 100_000),
    MessagePart.FULL.partial(100_000, 5),
    MessagePart.TEXT.partial(3, 4),
    MessagePart.section("1").partial(2, 3),
    MessagePart.HEADER.partial(5, 20),
]


@pytest.mark.parametrize("item", ITEMS, ids=str)
async def test_every_item_of_every_message(
    dovecot: DovecotServer, item: MessagePart
) -> None:
    """ENVELOPE, BODYSTRUCTURE, sections and partials (RFC 9051 §6.4.5)."""

    async def script(client: IMAPClient) -> Results:
        inbox = client.mailbox()
        names = {}
        for name, raw in corpus():
            uid = (await inbox.append(raw)).uid
            assert uid is not None
            names[uid] = name
        return {
            names[message.uid or 0]: told(message)
            async for message in inbox.fetch(names, item, MessagePart.BODY_STRUCTURE)
            if has_part(message, item)
            and (item.of, names[message.uid or 0]) not in DIFFERENT
        }

    await check_alike(dovecot, script)


def has_part(message: EmailMessage, item: MessagePart) -> bool:
    """Return whether *message* has the part *item* is of, or it is of no part.

    Dovecot answers for part 1.1 of a text, too; there is no such part.
    """
    path = [word for word in (item.of or "").split(".") if word.isdecimal()]
    structure = message.body_structure
    assert structure is not None
    return not path or structure.find(".".join(path)) is not None


# What the embedded server answers otherwise, of mail that is broken.
DIFFERENT = {
    (None, "broken addresses"),  # an address without a domain, or without end
    ("2.MIME", "empty part"),  # which lacks even the empty line
    ("HEADER.FIELDS.NOT", "header only"),  # likewise
    ("HEADER.FIELDS.NOT", "a line that is no field"),
}
DAY = date(2026, 1, 5)
CRITERIA = {
    "all": S.ALL,
    "seen": S.SEEN,
    "unseen": S.UNSEEN,
    "flagged": S.FLAGGED,
    "unflagged": S.UNFLAGGED,
    "answered": S.ANSWERED,
    "deleted": S.DELETED,
    "undeleted": S.UNDELETED,
    "draft": S.DRAFT,
    "keyword": S.keyword("Work"),
    "unkeyword": S.unkeyword("Work"),
    "keyword in capitals": S.keyword("WORK"),
    "before": S.before(DAY),
    "on": S.on(DAY),
    "since": S.since(DAY),
    "sent before": S.sent_before(DAY),
    "sent on": S.sent_on(DAY),
    "sent since": S.sent_since(date(2026, 1, 6)),
    "older": S.older(3600),
    "younger": S.younger(3600),
    "from": S.from_address("ann"),
    "from in capitals": S.from_address("ANN@EXAMPLE"),
    "from encoded": S.from_address("Jörg"),
    "to": S.to_address("bob"),
    "to quoted": S.to_address('the "builder"'),
    "cc": S.cc("eve"),
    "bcc": S.bcc("hidden"),
    "subject": S.subject("mixed"),
    "subject odd": S.subject("hotel (:-) and"),
    "subject encoded": S.subject("Grüße"),
    "subject encoded in capitals": S.subject("GRÜSSE"),
    "subject over two words": S.subject("Grüße aus"),
    "subject folded": S.subject("subject that is"),
    "body": S.body("html"),
    "body decoded": S.body("Grüße"),
    "body of base64": S.body("bold"),
    "body of an inner message": S.body("text of the inner"),
    "body is not the header": S.body("Message-ID: <plain"),
    "body of mime headers": S.body("format=flowed"),
    "text": S.text("references"),
    "text decoded": S.text("köln"),
    "header": S.header("Message-ID", "<plain@"),
    "header is there": S.header("X-Empty", ""),
    "header is missing": S.header("X-Missing", ""),
    "header of a part": S.header("Content-ID", "part"),
    "larger": S.larger(1000),
    "smaller": S.smaller(30),
    "uid": S.uid(MessageSet.parse("2:5,9,4000")),
    "not": ~S.subject("e"),
    "or": S.subject("mixed") | S.subject("plain"),
    "or of three": S.subject("digest") | S.from_address("ann") | S.SEEN,
    "and in or": (S.SEEN & S.FLAGGED) | (S.DRAFT & ~S.DELETED),
    "not or": ~(S.SEEN | S.FLAGGED),
}


async def test_every_search_key(dovecot: DovecotServer) -> None:
    """All of RFC 9051 §6.4.4, and WITHIN (RFC 5032)."""

    async def script(client: IMAPClient) -> Results:
        inbox = client.mailbox()
        flags = [Flag.SEEN, Flag.FLAGGED, Flag.ANSWERED, Flag.DELETED, Flag.DRAFT]
        names = {}
        now = datetime.now(UTC)
        for number, (name, raw) in enumerate(corpus()):
            arrived = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(hours=number * 5)
            result = await inbox.append(
                raw,
                flags=[
                    *(f for bit, f in enumerate(flags) if number >> bit & 1),
                    *([Flag("Work")] if number % 3 == 0 else []),
                ],
                internal_date=arrived if number % 7 else now,
            )
            assert result.uid is not None
            names[result.uid] = name
        return {
            label: [names[uid] for uid in await inbox.search(criteria)]
            for label, criteria in CRITERIA.items()
        }

    await check_alike(dovecot, script)


async def test_searches_that_are_refused(dovecot: DovecotServer) -> None:
    async def script(client: IMAPClient) -> Results:
        inbox = client.mailbox()
        return {
            "of an empty mailbox": list(await inbox.search(S.subject("x"))),
            "uids beyond": list(await inbox.search(S.uid(MessageSet([7])))),
        }

    await check_alike(dovecot, script)


async def test_changes_to_messages(dovecot: DovecotServer) -> None:
    """APPEND, STORE, COPY, MOVE and UID EXPUNGE, and what they answer."""

    async def script(client: IMAPClient) -> Results:
        inbox, other = client.mailbox(), client.mailbox("Other")
        await client.folders.create("Other")
        found: Results = {}
        when = datetime(2020, 2, 29, 23, 59, 58, tzinfo=timezone(timedelta(hours=-3)))
        raws = [raw for _, raw in corpus()][:6]
        found["append"] = [
            (await inbox.append(raw, flags=[Flag.SEEN], internal_date=when)).uid
            for raw in raws
        ]
        found["add"] = (
            await inbox.add_flags([1, 2, 99], Flag.FLAGGED, Flag("Work"))
        ).flags
        found["add again"] = (await inbox.add_flags([1], Flag.FLAGGED)).flags
        found["remove"] = (await inbox.remove_flags([1], Flag.SEEN, Flag("WORK"))).flags
        found["remove what is not there"] = (
            await inbox.remove_flags([1], Flag.DRAFT)
        ).flags
        found["set"] = (await inbox.set_flags([2], Flag.DELETED)).flags
        found["set none"] = (await inbox.set_flags([3])).flags
        found["new keyword"] = (await inbox.add_flags([4], Flag("$Forwarded"))).flags
        found["copy"] = dict((await inbox.copy([1, 3, 99], "Other")).uids)
        found["copy nothing"] = dict((await inbox.copy([99], "Other")).uids)
        found["copy to itself"] = dict((await inbox.copy([1], "INBOX")).uids)
        found["move"] = dict((await inbox.move([4, 5], "Other")).uids)
        found["move nothing"] = dict((await inbox.move([99], "Other")).uids)
        await inbox.expunge([6])
        found["left"] = list(await inbox.search())
        found["still deleted"] = list(await inbox.search(S.DELETED))
        for name, box in (("INBOX", inbox), ("Other", other)):
            found[f"messages of {name}"] = [
                told(message)
                async for message in box.fetch(
                    await box.search(),
                    MessagePart.FLAGS,
                    MessagePart.INTERNAL_DATE,
                    MessagePart.SIZE,
                )
            ]
        found["into nothing"] = [
            await refusal(inbox.copy([1], "missing")),
            await refusal(inbox.move([1], "missing")),
            await refusal(client.mailbox("missing").append(raws[0])),
            await refusal(client.mailbox("missing").search()),
        ]
        return found

    def without_recent(value: object) -> object:
        if isinstance(value, frozenset):
            return value - {Flag.RECENT}
        if isinstance(value, dict):
            return {key: without_recent(one) for key, one in value.items()}
        return value

    async def normalised(client: IMAPClient) -> Results:
        found = await script(client)
        return {label: without_recent(value) for label, value in found.items()}

    await check_alike(dovecot, normalised)


NAMES = [
    "plain",
    "a space",
    " leading",
    "trailing ",
    'quo"ted',
    "back\\slash",
    "a&b",
    "&AOQ-",
    "Grüße",
    "日本語",
    "😀",
    "st*r",
    "per%cent",
    "{3}",
    "(list)",
    "a/b/c",
    "INBOX/below",
    "InBoX/other",
    "x" * 200,
    "#news",
    "nil",
    "NIL",
]


@pytest.mark.parametrize("name", ["a//b", "/a", "tab\there"])
async def test_a_name_no_mailbox_can_have(dovecot: DovecotServer, name: str) -> None:
    """The client refuses most of them itself, so the servers are asked directly."""

    async def script(client: IMAPClient) -> Results:
        async with client.pool.connection() as connection:
            return {
                "create": await refusal(connection.execute(Create(name))),
                "rename": await refusal(connection.execute(Rename("INBOX", name))),
                "list": [
                    mailbox.data.name
                    for mailbox in await connection.execute(ListMailboxes(name))
                ],
            }

    await check_alike(dovecot, script)


@pytest.mark.parametrize("name", NAMES)
async def test_a_mailbox_of_any_name(dovecot: DovecotServer, name: str) -> None:
    async def script(client: IMAPClient) -> Results:
        folders, box = client.folders, client.mailbox(name)
        message = b"Subject: x\r\n\r\nbody\r\n"
        found: Results = {}

        async def note(label: str, call: Awaitable[object]) -> None:
            found[label] = await refusal(call)

        async def names() -> list[tuple[str, str | None, bool]]:
            return [
                (mailbox.name, mailbox.delimiter, mailbox.is_selectable)
                for mailbox in await folders.list()
                # Dovecot is set up with special mailboxes for every user, and keeps
                # the folders above one that was deleted.
                if mailbox.special_use is None and mailbox.is_selectable
            ]

        await note("create", folders.create(name))
        await note("create again", folders.create(name))
        found["list"] = await names()
        await note("append", box.append(message))
        await note("select", box.search())
        await note("status", folders.status(name))
        if found["status"] is None:
            status = await folders.status(name)
            found["messages"] = (status.messages, status.unseen, status.uidnext)
        await note("subscribe", folders.subscribe(name))
        await note("rename", folders.rename(name, "renamed/to"))
        found["list after rename"] = await names()
        await note("rename back", folders.rename("renamed/to", name))
        await note("delete", folders.delete(name))
        await note("delete again", folders.delete(name))
        await note("unsubscribe", folders.unsubscribe(name))
        found["list at the end"] = await names()
        return found

    await check_alike(dovecot, script)


async def test_listing_and_status(dovecot: DovecotServer) -> None:
    """Patterns, references, attributes (RFC 9051 §6.3.9) and STATUS items."""

    async def script(client: IMAPClient) -> Results:
        folders = client.folders
        for name in ("A", "A/B", "A/B/C", "D/E", "Ä/ö"):
            await folders.create(name)
        found: Results = {}
        for reference, pattern in [
            ("", "*"),
            ("", "%"),
            ("", "A*"),
            ("", "A/%"),
            ("", "%/%"),
            ("", "*/C"),
            ("A/", "%"),
            ("A/", "*"),
            ("", "Ä/*"),
            ("", "missing"),
            ("", "D"),
            ("", "inbox"),
            ("", ""),
        ]:
            found[f"{reference!r} {pattern!r}"] = [
                (mailbox.name, mailbox.delimiter, sorted(map(str.lower, attributes)))
                for mailbox in await folders.list(pattern, reference=reference)
                if mailbox.special_use is None
                for attributes in [mailbox.attributes - {Flag("\\Subscribed")}]
            ]
        box = client.mailbox("A/B")
        for number, (_, raw) in zip(range(5), corpus(), strict=False):
            await box.append(raw, flags=[Flag.SEEN] if number % 2 else [])
        await box.expunge([5])
        status = await folders.status("A/B")
        found["status"] = (
            status.messages,
            status.unseen,
            status.uidnext,
            status.size,
            status.highest_modseq is not None,
        )
        found["refused"] = [
            await refusal(folders.delete("INBOX")),
            await refusal(folders.delete("D")),
            await refusal(folders.create("A")),
            await refusal(folders.rename("A", "D/E")),
            await refusal(folders.rename("A", "A/B/C/D")),
            await refusal(folders.rename("missing", "x")),
            await refusal(folders.status("missing")),
            await refusal(folders.status("D")),
            await refusal(client.mailbox("D").search()),
        ]
        return found

    await check_alike(dovecot, script)
