"""Changing flags, on every server."""

from __future__ import annotations

import pytest

from aiosage import (
    Flag,
    FlagResult,
    IMAPCapabilityError,
    IMAPClient,
    IMAPMailboxUIDService,
    MessageSet,
    Security,
)
from aiosage import (
    IMAPSearchCriteria as S,
)
from aiosage.testing import MemoryServer

from ..conftest import Endpoint
from ..connection.scripted import SELECTED
from .accounts import OtherClient, client_of, flags_of, scripted_client, small


async def test_flags_are_added_removed_and_replaced(
    inbox: IMAPMailboxUIDService,
) -> None:
    await inbox.append(small(1))
    work = Flag("Work")

    told = await inbox.add_flags([1], Flag.SEEN, work)
    assert told.flags[1] == {Flag.SEEN, work}
    await inbox.remove_flags([1], Flag.SEEN)
    assert await flags_of(inbox, 1) == {work}
    await inbox.set_flags([1], Flag.FLAGGED)
    assert await flags_of(inbox, 1) == {Flag.FLAGGED}
    await inbox.set_flags([1])
    assert await flags_of(inbox, 1) == set()
    with pytest.raises(ValueError, match="no flags"):
        await inbox.add_flags([1])


async def test_a_message_that_just_arrived_can_be_flagged(
    inbox: IMAPMailboxUIDService, other: OtherClient
) -> None:
    assert not await inbox.search()
    other.deliver(small(1))
    await inbox.add_flags([1], Flag.FLAGGED)

    assert await flags_of(inbox, 1) == {Flag.FLAGGED}


async def test_a_set_too_long_for_one_line_is_split(server: Endpoint) -> None:
    """Servers limit lines, to 8192 octets at least (RFC 7162 §4)."""
    async with client_of(server) as client:
        inbox = client.mailbox()
        await inbox.append(small(1))
        while len(found := await inbox.search()) < 4000:
            await inbox.copy(found, "INBOX")
        odd = MessageSet(range(1, 4000, 2))

        await inbox.add_flags(odd, Flag.FLAGGED)

        assert list(await inbox.search(S.FLAGGED)) == list(odd)


async def test_what_has_changed_since_is_left_alone_and_told(
    client: IMAPClient,
) -> None:
    """RFC 7162 §3.1.3: two clients never undo each other's changes."""
    inbox = client.mailbox()
    for number in (1, 2):
        await inbox.append(small(number))
    known = (await client.folders.status("INBOX")).highest_modseq
    await inbox.add_flags([1], Flag.FLAGGED)

    result = await inbox.set_flags([1, 2], Flag.SEEN, unchanged_since=known)

    assert list(result.modified) == [1]
    assert list(result.done) == [2]
    assert known is not None
    assert result.modseqs[2] > known
    assert await flags_of(inbox, 1) == {Flag.FLAGGED}
    assert await flags_of(inbox, 2) == {Flag.SEEN}


async def test_silently_changed_flags_are_changed(client: IMAPClient) -> None:
    inbox = client.mailbox()
    await inbox.append(small(1))
    result = await inbox.add_flags([1], Flag.SEEN, silent=True)

    assert list(result.done) == [1]
    assert await flags_of(inbox, 1) == {Flag.SEEN}


async def test_without_condstore_a_condition_is_refused_by_name() -> None:
    async with MemoryServer(disable=["CONDSTORE"]) as server:
        box = server.add_account("joe", "secret").mailbox("INBOX")
        box.deliver(small(1))
        client = IMAPClient(
            server.host, "joe", "secret", port=server.port, security=Security.PLAIN
        )
        async with client:
            with pytest.raises(IMAPCapabilityError) as caught:
                await client.mailbox().add_flags([1], Flag.SEEN, unchanged_since=1)
    assert caught.value.capability == "CONDSTORE"
    assert isinstance(caught.value.partial, FlagResult)
    assert not caught.value.partial.uncertain


GMAIL = SELECTED.replace("MOVE", "MOVE X-GM-EXT-1").replace(
    "S: * 3 EXISTS", "S: * 3 EXISTS\nS: * OK [UIDNEXT 9] ok"
)


async def test_labels_are_sent_as_mailbox_names_are() -> None:
    """Gmail's extensions: system labels, atoms, spaces, and modified UTF-7."""
    script = rf"""{GMAIL}
C: T2 UID STORE 1:2 +X-GM-LABELS (Gr&APwA3w-e "\\Inbox" "two words")
S: * 1 FETCH (UID 1 X-GM-LABELS ("\\Inbox" "Gr&APwA3w-e" "two words" old))
S: T2 OK done
C: T3 UID STORE 1 -X-GM-LABELS (old)
S: T3 OK done
C: T4 UID STORE 1 X-GM-LABELS ()
S: * 1 FETCH (UID 1 X-GM-LABELS ())
S: T4 OK done
"""
    async with scripted_client(script) as client:
        inbox = client.mailbox()
        added = await inbox.add_labels([1, 2], "\\Inbox", "Grüße", "two words")
        removed = await inbox.remove_labels([1], "old")
        none = await inbox.set_labels([1])
        with pytest.raises(ValueError, match="no labels"):
            await inbox.add_labels([1])

    assert added.labels == {1: {"\\Inbox", "Grüße", "two words", "old"}}
    assert list(added.done) == [1, 2]
    assert removed.labels == {}
    assert none.labels == {1: frozenset()}


async def test_labels_elsewhere_are_refused_by_name(client: IMAPClient) -> None:
    with pytest.raises(IMAPCapabilityError) as caught:
        await client.mailbox().add_labels([1], "Work")
    assert caught.value.capability == "X-GM-EXT-1"
