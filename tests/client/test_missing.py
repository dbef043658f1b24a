"""A mailbox that is not there is told apart, whatever the server says."""

from __future__ import annotations

import pickle

import pytest

from aiosage import (
    IMAPClient,
    IMAPMailboxError,
    IMAPOperationError,
    StatusItem,
)
from aiosage.errors import refusal

from .accounts import messages_in, scripted_client


async def test_a_mailbox_that_is_not_there_is_missing(client: IMAPClient) -> None:
    """Dovecot and Cyrus have no code for it when it is opened."""
    box = client.mailbox("No such")
    await messages_in(client, "INBOX", 1)
    for work in (
        box.search(),
        box.status(),
        box.expunge([1]),
        client.mailbox().copy([1], "No such"),
        client.folders.delete("No such"),
        client.folders.rename("No such", "Other"),
    ):
        with pytest.raises(IMAPMailboxError) as caught:
            await work
        assert caught.value.is_missing is True, caught.value
    assert pickle.loads(pickle.dumps(caught.value)).is_missing is True


async def test_a_mailbox_that_cannot_be_renamed_is_not_missing(
    client: IMAPClient,
) -> None:
    for name in ("box", "other"):
        await client.folders.create(name)
    with pytest.raises(IMAPMailboxError) as caught:
        await client.folders.rename("box", "other")
    assert caught.value.is_missing is False


async def test_it_is_not_known_where_nobody_tells() -> None:
    """The first error is the one that counts."""
    script = """\
S: * PREAUTH [CAPABILITY IMAP4rev1] ready
C: T1 EXAMINE box
S: T1 NO not now
C: T2 LIST "" box
S: T2 NO nor this
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPMailboxError, match="not now") as caught:
            await client.mailbox("box").search()
    assert caught.value.is_missing is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [("NONEXISTENT", True), ("TRYCREATE", True), ("ALREADYEXISTS", False)],
)
def test_a_code_tells_it(code: str, expected: bool) -> None:
    error: IMAPOperationError = refusal("SELECT", "NO", code, "")
    assert isinstance(error, IMAPMailboxError)
    assert error.is_missing is expected


async def test_a_mailbox_tells_how_it_stands(client: IMAPClient) -> None:
    await messages_in(client, "INBOX", 2)
    inbox = client.mailbox()

    status = await inbox.status()
    assert (status.messages, status.unseen) == (2, 2)
    assert status.uidvalidity == (await inbox.search()).uidvalidity
    assert (await inbox.status([StatusItem.UIDNEXT])).uidnext == 3
