"""What commands about messages make of the answers."""

from __future__ import annotations

import time

import pytest

from aiosage.errors import IMAPOperationError, IMAPProtocolError
from aiosage.model import (
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
from aiosage.wire import AppendUidCode, FetchData, MessageLimitCode, PartialResult
from aiosage.wire.commands import (
    Copy,
    Expunge,
    ExpungeResult,
    Fetch,
    MultiAppend,
    MultiSearch,
    NewMessage,
    QResync,
    Replace,
    Scope,
    Search,
    SearchOptions,
    SearchResult,
    SearchReturn,
    SearchSource,
    Select,
    Sort,
    Store,
    StoreMode,
    Thread,
    UidBatches,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidMove,
    UidReplace,
    UidSearch,
    UidSearchReturn,
    UidSort,
    UidStore,
    UidThread,
)

from .transcript import OK, answer

C = IMAPSearchCriteria
FLAGS = (MessagePart.FLAGS,)
SEEN = frozenset({Flag.SEEN})
LIMIT = b"T OK [MESSAGELIMIT 1000 23221] that is all\r\n"


def test_select_returns_what_has_changed_since() -> None:
    """RFC 7162 §3.2.5.1; what comes before CLOSED is about another mailbox."""
    told = (
        b"* 9 FETCH (UID 900 FLAGS ())\r\n* VANISHED (EARLIER) 800\r\n"
        b"* OK [CLOSED] x\r\n* 464 EXISTS\r\n* OK [UIDVALIDITY 3857529045] x\r\n"
        b"* OK [HIGHESTMODSEQ 20010715194045319] x\r\n"
        b"* OK [MAILBOXID (F2212ea87-6097)] x\r\n* NO [UIDNOTSTICKY] x\r\n"
        b"* VANISHED (EARLIER) 41,43:116\r\n* VANISHED (EARLIER) 118\r\n"
        b"* 49 FETCH (UID 117 FLAGS (\\Seen) MODSEQ (90060115194045001))\r\n"
        b"T OK [READ-WRITE] x\r\n"
    )
    result = Select("a", qresync=QResync(1, 2)).result(*answer(told))
    assert result.vanished == MessageSet.parse("41,43:116,118")
    assert [(data.uid, data.flags) for data in result.changed] == [(117, SEEN)]
    assert result.mailbox_id == "F2212ea87-6097"
    assert not result.uids_persist
    plain = Select("a").result(*answer(OK))
    assert (plain.mailbox_id, plain.uids_persist, plain.changed) == (None, True, ())
    assert not plain.vanished


def test_fetch_by_number_keeps_to_the_numbers_asked_for() -> None:
    told = (
        b"* 2 FETCH (FLAGS (\\Seen))\r\n* 9 FETCH (FLAGS ())\r\n"
        b"* 2 FETCH (RFC822.SIZE 5)\r\n" + OK
    )
    fetch = Fetch(SequenceSet([2, 3]), FLAGS)
    assert fetch.result(*answer(told)) == (FetchData(2, flags=SEEN, size=5, others={}),)
    # What "*" is, the client need not know.
    star = Fetch(SequenceSet.LAST, FLAGS).result(*answer(told))
    assert [data.seq for data in star] == [2, 9]


def test_an_answer_in_many_pieces_costs_linear_time() -> None:
    """A server may tell of one message any number of times."""

    def seconds(count: int) -> float:
        told = answer(
            b"".join(b"* 1 FETCH (X%d 1)\r\n" % number for number in range(count))
            + b"* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 7)\r\n"
            + OK
        )
        start = time.process_time()
        (data,) = Fetch(SequenceSet([1]), FLAGS).result(*told)
        elapsed = time.process_time() - start
        assert (data.uid, data.flags, len(data.others)) == (7, SEEN, count)
        return elapsed

    assert seconds(30_000) < 40 * max(seconds(3_000), 0.005)


def test_fetch_tells_what_vanished_but_not_what_vanishes() -> None:
    """RFC 7162 §3.2.10: without EARLIER it is news for the listeners."""
    told = (
        b"* VANISHED (EARLIER) 3,5:7\r\n* VANISHED 9\r\n"
        b"* 1 FETCH (UID 4 FLAGS ())\r\n" + OK
    )
    fetch = UidFetch(MessageSet.from_range(1, 9), FLAGS, 5, vanished=True)
    result = fetch.result(*answer(told))
    assert [data.uid for data in result] == [4]
    assert result.vanished == MessageSet([3, 5, 6, 7])
    assert result.limit is None


def test_fetch_of_a_saved_result_takes_what_comes() -> None:
    told = b"* 1 FETCH (UID 4 FLAGS ())\r\n* 2 FETCH (FLAGS ())\r\n" + OK
    for messages, key in ((SavedResult(), "uid"),):
        result = UidFetch(messages, FLAGS).result(*answer(told))
        assert [getattr(data, key) for data in result] == [4]
    by_number = Fetch(SavedResult(), FLAGS).result(*answer(told))
    assert [data.seq for data in by_number] == [1, 2]


def test_fetch_in_a_session_by_uid_only() -> None:
    told = b"* 25996 UIDFETCH (FLAGS (\\Seen))\r\n* 7 UIDFETCH (FLAGS ())\r\n" + OK
    result = UidFetch(MessageSet([25996]), FLAGS).result(*answer(told))
    assert result == (FetchData(None, uid=25996, flags=SEEN, others={}),)
    assert Fetch(SequenceSet.ALL, FLAGS).result(*answer(told)) == ()


def test_results_say_how_far_a_limited_server_got() -> None:
    """RFC 9738 §3.1: an OK may be about the first thousand only."""
    uids, numbers = MessageSet([1]), SequenceSet([1])
    limits = [
        UidFetch(uids, FLAGS).result(*answer(LIMIT)).limit,
        Fetch(numbers, FLAGS).result(*answer(LIMIT)).limit,
        UidStore(uids, StoreMode.ADD, SEEN).result(*answer(LIMIT)).limit,
        Store(numbers, StoreMode.ADD, SEEN).result(*answer(LIMIT)).limit,
        UidSearchReturn(C.ALL).result(*answer(LIMIT)).limit,
        SearchReturn(C.ALL).result(*answer(LIMIT)).limit,
        Sort((SortKey.DATE,)).result(*answer(LIMIT)).limit,
        UidExpunge(uids).result(*answer(LIMIT)).limit,
        Expunge().result(*answer(LIMIT)).limit,
    ]
    expected = MessageLimitCode("MESSAGELIMIT", "1000 23221", 1000, 23221)
    assert limits == [expected] * len(limits)


@pytest.mark.parametrize("command", [UidSearch(C.ALL), Search(C.ALL)])
def test_a_plain_search_does_not_pass_off_a_part_as_the_whole(
    command: UidSearch | Search,
) -> None:
    with pytest.raises(IMAPOperationError) as caught:
        command.result(*answer(b"* SEARCH 1\r\n" + LIMIT))
    assert caught.value.code == "MESSAGELIMIT"


def test_store_tells_what_it_left_alone() -> None:
    """RFC 7162 §3.1.3, example 10."""
    told = (
        b"* 1 FETCH (UID 4 MODSEQ (320162342) FLAGS (\\Seen))\r\n"
        b"* 5 FETCH (UID 7 MODSEQ (320162349))\r\n* 8 FETCH (UID 99 FLAGS ())\r\n"
        b"T OK [MODIFIED 9,12:13] Conditional STORE failed\r\n"
    )
    uids = MessageSet.from_range(1, 50)
    by_uid = UidStore(uids, StoreMode.ADD, SEEN, 5).result(*answer(told))
    assert by_uid == {4: SEEN}
    assert by_uid.modseqs == {4: 320162342, 7: 320162349}
    assert by_uid.modified == MessageSet([9, 12, 13])
    numbers = SequenceSet([1, 5])
    by_number = Store(numbers, StoreMode.ADD, SEEN, 5).result(*answer(told))
    assert by_number == {1: SEEN}
    assert by_number.modseqs == {1: 320162342, 5: 320162349}
    assert by_number.modified == SequenceSet([9, 12, 13])
    saved = UidStore(SavedResult(), StoreMode.ADD, SEEN).result(*answer(told))
    assert [*saved] == [4, 99]
    assert not UidStore(uids, StoreMode.ADD, SEEN).result(*answer(OK)).modified


def test_copyuid_of_more_messages_than_can_be_meant_is_refused() -> None:
    told = answer(b"T OK [COPYUID 9 1:3 11:13] x\r\n")
    with pytest.raises(IMAPProtocolError, match="COPY: COPYUID of other"):
        Copy(SequenceSet([1, 2]), "a").result(*told)
    for loose in (SequenceSet.ALL, SavedResult()):
        code = Copy(loose, "a").result(*told)
        assert code is not None
        assert code.count == 3
    assert UidCopy(SavedResult(), "a").result(*told) == code


def test_a_move_told_in_parts_is_told_whole() -> None:
    """No UID of a message that was moved may get lost (RFC 6851 §3.3)."""
    parts = (
        b"* OK [COPYUID 9 1:2 11:12] x\r\n* 1 EXPUNGE\r\n"
        b"* OK [COPYUID 9 5,3 13:14] x\r\n"
    )
    move = UidMove(MessageSet.from_range(1, 5), "a")
    expected = [(1, 11), (2, 12), (5, 13), (3, 14)]
    for end in (OK, b"T OK [COPYUID 9 1:2,5,3 11:14] x\r\n"):
        code = move.result(*answer(parts + end))
        assert code is not None
        assert list(code.pairs()) == expected
    with pytest.raises(IMAPProtocolError, match="other"):
        move.result(*answer(parts + b"* OK [COPYUID 9 6:7 15:16] x\r\n" + OK))


def test_expunge_tells_the_mod_sequence_it_led_to() -> None:
    told = answer(b"* 3 EXPUNGE\r\nT OK [HIGHESTMODSEQ 7] x\r\n")
    assert UidExpunge(MessageSet([1])).result(*told) == ExpungeResult(7)
    assert Expunge().result(*told) == ExpungeResult(7)
    assert Expunge().result(*answer(OK)) == ExpungeResult()


ESEARCH = (
    b'* ESEARCH (TAG "U") UID ADDTO (0 99)\r\n'
    b'* ESEARCH (TAG "T") UID MIN 2 MAX 9 COUNT 3 ALL 2,8:9 MODSEQ 5'
    b" RELEVANCY (9 8 7)\r\n" + OK
)


def test_a_search_returns_all_it_is_told_and_nothing_of_another() -> None:
    """RFC 5267 §4.3: a search with UPDATE goes on telling, by its own tag."""
    result = UidSearchReturn(C.ALL).result(*answer(ESEARCH))
    assert result == SearchResult(
        "T", MessageSet([2, 8, 9]), 3, 2, 9, 5, relevancy=(9, 8, 7)
    )
    other = ESEARCH.replace(b'"T"', b'"U"')
    assert UidSearchReturn(C.ALL).result(*answer(other)).messages == MessageSet()
    assert UidSearch(C.ALL).result(*answer(other)) == MessageSet()


def test_several_answers_to_a_search_are_one() -> None:
    """RFC 5267 §4.3.3: what comes meanwhile is told before the tagged OK."""
    told = answer(
        b'* ESEARCH (TAG "T") UID COUNT 3 MIN 2 MAX 9 ALL 2,8\r\n'
        b'* ESEARCH (TAG "T") UID ALL 9 MODSEQ 5\r\n'
        b'* ESEARCH (TAG "T") UID ADDTO (0 10)\r\n' + OK
    )
    result = UidSearchReturn(C.ALL, SearchOptions(update=True)).result(*told)
    assert result == SearchResult("T", MessageSet([2, 8, 9]), 3, 2, 9, 5)


def test_several_answers_about_one_mailbox_are_one() -> None:
    told = answer(
        b'* ESEARCH (TAG "T" MAILBOX a UIDVALIDITY 7) UID COUNT 2 ALL 2\r\n'
        b'* ESEARCH (TAG "U" MAILBOX a UIDVALIDITY 7) UID COUNT 9\r\n'
        b'* ESEARCH (TAG "T" MAILBOX a UIDVALIDITY 7) UID ALL 8\r\n' + OK
    )
    search = MultiSearch(C.ALL, (SearchSource(Scope.MAILBOXES, ("a",)),))
    (found,) = search.result(*told).values()
    assert found.count == 2
    assert found.messages == MessageSet([2, 8], mailbox="a", uidvalidity=7)


def test_a_search_by_number_returns_numbers() -> None:
    told = ESEARCH.replace(b" UID", b"")
    result = SearchReturn(C.ALL).result(*answer(told))
    assert result.messages == SequenceSet([2, 8, 9])
    assert Search(C.ALL).result(*answer(told)) == SequenceSet([2, 8, 9])
    plain = b"* SEARCH 5 2 (MODSEQ 7)\r\n" + OK
    assert Search(C.ALL).result(*answer(plain)) == SequenceSet([2, 5])
    assert SearchReturn(C.ALL).result(*answer(plain)).modseq == 7


def test_what_was_not_asked_is_none_and_what_was_not_found_is_empty() -> None:
    told = answer(b'* ESEARCH (TAG "T") UID COUNT 0\r\n' + OK)
    count = UidSearchReturn(C.ALL, SearchOptions(count=True)).result(*told)
    assert (count.count, count.messages, count.min) == (0, None, None)
    both = UidSearchReturn(C.ALL, SearchOptions(count=True, all=True)).result(*told)
    assert both.messages == MessageSet()


def test_a_part_of_a_search() -> None:
    told = answer(b'* ESEARCH (TAG "T") UID PARTIAL (-1:-2 8:9)\r\n' + OK)
    wanted = PartialRange(-1, -2)
    result = UidSearchReturn(C.ALL, SearchOptions(partial=wanted)).result(*told)
    assert result.partial == PartialResult(wanted, ((8, 9),))


@pytest.mark.parametrize("found", [b"0 7", b"4294967296"])
def test_a_search_that_finds_what_cannot_be_is_refused(found: bytes) -> None:
    told = answer(b"* SEARCH %b\r\n" % found + OK)
    for command in (Search(C.ALL), SearchReturn(C.ALL), UidSearchReturn(C.ALL)):
        with pytest.raises(IMAPProtocolError, match="what cannot be"):
            command.result(*told)


def test_sort_keeps_the_order() -> None:
    plain = answer(b"* SORT 5 3 4 1 2\r\n" + OK)
    by = (SortKey.DATE,)
    assert Sort(by).result(*plain).messages == (5, 3, 4, 1, 2)
    extended = answer(b'* ESEARCH (TAG "T") UID ALL 5,3:4,1,2 COUNT 5\r\n' + OK)
    result = UidSort(by, C.ALL, SearchOptions()).result(*extended)
    assert (result.messages, result.count) == ((5, 3, 4, 1, 2), 5)
    assert UidSort(by).result(*answer(OK)).messages == ()
    assert Sort(by, C.ALL, SearchOptions(count=True)).result(*answer(OK)).messages is (
        None
    )


def test_a_sort_of_billions_is_refused_before_memory_is_spent() -> None:
    told = b'* ESEARCH (TAG "T") UID ALL 1:9000000,1:9000000\r\n' + OK
    start = time.process_time()
    for octets in (told, told.replace(b"9000000", b"4294967295")):
        with pytest.raises(IMAPProtocolError, match="more than 16777216"):
            UidSort((SortKey.DATE,), C.ALL, SearchOptions()).result(*answer(octets))
    assert time.process_time() - start < 5


def test_threads() -> None:
    told = answer(b"* THREAD (2)(3 6)\r\n* THREAD (7)\r\n" + OK)
    threads = (ThreadNode((2,)), ThreadNode((3, 6)), ThreadNode((7,)))
    assert UidThread().result(*told) == threads
    assert Thread().result(*told) == threads
    assert Thread().result(*answer(OK)) == ()


MULTI = (
    b'* ESEARCH (TAG "T" MAILBOX "folder1" UIDVALIDITY 1) UID ALL 4001,4003 COUNT 2\r\n'
    b'* ESEARCH (TAG "X" MAILBOX "folder3" UIDVALIDITY 1) UID ALL 1\r\n'
    b'* ESEARCH (TAG "T" MAILBOX "a/b" UIDVALIDITY 503) UID ALL 3002\r\n'
    b'* ESEARCH (TAG "T") UID ALL 5\r\n' + OK
)


def test_a_search_of_several_mailboxes_tells_which_holds_what() -> None:
    """RFC 7377 §3."""
    search = MultiSearch(C.ALL, (SearchSource(Scope.PERSONAL),))
    found = search.result(*answer(MULTI))
    assert {name: result.messages for name, result in found.items()} == {
        "folder1": MessageSet([4001, 4003], mailbox="folder1", uidvalidity=1),
        "a/b": MessageSet([3002], mailbox="a/b", uidvalidity=503),
    }
    assert found["folder1"].count == 2
    with pytest.raises(IMAPProtocolError, match="message numbers"):
        search.result(*answer(MULTI.replace(b" UID ALL", b" ALL")))


def test_batches_of_uids() -> None:
    told = answer(
        b'* UIDBATCHES (TAG "X") 7\r\n* UIDBATCHES (TAG "T") 9:5,4:1\r\n' + OK
    )
    assert UidBatches(5).result(*told) == ((5, 9), (1, 4))
    assert UidBatches(5).result(*answer(OK)) == ()


def test_appends_and_replacements_return_appenduid() -> None:
    """REPLACE tells it untagged, ahead of the EXPUNGE (RFC 8508 §3.4)."""
    tagged = answer(b"T OK [APPENDUID 1 2000:2001] x\r\n")
    code = AppendUidCode("APPENDUID", "1 2000:2001", 1, ((2000, 2001),))
    new = NewMessage(b"")
    assert MultiAppend("a", (new, new)).result(*tagged) == code
    untagged = answer(b"* OK [APPENDUID 1 2000:2001] x\r\n* 4 EXPUNGE\r\n" + OK)
    for command in (Replace(4, "a", new), UidReplace(4, "a", new)):
        assert command.result(*untagged) == code
        assert command.result(*tagged) == code
        assert command.result(*answer(OK)) is None
