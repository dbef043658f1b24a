"""Commands about mailboxes and the account, on servers that have them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from aiosage.connection import IMAPConnection, News
from aiosage.errors import IMAPCapabilityError, IMAPOperationError
from aiosage.model import Flag, MessagePart, Rights, Secret, SpecialUse
from aiosage.testing import (
    Certificates,
    CyrusNotFound,
    CyrusServer,
    DovecotNotFound,
    DovecotServer,
)
from aiosage.wire import (
    FetchData,
    ListData,
    NamespacePrefix,
    QuotaData,
    QuotaResource,
    Status,
    StatusData,
    Unknown,
    append_limit,
)
from aiosage.wire.commands import (
    AclMode,
    Append,
    Create,
    DeleteAcl,
    EventGroup,
    GenUrlAuth,
    GetAcl,
    GetJmapAccess,
    GetMetadata,
    GetQuota,
    GetQuotaRoot,
    GetStatus,
    Language,
    ListMailboxes,
    ListReturn,
    ListRights,
    ListSelect,
    Lsub,
    MetadataDepth,
    MyRights,
    Namespace,
    Notify,
    NotifyEvent,
    NotifyFilter,
    ResetKey,
    SetAcl,
    SetMetadata,
    SetQuota,
    StatusItem,
    Subscribe,
    UrlFetch,
    UrlFetchItem,
    Xlist,
)

from ..conftest import leave_out
from .test_cyrus import open_on

PLUGINS = """
mail_attribute_dict = file:%h/attributes
mail_plugins = acl quota notify
protocol imap {
  mail_plugins = $mail_plugins imap_acl imap_quota
  imap_metadata = yes
  imap_urlauth_host = imap.test
}
plugin {
  acl = vfile
  quota = count:User quota
  quota_rule = *:storage=10M:messages=1000
  quota_vsizes = yes
}
"""
EVERYTHING = Rights("lrswipkxtea")
MAIL = frozenset({NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE})
MESSAGE = b"Subject: x\r\n\r\nbody"


@pytest.fixture(scope="module")
def rich_dovecot(certificates: Certificates) -> Iterator[DovecotServer]:
    """A Dovecot with the plugins that are off by default."""
    server = DovecotServer(certificates=certificates, extra_config=PLUGINS)
    try:
        server.start()
    except DovecotNotFound as error:
        leave_out("Dovecot", error)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def admin_cyrus(certificates: Certificates) -> Iterator[CyrusServer]:
    """A Cyrus with a user who may do everything."""
    server = CyrusServer(certificates=certificates, options={"admins": "admin"})
    try:
        server.start()
    except CyrusNotFound as error:
        leave_out("Cyrus", error)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
async def on_dovecot(rich_dovecot: DovecotServer) -> AsyncIterator[IMAPConnection]:
    async with await open_on(rich_dovecot) as connection:
        news = heard(connection)
        yield connection
        assert not any(isinstance(item, Unknown) for item in news)


@pytest.fixture
async def on_cyrus(cyrus: CyrusServer) -> AsyncIterator[IMAPConnection]:
    async with await open_on(cyrus) as connection:
        news = heard(connection)
        yield connection
        assert not any(isinstance(item, Unknown) for item in news)


@pytest.fixture(
    params=[
        pytest.param("on_dovecot", marks=pytest.mark.dovecot),
        pytest.param("on_cyrus", marks=pytest.mark.cyrus),
    ]
)
def connection(request: pytest.FixtureRequest) -> IMAPConnection:
    """A session on each server in turn; all it says must have a type."""
    found: IMAPConnection = request.getfixturevalue(request.param)
    return found


def heard(connection: IMAPConnection) -> list[News]:
    """Return a list that grows with what the server says."""
    news: list[News] = []
    connection.add_listener(news.append)
    return news


def is_cyrus(connection: IMAPConnection) -> bool:
    return connection.supports("XLIST")


async def test_a_list_tells_of_mailboxes_below_that_match(
    connection: IMAPConnection,
) -> None:
    """RFC 5258 §3.5: CHILDINFO, on both servers, one with quotes, one without."""
    await connection.execute(Create("up/down"))
    await connection.execute(Subscribe("up/down"))
    await connection.execute(Subscribe("Sent"))
    listed = await connection.execute(
        ListMailboxes(
            ("up", "Se%"),
            select=frozenset({ListSelect.SUBSCRIBED, ListSelect.RECURSIVEMATCH}),
            returns=frozenset({ListReturn.CHILDREN, ListReturn.SPECIAL_USE}),
        )
    )
    found = {item.data.name: item.data for item in listed}
    assert set(found) == {"up", "Sent"}
    assert found["up"].child_info == frozenset({"SUBSCRIBED"})
    assert Flag("\\HasChildren") in found["up"].attributes
    assert found["Sent"].child_info is None
    assert found["Sent"].attributes >= {Flag("\\Subscribed"), Flag(SpecialUse.SENT)}


async def test_a_list_can_be_of_special_uses_only(connection: IMAPConnection) -> None:
    """RFC 6154 §2."""
    listed = await connection.execute(
        ListMailboxes(select=frozenset({ListSelect.SPECIAL_USE}))
    )
    assert {item.data.name for item in listed} == {
        *("Archive", "Drafts", "Junk", "Sent", "Trash")
    }


async def test_lsub_lists_what_is_subscribed(connection: IMAPConnection) -> None:
    await connection.execute(Create("a b/é"))
    before = await connection.execute(Lsub())
    await connection.execute(Subscribe("a b/é"))
    after = await connection.execute(Lsub())
    assert {data.name for data in after} - {data.name for data in before} == {"a b/é"}
    assert all(data.subscribed_only for data in after)


async def test_a_list_can_tell_status_rights_and_metadata_at_once(
    on_cyrus: IMAPConnection,
) -> None:
    """RFC 5819, RFC 8440 and RFC 9590, pipelined with their own single forms."""
    await on_cyrus.execute(Append("INBOX", MESSAGE))
    await on_cyrus.execute(SetMetadata("INBOX", {"/private/comment": 'a "b"'}))
    listed, rights, status = await asyncio.gather(
        on_cyrus.execute(
            ListMailboxes(
                "%",
                returns=frozenset({ListReturn.MYRIGHTS}),
                status=(StatusItem.MESSAGES, StatusItem.SIZE),
                metadata=("/private/comment",),
            )
        ),
        on_cyrus.execute(MyRights("INBOX")),
        on_cyrus.execute(GetStatus("INBOX", (StatusItem.MESSAGES,))),
    )
    found = {item.data.name: item for item in listed}
    inbox, sent = found["INBOX"], found["Sent"]
    assert inbox.status is not None
    assert (inbox.status.messages, inbox.status.size) == (1, len(MESSAGE))
    assert inbox.metadata == {"/private/comment": b'a "b"'}
    assert sent.metadata == {"/private/comment": None}
    assert inbox.rights == rights
    assert inbox.rights is not None
    assert inbox.rights >= EVERYTHING
    assert status.messages == 1


async def test_xlist_marks_the_inbox_too(on_cyrus: IMAPConnection) -> None:
    found = {data.name: data.attributes for data in await on_cyrus.execute(Xlist())}
    assert Flag("\\Inbox") in found["INBOX"]
    assert Flag("\\Trash") in found["Trash"]


async def test_a_mailbox_is_made_for_a_use_and_has_an_identifier(
    on_cyrus: IMAPConnection,
) -> None:
    """RFC 6154 §3 and RFC 8474 §4."""
    identifier = await on_cyrus.execute(
        Create("News", frozenset({SpecialUse.IMPORTANT}))
    )
    assert identifier
    told = await on_cyrus.execute(GetStatus("News", (StatusItem.MAILBOXID,)))
    assert told.mailbox_id == identifier
    (listed,) = await on_cyrus.execute(
        ListMailboxes("News", returns=frozenset({ListReturn.SPECIAL_USE}))
    )
    assert Flag(SpecialUse.IMPORTANT) in listed.data.attributes
    with pytest.raises(IMAPOperationError) as caught:
        await on_cyrus.execute(Create("More", frozenset({SpecialUse.DRAFTS})))
    assert caught.value.code == "USEATTR"


@pytest.mark.dovecot
async def test_what_the_server_lacks_is_refused_before_it_is_sent(
    on_dovecot: IMAPConnection,
) -> None:
    for command, capability in (
        (Create("a", frozenset({SpecialUse.SENT})), "CREATE-SPECIAL-USE"),
        (ListMailboxes(returns=frozenset({ListReturn.MYRIGHTS})), "LIST-MYRIGHTS"),
        (ListMailboxes(metadata=("/a",)), "LIST-METADATA"),
        (Language(), "LANGUAGE"),
        (GetJmapAccess(), "JMAPACCESS"),
        (Xlist(), "XLIST"),
    ):
        with pytest.raises(IMAPCapabilityError, match="does not announce") as caught:
            await on_dovecot.execute(command)
        assert caught.value.capability == capability


async def test_namespaces(connection: IMAPConnection) -> None:
    found = await connection.execute(Namespace())
    assert found.personal == (NamespacePrefix("", "/"),)


async def test_status_with_every_item_the_servers_have(
    connection: IMAPConnection,
) -> None:
    await connection.execute(Append("INBOX", MESSAGE))
    told = await connection.execute(
        GetStatus(
            "INBOX",
            (
                StatusItem.MESSAGES,
                StatusItem.RECENT,
                StatusItem.UNSEEN,
                StatusItem.UIDNEXT,
                StatusItem.UIDVALIDITY,
                StatusItem.SIZE,
                StatusItem.HIGHESTMODSEQ,
            ),
        )
    )
    assert (told.messages, told.unseen, told.uidnext) == (1, 1, 2)
    assert told.size == len(MESSAGE)
    assert told.uidvalidity
    assert told.highest_modseq
    assert told.recent is not None


async def test_the_append_limit_of_the_server(on_cyrus: IMAPConnection) -> None:
    assert append_limit(on_cyrus.capabilities) == 2**32 - 1


@pytest.mark.dovecot
async def test_quota_of_a_mailbox(on_dovecot: IMAPConnection) -> None:
    (quota,) = await on_dovecot.execute(GetQuotaRoot("INBOX"))
    assert quota == QuotaData(
        "User quota",
        (QuotaResource("STORAGE", 0, 10240), QuotaResource("MESSAGE", 0, 1000)),
    )
    await on_dovecot.execute(Append("INBOX", MESSAGE * 200))
    now = await on_dovecot.execute(GetQuota("User quota"))
    assert now.resource("MESSAGE") == QuotaResource("MESSAGE", 1, 1000)
    assert (storage := now.resource("STORAGE")) is not None
    assert storage.usage == 4
    with pytest.raises(IMAPOperationError, match="admin"):
        await on_dovecot.execute(SetQuota("User quota", {"STORAGE": 500}))


@pytest.mark.cyrus
async def test_an_administrator_sets_limits(admin_cyrus: CyrusServer) -> None:
    """The answer is what the server made of them (RFC 9208 §4.1.3)."""
    user = admin_cyrus.new_user()
    async with (
        await open_on(admin_cyrus, username=user) as connection,
        await open_on(admin_cyrus, username="admin") as admin,
    ):
        roots = await connection.execute(GetQuotaRoot("INBOX"))
        assert roots == (QuotaData("INBOX"),)
        limits = {"STORAGE": 500, "MESSAGE": 7}
        await admin.execute(SetQuota(f"user/{user}", limits))
        await connection.execute(Append("INBOX", MESSAGE))
        (quota,) = await connection.execute(GetQuotaRoot("INBOX"))
        assert quota.resource("STORAGE") == QuotaResource("STORAGE", 0, 500)
        assert quota.resource("MESSAGE") == QuotaResource("MESSAGE", 1, 7)
        told = await admin.execute(GetQuota(f"user/{user}"))
        assert told.root == f"user/{user}"
        assert told.resources == quota.resources
        await admin.execute(SetQuota(f"user/{user}", {}))
        assert (await admin.execute(GetQuota(f"user/{user}"))).resources == ()


async def test_rights_are_granted_listed_and_taken_away(
    connection: IMAPConnection,
) -> None:
    await connection.execute(Create("team"))
    await connection.execute(SetAcl("team", "bob", Rights("lr")))
    await connection.execute(SetAcl("team", "bob", Rights("sw"), AclMode.ADD))
    await connection.execute(SetAcl("team", "bob", Rights("s"), AclMode.REMOVE))
    await connection.execute(SetAcl("team", "-eve", Rights("lr")))
    acl = await connection.execute(GetAcl("team"))
    assert acl.mailbox == "team"
    assert acl.rights["bob"] == Rights("lrw")
    assert acl.rights["-eve"] == Rights("lr")
    assert acl.rights[connection.config.username] >= EVERYTHING
    assert await connection.execute(MyRights("team")) >= EVERYTHING
    listed = await connection.execute(ListRights("team", "bob"))
    assert listed is not None
    assert (listed.mailbox, listed.identifier) == ("team", "bob")
    assert listed.required == Rights()
    assert Rights("l") in listed.optional
    await connection.execute(DeleteAcl("team", "bob"))
    assert "bob" not in (await connection.execute(GetAcl("team"))).rights


@pytest.mark.parametrize("mailbox", ["INBOX", "a é", ""])
async def test_annotations_come_back(connection: IMAPConnection, mailbox: str) -> None:
    """Of mailboxes and, by the empty name, of the server."""
    if mailbox == "a é":
        await connection.execute(Create(mailbox))
    values: dict[str, bytes | str | None] = {"/private/comment": b'\r\n"\\)'}
    await connection.execute(SetMetadata(mailbox, values))
    entries = ("/private/comment", "/shared/comment")
    got = await connection.execute(GetMetadata(mailbox, entries))
    assert got.values == {"/private/comment": b'\r\n"\\)', "/shared/comment": None}
    assert got.longest is None
    await connection.execute(SetMetadata(mailbox, {"/private/comment": None}))
    got = await connection.execute(GetMetadata(mailbox, entries))
    assert got.values == dict.fromkeys(entries)


async def test_annotations_below_an_entry(connection: IMAPConnection) -> None:
    values: dict[str, bytes | str | None] = {
        "/private/comment": "long words",
        "/shared/comment": "é",
    }
    await connection.execute(SetMetadata("INBOX", values))
    everything = await connection.execute(
        GetMetadata("INBOX", ("/private", "/shared"), MetadataDepth.ALL)
    )
    assert everything.values["/private/comment"] == b"long words"
    assert everything.values["/shared/comment"] == "é".encode()
    small = await connection.execute(
        GetMetadata("INBOX", ("/private/comment", "/shared/comment"), max_size=5)
    )
    assert small.values == {"/shared/comment": "é".encode()}
    assert small.longest == 10


async def test_an_annotation_with_nul_is_refused_and_nothing_else_breaks(
    connection: IMAPConnection,
) -> None:
    """Both understand literal8 as far as to say that they will not have it."""
    with pytest.raises(IMAPOperationError):
        await connection.execute(SetMetadata("INBOX", {"/private/comment": b"a\0b"}))
    if is_cyrus(connection):  # it takes the rest of the command for another
        return
    await connection.noop()


async def test_authorized_urls_open_a_message(connection: IMAPConnection) -> None:
    """RFC 4467, RFC 5524: each server answers with parts in its own way."""
    await connection.execute(Append("INBOX", MESSAGE))
    user = connection.config.username
    rump = f"imap://{user}@imap.test/INBOX/;uid=1;urlauth=user+{user}"
    await connection.select("INBOX")
    (url,) = await connection.execute(GenUrlAuth((rump,)))
    assert url.reveal().startswith(rump + ":internal:")
    missing = Secret(f"{rump}:internal:{'0' * 34}")
    content, nothing = await connection.execute(UrlFetch((url, missing)))
    assert (content.url, content.body) == (url, MESSAGE)
    assert (nothing.url, nothing.body) == (missing, None)
    parts = frozenset({UrlFetchItem.BINARY, UrlFetchItem.STRUCTURE})
    (content,) = await connection.execute(UrlFetch((url,), parts))
    assert content.binary == MESSAGE
    assert content.body is None
    assert content.structure is not None
    await connection.execute(ResetKey("INBOX", ("INTERNAL",)))
    (gone,) = await connection.execute(UrlFetch((url,)))
    assert gone.body is None
    await connection.execute(ResetKey())


@pytest.mark.dovecot
async def test_news_of_other_mailboxes_is_told_when_asked_for(
    rich_dovecot: DovecotServer,
) -> None:
    """RFC 5465: STATUS, LIST and FETCH come unasked."""
    user = rich_dovecot.new_user()
    async with (
        await open_on(rich_dovecot, username=user) as connection,
        await open_on(rich_dovecot, username=user) as other,
    ):
        await other.execute(Create("lists"))
        await connection.select("INBOX")
        told = await connection.execute(
            Notify(
                (
                    EventGroup(
                        NotifyFilter.SELECTED,
                        MAIL | {NotifyEvent.FLAG_CHANGE},
                        fetch=(MessagePart.UID, MessagePart.FLAGS),
                    ),
                    EventGroup(NotifyFilter.SUBTREE, MAIL, ("lists",)),
                    EventGroup(
                        NotifyFilter.PERSONAL,
                        frozenset(
                            {
                                NotifyEvent.MAILBOX_NAME,
                                NotifyEvent.SUBSCRIPTION_CHANGE,
                            }
                        ),
                    ),
                ),
                status=True,
            )
        )
        assert ("lists", 0) in [(data.mailbox, data.messages) for data in told]
        news = heard(connection)
        complete = asyncio.Event()

        def listen(_: News) -> None:
            if _is_complete(news):
                complete.set()

        connection.add_listener(listen)
        await other.execute(Append("INBOX", MESSAGE))
        await other.execute(Append("lists", MESSAGE))
        await other.execute(Create("new"))  # no RENAME: Dovecot 2.3.19 crashes
        async with asyncio.timeout(10.0):
            await complete.wait()
        await connection.noop()  # before which Dovecot keeps what is in INBOX
        assert not any(isinstance(item, Unknown) for item in news)
        fetched = [item for item in news if isinstance(item, FetchData)]
        assert [(data.uid, Flag.SEEN in (data.flags or ())) for data in fetched] == [
            (1, False)
        ]
        await connection.execute(Notify(()))
        news.clear()
        await other.execute(Append("lists", MESSAGE))
        await connection.noop()
        assert [item for item in news if not isinstance(item, Status)] == []


def _is_complete(news: list[News]) -> bool:
    names = {item.name for item in news if isinstance(item, ListData)}
    counts = {
        item.messages
        for item in news
        if isinstance(item, StatusData) and item.mailbox == "lists"
    }
    return 1 in counts and "new" in names
