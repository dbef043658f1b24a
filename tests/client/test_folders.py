"""Listing, making, renaming and removing mailboxes, on every server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from aiosage import (
    IMAPCapabilityError,
    IMAPClient,
    IMAPConnectionLost,
    IMAPMailboxError,
    RetryPolicy,
    SpecialUse,
)
from aiosage.client._client import USUAL_RETRY
from aiosage.testing import MemoryServer
from aiosage.testing.memory import MemoryAccount
from aiosage.wire.commands import StatusItem

from ..conftest import Endpoint
from .accounts import client_of, open_client, small
from .relay import Relay

TREE = ("P", "P/a", "P/a/x", "P/a/y", "P/b", "Px")


async def make(client: IMAPClient, *names: str) -> None:
    for name in names:
        await client.folders.ensure(name)


async def names_of(client: IMAPClient, pattern: str = "*") -> list[str]:
    return [info.name for info in await client.folders.list(pattern)]


@asynccontextmanager
async def memory_behind_relay(
    *, retry: RetryPolicy | None = USUAL_RETRY
) -> AsyncGenerator[tuple[MemoryAccount, Relay, IMAPClient]]:
    """A client whose commands a test sees before the server does."""
    async with MemoryServer() as memory:
        account = memory.add_account("user", "secret")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "user", retry=retry) as client,
        ):
            yield account, relay, client


# -- What there is.


async def test_list_with_all_that_is_wanted_takes_one_command(
    any_server: Endpoint,
) -> None:
    """RFC 5819: no STATUS for each mailbox."""
    async with (
        Relay(any_server.host, any_server.port) as relay,
        client_of(any_server, port=relay.port) as client,
    ):
        await make(client, "Box", "Box/a", "Box/b")
        await client.mailbox("Box/b").append(small(1))
        await client.folders.subscribe("Box/a")
        before = len(relay.commands)
        found = {
            info.name: info for info in await client.folders.list("Box*", status=True)
        }
        used = relay.commands[before:]

    assert used == ["LIST"]
    box_a, box_b = found["Box/a"], found["Box/b"]
    assert box_a.status is not None
    assert box_b.status is not None
    assert (box_a.status.messages, box_b.status.messages) == (0, 1)
    assert box_b.status.unseen == 1
    assert box_b.status.size == len(small(1))
    assert (box_a.is_subscribed, box_b.is_subscribed) == (True, False)


async def test_only_the_subscribed_ones_even_if_they_are_gone(
    client: IMAPClient,
) -> None:
    await make(client, "Box", "Gone", "Other")
    await client.folders.subscribe("Box")
    await client.folders.subscribe("Gone")
    await client.folders.delete("Gone")
    found = {info.name: info for info in await client.folders.list(subscribed=True)}

    assert found["Box"].is_subscribed
    assert "Other" not in found
    if "Gone" in found:  # Cyrus forgets
        assert not found["Gone"].is_selectable


async def test_tree_nests_the_levels_with_their_status(client: IMAPClient) -> None:
    await make(client, *TREE)
    roots = {node.level: node for node in await client.folders.tree(status=True)}

    assert next(iter(roots)) == "INBOX"
    assert [node.name for node in roots["P"].walk()] == list(TREE[:-1])
    assert [node.level for node in roots["P"].children] == ["a", "b"]
    status = roots["Px"].info.status
    assert status is not None
    assert status.messages == 0


async def test_statuses_of_many_take_one_round_trip(any_server: Endpoint) -> None:
    names = [f"Box {number}" for number in range(10)]
    async with (
        Relay(any_server.host, any_server.port) as relay,
        client_of(any_server, port=relay.port) as client,
    ):
        await make(client, *names)
        await client.mailbox(names[3]).append(small(1))
        reads: list[bytes] = []
        relay.before_sending = reads.append
        told = await client.folders.statuses([*names, "missing"])
        relay.before_sending = None
        everything = await client.folders.statuses()

    assert list(told) == names
    assert [told[name].messages for name in names] == [0, 0, 0, 1, *[0] * 6]
    assert all(told[name].uidvalidity for name in names)
    assert b"".join(reads).count(b" STATUS ") == len(names) + 1
    assert len(reads) <= 3, "each waited for the one before"
    assert set(names) < set(everything)
    assert everything[names[3]] == told[names[3]]


async def test_status_tells_each_item_the_server_has(client: IMAPClient) -> None:
    """MAILBOXID among them, which Cyrus must be asked for alone."""
    made = await client.folders.create("Box")
    await client.mailbox("Box").append(small(1))
    status = await client.folders.status("Box", StatusItem)
    (listed,) = await client.folders.list("Box", status=StatusItem)

    assert (status.messages, status.unseen, status.uidnext) == (1, 1, 2)
    assert status.recent in (0, 1)
    assert status.mailbox_id == made.mailbox_id
    assert listed.status is not None
    assert listed.status.mailbox_id == made.mailbox_id
    capabilities = (await client.server()).capabilities
    assert (status.mailbox_id is not None) == ("OBJECTID" in capabilities)


async def test_status_of_what_is_not_there_is_an_error(client: IMAPClient) -> None:
    with pytest.raises(IMAPMailboxError):
        await client.folders.status("missing")
    assert await client.folders.statuses(["missing"]) == {}
    assert await client.folders.statuses([]) == {}


async def test_exists_means_that_very_name(client: IMAPClient) -> None:
    await make(client, "Box")

    assert await client.folders.exists("Box")
    assert await client.folders.exists("inbox")
    assert not await client.folders.exists("B%x")
    assert not await client.folders.exists("B*")
    assert not await client.folders.exists("box2")


async def test_special_mailboxes_are_told_by_attribute(client: IMAPClient) -> None:
    specials = await client.folders.specials()
    trash = await client.folders.special(SpecialUse.TRASH)

    assert trash is not None
    assert trash.name == "Trash"
    assert {specials[use].name for use in (SpecialUse.SENT, SpecialUse.DRAFTS)} == {
        *("Sent", "Drafts"),
    }
    assert await client.folders.special(SpecialUse.ALL) is None


async def test_namespaces_tell_where_own_mailboxes_are(client: IMAPClient) -> None:
    (personal,) = (await client.folders.namespaces()).personal

    assert (personal.prefix, personal.delimiter) == ("", "/")


# -- Names.


@pytest.mark.parametrize("name", ["", "a//b", "tab\t", "line\u2028", "\ud800"])
async def test_a_name_that_cannot_be_is_refused_before_it_is_sent(
    client: IMAPClient, name: str
) -> None:
    """Cyrus takes ``a//b`` for ``a/b`` without a word."""
    before = await names_of(client)
    await make(client, "there")
    for call in (
        client.folders.create(name),
        client.folders.ensure(name),
        client.folders.rename("there", name),
    ):
        with pytest.raises(ValueError, match="mailbox name"):
            await call
    assert set(await names_of(client)) == {*before, "there"}


