"""Deleting: into the trash, or for good by name."""

from __future__ import annotations

import pytest

from aiosage import (
    Flag,
    IMAPClient,
    IMAPMailboxError,
    IMAPSearchCriteria,
    MailboxInfo,
    SpecialUse,
)
from aiosage.client._trash import choose_trash

from .accounts import messages_in, raws_of, small
from .test_poor_servers import KINDS, poor_server


def listed(name: str, *attributes: str, delimiter: str | None = "/") -> MailboxInfo:
    """Return a mailbox as LIST tells of it."""
    return MailboxInfo(name, delimiter, frozenset(map(Flag, attributes)))


def test_the_attribute_tells_before_the_name() -> None:
    """RFC 6154 §2. A mailbox may have other attributes besides."""
    boxes = [listed("Trash"), listed("Bin", SpecialUse.ALL, SpecialUse.TRASH)]
    assert choose_trash(boxes) == "Bin"


@pytest.mark.parametrize(
    "name",
    ["Trash", "Deleted Items", "INBOX/Papierkorb", "Éléments supprimés", "TRASH"],
)
def test_a_known_name_will_do_in_any_language(name: str) -> None:
    assert choose_trash([listed("INBOX"), listed("Work"), listed(name)]) == name


@pytest.mark.parametrize(
    "box",
    [
        listed("Work/Trash"),
        listed("Trash", "\\Noselect"),
        listed("Trash", SpecialUse.TRASH, "\\NonExistent"),
        listed("INBOX/Trash", delimiter="."),
        listed("Trashed"),
    ],
)
def test_what_may_be_something_else_is_not_the_trash(box: MailboxInfo) -> None:
    assert choose_trash([listed("INBOX"), box]) is None


async def test_messages_are_moved_to_the_trash(client: IMAPClient) -> None:
    inbox = client.mailbox()
    await messages_in(client, "INBOX", 3)
    result = await inbox.delete([1, 3])

    assert result.mailbox == "Trash"
    assert result.uids == {1: 1, 3: 2}
    assert list(result.done) == [1, 3]
    assert await raws_of(inbox) == [small(2)]
    assert await raws_of(client.mailbox("Trash")) == [small(1), small(3)]


async def test_what_is_in_the_trash_is_removed_only_by_name(
    client: IMAPClient,
) -> None:
    await messages_in(client, "INBOX", 1)
    await client.mailbox().delete([1])
    trash = client.mailbox("Trash")
    with pytest.raises(IMAPMailboxError, match="already"):
        await trash.delete([1])
    assert len(await trash.search()) == 1

    result = await trash.expunge([1])
    assert list(result.done) == [1]
    assert result.done.mailbox == "Trash"
    assert not await trash.search()


@KINDS
async def test_without_a_trash_nothing_is_removed(
    request: pytest.FixtureRequest, kind: str
) -> None:
    """There, too, is where a name can be given."""
    async with poor_server(request, kind) as (relay, client):
        inbox = client.mailbox()
        await inbox.append(small(1))
        trash = "Archive" if kind == "memory" else "Rubbish"
        if kind == "memory":
            with pytest.raises(IMAPMailboxError, match="trash"):
                await inbox.delete([1])
        else:
            await client.folders.create(trash)
        assert await inbox.search(~IMAPSearchCriteria.DELETED)

        await inbox.delete([1], trash=trash)
        assert await raws_of(client.mailbox(trash)) == [small(1)]
    assert "UID MOVE" in relay.commands
