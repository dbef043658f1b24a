"""Deleting: into the trash, or for good by name."""

from __future__ import annotations

import pytest

from aiosage import (
    IMAPClient,
    IMAPMailboxError,
    IMAPSearchCriteria,
)

from .accounts import messages_in, raws_of, small
from .test_poor_servers import KINDS, poor_server


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