async def test_a_path_joins_levels_and_refuses_the_delimiter_in_one(
    client: IMAPClient,
) -> None:
    assert await client.folders.path("Music", "Rock & Pop") == "Music/Rock & Pop"
    with pytest.raises(ValueError, match="holds '/'"):
        await client.folders.path("Music", "AC/DC")
    with pytest.raises(ValueError, match="cannot be empty"):
        await client.folders.path("Music", "")


# -- Changes.


async def test_ensure_makes_it_once(client: IMAPClient) -> None:
    assert await client.folders.ensure("Box") is True
    assert await client.folders.ensure("Box") is False
    assert await client.folders.ensure("inbox") is False
    assert await client.folders.ensure("Box/") is False
    await client.folders.delete("Box")
    assert not await client.folders.exists("Box")


async def test_create_for_a_use_tells_whether_the_server_keeps_it(
    client: IMAPClient,
) -> None:
    capabilities = (await client.server()).capabilities
    if "METADATA" in capabilities:  # Cyrus keeps what has a use
        await client.folders.set_metadata("Archive", {"/private/specialuse": None})
    await client.folders.delete("Archive")
    made = await client.folders.create("Keep", SpecialUse.ARCHIVE)
    archive = await client.folders.special(SpecialUse.ARCHIVE)

    assert await client.folders.exists("Keep")
    if "CREATE-SPECIAL-USE" in capabilities:
        assert made.special_use is SpecialUse.ARCHIVE
        assert archive is not None
        assert archive.name == "Keep"
    else:
        assert made.special_use is None


