"""What a server announces works as its standard says, on the servers that do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from aiosage.connection import IMAPConnection, TraceRecord
from aiosage.errors import IMAPAuthenticationError
from aiosage.model import (
    Flag,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    Rights,
    SortKey,
    ThreadNode,
)
from aiosage.testing import Certificates, CyrusServer, DovecotServer
from aiosage.wire.commands import (
    Append,
    Create,
    GetQuota,
    ListMailboxes,
    MultiAppend,
    MyRights,
    NewMessage,
    SetAcl,
    SetQuota,
    StatusItem,
    StoreMode,
    TextPart,
    Thread,
    UidFetch,
    UidSearch,
    UidSort,
    UidStore,
    UrlPart,
)

from ..conftest import CYRUS, DOVECOT, Endpoint, endpoint
from .test_cyrus import open_on
from .test_mailbox_commands import admin_cyrus, rich_dovecot

__all__ = ["admin_cyrus", "rich_dovecot"]

C = IMAPSearchCriteria
MESSAGE = b"Subject: x\r\n\r\n0123456789"


@pytest.fixture(params=[DOVECOT, CYRUS])
async def real(
    request: pytest.FixtureRequest, certificates: Certificates
) -> AsyncIterator[Endpoint]:
    """Each real server in turn."""
    async with endpoint(request, certificates) as server:
        yield server


@pytest.fixture
async def either(real: Endpoint) -> AsyncIterator[IMAPConnection]:
    """A session on each real server."""
    async with await open_on(real) as connection:
        yield connection


@pytest.fixture(
    params=[
        pytest.param("rich_dovecot", marks=pytest.mark.dovecot),
        pytest.param("cyrus", marks=pytest.mark.cyrus),
    ]
)
async def with_rights(request: pytest.FixtureRequest) -> AsyncIterator[IMAPConnection]:
    """A session where rights can be granted."""
    server: DovecotServer | CyrusServer = request.getfixturevalue(request.param)
    async with await open_on(server) as connection:
        yield connection


@pytest.fixture
async def on_dovecot(dovecot: DovecotServer) -> AsyncIterator[IMAPConnection]:
    async with await open_on(dovecot) as connection:
        yield connection


@pytest.fixture
async def on_cyrus(cyrus: CyrusServer) -> AsyncIterator[IMAPConnection]:
    async with await open_on(cyrus) as connection:
        yield connection


def announced(connection: IMAPConnection, prefix: str) -> list[str]:
    """Return what follows *prefix* in the capabilities that begin with it."""
    found = sorted(
        capability.removeprefix(prefix)
        for capability in connection.capabilities
        if capability.startswith(prefix)
    )
    assert found
    return found


async def test_a_literal_goes_without_being_asked_for(either: IMAPConnection) -> None:
    """RFC 7888: message and command in one flight."""
    records: list[TraceRecord] = []
    either.trace_to(records.append)
    await either.execute(Append("INBOX", MESSAGE))
    command, *answers = [record.text for record in records]
    assert command.endswith(f"{{{len(MESSAGE)}+}}")
    assert not [text for text in answers if text.startswith("+")]
    assert (await either.select("INBOX")).exists == 1


async def test_only_a_small_literal_goes_without_being_asked_for(
    dovecot: DovecotServer, certificates: Certificates
) -> None:
    """RFC 7888 §5: LITERAL- draws the line at 4096 octets."""
    records: list[TraceRecord] = []
    less = "imap_literal_minus = yes"
    async with (
        DovecotServer(certificates=certificates, extra_config=less) as server,
        await open_on(server) as connection,
    ):
        assert connection.supports("LITERAL-")
        assert not connection.supports("LITERAL+")
        connection.trace_to(records.append)
        for size in (4096, 4097):
            await connection.execute(Append("INBOX", MESSAGE.ljust(size)))
        assert (await connection.select("INBOX")).exists == 2
    texts = [record.text for record in records]
    assert [text for text in texts if text.endswith("INBOX {4096+}")]
    assert [text for text in texts if text.endswith("INBOX {4097}")]
    assert len([text for text in texts if text.startswith("+")]) == 1


async def test_a_login_takes_one_round_trip(real: Endpoint) -> None:
    """RFC 4959: the first answer goes with the command."""
    records: list[TraceRecord] = []
    async with await open_on(real, auth="PLAIN") as connection:
        told = replace(connection.config, trace=records.append)
    async with await IMAPConnection.open(told):
        texts = [record.text for record in records]
    assert [text for text in texts if text.endswith("AUTHENTICATE PLAIN ***")]
    assert not [text for text in texts if text.startswith("+")]


async def test_text_is_compared_without_regard_to_case(
    on_dovecot: IMAPConnection,
) -> None:
    """RFC 5255 §4.2: i;unicode-casemap is the comparator of I18NLEVEL=1."""
    for subject in (b"=?utf-8?q?=C3=A9t=C3=A9?=", b"=?utf-8?q?=C3=89TA?=", b"zoo"):
        await on_dovecot.execute(Append("INBOX", b"Subject: %b\r\n\r\n" % subject))
    await on_dovecot.select("INBOX")
    assert await on_dovecot.execute(UidSearch(C.subject("ÉTÉ"))) == MessageSet([1])
    assert await on_dovecot.execute(UidSearch(C.subject("Zoo"))) == MessageSet([3])
    by_subject = await on_dovecot.execute(UidSort((SortKey.SUBJECT,)))
    assert by_subject.messages == (2, 1, 3)


async def test_messages_of_the_last_seconds(either: IMAPConnection) -> None:
    """RFC 5032: by INTERNALDATE and the clock of the server."""
    await either.execute(Append("INBOX", MESSAGE))
    await either.select("INBOX")
    new, none = MessageSet([1]), MessageSet()
    assert await either.execute(UidSearch(C.younger(3600))) == new
    assert await either.execute(UidSearch(C.older(3600))) == none


async def test_a_list_tells_the_status_of_each_mailbox(either: IMAPConnection) -> None:
    """RFC 5819 §2; a mailbox that cannot be opened has none."""
    await either.execute(Create("up/down"))
    await either.execute(Append("up/down", MESSAGE))
    items = (StatusItem.MESSAGES, StatusItem.UNSEEN, StatusItem.SIZE)
    listed = await either.execute(ListMailboxes(("INBOX", "up/*"), status=items))
    found = {
        item.data.name: (item.status.messages, item.status.unseen, item.status.size)
        for item in listed
        if item.status is not None
    }
    assert found == {"INBOX": (0, 0, 0), "up/down": (1, 1, len(MESSAGE))}


async def test_each_right_that_is_announced_can_be_granted(
    with_rights: IMAPConnection,
) -> None:
    """RFC 4314 §2.2: RIGHTS= names those beyond RFC 2086."""
    letters = announced(with_rights, "RIGHTS=")[0].lower()
    assert set(letters) >= set("texk")
    user = with_rights.config.username
    for letter in letters:
        await with_rights.execute(Create(letter))
        await with_rights.execute(SetAcl(letter, user, Rights(f"lra{letter}")))
        rights = await with_rights.execute(MyRights(letter))
        assert Rights(letter) <= rights
        assert not Rights("w") <= rights


async def test_threads_by_references_alone(either: IMAPConnection) -> None:
    """As THREAD=REFERENCES, but equal subjects make no thread."""
    for subject, more in (
        ("a", ""),
        ("a", ""),
        ("b", "References: <1@x>\r\n"),
    ):
        number = len(await _uids(either)) + 1
        head = f"Subject: {subject}\r\nMessage-ID: <{number}@x>\r\n{more}"
        date = f"Date: {number} Feb 2026 00:00:00 +0000\r\n"
        await either.execute(Append("INBOX", f"{head}{date}\r\n".encode()))
    await either.reselect("INBOX")
    threads = await either.execute(Thread("REFS"))
    assert set(threads) == {ThreadNode((1, 3)), ThreadNode((2,))}


async def _uids(connection: IMAPConnection) -> MessageSet:
    await connection.reselect("INBOX")
    return await connection.execute(UidSearch(C.ALL))


async def test_a_message_made_of_some_octets_of_another(
    on_dovecot: IMAPConnection,
) -> None:
    """RFC 5550 §4.6, RFC 5092 §6: ``;PARTIAL=`` in the URL of CATENATE."""
    await on_dovecot.execute(Append("INBOX", MESSAGE))
    opened = await on_dovecot.select("INBOX")
    url = f"/INBOX;UIDVALIDITY={opened.uidvalidity}/;UID=1/;SECTION=TEXT/;PARTIAL=2.3"
    parts = (TextPart(b"Subject: y\r\n\r\n"), UrlPart(url))
    await on_dovecot.execute(MultiAppend("INBOX", (NewMessage(parts),)))
    await on_dovecot.noop()
    (data,) = await on_dovecot.execute(UidFetch(MessageSet([2]), (MessagePart.FULL,)))
    assert data.sections["BODY[]"] == b"Subject: y\r\n\r\n234"


async def test_a_search_may_be_fuzzy(on_cyrus: IMAPConnection) -> None:
    """RFC 6203; for text, Cyrus would need an index that it has not here."""
    await on_cyrus.execute(Append("INBOX", MESSAGE))
    await on_cyrus.execute(Append("INBOX", MESSAGE))
    await on_cyrus.select("INBOX")
    seen = UidStore(MessageSet([1]), StoreMode.ADD, frozenset({Flag.SEEN}))
    await on_cyrus.execute(seen)
    found = await on_cyrus.execute(UidSearch(C.fuzzy(C.UNSEEN) & C.larger(1)))
    assert found == MessageSet([2])
    text = await on_cyrus.execute(UidSearch(C.fuzzy(C.subject("x"))))
    assert text <= MessageSet([1, 2])


@pytest.mark.cyrus
async def test_each_resource_that_is_announced_can_be_limited(
    admin_cyrus: CyrusServer,
) -> None:
    user = admin_cyrus.new_user()
    async with (
        await open_on(admin_cyrus, username=user) as connection,
        await open_on(admin_cyrus, username="admin") as admin,
    ):
        limits = dict.fromkeys(announced(connection, "X-QUOTA="), 7)
        assert set(limits) >= {"STORAGE", "MESSAGE"}
        await admin.execute(SetQuota(f"user/{user}", limits))
        told = await admin.execute(GetQuota(f"user/{user}"))
        assert {resource.name: resource.limit for resource in told.resources} == limits


async def test_dovecot_refers_a_login_to_another_server(
    dovecot: DovecotServer, certificates: Certificates
) -> None:
    """RFC 2221: the password is right, but its mail is elsewhere."""
    elsewhere = """
passdb {
  driver = static
  args = password=secret nologin=y host=other.test destuser=joe
}
"""
    server = DovecotServer(certificates=certificates, extra_config=elsewhere)
    server.password = "not the one of the first passdb"
    async with server:
        with pytest.raises(IMAPAuthenticationError) as caught:
            await open_on(server, password="secret", auth="PLAIN")
    referral = caught.value.referral
    assert referral is not None
    assert (referral.host, referral.username) == ("other.test", "joe")
