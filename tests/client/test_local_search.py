"""Criteria asked of fetched messages find what the server's search finds."""

from __future__ import annotations

from aiosage import Flag, IMAPMailboxUIDService, MessagePart
from aiosage import IMAPSearchCriteria as S
from aiosage.testing import sample_messages

from ..conftest import Endpoint

# Cyrus takes ü for u, and does not look into text of every charset.
NOT_ON_CYRUS = [
    S.body("the"),
    S.text("example.org") & ~S.body("example.org"),
    S.or_criteria(S.subject("a"), S.subject("b"), S.subject("ü")),
]
CRITERIA = [
    *NOT_ON_CYRUS,
    S.ALL,
    S.SEEN,
    S.UNSEEN & ~S.FLAGGED,
    S.keyword("Work") | S.FLAGGED,
    S.unkeyword("Work"),
    S.larger(1500) | S.smaller(400),
    S.uid([2, 3, 5, 70]),
    S.since("2026-01-02") & S.before("2026-01-03"),
    S.on("2026-01-02"),
    S.sent_since("2026-01-02"),
    S.sent_on("2026-01-02"),
    S.from_address("ann"),
    S.to_address("example"),
    S.cc("a"),
    S.subject("re"),
    S.header("Message-ID", "@"),
    S.header("X-None"),
    S.text("hello"),
]


async def test_both_find_the_same(
    inbox: IMAPMailboxUIDService, any_server: Endpoint
) -> None:
    for arrived, raw in sample_messages(60, seed=3):
        await inbox.append(raw, internal_date=arrived)
    await inbox.add_flags(range(1, 20), Flag.SEEN)
    await inbox.add_flags(range(10, 25), Flag.FLAGGED)
    await inbox.add_flags(range(15, 40), Flag("Work"))
    parts = MessagePart.FLAGS, MessagePart.INTERNAL_DATE, MessagePart.SIZE
    everything = await inbox.search()
    messages = [
        message async for message in inbox.fetch(everything, *parts, MessagePart.FULL)
    ]

    for criteria in CRITERIA:
        if any_server.kind == "cyrus" and criteria in NOT_ON_CYRUS:
            continue
        found = [message.uid for message in messages if criteria.matches(message)]
        assert found == list(await inbox.search(criteria)), criteria
