"""Searching by what the server offers, and otherwise."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from aiosage import (
    Flag,
    IMAPCapabilityError,
    IMAPClient,
    IMAPConnectionLost,
    IMAPMailboxUIDService,
    IMAPSearchError,
    MessageSet,
    SortKey,
    ThreadAlgorithm,
    UIDValidityChanged,
)
from aiosage import (
    IMAPSearchCriteria as S,
)
from aiosage.model import MAX_UID
from aiosage.testing import DovecotServer, MemoryServer

from ..conftest import Endpoint
from .accounts import open_client, scripted_client, small
from .finding import poor_dovecot
from .relay import Relay
from .test_sort import SELECTED

LINE = 8192
"""Octets in a command line that every server takes (RFC 7162 §4)."""

# Every other UID, far more than a line holds.
MANY = MessageSet(range(1, 40_000, 2))


async def _number_one_to(count: int, inbox: IMAPMailboxUIDService) -> None:
    for number in range(1, count + 1):
        await inbox.append(small(number))


async def test_messages_are_counted_and_the_ends_told(any_client: IMAPClient) -> None:
    inbox = any_client.mailbox()
    await _number_one_to(5, inbox)
    await inbox.add_flags([2, 3, 4], Flag.FLAGGED)

    assert await inbox.count() == 5
    assert await inbox.count(S.FLAGGED) == 3
    assert await inbox.first(S.FLAGGED) == 2
    assert await inbox.last(S.FLAGGED) == 4
    assert await inbox.count(S.subject("日本")) == 0
    assert await inbox.first(S.DRAFT) is None
    assert await inbox.last(S.DRAFT) is None


@pytest.mark.dovecot
async def test_without_esearch_all_is_told() -> None:
    async with poor_dovecot("IMAP4rev1 LITERAL+ UIDPLUS") as client:
        inbox = client.mailbox()
        await _number_one_to(3, inbox)

        assert list(await inbox.search(~S.uid(2))) == [1, 3]
        assert await inbox.count(~S.uid(2)) == 2
        assert await inbox.first(~S.uid(1)) == 2
        assert await inbox.last(~S.uid(3)) == 2
        assert await inbox.count(S.DRAFT) == 0
        assert await inbox.last(S.DRAFT) is None
        assert [list(b) async for b in inbox.search_batches(batch_size=2)] == [
            [1, 2],
            [3],
        ]


@pytest.mark.parametrize(
    "criteria", [S.uid(MANY), ~S.uid(MANY), S.uid(MANY) & ~S.SEEN | S.uid([2])], ids=str
)
async def test_criteria_with_more_uids_than_a_line_are_split(
    any_client: IMAPClient, criteria: S
) -> None:
    inbox = any_client.mailbox()
    await _number_one_to(4, inbox)
    await inbox.add_flags([3], Flag.SEEN)
    expected = {S.uid(MANY): [1, 3], ~S.uid(MANY): [2, 4]}.get(criteria, [1, 2])

    assert list(await inbox.search(criteria)) == expected
    assert await inbox.count(criteria) == 2
    assert await inbox.first(criteria) == expected[0]
    assert await inbox.last(criteria) == expected[1]
    batches = [list(b) async for b in inbox.search_batches(criteria, batch_size=1)]
    assert batches == [[uid] for uid in expected]
    assert (await inbox.explain(criteria)).searches > 10


async def test_no_line_is_too_long() -> None:
    async with MemoryServer() as memory:
        memory.add_account("joe", "secret")
        async with (
            Relay(memory.host, memory.port) as relay,
            open_client(relay.host, relay.port, "joe") as client,
        ):
            await client.mailbox().search(S.uid(MANY) | S.SEEN)

    lines = [line for sent in relay.sent for line in sent.split(b"\r\n")]
    assert sum(b"SEARCH" in line for line in lines) > 10
    assert max(map(len, lines)) <= LINE


@pytest.mark.dovecot
async def test_the_first_batch_comes_before_the_last_is_known(
    dovecot: DovecotServer,
) -> None:
    user = dovecot.new_user()
    async with (
        Relay(dovecot.host, dovecot.port) as relay,
        open_client(relay.host, relay.port, user) as client,
    ):
        inbox = client.mailbox()
        await _number_one_to(25, inbox)
        batches = inbox.search_batches(~S.uid(3), batch_size=2)

        assert list(await anext(batches)) == [1, 2]
        assert relay.commands.count("UID SEARCH") == 1
        # What goes does not hide what comes, and what comes is found.
        await inbox.expunge([1, 2])
        await inbox.append(small(26))
        rest = [list(batch) async for batch in batches]

    assert [uid for batch in rest for uid in batch] == list(range(4, 27))
    assert {len(batch) for batch in rest[:-1]} == {2}
    assert relay.commands.count("UID SEARCH") == 3


@pytest.mark.dovecot
async def test_batches_of_a_mailbox_made_anew_are_not_mixed(
    dovecot: DovecotServer,
) -> None:
    user = dovecot.new_user()
    async with open_client(dovecot.host, dovecot.port, user) as client:
        await client.folders.create("box")
        await _number_one_to(4, client.mailbox("box"))
        batches = client.mailbox("box").search_batches(batch_size=2)
        await anext(batches)
        dovecot.doveadm("mailbox", "delete", "-u", user, "-s", "box")
        dovecot.doveadm("mailbox", "create", "-u", user, "box")

        with pytest.raises((UIDValidityChanged, IMAPConnectionLost)):
            await anext(batches)


NEEDS = [
    (S.older(60), "WITHIN"),
    (S.younger(60), "WITHIN"),
    (S.email_id("a"), "OBJECTID"),
    (S.thread_id("a"), "OBJECTID"),
    (S.saved_since("2026-01-01"), "SAVEDATE"),
    (S.filter("work"), "FILTERS"),
    (S.fuzzy(S.subject("a")), "SEARCH=FUZZY"),
    (S.gmail_raw("a"), "X-GM-EXT-1"),
    (S.SEEN | ~S.gmail_label("Work"), "X-GM-EXT-1"),
    (S.modseq(1), "CONDSTORE"),
    (S.saved_result(), "SEARCHRES"),
]


@pytest.mark.dovecot
async def test_a_key_the_server_lacks_is_refused_by_name() -> None:
    async with poor_dovecot("IMAP4rev1 SORT THREAD=REFERENCES") as client:
        inbox = client.mailbox()
        for criteria, capability in NEEDS:
            for call in (
                inbox.search,
                inbox.count,
                inbox.first,
                inbox.last,
                inbox.thread,
                inbox.explain,
                lambda criteria: inbox.sort(criteria, SortKey.DATE),
                lambda criteria: anext(inbox.search_batches(criteria)),
            ):
                with pytest.raises(IMAPCapabilityError, match=capability) as caught:
                    await call(criteria)
                assert caught.value.capability == capability


async def test_qresync_has_condstore_in_it() -> None:
    """RFC 7162 §3.2.3."""
    script = f"""{SELECTED.format("QRESYNC")}
