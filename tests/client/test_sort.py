"""Messages in order: by the server, or as the server would."""

from __future__ import annotations

import pytest

from aiosage import (
    IMAPCapabilityError,
    IMAPClient,
    IMAPMailboxUIDService,
    IMAPProtocolError,
    MessageSet,
    SortKey,
)
from aiosage import (
    IMAPSearchCriteria as S,
)

from ..conftest import Endpoint
from .accounts import OtherClient, scripted_client, small
from .finding import CORPORA, COUNT, WITHOUT_SORT, fill, poor_dovecot

KEYS = [key for key in SortKey if key is not SortKey.RELEVANCY]
ORDERS = [
    *((key,) for key in KEYS),
    *((key.descending,) for key in KEYS),
    (SortKey.SUBJECT, SortKey.DATE.descending),
    (SortKey.FROM.descending, SortKey.TO, SortKey.SIZE),
]


async def test_messages_come_in_the_order_asked_for(any_client: IMAPClient) -> None:
    inbox = any_client.mailbox()
    for number in (3, 1, 2):
        await inbox.append(small(number))

    result = await inbox.sort(S.ALL, SortKey.SUBJECT)

    assert list(result) == [2, 3, 1]
    assert len(result) == 3
    assert result.mailbox == "INBOX"
    assert result.messages == await inbox.search()
    assert list(await inbox.sort(S.ALL, SortKey.SUBJECT.descending)) == [1, 3, 2]
    assert list(await inbox.sort(S.subject("number 2"), SortKey.DATE)) == [3]
    assert list(await inbox.sort(S.subject("日本"), SortKey.DATE)) == []


@pytest.mark.dovecot
@pytest.mark.parametrize("announced", WITHOUT_SORT)
@pytest.mark.parametrize("corpus", CORPORA)
async def test_sorted_here_as_by_dovecot(
    dovecot_client: IMAPClient, corpus: str, announced: str
) -> None:
    """RFC 5256 says how, so that it does not matter who does it."""
    inbox = dovecot_client.mailbox()
    await fill(inbox, corpus)
    async with poor_dovecot(announced) as poor_client:
        poor = poor_client.mailbox()
        await fill(poor, corpus)
        for order in ORDERS:
            theirs = await inbox.sort(S.ALL, *order)
            ours = await poor.sort(S.ALL, *order)

            assert (theirs.plan.is_here, ours.plan.is_here) == (False, True)
            assert ours.uids == theirs.uids, order
            assert len(ours) == COUNT


@pytest.mark.dovecot
async def test_what_sort_display_is_for_is_done_without_it() -> None:
    async with poor_dovecot("IMAP4rev1 LITERAL+ UIDPLUS SORT") as client:
        inbox = client.mailbox()
        for name in ("Zoe <a@x>", "Ann <z@x>"):
            await inbox.append(f"From: {name}\r\n\r\nhi\r\n".encode())

        by_mailbox = await inbox.sort(S.ALL, SortKey.FROM)
        by_name = await inbox.sort(S.ALL, SortKey.DISPLAY_FROM)

    assert (list(by_mailbox), by_mailbox.plan.command) == ([1, 2], "UID SORT")
    assert (list(by_name), by_name.plan.is_here) == ([2, 1], True)
    assert "SORT=DISPLAY" in str(by_name.plan)


async def test_criteria_with_more_uids_than_a_line_are_sorted(
    any_client: IMAPClient,
) -> None:
    inbox = any_client.mailbox()
    for number in (3, 1, 2, 9):
        await inbox.append(small(number))
    many = S.uid([1, 2, *range(4, 20_000, 2)])

    result = await inbox.sort(many, SortKey.SUBJECT)

    assert list(result) == [2, 1, 4]
    assert result.plan.searches > 1
    assert list(await inbox.sort(many & S.subject("7"), SortKey.SUBJECT)) == []


async def test_what_goes_between_search_and_fetch_is_left_out(
    other: OtherClient, inbox: IMAPMailboxUIDService
) -> None:
    for number in (3, 1, 2):
        await inbox.append(small(number))
    found = await inbox.search()
    other.expunge(2)

    assert list(await inbox.sort(S.uid(found), SortKey.SUBJECT)) == [3, 1]


async def test_only_a_server_knows_what_is_relevant(
    inbox: IMAPMailboxUIDService, any_server: Endpoint
) -> None:
    """Cyrus does."""
    if any_server.kind != "cyrus":
        with pytest.raises(IMAPCapabilityError) as caught:
            await inbox.sort(S.ALL, SortKey.RELEVANCY)
        assert caught.value.capability in ("SORT", "SEARCH=FUZZY")
    with pytest.raises(ValueError, match="at least one key"):
        await inbox.sort(S.ALL)


SELECTED = """S: * PREAUTH [CAPABILITY IMAP4rev1 {}] ready
C: T1 EXAMINE INBOX
S: * 3 EXISTS
S: * OK [UIDVALIDITY 9] ok
S: T1 OK [READ-ONLY] done
"""


