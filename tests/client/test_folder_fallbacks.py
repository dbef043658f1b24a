"""Mailboxes on servers that lack an extension, one by one and all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aiosage import IMAPClient, MailboxInfo, SpecialUse
from aiosage.testing import DovecotServer, MemoryServer
from aiosage.wire.commands import StatusItem

from ..conftest import DOVECOT
from .accounts import open_client, small

EXTENSIONS = (
    *("LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "NAMESPACE", "CHILDREN"),
    *("STATUS=SIZE", "CONDSTORE"),
)
DOVECOT_ALWAYS = "IMAP4rev1 LITERAL+ SASL-IR ID UNSELECT UIDPLUS MOVE"
LACKING = [(), *((name,) for name in EXTENSIONS), EXTENSIONS]


@pytest.fixture(params=LACKING, ids=lambda lacking: " ".join(lacking) or "nothing")
def lacking(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return tuple(request.param)


@pytest.fixture(params=["memory", DOVECOT])
async def client(
    request: pytest.FixtureRequest, lacking: tuple[str, ...]
) -> AsyncIterator[IMAPClient]:
    """A client of a server that lacks some extensions."""
    if request.param == "memory":
        # Dovecot 2.3 has no OBJECTID, either.
        async with MemoryServer(disable=[*lacking, "OBJECTID"]) as memory:
            memory.add_account("user", "secret", special=True)
            async with open_client(memory.host, memory.port, "user") as client:
                yield client
        return
    request.getfixturevalue("dovecot")  # skips where there is none
    offered = [DOVECOT_ALWAYS, *(name for name in EXTENSIONS if name not in lacking)]
    async with DovecotServer(capability=" ".join(offered)) as dovecot:
        user = dovecot.new_user()
        async with open_client(dovecot.host, dovecot.port, user) as client:
            yield client


async def listed(
    client: IMAPClient,
    pattern: str = "*",
    *,
    subscribed: bool = False,
    status: bool = False,
) -> dict[str, MailboxInfo]:
    found = await client.folders.list(pattern, subscribed=subscribed, status=status)
    return {info.name: info for info in found}


async def test_what_is_above_a_subscribed_one_is_not_subscribed(
    client: IMAPClient,
) -> None:
    """LSUB tells of it in its place if the pattern has a percent sign."""
    await client.folders.create("Box")
    await client.folders.create("Box/a")
    await client.folders.subscribe("Box/a")

    assert "Box" not in await listed(client, "%", subscribed=True)
    assert "Box/a" in await listed(client, "Box/%", subscribed=True)


async def test_a_list_tells_the_same(
    client: IMAPClient, lacking: tuple[str, ...]
) -> None:
    for name in ("Box/a", "Box/b", "Other"):
        await client.folders.create(name)
    await client.mailbox("Box/b").append(small(1))
    found = await listed(client, "Box/*", status=True)

    assert list(found) == ["Box/a", "Box/b"]
    statuses = [info.status for info in found.values()]
    assert [status and status.messages for status in statuses] == [0, 1]
    size = statuses[1] and statuses[1].size
    assert size == (None if "STATUS=SIZE" in lacking else len(small(1)))
    assert await client.folders.statuses(["Box/a", "Box/b", "no"]) == {
        name: info.status for name, info in found.items()
    }
    everything = await client.folders.statuses()
    assert everything["Box/b"] == found["Box/b"].status


async def test_subscriptions_are_told_the_same(
    client: IMAPClient, lacking: tuple[str, ...]
) -> None:
    for name in ("Box/a", "Box/b", "Gone"):
        await client.folders.create(name)
    for name in ("Box/a", "Gone"):
        await client.folders.subscribe(name)
    await client.folders.delete("Gone")
    found = await listed(client, subscribed=True)
    all_ = await listed(client)

    assert {"Box/a", "Gone"} <= set(found)
    assert "Box/b" not in found
    assert found["Box/a"].is_selectable
    assert not found["Gone"].is_selectable
    assert all(info.is_subscribed for info in found.values())
    told = None if "LIST-EXTENDED" in lacking else False
    assert all_["Box/b"].is_subscribed is told


async def test_special_mailboxes_are_found_by_attribute_or_name(
    client: IMAPClient,
) -> None:
    specials = await client.folders.specials()

    assert {use: info.name for use, info in specials.items()} == {
        use: use[1:]
        for use in SpecialUse
        if use[1:] in ("Archive", "Drafts", "Junk", "Sent", "Trash")
    }


async def test_trees_come_and_go_the_same(client: IMAPClient) -> None:
    for name in ("P/a/x", "P/b"):
        await client.folders.create(name)
    moved = await client.folders.rename("P", "Q")
    (root,) = [node for node in await client.folders.tree() if node.level == "Q"]

    assert moved["P/a/x"] == "Q/a/x"
    assert [node.name for node in root.walk()] == ["Q", "Q/a", "Q/a/x", "Q/b"]
    assert "Q/a/x" in await client.folders.delete("Q", children=True)
    assert await listed(client, "Q*") == {}


async def test_namespaces_and_existence_are_told_the_same(client: IMAPClient) -> None:
    (personal,) = (await client.folders.namespaces()).personal

    assert (personal.prefix, personal.delimiter) == ("", "/")
    assert await client.folders.exists("Trash")
    assert not await client.folders.exists("Tras*")
    assert (await client.folders.ensure("New"), await client.folders.ensure("New")) == (
        True,
        False,
    )
    wanted = (StatusItem.MAILBOXID, StatusItem.APPENDLIMIT)
    status = await client.folders.status("New", wanted)
    assert (status.mailbox_id, status.append_limit) == (None, None)