async def test_delete_with_children_goes_from_the_lowest_up(
    client: IMAPClient,
) -> None:
    await make(client, *TREE)
    await client.mailbox("P/a").append(small(1))
    reported: list[str] = []
    deleted = await client.folders.delete(
        "P", children=True, on_deleted=reported.append
    )

    assert list(deleted) == reported
    assert sorted(deleted) == sorted(TREE[:-1])
    for name in deleted:
        above = name.rpartition("/")[0]
        assert not above or deleted.index(above) > deleted.index(name)
    assert await names_of(client, "P*") == ["Px"]


async def test_delete_with_children_of_a_mere_name(client: IMAPClient) -> None:
    """It may go by itself when nothing is below it any more (Dovecot)."""
    await client.folders.create("A/B/C")
    deleted = await client.folders.delete("A", children=True)

    assert deleted[-1] == "A"
    assert await names_of(client, "A*") == ["Archive"]


async def test_delete_with_children_of_what_is_not_there(client: IMAPClient) -> None:
    reported: list[str] = []
    with pytest.raises(IMAPMailboxError):
        await client.folders.delete(
            "missing", children=True, on_deleted=reported.append
        )
    assert reported == []


async def test_delete_with_children_ends_at_the_first_refusal() -> None:
    """What is above stays; what is gone has been told."""
    async with memory_behind_relay() as (account, relay, client):
        await make(client, "P/a/x", "P/b")

        def add_another(sent: bytes) -> None:
            if b"DELETE P/a\r\n" in sent:
                account.create_mailbox("P/a/new")

        relay.before_sending = add_another
        reported: list[str] = []
        with pytest.raises(IMAPMailboxError, match="children"):
            await client.folders.delete("P", children=True, on_deleted=reported.append)

        assert reported[0] == "P/a/x"
        assert {"P", "P/a"}.isdisjoint(reported)
        assert await client.folders.exists("P/a/new")


async def test_what_is_gone_is_told_even_if_the_connection_is_lost() -> None:
    async with memory_behind_relay(retry=None) as (account, relay, client):
        await make(client, "P", "P/a", "P/a/x")
        relay.before_sending = lambda sent: (
            relay.cut() if b"DELETE P/a\r\n" in sent else None
        )
        reported: list[str] = []
        with pytest.raises(IMAPConnectionLost) as lost:
            await client.folders.delete("P", children=True, on_deleted=reported.append)

        assert reported == ["P/a/x"]
        assert lost.value.maybe_executed
        assert account.mailbox("P")


async def test_what_a_server_leaves_behind_is_renamed_one_by_one() -> None:
    """RFC 9051 §6.3.6 has it rename them, but not every server does."""
    async with memory_behind_relay() as (account, relay, client):
        await make(client, "P", "P/a", "P/a/x")

        def leave_behind(sent: bytes) -> None:
            if b"RENAME P Q" in sent:
                relay.before_sending = leave_nothing
                # As if the server knew nothing of levels.
                account.rename_mailbox("P/a", "elsewhere")

        def leave_nothing(sent: bytes) -> None:
            if b"LIST" in sent:
                relay.before_sending = None
                account.rename_mailbox("elsewhere", "P/a")

        relay.before_sending = leave_behind
        moved = await client.folders.rename("P", "Q")

        assert list(moved.values()) == ["Q", "Q/a", "Q/a/x"]
        assert await names_of(client, "Q*") == ["Q", "Q/a", "Q/a/x"]
        assert await names_of(client, "P*") == []


async def test_inbox_is_never_emptied_of_what_is_below_it(client: IMAPClient) -> None:
    """Where all mailboxes are below INBOX, that would be the account."""
    await make(client, "INBOX/Box")
    with pytest.raises(ValueError, match="INBOX"):
        await client.folders.delete("inbox", children=True)
    assert await client.folders.exists("INBOX/Box")


