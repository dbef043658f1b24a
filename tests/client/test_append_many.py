"""Adding many messages at once, in one command or one by one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aiosage import (
    AppendItem,
    AppendResult,
    Flag,
    IMAPClient,
    IMAPConnectionError,
    IMAPMailboxError,
    IMAPMessageError,
    MessagePart,
)
from aiosage.client import _appending

from ..connection.scripted import CAPABILITIES, LOGGED_IN
from .accounts import flags_of, raws_of, scripted_client, small
from .test_poor_servers import KINDS, poor_server

WHEN = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)


async def test_each_message_keeps_its_flags_date_and_place(
    client: IMAPClient,
) -> None:
    inbox = client.mailbox()
    results = await inbox.append_many(
        [
            AppendItem(small(1), [Flag.SEEN], WHEN),
            small(2),
            AppendItem(small(3).replace(b"\r\n", b"\n"), [Flag.FLAGGED]),
        ],
        normalize_line_ends=True,
    )

    found = await inbox.search()
    assert [result.uid for result in results] == list(found)
    assert {result.uidvalidity for result in results} == {found.uidvalidity}
    assert await raws_of(inbox) == [small(1), small(2), small(3)]
    (first,) = [m async for m in inbox.fetch([1], MessagePart.INTERNAL_DATE)]
    assert first.internal_date == WHEN
    assert [await flags_of(inbox, uid) for uid in found] == [
        {Flag.SEEN},
        set(),
        {Flag.FLAGGED},
    ]


async def test_messages_of_another_mailbox_can_be_added_with_a_pool_of_one(
    client: IMAPClient,
) -> None:
    """No connection is held while the messages come."""
    await client.folders.create("Box")
    inbox, box = client.mailbox(), client.mailbox("Box")
    await inbox.append_many([AppendItem(small(n)) for n in range(1, 6)])

    async def from_inbox() -> AsyncIterator[AppendItem]:
        async for message in inbox.fetch(await inbox.search()):
            yield AppendItem(message)

    async with IMAPClient(client.config, max_connections=1) as alone:
        inbox = alone.mailbox()
        results = await alone.mailbox("Box").append_many(from_inbox())

    assert [result.uid for result in results] == [1, 2, 3, 4, 5]
    assert await raws_of(box) == [small(n) for n in range(1, 6)]


async def test_nothing_to_add_sends_nothing(client: IMAPClient) -> None:
    assert await client.mailbox("missing").append_many([]) == ()


@KINDS
async def test_without_multiappend_they_go_one_by_one(
    request: pytest.FixtureRequest, kind: str
) -> None:
    lacking = ("MULTIAPPEND",)
    async with poor_server(request, kind, *lacking) as (relay, client):
        inbox = client.mailbox()
        results = await inbox.append_many([AppendItem(small(n)) for n in (1, 2, 3)])

        assert [result.uid for result in results] == [1, 2, 3]
        assert await raws_of(inbox) == [small(1), small(2), small(3)]
    assert relay.commands.count("APPEND") == 3


async def test_batches_are_bounded_and_an_error_tells_which_came_before(
    client: IMAPClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third batch is refused: its mailbox is gone."""
    await client.folders.create("Box")
    monkeypatch.setattr(_appending, "BATCH_MESSAGES", 2)

    async def messages() -> AsyncIterator[AppendItem]:
        for number in range(1, 8):
            if number == 7:
                await client.folders.delete("Box")
            yield AppendItem(small(number))

    with pytest.raises(IMAPMailboxError) as caught:
        await client.mailbox("Box").append_many(messages())

    partial = caught.value.partial
    assert isinstance(partial, tuple)
    assert [type(result) for result in partial] == [AppendResult] * len(partial)
    assert [result.uid for result in partial] == [1, 2, 3, 4]


async def test_a_cut_between_batches_is_not_repeatable(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the second was sent, but to send all again would double the first."""
    monkeypatch.setattr(_appending, "BATCH_OCTETS", 1)
    async with poor_server(request, "memory") as (relay, client):

        async def messages() -> AsyncIterator[AppendItem]:
            yield AppendItem(small(1))
            yield AppendItem(small(2))
            relay.is_open = False
            relay.cut()
            await relay.wait_connections(0)
            yield AppendItem(small(3))

        with pytest.raises(IMAPConnectionError) as caught:
            await client.mailbox().append_many(messages())

    assert caught.value.maybe_executed
    assert isinstance(caught.value.partial, tuple)
    assert [result.uid for result in caught.value.partial] == [1]


async def test_the_limit_of_a_mailbox_is_asked_for_once_in_a_batch() -> None:
    """RFC 7889; and if one message is too large, none of the batch is sent."""
    offered = f"{CAPABILITIES} MULTIAPPEND APPENDLIMIT"
    script = f"""{LOGGED_IN.replace(CAPABILITIES, offered)}
C: T1 STATUS INBOX (APPENDLIMIT)
S: * STATUS INBOX (APPENDLIMIT 80000)
S: T1 OK done
"""
    sizes = (70_000, 80_001, 75_000)
    async with scripted_client(script) as client:
        with pytest.raises(IMAPMessageError) as caught:
            await client.mailbox().append_many(
                [AppendItem(b"x" * size) for size in sizes]
            )
    assert caught.value.code == "TOOBIG"
    assert "80001" in str(caught.value)
    assert caught.value.partial == ()


async def test_uids_that_do_not_fit_the_messages_are_not_guessed() -> None:
    offered = f"{CAPABILITIES} MULTIAPPEND"
    script = f"""{LOGGED_IN.replace(CAPABILITIES, offered)}
C: T1 APPEND INBOX {{1+}}
C: x {{1+}}
C: y
S: T1 OK [APPENDUID 7 1:4000000000] done
"""
    async with scripted_client(script) as client:
        results = await client.mailbox().append_many(
            [AppendItem(b"x"), AppendItem(b"y")]
        )
    assert results == (AppendResult("INBOX", None, None),) * 2


async def test_what_was_added_is_known_if_a_message_cannot_be_read(
    client: IMAPClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is no error of IMAP, which could carry it as ``partial``."""
    monkeypatch.setattr(_appending, "BATCH_MESSAGES", 2)
    inbox = client.mailbox()
    added: list[AppendResult] = []
    messages: list[bytes | Path] = [*map(small, (1, 2, 3)), tmp_path / "missing"]
    with pytest.raises(FileNotFoundError):
        await inbox.append_many(messages, on_added=added.append)

    assert [result.uid for result in added] == [1, 2]
    assert await raws_of(inbox) == [small(1), small(2)]
