"""Quota, rights and annotations, on servers that have them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from aiosage import (
    IMAPClient,
    IMAPOperationError,
    IMAPQuotaError,
    SpecialUse,
)
from aiosage.model import Rights
from aiosage.testing import (
    Certificates,
    CyrusNotFound,
    CyrusServer,
    DovecotNotFound,
    DovecotServer,
    MemoryServer,
)
from aiosage.wire.commands import AclMode, MetadataDepth

from ..conftest import CYRUS, DOVECOT, leave_out
from .accounts import open_client, small

PLUGINS = """
mail_attribute_dict = file:%h/attributes
mail_plugins = acl quota
protocol imap {
  mail_plugins = $mail_plugins imap_acl imap_quota
  imap_metadata = yes
}
plugin {
  acl = vfile
  quota = count:User quota
  quota_rule = *:storage=10M:messages=3
  quota_vsizes = yes
}
"""
COMMENT = "/private/comment"
BARE_CYRUS = "LIST-MYRIGHTS LIST-METADATA LIST-STATUS SPECIAL-USE LIST-EXTENDED"


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


@pytest.fixture(scope="module")
def bare_cyrus(certificates: Certificates) -> Iterator[CyrusServer]:
    """A Cyrus that tells nothing with LIST; it still has XLIST."""
    options = {"suppress_capabilities": BARE_CYRUS, "specialusealways": "no"}
    server = CyrusServer(certificates=certificates, options=options)
    try:
        server.start()
    except CyrusNotFound as error:
        leave_out("Cyrus", error)
    try:
        yield server
    finally:
        server.stop()


KINDS = (
    "memory",
    pytest.param("rich_dovecot", marks=pytest.mark.dovecot),
    CYRUS,
    pytest.param("bare_cyrus", marks=pytest.mark.cyrus),
)


@pytest.fixture(params=KINDS)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[IMAPClient]:
    if request.param == "memory":
        async with MemoryServer() as memory:
            account = memory.add_account("user", "secret", special=True)
            account.quota = {"STORAGE": 10 * 1024, "MESSAGE": 3}
            async with open_client(memory.host, memory.port, "user") as client:
                yield client
        return
    server: DovecotServer | CyrusServer = request.getfixturevalue(request.param)
    user = server.new_user()
    async with open_client(server.host, server.port, user) as client:
        yield client


async def test_rights_are_granted_and_taken_away(client: IMAPClient) -> None:
    await client.folders.create("Box")
    everything = await client.folders.my_rights("Box")
    await client.folders.set_acl("Box", "bob", "lrs")
    await client.folders.set_acl("Box", "bob", Rights("i"), AclMode.ADD)
    await client.folders.set_acl("Box", "bob", "s", AclMode.REMOVE)
    granted = await client.folders.acl("Box")
    await client.folders.delete_acl("Box", "bob")

    assert set("lrswite") <= set(everything)
    assert granted["bob"] == Rights("lri")
    assert "bob" not in await client.folders.acl("Box")


async def test_rights_and_annotations_are_told_with_the_list(
    client: IMAPClient,
) -> None:
    for name in ("Box", "Box/a"):
        await client.folders.create(name)
    await client.folders.set_metadata("Box/a", {COMMENT: "hi"})
    found = {
        info.name: info
        for info in await client.folders.list(
            "Box*", rights=True, metadata=[COMMENT], status=True
        )
    }

    assert list(found) == ["Box", "Box/a"]
    for info in found.values():
        assert info.rights == await client.folders.my_rights(info.name)
        assert info.status is not None
        assert info.status.messages == 0
    assert found["Box/a"].metadata == {COMMENT: b"hi"}
    assert not (found["Box"].metadata or {}).get(COMMENT)


async def test_annotations_are_kept_read_and_removed(client: IMAPClient) -> None:
    await client.folders.create("Box")
    values: dict[str, bytes | str | None] = {
        COMMENT: "grüß\r\ndich",
        "/private/vendor/x/deep": b"1",
    }
    await client.folders.set_metadata("Box", values)
    found = await client.folders.metadata("Box", COMMENT, "/private/vendor/x/deep")
    below = await client.folders.metadata(
        "Box", "/private/vendor", depth=MetadataDepth.ALL
    )
    await client.folders.set_metadata("Box", {COMMENT: None})

    assert found == {
        COMMENT: "grüß\r\ndich".encode(),
        "/private/vendor/x/deep": b"1",
    }
    assert below["/private/vendor/x/deep"] == b"1"
    assert not (await client.folders.metadata("Box", COMMENT)).get(COMMENT)
    with pytest.raises(ValueError, match="annotation"):
        await client.folders.metadata("Box", "no-slash")


async def test_annotations_of_what_is_not_there_are_an_error(
    client: IMAPClient,
) -> None:
    with pytest.raises(IMAPOperationError):
        await client.folders.metadata("missing", COMMENT)


async def test_a_special_use_is_found_whatever_tells_it(client: IMAPClient) -> None:
    trash = await client.folders.special(SpecialUse.TRASH)

    assert trash is not None
    assert trash.name == "Trash"
    assert trash.special_use is SpecialUse.TRASH


@pytest.mark.parametrize(
    "client",
    ["memory", pytest.param("rich_dovecot", marks=DOVECOT.marks)],
    indirect=True,
)
async def test_quota_tells_how_much_room_there_is(client: IMAPClient) -> None:
    inbox = client.mailbox()
    for number in range(3):
        await inbox.append(small(number))
    (quota,) = await client.folders.quota()
    storage, messages = quota.resource("STORAGE"), quota.resource("message")

    assert storage is not None
    assert messages is not None
    assert (messages.usage, messages.limit) == (3, 3)
    assert (storage.usage, storage.limit) == (1, 10 * 1024)
    with pytest.raises(IMAPQuotaError):
        await inbox.append(small(4))
    with pytest.raises(IMAPQuotaError):
        await inbox.copy([1], "Archive")


async def test_quota_limits_are_for_who_may_set_them(
    client: IMAPClient, request: pytest.FixtureRequest
) -> None:
    """Which users of real servers may not (RFC 9208 §4.1.3)."""
    (quota,) = await client.folders.quota("INBOX")
    if "memory" not in request.node.name:
        with pytest.raises(IMAPOperationError):
            await client.folders.set_quota(quota.root, {"MESSAGE": 5})
        return
    kept = await client.folders.set_quota(quota.root, {"MESSAGE": 5})
    limit = kept.resource("MESSAGE")

    assert limit is not None
    assert limit.limit == 5
    assert kept.resource("STORAGE") is None


@pytest.fixture(params=["memory", CYRUS])
async def client_without_use(
    request: pytest.FixtureRequest, certificates: Certificates
) -> AsyncIterator[IMAPClient]:
    """A client of a server that has METADATA, but no CREATE-SPECIAL-USE."""
    if request.param == "memory":
        async with MemoryServer(disable=["CREATE-SPECIAL-USE"]) as memory:
            memory.add_account("user", "secret", special=True)
            async with open_client(memory.host, memory.port, "user") as client:
                yield client
        return
    request.getfixturevalue("cyrus")  # skips where there is none
    options = {"suppress_capabilities": "CREATE-SPECIAL-USE"}
    async with CyrusServer(certificates=certificates, options=options) as cyrus:
        user = cyrus.new_user()
        async with open_client(cyrus.host, cyrus.port, user) as client:
            yield client


async def test_a_use_is_kept_as_an_annotation_where_create_takes_none(
    client_without_use: IMAPClient,
) -> None:
    """RFC 6154 §4."""
    folders = client_without_use.folders
    await folders.set_metadata("Archive", {"/private/specialuse": None})
    made = await folders.create("Keep", SpecialUse.ARCHIVE)
    archive = await folders.special(SpecialUse.ARCHIVE)

    assert made.special_use is SpecialUse.ARCHIVE
    assert archive is not None
    assert archive.name == "Keep"


async def test_a_use_that_cannot_be_kept_is_not_claimed(
    rich_dovecot: DovecotServer,
) -> None:
    """Dovecot has the annotation, and does not let it be changed."""
    user = rich_dovecot.new_user()
    async with open_client(rich_dovecot.host, rich_dovecot.port, user) as client:
        made = await client.folders.create("Keep", SpecialUse.FLAGGED)

        assert made.special_use is None
        assert await client.folders.exists("Keep")