C: T2 UID SEARCH MODSEQ 5
S: * SEARCH 4 (MODSEQ 9)
S: T2 OK done
"""
    async with scripted_client(script) as client:
        assert list(await client.mailbox().search(S.modseq(5))) == [4]


async def test_a_server_that_stops_early_is_asked_for_the_rest() -> None:
    """MESSAGELIMIT (RFC 9738 §3.1): from the newest to the oldest."""
    script = f"""{SELECTED.format("ESEARCH MESSAGELIMIT=2")}
C: T2 UID SEARCH RETURN (ALL) UNSEEN
S: * ESEARCH (TAG "T2") UID ALL 9
S: T2 OK [MESSAGELIMIT 2 7] stopped
C: T3 UID SEARCH RETURN (ALL) UNSEEN UID 1:6
S: * ESEARCH (TAG "T3") UID ALL 5:6
S: T3 OK [MESSAGELIMIT 2 5] stopped
C: T4 UID SEARCH RETURN (ALL) UNSEEN UID 1:4
S: * ESEARCH (TAG "T4") UID
S: T4 OK done
"""
    async with scripted_client(script) as client:
        assert list(await client.mailbox().search(S.UNSEEN)) == [5, 6, 9]


async def test_a_server_that_never_gets_on_is_not_asked_for_ever() -> None:
    script = f"""{SELECTED.format("ESEARCH")}
C: T2 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "T2") UID
S: T2 OK [MESSAGELIMIT 2 7] stopped
C: T3 UID SEARCH RETURN (ALL) UID 1:6
S: * ESEARCH (TAG "T3") UID
S: T3 OK [MESSAGELIMIT 2 7] stopped
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPSearchError, match="MESSAGELIMIT"):
            await client.mailbox().search()


async def test_a_count_of_some_messages_is_not_taken_for_all() -> None:
    script = f"""{SELECTED.format("ESEARCH")}
C: T2 UID SEARCH RETURN (COUNT) ALL
S: * ESEARCH (TAG "T2") UID COUNT 2
S: T2 OK [MESSAGELIMIT 2 7] stopped
C: T3 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "T3") UID ALL 7:8
S: T3 OK [MESSAGELIMIT 2 7] stopped
C: T4 UID SEARCH RETURN (ALL) UID 1:6
S: * ESEARCH (TAG "T4") UID ALL 2
S: T4 OK done
"""
    async with scripted_client(script) as client:
        assert await client.mailbox().count() == 3


async def test_who_does_not_understand_return_is_understood() -> None:
    """No MIN does not mean that nothing was found, if something is told."""
    script = f"""{SELECTED.format("ESEARCH")}
C: T2 UID SEARCH RETURN (MIN) ALL
S: * SEARCH 4 2
S: T2 OK done
C: T3 UID SEARCH RETURN (ALL) ALL
S: * SEARCH 4 2
S: T3 OK done
"""
    async with scripted_client(script) as client:
        assert await client.mailbox().first() == 2