async def test_rename_takes_along_what_is_below(client: IMAPClient) -> None:
    await make(client, *TREE)
    await client.mailbox("P/a/x").append(small(1))
    reported: dict[str, str] = {}
    moved = await client.folders.rename("P", "Q", on_renamed=reported.__setitem__)

    assert dict(moved) == reported
    assert moved == {name: "Q" + name[1:] for name in TREE[:-1]}
    assert await names_of(client, "Q*") == sorted(moved.values())
    assert await names_of(client, "P*") == ["Px"]
    assert len(await client.mailbox("Q/a/x").search()) == 1


async def test_renaming_inbox_takes_its_messages(server: Endpoint) -> None:
    """Itself stays (RFC 9051 §6.3.6). Cyrus 3.6 ends the session instead."""
    async with client_of(server) as client:
        await client.mailbox().append(small(1))
        moved = await client.folders.rename("inbox", "Old")

        assert moved == {"INBOX": "Old"}
        assert await client.folders.exists("INBOX")
        assert len(await client.mailbox("Old").search()) == 1
        assert len(await client.mailbox().search()) == 0


async def test_what_is_below_inbox_is_told_as_the_server_does_it(
    server: Endpoint,
) -> None:
    """Dovecot takes it along, the embedded server leaves it."""
    async with client_of(server) as client:
        await make(client, "INBOX/Box")
        moved = await client.folders.rename("INBOX", "Old")

        assert await names_of(client, "*/Box") == [moved.get("INBOX/Box", "INBOX/Box")]
        assert len(moved) == (1 if server.kind == "memory" else 2)


async def test_rename_to_a_name_with_a_delimiter_at_its_end(client: IMAPClient) -> None:
    """It says that there will be mailboxes below, and is no part of their names."""
    await client.folders.create("A/kid")
    assert await client.folders.rename("A", "B/") == {"A": "B", "A/kid": "B/kid"}
    assert await client.folders.exists("B/kid")


async def test_rename_to_a_name_that_is_taken_changes_nothing(
    client: IMAPClient,
) -> None:
    await make(client, *TREE, "Q")
    reported: list[str] = []
    with pytest.raises(IMAPMailboxError):
        await client.folders.rename(
            "P", "Q", on_renamed=lambda name, _: reported.append(name)
        )
    assert reported == []
    assert await names_of(client, "P*") == list(TREE)


async def test_what_a_server_cannot_do_at_all_names_the_capability(
    any_server: Endpoint,
) -> None:
    """Dovecot without plugins has neither."""
    async with client_of(any_server) as client:
        capabilities = (await client.server()).capabilities
        for capability, call in (
            ("QUOTA", client.folders.quota()),
            ("ACL", client.folders.my_rights("INBOX")),
            ("ACL", client.folders.list(rights=True)),
            ("METADATA", client.folders.metadata("INBOX", "/private/comment")),
            ("METADATA", client.folders.list(metadata=["/private/comment"])),
        ):
            if capability in capabilities:
                call.close()
                continue
            with pytest.raises(IMAPCapabilityError) as caught:
                await call
            assert caught.value.capability == capability


async def test_the_server_is_told_apart(
    client: IMAPClient, any_server: Endpoint
) -> None:
    info = await client.server()

    expected = {"memory": "generic", "dovecot": "Dovecot", "cyrus": "Cyrus"}
    assert info.profile.name == expected[any_server.kind]
    assert info.greeting
    assert "IDLE" in info.capabilities


async def test_a_mailbox_is_made_even_if_its_use_is_refused() -> None:
    """RFC 6154 §3: USEATTR, and nothing was made. Other refusals are told."""
    async with MemoryServer() as server:
        server.add_account("user", "secret")
        async with open_client(server.host, server.port, "user") as client:
            made = await client.folders.create("Keep", SpecialUse.IMPORTANT)
            assert made.special_use is None
            assert await client.folders.exists("Keep")
            assert await client.folders.ensure("Other", SpecialUse.IMPORTANT)
            with pytest.raises(IMAPMailboxError) as caught:
                await client.folders.create("Keep", SpecialUse.ARCHIVE)
            assert caught.value.code == "ALREADYEXISTS"
