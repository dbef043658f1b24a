"""A second opinion: what holds on Dovecot holds on Cyrus, and its own habits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, News, Security
from aiosage.errors import (
    IMAPAuthenticationError,
    IMAPCapabilityError,
    IMAPConnectionError,
    IMAPConnectionLost,
    IMAPMailboxError,
    IMAPOperationError,
    IMAPProtocolError,
)
from aiosage.model import (
    BodyStructure,
    Envelope,
    Flag,
    IMAPSearchCriteria,
    MailboxInfo,
    MessagePart,
    MessageSet,
    Secret,
    SpecialUse,
)
from aiosage.testing import CyrusServer, DovecotServer
from aiosage.wire import (
    ExistsData,
    ExpungeData,
    FetchData,
    NamespacePrefix,
    VanishedData,
)
from aiosage.wire.commands import (
    Append,
    Create,
    Delete,
    Enable,
    GetStatus,
    ListMailboxes,
    ListReturn,
    Namespace,
    Rename,
    SessionState,
    StoreMode,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidMove,
    UidSearch,
    UidStore,
)

from ..conformance.corpus import corpus
from ..conftest import Endpoint


async def open_on(
    server: Endpoint | CyrusServer | DovecotServer,
    security: Security = Security.TLS,
    *,
    username: str | None = None,
    password: str | None = None,
    auth: str = "auto",
) -> IMAPConnection:
    """Log in to *server*, as a user nobody else has unless one is named."""
    if isinstance(server, Endpoint):
        username, context = server.username, server.ssl_context
    else:
        username, context = username or server.new_user(), server.client_context()
    return await IMAPConnection.open(
        ConnectionConfig(
            host="localhost",
            port=server.tls_port if security is Security.TLS else server.port,
            username=username,
            password=Secret(password or server.password),
            security=security,
            ssl_context=context,
            auth=auth,
        )
    )


@pytest.fixture
async def connection(any_server: Endpoint) -> AsyncIterator[IMAPConnection]:
    async with await open_on(any_server) as connection:
        yield connection


@pytest.fixture
async def on_cyrus(cyrus: CyrusServer) -> AsyncIterator[IMAPConnection]:
    async with await open_on(cyrus) as connection:
        yield connection


@pytest.mark.parametrize("security", Security)
async def test_each_security_mode_logs_in(
    any_server: Endpoint, security: Security
) -> None:
    async with await open_on(any_server, security) as connection:
        assert (await connection.select("INBOX")).exists == 0


@pytest.mark.parametrize("security", Security)
async def test_a_wrong_password_is_refused(
    cyrus: CyrusServer, security: Security
) -> None:
    with pytest.raises(IMAPAuthenticationError):
        await open_on(cyrus, security, password="wrong")


@pytest.mark.parametrize(
    "name",
    ["a b", "R&D", "Entwürfe", "日本", "🎉", "(p)", "NIL", "a]", "x*y", "inbox/sub"],
)
async def test_odd_names_come_back_as_they_were_given(
    connection: IMAPConnection, name: str
) -> None:
    await connection.execute(Create(name))
    listed = await connection.execute(ListMailboxes())
    names = {item.data.name.upper(): item.data.name for item in listed}
    name = names[name.upper()]
    await connection.execute(Append(name, b"Subject: x\r\n\r\nx"))
    status = await connection.execute(GetStatus(name, ("MESSAGES",)))
    assert status.items == {"MESSAGES": 1}
    assert (await connection.select(name)).exists == 1
    await connection.unselect()
    await connection.execute(Rename(name, "renamed"))
    await connection.execute(Delete("renamed"))


@pytest.mark.parametrize("name", ['q"uote', "back\\slash", "per%cent", "x{3}"])
async def test_names_cyrus_forbids_are_mailbox_errors(
    on_cyrus: IMAPConnection, name: str
) -> None:
    """NO, not BAD: it has read them as one name each, and the session goes on."""
    with pytest.raises(IMAPMailboxError, match="NO Invalid mailbox name"):
        await on_cyrus.execute(Create(name))
    await on_cyrus.noop()


async def test_a_mailbox_that_cannot_be_opened_leaves_none_open(
    connection: IMAPConnection,
) -> None:
    """Cyrus says [CLOSED] first, and no code such as NONEXISTENT then."""
    await connection.select("INBOX")
    with pytest.raises(IMAPMailboxError):
        await connection.select("missing")
    assert connection.selected is None
    assert connection.state is SessionState.AUTHENTICATED
    await connection.select("INBOX")


async def test_flags_searches_copies_moves_and_expunges(
    connection: IMAPConnection,
) -> None:
    for number in range(1, 5):
        message = b"Subject: number %d\r\n\r\nx\r\n" % number
        await connection.execute(Append("INBOX", message, frozenset({Flag.SEEN})))
    await connection.execute(Create("other"))
    await connection.select("INBOX")
    one, two, three, four = (MessageSet([uid]) for uid in range(1, 5))

    stored = await connection.execute(
        UidStore(one | two, StoreMode.ADD, frozenset({Flag.DELETED, Flag("Work")}))
    )
    assert {uid: flags - {Flag.RECENT} for uid, flags in stored.items()} == {
        uid: {Flag.SEEN, Flag.DELETED, Flag("Work")} for uid in (1, 2)
    }
    for criteria, found in [
        (IMAPSearchCriteria.keyword("Work"), one | two),
        (IMAPSearchCriteria.subject("number 3"), three),
        (IMAPSearchCriteria.UNSEEN, MessageSet()),
    ]:
        assert await connection.execute(UidSearch(criteria)) == found
    copied = await connection.execute(UidCopy(three, "other"))
    moved = await connection.execute(UidMove(three | four, "other"))
    assert copied is not None
    assert moved is not None
    assert dict(copied.pairs()) == {3: 1}
    assert dict(moved.pairs()) == {3: 2, 4: 3}
    await connection.execute(UidExpunge(one))
    left = await connection.execute(UidSearch(IMAPSearchCriteria.ALL))
    assert left == two
    with pytest.raises(IMAPMailboxError):
        await connection.execute(Append("nowhere", b"Subject: x\r\n\r\nx"))
    assert (await connection.select("other")).exists == 3


async def test_what_another_session_does_is_told_in_idle(any_server: Endpoint) -> None:
    async with (
        await open_on(any_server) as connection,
        await open_on(any_server) as other,
    ):
        await connection.select("INBOX")
        news: asyncio.Queue[News] = asyncio.Queue()
        connection.add_listener(news.put_nowait)

        async def wait(kind: type[News]) -> News:
            while not isinstance(told := await news.get(), kind):
                pass
            return told

        async with asyncio.timeout(20.0), connection.idle():
            await other.execute(Append("INBOX", b"Subject: x\r\n\r\nx"))
            assert await wait(ExistsData) == ExistsData(1)
            await other.select("INBOX")
            flagged = frozenset({Flag.FLAGGED})
            await other.execute(UidStore(MessageSet([1]), StoreMode.ADD, flagged))
            fetched = await wait(FetchData)
            assert isinstance(fetched, FetchData)
            assert fetched.flags is not None
            assert Flag.FLAGGED in fetched.flags
            deleted = frozenset({Flag.DELETED})
            await other.execute(UidStore(MessageSet([1]), StoreMode.ADD, deleted))
            await other.execute(UidExpunge(MessageSet([1])))
            assert await wait(ExpungeData) == ExpungeData(1)


async def test_commands_at_once_each_get_their_own_answer(
    connection: IMAPConnection,
) -> None:
    bodies = {n: b"Subject: %d\r\n\r\n" % n + b"x" * n * 500 for n in range(1, 31)}
    codes = await asyncio.gather(
        *(connection.execute(Append("INBOX", body)) for body in bodies.values())
    )
    uids = [code.uids[0][0] for code in codes if code is not None]
    await connection.select("INBOX")
    answers = await asyncio.gather(
        *(
            connection.execute(UidFetch(MessageSet([uid]), (MessagePart.FULL,)))
            for uid in uids
        )
    )
    assert [
        [(data.uid, data.sections["BODY[]"]) for data in answer] for answer in answers
    ] == [[(uid, body)] for uid, body in zip(uids, bodies.values(), strict=True)]


async def test_a_killed_session_fails_its_waiters(cyrus: CyrusServer) -> None:
    user = cyrus.new_user()
    async with await open_on(cyrus, username=user) as connection:
        await connection.select("INBOX")
        async with asyncio.timeout(10.0):
            idling = asyncio.ensure_future(idle_through(connection))
            waiting = asyncio.ensure_future(connection.noop())
            await asyncio.sleep(0)
            assert cyrus.kill_sessions(user) == 1
            errors = await asyncio.gather(idling, waiting, return_exceptions=True)
        assert {type(error) for error in errors} == {IMAPConnectionLost}
        assert connection.is_closed


async def idle_through(connection: IMAPConnection) -> None:
    """Idle until the session ends."""
    ended = asyncio.Event()

    def listen(news: News) -> None:
        if isinstance(news, IMAPConnectionError):
            ended.set()

    connection.add_listener(listen)
    async with connection.idle():
        await ended.wait()


@pytest.mark.usefixtures("cyrus")
async def test_plain_text_logins_that_are_forbidden_are_not_tried() -> None:
    """LOGINDISABLED, and no AUTH=PLAIN, before TLS (RFC 9051 §6.2.3)."""
    with CyrusServer(options={"allowplaintext": "no"}) as server:
        with pytest.raises(IMAPCapabilityError, match="no login by PLAIN"):
            await open_on(server, Security.PLAIN, auth="PLAIN")
        async with await open_on(server, Security.PLAIN) as connection:
            await connection.noop()  # by a mechanism that does not tell the password
        async with await open_on(server, Security.STARTTLS) as connection:
            await connection.noop()


async def test_logindisabled_after_logging_in_means_nothing(
    on_cyrus: IMAPConnection,
) -> None:
    assert on_cyrus.supports("LOGINDISABLED")
    await on_cyrus.select("INBOX")


async def test_special_uses_in_lower_case_are_known(on_cyrus: IMAPConnection) -> None:
    r"""Cyrus says \archive; attributes compare in any case (RFC 9051 §7.3.1)."""
    listed = await on_cyrus.execute(
        ListMailboxes(returns=frozenset({ListReturn.SPECIAL_USE}), status=("MESSAGES",))
    )
    uses = {
        item.data.name: MailboxInfo(
            item.data.name, item.data.delimiter, item.data.attributes
        ).special_use
        for item in listed
        if item.status is not None and item.status.items == {"MESSAGES": 0}
    }
    assert uses == {
        "INBOX": None,
        "Archive": SpecialUse.ARCHIVE,
        "Drafts": SpecialUse.DRAFTS,
        "Junk": SpecialUse.JUNK,
        "Sent": SpecialUse.SENT,
        "Trash": SpecialUse.TRASH,
    }


async def test_namespaces_other_than_dovecots(on_cyrus: IMAPConnection) -> None:
    found = await on_cyrus.execute(Namespace())
    assert found.personal == (NamespacePrefix("", "/"),)
    assert found.other_users == (NamespacePrefix("Other Users/", "/"),)
    assert found.shared == (NamespacePrefix("Shared Folders/", "/"),)


async def test_enabling_qresync_enables_condstore_too(cyrus: CyrusServer) -> None:
    """From then on VANISHED replaces EXPUNGE (RFC 7162 §3.2.3, §3.2.10)."""
    user = cyrus.new_user()
    async with (
        await open_on(cyrus, username=user) as connection,
        await open_on(cyrus, username=user) as other,
    ):
        enabled = await connection.execute(Enable(("QRESYNC",)))
        assert enabled >= {"QRESYNC"}
        for _ in range(3):
            await connection.execute(Append("INBOX", b"Subject: x\r\n\r\nx"))
        selected = await connection.select("INBOX")
        assert selected.highest_modseq
        news: list[News] = []
        connection.add_listener(news.append)
        deleted = frozenset({Flag.DELETED})
        await other.select("INBOX")
        await other.execute(UidStore(MessageSet([1, 3]), StoreMode.ADD, deleted))
        await other.execute(UidExpunge(MessageSet([1, 3])))
        await connection.noop()
        vanished = [item for item in news if isinstance(item, VanishedData)]
        assert vanished == [VanishedData(MessageSet([1, 3]), earlier=False)]
        assert not any(isinstance(item, ExpungeData) for item in news)


async def test_a_status_item_of_random_octets_is_a_value_or_a_protocol_error(
    cyrus: CyrusServer,
) -> None:
    """Beside another item, Cyrus 3.6 sends freed memory as MAILBOXID."""
    for _ in range(5):
        async with await open_on(cyrus) as connection:
            try:
                for _ in range(20):
                    status = await connection.execute(
                        GetStatus("INBOX", ("MESSAGES", "MAILBOXID"))
                    )
                    assert status.items["MESSAGES"] == 0
            except (IMAPProtocolError, IMAPConnectionLost):
                assert connection.is_closed


async def test_a_mailbox_id_asked_for_alone_is_right(on_cyrus: IMAPConnection) -> None:
    """RFC 8474 §4.3; so it is to be asked for alone."""
    first, second = [
        await on_cyrus.execute(GetStatus("INBOX", ("MAILBOXID",))) for _ in range(2)
    ]
    assert re.fullmatch(r"[\w-]{1,255}", first.mailbox_id or "", re.ASCII)
    assert first == second


# What they make of mail that is broken; neither is wrong.
ENVELOPES_DIFFER = {
    "broken addresses",
    "fields twice",  # Dovecot joins them, Cyrus takes the last
}
STRUCTURES_DIFFER = {
    "no boundary",  # Dovecot: a multipart with one part; Cyrus: a text
    "odd type",  # Dovecot: "nonsense/"; Cyrus: text/plain
}
REFUSED_BY_CYRUS = {"a line that is no field"}


async def test_envelopes_and_structures_are_those_dovecot_tells(
    cyrus: CyrusServer, dovecot: DovecotServer
) -> None:
    of_cyrus, of_dovecot = await told_by(cyrus), await told_by(dovecot)
    assert set(of_dovecot) - set(of_cyrus) == REFUSED_BY_CYRUS
    for name, (its_envelope, its_structure, its_size) in of_cyrus.items():
        its, theirs = its_envelope, of_dovecot[name][0]
        assert (its == theirs) is (name not in ENVELOPES_DIFFER), name
        same = parts(its_structure) == parts(of_dovecot[name][1])
        assert same is (name not in STRUCTURES_DIFFER), name
        assert its_size == of_dovecot[name][2], name


def parts(structure: BodyStructure) -> list[tuple[object, ...]]:
    """Return the tree, flat, without what its writers may choose.

    Cyrus writes languages in capitals, and leaves out the charset a text has by
    default, or which Dovecot supposes (RFC 2045 §5.2).
    """
    return [
        (
            *(part.section, part.content_type, part.encoding, part.size, part.lines),
            {"charset": "us-ascii", **part.params}
            if part.type == "text"
            else part.params,
            *(part.content_id, part.description, part.md5, part.location),
            *(part.disposition, part.disposition_params, part.envelope),
            tuple(language.lower() for language in part.language),
            *(part.body is not None, len(part.parts)),
        )
        for part in structure.walk()
    ]


async def told_by(
    server: CyrusServer | DovecotServer,
) -> dict[str, tuple[Envelope, BodyStructure, int | None]]:
    """Store every message, and return what *server* says of those it takes."""
    names: dict[int, str] = {}
    async with await open_on(server) as connection:
        for name, raw in corpus():
            try:
                code = await connection.execute(Append("INBOX", raw))
            except IMAPOperationError:
                continue
            assert code is not None
            names[code.uids[0][0]] = name
        await connection.select("INBOX")
        items = (MessagePart.ENVELOPE, MessagePart.BODY_STRUCTURE, MessagePart.SIZE)
        found = {}
        for data in await connection.execute(UidFetch(MessageSet(names), items)):
            assert data.envelope is not None
            assert data.body_structure is not None
            found[names[data.uid or 0]] = (
                data.envelope,
                data.body_structure,
                data.size,
            )
        return found
