"""Mailboxes that are named twice, by name and by a pattern."""

from __future__ import annotations

import pytest

from ..client.accounts import OtherClient, client_of, small
from ..conftest import Endpoint
from .mirror import Mirrors
from .test_watch import NONE


@pytest.mark.parametrize("names", [("INBOX", "*"), ("inbox", "INBOX", "A")], ids=str)
async def test_a_mailbox_is_watched_on_one_connection_only(
    server: Endpoint, other: OtherClient, names: tuple[str, ...]
) -> None:
    """What two heard of it would be told twice."""
    other.create("A")
    other.deliver(small(1))
    mirrors = Mirrors({"INBOX": {1: NONE}, "A": {}})
    async with (
        client_of(server, poll_interval=0.05) as client,
        client.watch(*names, connections=2) as events,
    ):
        inbox = {1: NONE}
        for number in range(2, 6):
            other.deliver(small(number))
            other.deliver(small(number), mailbox="A")
            inbox[number] = NONE
            a = dict.fromkeys(range(1, number), NONE)
            await mirrors.follow(events, {"INBOX": inbox, "A": a})
        assert events.empty()
        cursor = events.cursor
        other.expunge(1)
        del inbox[1]
        await mirrors.follow(events, {"INBOX": inbox, "A": a})
    async with (
        client_of(server, poll_interval=0.05) as client,
        client.watch(*names, connections=2, since=cursor) as events,
    ):
        assert [type(await events.get()).__name__] == ["MessageExpunged"]
        assert events.empty()