async def test_a_charset_that_is_refused_is_done_without() -> None:
    """SORT must have a charset, and some servers know none but US-ASCII."""
    script = f"""{SELECTED.format("SORT LITERAL+")}
C: T2 UID SORT (SIZE) UTF-8 SUBJECT {{2+}}
C: é
S: T2 NO [BADCHARSET (US-ASCII)] sorry
C: T3 UID SEARCH CHARSET UTF-8 SUBJECT {{2+}}
C: é
S: T3 NO [BADCHARSET (US-ASCII)] sorry
C: T4 UID SEARCH SUBJECT {{2+}}
C: é
S: * SEARCH 4 6
S: T4 OK done
C: T5 NOOP
S: T5 OK done
C: T6 UID FETCH 4,6 (RFC822.SIZE)
S: * 1 FETCH (UID 4 RFC822.SIZE 20)
S: * 2 FETCH (UID 6 RFC822.SIZE 10)
S: T6 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().sort(S.subject("é"), SortKey.SIZE)

    assert list(result) == [6, 4]
    assert "charset" in result.plan.reason
    assert result.messages == MessageSet([4, 6], mailbox="INBOX", uidvalidity=9)


async def test_a_server_that_sorts_only_some_messages_is_not_taken_at_its_word() -> (
    None
):
    """MESSAGELIMIT (RFC 9738 §3.1)."""
    script = f"""{SELECTED.format("SORT ESEARCH")}
C: T2 UID SORT (SIZE) US-ASCII ALL
S: * SORT 3
S: T2 OK [MESSAGELIMIT 1 3] stopped
C: T3 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "T3") UID ALL 1,3
S: T3 OK done
C: T4 NOOP
S: T4 OK done
C: T5 UID FETCH 1,3 (RFC822.SIZE)
S: * 1 FETCH (UID 1 RFC822.SIZE 20)
S: * 3 FETCH (UID 3 RFC822.SIZE 10)
S: T5 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().sort(S.ALL, SortKey.SIZE)

    assert list(result) == [3, 1]
    assert result.plan.is_here


@pytest.mark.parametrize(
    ("capability", "told"), [("SORT", "* SORT 3 0"), ("", "* SEARCH 3")]
)
async def test_what_cannot_be_sorted_is_a_protocol_error(
    capability: str, told: str
) -> None:
    """UID 0, or a message of no size, is the server's mistake, not the caller's."""
    if capability:
        dialog = f"C: T2 UID SORT (SIZE) US-ASCII ALL\nS: {told}\nS: T2 OK done"
    else:
        dialog = f"""C: T2 UID SEARCH ALL
S: {told}
S: T2 OK done
C: T3 NOOP
S: T3 OK done
C: T4 UID FETCH 3 (RFC822.SIZE)
S: * 3 FETCH (UID 3 FLAGS ())
S: T4 OK done"""
    async with scripted_client(SELECTED.format(capability) + dialog) as client:
        with pytest.raises(IMAPProtocolError):
            await client.mailbox().sort(S.ALL, SortKey.SIZE)


async def test_an_order_is_told_in_ranges_where_the_server_can() -> None:
    script = f"""{SELECTED.format("SORT ESORT")}
C: T2 UID SORT RETURN (ALL) (REVERSE ARRIVAL) US-ASCII UNSEEN
S: * ESEARCH (TAG "T2") UID ALL 7,4:6,2
S: T2 OK done
"""
    async with scripted_client(script) as client:
        result = await client.mailbox().sort(S.UNSEEN, SortKey.ARRIVAL.descending)

    assert list(result) == [7, 4, 5, 6, 2]


async def test_what_is_found_is_read_in_the_same_round_trip() -> None:
    """A server that remembers what it found (RFC 5182) is asked for both at once."""
    script = f"""{SELECTED.format("ESEARCH SEARCHRES")}
C: T2 UID SEARCH RETURN (SAVE ALL) UNSEEN
C: T3 UID FETCH $ (RFC822.SIZE)
S: * ESEARCH (TAG "T2") UID ALL 4,6
S: T2 OK done
S: * 1 FETCH (UID 4 RFC822.SIZE 20)
S: * 2 FETCH (UID 6 RFC822.SIZE 10)
S: * 3 FETCH (UID 7 FLAGS ())
S: T3 OK done
"""
    async with scripted_client(script) as client:
        assert list(await client.mailbox().sort(S.UNSEEN, SortKey.SIZE)) == [6, 4]


async def test_of_a_large_mailbox_not_all_is_read_at_once() -> None:
    """Memory is bounded: what is found is fetched in windows."""
    large = SELECTED.format("ESEARCH SEARCHRES").replace("3 EXISTS", "30000 EXISTS")
    script = f"""{large}
C: T2 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "T2") UID ALL 1:17
S: T2 OK done
C: T3 NOOP
S: T3 OK done
C: T4 UID FETCH 1:16 (RFC822.SIZE)
S: * 1 FETCH (UID 1 RFC822.SIZE 20)
S: T4 OK done
C: T5 NOOP
S: T5 OK done
C: T6 UID FETCH 17 (RFC822.SIZE)
S: * 17 FETCH (UID 17 RFC822.SIZE 10)
S: T6 OK done
"""
    async with scripted_client(script) as client:
        assert list(await client.mailbox().sort(S.ALL, SortKey.SIZE)) == [17, 1]


async def test_a_search_that_is_not_saved_is_made_again() -> None:
    script = f"""{SELECTED.format("ESEARCH SEARCHRES")}
C: T2 UID SEARCH RETURN (SAVE ALL) ALL
C: T3 UID FETCH $ (RFC822.SIZE)
S: T2 NO [NOTSAVED] too much
S: T3 BAD nothing is saved
C: T4 UID SEARCH RETURN (ALL) ALL
S: * ESEARCH (TAG "T4") UID ALL 4
S: T4 OK done
C: T5 NOOP
S: T5 OK done
C: T6 UID FETCH 4 (RFC822.SIZE)
S: * 1 FETCH (UID 4 RFC822.SIZE 20)
S: T6 OK done
"""
    async with scripted_client(script) as client:
        assert list(await client.mailbox().sort(S.ALL, SortKey.SIZE)) == [4]
