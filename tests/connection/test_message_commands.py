"""Commands about messages on real servers, each for what it offers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from aiosage.connection import IMAPConnection, News
from aiosage.errors import IMAPCapabilityError, IMAPMailboxError, IMAPOperationError
from aiosage.model import (
    Descending,
    Flag,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    PartialRange,
    SavedResult,
    SequenceSet,
    SortKey,
    ThreadNode,
)
from aiosage.testing import Certificates, CyrusServer, DovecotServer
from aiosage.wire import (
    AppendUidCode,
    ContextUpdate,
    ESearchData,
    FetchData,
    PartialResult,
    Unknown,
)
from aiosage.wire.commands import (
    Append,
    CancelUpdate,
    Check,
    Close,
    Command,
    Copy,
    Create,
    Enable,
    Expunge,
    Fetch,
    GetStatus,
    Move,
    MultiAppend,
    MultiSearch,
    NewMessage,
    Noop,
    QResync,
    Scope,
    Search,
    SearchOptions,
    SearchReturn,
    SearchSource,
    Select,
    SessionState,
    Sort,
    Store,
    StoreMode,
    TextPart,
    Thread,
    UidExpunge,
    UidFetch,
    UidReplace,
    UidSearch,
    UidSearchReturn,
    UidSort,
    UidStore,
    UidThread,
    UrlPart,
)

from ..conftest import CYRUS, DOVECOT, Endpoint, endpoint
from .test_cyrus import open_on

C = IMAPSearchCriteria
ALL = MessageSet.from_range(1, 100)
SEEN = frozenset({Flag.SEEN})
FLAGGED = frozenset({Flag.FLAGGED})
DELETED = frozenset({Flag.DELETED})
FLAGS = (MessagePart.FLAGS,)
SAVED = SavedResult()


def mail(number: int, *, subject: str = "", answers: int | None = None) -> bytes:
    """Return a small message, sent on day *number* of the month."""
    reference = "" if answers is None else f"In-Reply-To: <{answers}@x>\r\n"
    return (
        f"From: user{9 - number} <u{number}@example.org>\r\n"
        f"Subject: {subject or number}\r\nDate: {number} Feb 2026 00:00:00 +0000\r\n"
        f"Message-ID: <{number}@x>\r\n{reference}\r\n{'x' * 10 * number}\r\n"
    ).encode()


async def fill(connection: IMAPConnection) -> IMAPConnection:
    """Put five messages into INBOX, open it, and let none of it be unknown."""
    connection.add_listener(refuse_unknown)
    for number in range(1, 6):
        answers = {3: 1, 4: 3, 5: 1}.get(number)
        subject = "news" if number in (2, 4) else ""
        message = mail(number, subject=subject, answers=answers)
        await connection.execute(Append("INBOX", message))
    await connection.select("INBOX")
    return connection


def refuse_unknown(news: News) -> None:
    """Fail the session if a server says what has no type."""
    assert not isinstance(news, Unknown)


@pytest.fixture(params=[DOVECOT, CYRUS])
async def either(
    request: pytest.FixtureRequest, certificates: Certificates
) -> AsyncIterator[IMAPConnection]:
    """Five messages on each real server."""
    async with (
        endpoint(request, certificates) as server,
        await open_on(server) as connection,
    ):
        yield await fill(connection)


@pytest.fixture
async def anywhere(any_server: Endpoint) -> AsyncIterator[IMAPConnection]:
    """Five messages on each server."""
    async with await open_on(any_server) as connection:
        yield await fill(connection)


@pytest.fixture
async def dovecot_five(dovecot: DovecotServer) -> AsyncIterator[IMAPConnection]:
    """Five messages on Dovecot."""
    async with await open_on(dovecot) as connection:
        yield await fill(connection)


@pytest.fixture
async def cyrus_five(cyrus: CyrusServer) -> AsyncIterator[IMAPConnection]:
    """Five messages on Cyrus."""
    async with await open_on(cyrus) as connection:
        yield await fill(connection)


async def test_by_number_as_by_uid(anywhere: IMAPConnection) -> None:
    await anywhere.execute(UidStore(MessageSet([2]), StoreMode.ADD, DELETED))
    await anywhere.execute(UidExpunge(MessageSet([2])))
    by_number = await anywhere.execute(Fetch(SequenceSet([2, 3]), (MessagePart.UID,)))
    assert [(data.seq, data.uid) for data in by_number] == [(2, 3), (3, 4)]
    last = await anywhere.execute(Fetch(SequenceSet.LAST, (MessagePart.UID,)))
    assert [(data.seq, data.uid) for data in last] == [(4, 5)]
    numbers = await anywhere.execute(Search(C.sequence(SequenceSet.parse("3:*"))))
    assert numbers == SequenceSet([3, 4])
    uids = await anywhere.execute(UidSearch(C.sequence(numbers)))
    assert uids == MessageSet([4, 5])
    flags = await anywhere.execute(Store(SequenceSet([1]), StoreMode.ADD, SEEN))
    assert Flag.SEEN in flags[1]
    await anywhere.execute(Create("other"))
    copied = await anywhere.execute(Copy(SequenceSet([1, 2]), "other"))
    moved = await anywhere.execute(Move(SequenceSet.LAST, "other"))
    assert copied is not None
    assert moved is not None
    assert [dict(code.pairs()) for code in (copied, moved)] == [{1: 1, 3: 2}, {5: 3}]
    assert (await anywhere.reselect("INBOX")).exists == 3


@pytest.mark.sends("EXPUNGE", "CLOSE")
async def test_expunge_and_close_by_their_names_only(anywhere: IMAPConnection) -> None:
    await anywhere.execute(Check())
    await anywhere.execute(
        UidStore(MessageSet([1]), StoreMode.ADD, DELETED, silent=True)
    )
    await anywhere.execute(Expunge())
    assert (await anywhere.reselect("INBOX")).exists == 4
    await anywhere.execute(UidStore(MessageSet([2]), StoreMode.ADD, DELETED))
    await anywhere.execute(Close())
    assert anywhere.state is SessionState.AUTHENTICATED
    assert anywhere.selected is None
    assert (await anywhere.select("INBOX")).exists == 3


async def test_search_returns_what_is_asked(anywhere: IMAPConnection) -> None:
    options = SearchOptions(min=True, max=True, count=True, all=True)
    found = await anywhere.execute(UidSearchReturn(C.subject("news"), options))
    assert (found.min, found.max, found.count) == (2, 4, 2)
    assert found.messages == MessageSet([2, 4])
    numbers = await anywhere.execute(SearchReturn(C.subject("news"), options))
    assert numbers.messages == SequenceSet([2, 4])
    none = await anywhere.execute(UidSearchReturn(C.subject("absent"), options))
    assert (none.min, none.count, none.messages) == (None, 0, MessageSet())
    changed = await anywhere.execute(UidSearchReturn(C.modseq(1), options))
    assert changed.modseq is not None


async def test_sort(either: IMAPConnection) -> None:
    by = await either.execute(UidSort((SortKey.SUBJECT, Descending(SortKey.DATE))))
    assert by.messages == (1, 3, 5, 4, 2)
    display = await either.execute(Sort((SortKey.DISPLAY_FROM,), C.subject("news")))
    assert display.messages == (4, 2)
    options = SearchOptions(count=True, all=True)
    extended = await either.execute(
        UidSort((Descending(SortKey.SIZE),), C.uid(MessageSet([1, 2])), options)
    )
    assert (extended.messages, extended.count) == ((2, 1), 2)


async def test_threads(either: IMAPConnection) -> None:
    threads = await either.execute(UidThread())
    assert set(threads) == {
        ThreadNode((1,), (ThreadNode((3, 4)), ThreadNode((5,)))),
        ThreadNode((2,)),
    }
    by_subject = await either.execute(Thread("ORDEREDSUBJECT", C.subject("news")))
    assert [[number for _, number in thread.walk()] for thread in by_subject] == [
        [2, 4]
    ]


async def test_changes_since_a_mod_sequence(anywhere: IMAPConnection) -> None:
    """RFC 7162 §3.1.3 and §3.1.4."""
    before = (await anywhere.execute(Select("INBOX", condstore=True))).highest_modseq
    assert before is not None
    stored = await anywhere.execute(UidStore(MessageSet([4]), StoreMode.ADD, SEEN))
    assert stored.modseqs[4] > before
    changed = await anywhere.execute(UidFetch(ALL, FLAGS, changed_since=before))
    assert [(data.uid, data.modseq) for data in changed] == [(4, stored.modseqs[4])]
    by_number = await anywhere.execute(
        Fetch(SequenceSet.ALL, FLAGS, changed_since=before)
    )
    assert [data.seq for data in by_number] == [4]
    conditional = await anywhere.execute(
        UidStore(MessageSet([3, 4]), StoreMode.ADD, FLAGGED, before)
    )
    assert conditional.modified == MessageSet([4])
    assert Flag.FLAGGED in conditional[3]
    numbers = await anywhere.execute(
        Store(SequenceSet([4]), StoreMode.ADD, FLAGGED, before)
    )
    assert numbers.modified == SequenceSet([4])


async def test_opening_a_mailbox_tells_what_has_changed(either: IMAPConnection) -> None:
    """RFC 7162 §3.2.5."""
    await either.unselect()
    await either.execute(Enable(("QRESYNC",)))
    known = await either.select("INBOX")
    assert known.uidvalidity is not None
    assert known.highest_modseq is not None
    await either.execute(UidStore(MessageSet([4]), StoreMode.ADD, SEEN))
    await either.execute(UidStore(MessageSet([2]), StoreMode.ADD, DELETED))
    expunged = await either.execute(UidExpunge(MessageSet([2])))
    assert (expunged.highest_modseq or 0) > known.highest_modseq
    fetched = await either.execute(
        UidFetch(ALL, FLAGS, known.highest_modseq, vanished=True)
    )
    assert (fetched.vanished & MessageSet([1, 2, 3, 4, 5])) == MessageSet([2])
    assert [data.uid for data in fetched] == [4]
    resync = QResync(
        known.uidvalidity,
        known.highest_modseq,
        MessageSet([1, 2, 3, 4, 5]),
        (SequenceSet([1, 3]), MessageSet([1, 3])),
    )
    for read_only in (False, True):
        opened = await either.execute(
            Select("INBOX", read_only=read_only, qresync=resync)
        )
        assert opened.vanished == MessageSet([2])
        assert [data.uid for data in opened.changed] == [4]
        assert Flag.SEEN in (opened.changed[0].flags or ())
        assert opened.exists == 4
    stale = QResync(known.uidvalidity + 1, known.highest_modseq)
    opened = await either.execute(Select("INBOX", qresync=stale))
    assert not opened.vanished
    assert opened.changed == ()


async def test_several_messages_at_once(anywhere: IMAPConnection) -> None:
    messages = tuple(NewMessage(mail(number), SEEN) for number in (6, 7))
    code = await anywhere.execute(MultiAppend("INBOX", messages))
    assert code is not None
    assert code.uids == ((6, 7),)
    await anywhere.noop()
    found = await anywhere.execute(UidFetch(MessageSet([6, 7]), (MessagePart.FULL,)))
    assert [data.sections["BODY[]"] for data in found] == [mail(6), mail(7)]


async def test_a_message_made_of_others(either: IMAPConnection) -> None:
    """RFC 4469 §3: the server copies what an URL names."""
    selected = either.selected
    assert selected is not None
    url = f"/INBOX;UIDVALIDITY={selected.uidvalidity}/;UID=3"
    parts = (UrlPart(f"{url}/;SECTION=HEADER"), TextPart(b"new text\r\n"))
    code = await either.execute(MultiAppend("INBOX", (NewMessage(parts),)))
    assert code == AppendUidCode(
        "APPENDUID", f"{selected.uidvalidity} 6", selected.uidvalidity or 0, ((6, 6),)
    )
    await either.noop()
    (data,) = await either.execute(UidFetch(MessageSet([6]), (MessagePart.FULL,)))
    head, _, _ = mail(3, answers=1).partition(b"\r\n\r\n")
    assert data.sections["BODY[]"] == head + b"\r\n\r\nnew text\r\n"
    bad = NewMessage((UrlPart("/INBOX;UIDVALIDITY=1/;UID=9"),))
    with pytest.raises(IMAPOperationError) as caught:
        await either.execute(MultiAppend("INBOX", (bad,)))
    assert caught.value.code == "BADURL"


ENCODED = (
    b"Subject: b\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\naMOpCg==\r\n"
)


@pytest.mark.sends("SEEN")
async def test_parts_without_their_transfer_encoding(either: IMAPConnection) -> None:
    """RFC 3516."""
    await either.execute(Append("INBOX", ENCODED, binary=True))
    await either.noop()
    items = (
        MessagePart.binary("1"),
        MessagePart.binary("1").partial(1, 2),
        MessagePart.binary_size("1"),
        MessagePart("RFC822.HEADER"),
        MessagePart.BODY,
    )
    (data,) = await either.execute(UidFetch(MessageSet([6]), items))
    assert data.sections["BINARY[1]"] == b"h\xc3\xa9\n"
    assert data.sections["BINARY[1]<1>"] == b"\xc3\xa9"
    assert data.binary_sizes == {"1": 4}
    assert data.sections["RFC822.HEADER"] == ENCODED[:-10]
    assert data.body_structure is not None
    assert data.body_structure.content_type == "text/plain"
    marking = (
        MessagePart("RFC822", peek=False),
        MessagePart("RFC822.TEXT", peek=False),
    )
    (data,) = await either.execute(UidFetch(MessageSet([6]), tuple(marking)))
    assert data.sections == {"RFC822": ENCODED, "RFC822.TEXT": ENCODED[-10:]}
    (data,) = await either.execute(UidFetch(MessageSet([6]), FLAGS))
    assert Flag.SEEN in (data.flags or ())


async def test_a_message_with_nul(dovecot_five: IMAPConnection) -> None:
    """RFC 3516 §4.4: only literal8 may hold it."""
    octets = b"Subject: x\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b\r\n"
    await dovecot_five.execute(Append("INBOX", octets, binary=True))
    await dovecot_five.noop()
    (data,) = await dovecot_five.execute(
        UidFetch(MessageSet([6]), (MessagePart.binary("1"),))
    )
    assert data.sections["BINARY[1]"] == b"a\0b\r\n"


async def test_previews_and_save_dates(either: IMAPConnection) -> None:
    items = (MessagePart.PREVIEW, MessagePart.SAVE_DATE)
    (data,) = await either.execute(UidFetch(MessageSet([1]), items))
    assert data.save_date is not None
    if data.preview is not None:  # Cyrus makes them later, if at all
        assert data.preview.startswith("xxx")
    assert await either.execute(UidSearch(C.save_date_supported())) == MessageSet(
        [1, 2, 3, 4, 5]
    )


async def test_a_preview_that_is_not_there_yet(dovecot_five: IMAPConnection) -> None:
    """RFC 8970 §4.1."""
    lazy = UidFetch(MessageSet([1]), (MessagePart.PREVIEW_LAZY,))
    (data,) = await dovecot_five.execute(lazy)
    assert "PREVIEW" in data.others
    (data,) = await dovecot_five.execute(
        UidFetch(MessageSet([1]), (MessagePart.PREVIEW,))
    )
    assert data.preview == "xxxxxxxxxx"
    (data,) = await dovecot_five.execute(lazy)
    assert data.preview == "xxxxxxxxxx"


async def test_object_ids(cyrus_five: IMAPConnection) -> None:
    """RFC 8474."""
    assert (await cyrus_five.reselect("INBOX")).mailbox_id
    items = (MessagePart.EMAIL_ID, MessagePart.THREAD_ID)
    found = await cyrus_five.execute(UidFetch(ALL, items))
    assert len({data.email_id for data in found}) == 5
    assert all(data.thread_id for data in found)
    email_id = found[2].email_id
    assert email_id is not None
    hits = await cyrus_five.execute(UidSearch(C.email_id(email_id)))
    assert hits == MessageSet([3])


async def test_a_part_of_a_search(dovecot_five: IMAPConnection) -> None:
    """RFC 5267 §4.4: Dovecot has CONTEXT=SEARCH."""
    wanted = PartialRange(2, 3)
    found = await dovecot_five.execute(
        UidSearchReturn(C.ALL, SearchOptions(partial=wanted, count=True))
    )
    assert found.partial == PartialResult(wanted, ((2, 3),))
    assert (found.count, found.messages) == (5, None)
    beyond = PartialRange(6, 9)
    found = await dovecot_five.execute(
        UidSearchReturn(C.ALL, SearchOptions(partial=beyond))
    )
    assert found.partial == PartialResult(beyond, ())


async def test_what_a_search_saved_is_used_by_the_next(
    dovecot_five: IMAPConnection,
) -> None:
    """RFC 5182 §2.1, all sent without waiting, in the order asked for."""
    save = SearchOptions(save=True)
    results = await asyncio.gather(
        dovecot_five.execute(UidSearchReturn(C.subject("news"), save)),
        dovecot_five.execute(UidFetch(SAVED, FLAGS)),
        dovecot_five.execute(UidSearchReturn(~C.saved_result(), save)),
        dovecot_five.execute(UidFetch(SAVED, FLAGS)),
    )
    assert results[0].messages is None
    assert [data.uid for data in results[1]] == [2, 4]
    assert [data.uid for data in results[3]] == [1, 3, 5]
    by_number = await dovecot_five.execute(Fetch(SAVED, FLAGS))
    assert [data.seq for data in by_number] == [1, 3, 5]
    stored = await dovecot_five.execute(UidStore(SAVED, StoreMode.ADD, SEEN))
    assert [*stored] == [1, 3, 5]
    await dovecot_five.execute(Create("other"))
    moved = await dovecot_five.execute(Move(SAVED, "other"))
    assert moved is not None
    assert moved.source == ((1, 1), (3, 3), (5, 5))


async def test_a_search_that_goes_on_telling(dovecot_five: IMAPConnection) -> None:
    """RFC 5267 §4.3; other searches are not confused by it."""
    heard: list[News] = []
    dovecot_five.add_listener(heard.append)
    options = SearchOptions(all=True, update=True, context=True)
    flagged = await dovecot_five.execute(UidSearchReturn(C.FLAGGED, options))
    assert (flagged.messages, flagged.tag is not None) == (MessageSet(), True)
    await dovecot_five.execute(UidStore(MessageSet([3]), StoreMode.ADD, FLAGGED))
    assert await dovecot_five.execute(UidSearch(C.SEEN, esearch=True)) == MessageSet()
    updates = [news for news in heard if isinstance(news, ESearchData)]
    assert [news.add_to for news in updates if news.tag == flagged.tag][-1] == (
        ContextUpdate(0, ((3, 3),)),
    )
    assert flagged.tag is not None
    await dovecot_five.execute(CancelUpdate((flagged.tag,)))
    heard.clear()
    await dovecot_five.execute(UidStore(MessageSet([3]), StoreMode.REMOVE, FLAGGED))
    await dovecot_five.execute(Noop())
    assert not [news for news in heard if isinstance(news, ESearchData)]


async def test_what_a_server_lacks_is_refused_by_name(anywhere: IMAPConnection) -> None:
    lacking: list[tuple[Command[object], str]] = [
        (UidReplace(1, "INBOX", NewMessage(mail(1))), "REPLACE"),
        (MultiSearch(C.ALL, (SearchSource(Scope.PERSONAL),)), "MULTISEARCH"),
        (UidFetch(ALL, FLAGS, partial=PartialRange(1, 2)), "PARTIAL"),
        (UidSearch(C.filter("x")), "FILTERS"),
        (UidThread("NONE"), "THREAD=NONE"),
    ]
    lacking = [one for one in lacking if not anywhere.supports(one[1])]
    assert len(lacking) >= 3
    for command, capability in lacking:
        with pytest.raises(IMAPCapabilityError) as caught:
            await anywhere.execute(command)
        assert caught.value.capability == capability
    assert await anywhere.execute(UidSearch(C.ALL)) == MessageSet([1, 2, 3, 4, 5])


async def test_a_copy_to_nowhere_is_refused(anywhere: IMAPConnection) -> None:
    with pytest.raises(IMAPMailboxError):
        await anywhere.execute(Copy(SequenceSet([1]), "missing"))
    status = await anywhere.execute(GetStatus("INBOX", ("MESSAGES",)))
    assert status.items["MESSAGES"] == 5
    data = (await anywhere.execute(Fetch(SequenceSet([1]), FLAGS)))[0]
    assert isinstance(data, FetchData)