async def test_only_the_last_batch_is_smaller() -> None:
    """Wherever the pages end that the server is asked for."""
    script = f"""{SELECTED.format("ESEARCH PARTIAL")}
C: T2 UID SEARCH RETURN (PARTIAL 1:60000) ALL
S: * ESEARCH (TAG "T2") UID PARTIAL (1:60000 1:60000)
S: T2 OK done
C: T3 NOOP
S: T3 OK done
C: T4 UID SEARCH RETURN (PARTIAL 1:60000) UID 60001:{MAX_UID}
S: * ESEARCH (TAG "T4") UID PARTIAL (1:60000 60001:120000)
S: T4 OK done
C: T5 NOOP
S: T5 OK done
C: T6 UID SEARCH RETURN (PARTIAL 1:60000) UID 120001:{MAX_UID}
S: * ESEARCH (TAG "T6") UID PARTIAL (1:60000 120001)
S: T6 OK done
"""
    async with scripted_client(script) as client:
        batches = client.mailbox().search_batches(batch_size=60_000)
        sizes = [len(batch) async for batch in batches]

    assert sizes == [60_000, 60_000, 1]


async def test_pages_end_with_the_largest_uid() -> None:
    script = f"""{SELECTED.format("ESEARCH PARTIAL")}
C: T2 UID SEARCH RETURN (PARTIAL 1:1) ALL
S: * ESEARCH (TAG "T2") UID PARTIAL (1:1 {MAX_UID})
S: T2 OK done
"""
    async with scripted_client(script) as client:
        batches = [list(b) async for b in client.mailbox().search_batches(batch_size=1)]

    assert batches == [[MAX_UID]]


@pytest.mark.dovecot
async def test_how_it_would_be_done_is_told(dovecot_client: IMAPClient) -> None:
    inbox = dovecot_client.mailbox()

    assert str(await inbox.explain()) == "UID SEARCH: ESEARCH tells ranges"
    many = await inbox.explain(S.uid(MANY))
    assert str(many).startswith("UID SEARCH (")
    assert "more UIDs" in many.reason
    assert str(await inbox.explain(S.ALL, SortKey.DISPLAY_TO)) == (
        "UID SORT: the server has SORT and SORT=DISPLAY"
    )
    threaded = await inbox.explain(algorithm=ThreadAlgorithm.REFS)
    assert str(threaded) == "UID THREAD: the server has THREAD=REFS"
    assert not threaded.is_here
    with pytest.raises(ValueError, match="not both"):
        await inbox.explain(S.ALL, SortKey.DATE, algorithm=ThreadAlgorithm.REFS)


@pytest.mark.dovecot
async def test_what_lacks_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with poor_dovecot("IMAP4rev1") as client:
        inbox = client.mailbox()
        assert "without ESEARCH" in (await inbox.explain()).reason
        sort = await inbox.explain(S.ALL, SortKey.DATE)
        with caplog.at_level(logging.DEBUG, "aiosage.client"):
            result = await inbox.sort(S.ALL, SortKey.DATE)
        thread = await inbox.explain(algorithm=ThreadAlgorithm.REFERENCES)

    assert str(sort) == (
        "UID SEARCH: fetched and sorted here, since the server lacks SORT"
    )
    assert result.plan == sort
    assert str(sort) in caplog.messages
    assert "lacks THREAD=REFERENCES" in thread.reason


async def _last_batch(inbox: IMAPMailboxUIDService) -> MessageSet:
    return [batch async for batch in inbox.search_batches()][-1]


CALLS: dict[str, Callable[[IMAPMailboxUIDService], Awaitable[object]]] = {
    "search": lambda inbox: inbox.search(),
    "search_batches": _last_batch,
    "count": lambda inbox: inbox.count(),
    "first": lambda inbox: inbox.first(),
    "last": lambda inbox: inbox.last(),
    "sort": lambda inbox: inbox.sort(S.ALL, SortKey.DATE),
    "thread": lambda inbox: inbox.thread(),
}


@pytest.mark.parametrize("at", [b"UID S", b"UID FETCH", b"UID THREAD"])
@pytest.mark.parametrize("call", CALLS)
async def test_a_connection_that_is_cut_fails_the_search(
    call: str, at: bytes, server: Endpoint
) -> None:
    cuts: list[bytes] = []

    def cut(sent: bytes) -> None:
        if at in sent:
            cuts.append(sent)
            relay.cut()

    async with (
        Relay(server.host, server.port) as relay,
        open_client(relay.host, relay.port, server.username) as client,
    ):
        inbox = client.mailbox()
        await inbox.append(small(1))
        expected = await CALLS[call](inbox)
        relay.before_sending = cut
        with suppress(IMAPConnectionLost):
            assert await CALLS[call](inbox) == expected
            assert not cuts  # it took other commands
        relay.before_sending = None

        assert await CALLS[call](inbox) == expected
        assert client.stats().busy == 0
