"""Mailboxes of any name, on every server."""

from __future__ import annotations

import pytest

from aiosage import (
    Flag,
    IMAPClient,
    IMAPConnectionError,
    IMAPMailboxError,
    SpecialUse,
)

from ..conftest import Endpoint
from .accounts import OtherClient, small

NAMES = [
    "plain",
    "with a space",
    " leading",
    "trailing ",
    'quo"ted',
    "back\\slash",
    "a&b",
    "&AOQ-",
    "Grüße",
    "日本語 & café",
    "emoji 😀",
    "st*r",
    "per%cent",
    "{3}",
    "(list)",
    "a/b/c",
    "x" * 200,
    "ü" * 60,
]
CYRUS_REFUSES = {'quo"ted', "back\\slash", "per%cent", "{3}"}


async def names_of(client: IMAPClient, pattern: str = "*") -> list[str]:
    return [mailbox.name for mailbox in await client.folders.list(pattern)]


@pytest.mark.parametrize("name", NAMES)
async def test_any_name_works_everywhere(
    client: IMAPClient, any_server: Endpoint, name: str
) -> None:
    """Quoting and modified UTF-7 never show (RFC 9051 §5.1)."""
    folders, box = client.folders, client.mailbox(name)
    if any_server.kind == "cyrus" and name in CYRUS_REFUSES:
        with pytest.raises(IMAPMailboxError):
            await folders.create(name)
        return
    await folders.create(name)
    await folders.subscribe(name)
    await box.append(small(1))
    await box.append(small(2), flags=[Flag.SEEN])
    await client.mailbox().append(small(3))

    assert name in await names_of(client)
    assert (await folders.status(name)).messages == 2
    assert (await folders.status(name)).unseen == 1
    found = await box.search()
    assert (found.mailbox, list(found)) == (name, [1, 2])
    moved = await client.mailbox().move([1], name)
    assert (moved.mailbox, dict(moved.uids)) == (name, {1: 3})
    assert [m.subject async for m in box.fetch([3])] == ["number 3"]

    await folders.rename(name, f"{name} 2")
    assert f"{name} 2" in await names_of(client)
    assert name not in await names_of(client)
    assert len(await client.mailbox(f"{name} 2").search()) == 3
    await folders.unsubscribe(name)
    await folders.delete(f"{name} 2")
    assert f"{name} 2" not in await names_of(client)


@pytest.mark.parametrize("name", ["", "a\r\nb", "nul\0"])
async def test_a_name_that_cannot_be_sent_is_a_value_error(
    client: IMAPClient, name: str
) -> None:
    """No argument can inject a command."""
    for call in (
        client.folders.create(name),
        client.folders.status(name),
        client.mailbox(name).search(),
        client.mailbox(name).append(small(1)),
        client.mailbox().copy([1], name),
    ):
        with pytest.raises(ValueError, match="mailbox name"):
            await call


async def test_list_tells_special_uses_delimiter_and_children(
    client: IMAPClient,
) -> None:
    await client.folders.create("Top/Below")
    found = {mailbox.name: mailbox for mailbox in await client.folders.list()}

    assert next(iter(found)) == "INBOX"
    assert found["Sent"].special_use is SpecialUse.SENT
    assert found["INBOX"].special_use is None
    assert found["Top/Below"].delimiter == "/"
    assert found["Top/Below"].is_selectable
    assert found["Top"].has_children is True
    assert found["Top/Below"].has_children is False


async def test_patterns_choose_by_level_and_below_a_reference(
    client: IMAPClient,
) -> None:
    for name in ("A/B", "A/B/C", "AD"):
        await client.folders.create(name)

    assert await names_of(client, "A/%") == ["A/B"]
    assert await names_of(client, "A/*") == ["A/B", "A/B/C"]
    assert [m.name for m in await client.folders.list("%", reference="A/B/")] == [
        "A/B/C"
    ]
    assert await names_of(client, "none*") == []


async def test_refusals_are_mailbox_errors(
    client: IMAPClient, any_server: Endpoint
) -> None:
    """Which the caller can catch: the connection is still good."""
    await client.folders.create("Box")
    with pytest.raises(IMAPMailboxError) as exists:
        await client.folders.create("Box")
    with pytest.raises(IMAPMailboxError) as missing:
        await client.folders.delete("missing")
    with pytest.raises(IMAPMailboxError):
        await client.folders.rename("missing", "other")
    with pytest.raises(IMAPMailboxError):
        await client.folders.status("missing")
    with pytest.raises(IMAPMailboxError):
        await client.folders.delete("INBOX")

    if any_server.kind != "cyrus":  # which says it for humans alone
        assert exists.value.code == "ALREADYEXISTS"
        assert missing.value.code == "NONEXISTENT"
    assert client.stats().opened == 1


async def test_renaming_the_parent_of_the_open_mailbox_keeps_the_session(
    client: IMAPClient,
) -> None:
    """Servers end sessions whose mailbox goes away under them."""
    await client.folders.create("A/B")
    await client.mailbox("A/B").append(small(1))
    await client.mailbox("A/B").search()
    await client.folders.rename("A", "C")
    await client.folders.create("D")

    assert len(await client.mailbox("C/B").search()) == 1
    assert client.stats().opened == 1


async def test_a_mailbox_deleted_by_somebody_else_is_a_mailbox_error(
    client: IMAPClient, other: OtherClient
) -> None:
    """The session in it may end with it; the caller learns why."""
    other.create("Box")
    box = client.mailbox("Box")
    await box.append(small(1))
    await box.search()
    other.delete("Box")

    with pytest.raises(IMAPMailboxError):
        await box.search()
    try:
        names = await names_of(client)
    except IMAPConnectionError:  # ended by the server just then
        names = await names_of(client)
    assert "Box" not in names
