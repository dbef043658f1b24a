"""What commands about messages say on the wire, and what they need."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

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
)
from aiosage.wire import Dialect, Encoder
from aiosage.wire.commands import (
    Append,
    CancelUpdate,
    Check,
    Close,
    Command,
    Copy,
    Expunge,
    Fetch,
    Move,
    MultiAppend,
    MultiSearch,
    NewMessage,
    QResync,
    Replace,
    Scope,
    Search,
    SearchOptions,
    SearchReturn,
    SearchSource,
    Select,
    Sort,
    Store,
    StoreMode,
    TextPart,
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
    UrlPart,
)

from .transcript import sent

C = IMAPSearchCriteria
UIDS = MessageSet([41, 43])
NUMBERS = SequenceSet.parse("2:4,7:*")
SAVED = SavedResult()
FLAGS = (MessagePart.FLAGS,)
SEEN = frozenset({Flag.SEEN})
DAY = datetime(2026, 2, 1, tzinfo=UTC)
HI = NewMessage(b"hi")

WORDS: list[tuple[Command[object], list[bytes], set[tuple[str, ...]]]] = [
    (
        Select("a", condstore=True),
        [b"SELECT a (CONDSTORE)"],
        {("CONDSTORE", "QRESYNC")},
    ),
    (
        Select("a", read_only=True, qresync=QResync(67890007, 20050715194045000)),
        [b"EXAMINE a (QRESYNC (67890007 20050715194045000))"],
        {("QRESYNC",)},
    ),
    (
        Select(
            "a",
            qresync=QResync(
                *(7, 9), UIDS, (SequenceSet([1, 4, 5]), MessageSet([1, 9, 11]))
            ),
        ),
        [b"SELECT a (QRESYNC (7 9 41,43 (1,4:5 1,9,11)))"],
        {("QRESYNC",)},
    ),
    (Close(), [b"CLOSE"], set()),
    (Check(), [b"CHECK"], set()),
    (Expunge(), [b"EXPUNGE"], set()),
    (UidExpunge(SAVED), [b"UID EXPUNGE $"], {("UIDPLUS",), ("SEARCHRES",)}),
    (Fetch(NUMBERS, FLAGS), [b"FETCH 2:4,7:* (FLAGS)"], set()),
    (
        Fetch(SAVED, FLAGS, changed_since=5),
        [b"FETCH $ (FLAGS) (CHANGEDSINCE 5)"],
        {("SEARCHRES",), ("CONDSTORE", "QRESYNC")},
    ),
    (
        UidFetch(UIDS, FLAGS, changed_since=5),
        [b"UID FETCH 41,43 (FLAGS) (CHANGEDSINCE 5)"],
        {("CONDSTORE", "QRESYNC")},
    ),
    (
        UidFetch(UIDS, FLAGS, changed_since=5, vanished=True),
        [b"UID FETCH 41,43 (FLAGS) (CHANGEDSINCE 5 VANISHED)"],
        {("QRESYNC",)},
    ),
    (
        UidFetch(SAVED, FLAGS, partial=PartialRange(-1, -30)),
        [b"UID FETCH $ (FLAGS) (PARTIAL -1:-30)"],
        {("PARTIAL",), ("SEARCHRES",)},
    ),
    (
        UidFetch(UIDS, (MessagePart.binary("1"), MessagePart.PREVIEW_LAZY)),
        [b"UID FETCH 41,43 (BINARY.PEEK[1] PREVIEW (LAZY))"],
        set(),
    ),
    (
        Store(NUMBERS, StoreMode.ADD, SEEN, silent=True),
        [b"STORE 2:4,7:* +FLAGS.SILENT (\\Seen)"],
        set(),
    ),
    (
        UidStore(UIDS, StoreMode.REPLACE, SEEN, unchanged_since=0),
        [b"UID STORE 41,43 (UNCHANGEDSINCE 0) FLAGS (\\Seen)"],
        {("CONDSTORE", "QRESYNC")},
    ),
    (
        UidStore(SAVED, StoreMode.REMOVE, SEEN),
        [b"UID STORE $ -FLAGS (\\Seen)"],
        {("SEARCHRES",)},
    ),
    (Copy(NUMBERS, "a b"), [b'COPY 2:4,7:* "a b"'], set()),
    (Move(SAVED, "a"), [b"MOVE $ a"], {("MOVE",), ("SEARCHRES",)}),
    (UidCopy(SAVED, "a"), [b"UID COPY $ a"], {("SEARCHRES",)}),
    (UidMove(UIDS, "a"), [b"UID MOVE 41,43 a"], {("MOVE",)}),
    (Search(C.sequence(NUMBERS)), [b"SEARCH 2:4,7:*"], set()),
    (
        Search(C.subject("é"), esearch=True, charset=True),
        [b"SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT {2}", b"\xc3\xa9"],
        set(),
    ),
    (UidSearch(C.saved_result().unseen()), [b"UID SEARCH $ UNSEEN"], {("SEARCHRES",)}),
    (UidSearch(C.filter("on-road")), [b"UID SEARCH FILTER on-road"], {("FILTERS",)}),
    (SearchReturn(C.ALL), [b"SEARCH RETURN () ALL"], {("ESEARCH",)}),
    (
        UidSearchReturn(
            C.fuzzy(C.subject("a")),
            SearchOptions(
                min=True, max=True, count=True, all=True, save=True, relevancy=True
            ),
        ),
        [b'UID SEARCH RETURN (SAVE MIN MAX COUNT ALL RELEVANCY) FUZZY SUBJECT "a"'],
        {("ESEARCH",), ("SEARCHRES",), ("SEARCH=FUZZY",)},
    ),
    (
        UidSearchReturn(
            C.ALL,
            SearchOptions(partial=PartialRange(1, 500), context=True, update=True),
            charset=True,
        ),
        [b"UID SEARCH RETURN (PARTIAL 1:500 CONTEXT UPDATE) CHARSET UTF-8 ALL"],
        {("ESEARCH",), ("PARTIAL", "CONTEXT=SEARCH"), ("CONTEXT=SEARCH",)},
    ),
    (
        CancelUpdate(("A1", "A2")),
        [b'CANCELUPDATE "A1" "A2"'],
        {("CONTEXT=SEARCH", "CONTEXT=SORT")},
    ),
    (
        Sort((SortKey.SUBJECT, Descending(SortKey.DATE))),
        [b"SORT (SUBJECT REVERSE DATE) UTF-8 ALL"],
        {("SORT",)},
    ),
    (
        UidSort(
            (Descending(SortKey.DISPLAY_FROM), SortKey.RELEVANCY),
            C.UNSEEN,
            SearchOptions(partial=PartialRange(1, 9)),
            "US-ASCII",
        ),
        [
            (
                b"UID SORT RETURN (PARTIAL 1:9) (REVERSE DISPLAYFROM RELEVANCY)"
                b" US-ASCII UNSEEN"
            )
        ],
        {
            ("SORT",),
            ("SORT=DISPLAY",),
            ("SEARCH=FUZZY",),
            ("ESORT", "CONTEXT=SORT"),
            ("PARTIAL", "CONTEXT=SORT"),
        },
    ),
    (Thread(), [b"THREAD REFERENCES UTF-8 ALL"], {("THREAD=REFERENCES",)}),
    (
        UidThread("orderedsubject", C.SEEN, "US-ASCII"),
        [b"UID THREAD orderedsubject US-ASCII SEEN"],
        {("THREAD=ORDEREDSUBJECT",)},
    ),
    (
        MultiSearch(
            C.UNSEEN,
            (
                SearchSource(Scope.PERSONAL),
                SearchSource(Scope.SUBTREE_ONE, ("a b", "é")),
            ),
            SearchOptions(count=True),
        ),
        [b'ESEARCH IN (personal subtree-one ("a b" &AOk-)) RETURN (COUNT) UNSEEN'],
        {("MULTISEARCH",)},
    ),
    (UidBatches(2000), [b"UIDBATCHES 2000"], {("UIDBATCHES",)}),
    (UidBatches(2000, (1, 2)), [b"UIDBATCHES 2000 1:2"], {("UIDBATCHES",)}),
    (
        Append("a", b"\0", binary=True),
        [b"APPEND a ~{1}", b"\0"],
        {("BINARY",)},
    ),
    (MultiAppend("a", (HI,)), [b"APPEND a {2}", b"hi"], set()),
    (
        MultiAppend("a", (HI, NewMessage(b"ho", SEEN, DAY))),
        [
            b"APPEND a {2}",
            b'hi (\\Seen) " 1-Feb-2026 00:00:00 +0000" {2}',
            b"ho",
        ],
        {("MULTIAPPEND",)},
    ),
    (
        MultiAppend(
            "a",
            (NewMessage((UrlPart("/a;UID=20/;section=1"), TextPart(b"x")), SEEN),),
        ),
        [b"APPEND a (\\Seen) CATENATE (URL /a;UID=20/;section=1 TEXT {1}", b"x)"],
        {("CATENATE",)},
    ),
    (Replace(4, "a", HI), [b"REPLACE 4 a {2}", b"hi"], {("REPLACE",)}),
    (
        UidReplace(2000, "a", NewMessage(b"\0", binary=True)),
        [b"UID REPLACE 2000 a ~{1}", b"\0"],
        {("REPLACE",), ("BINARY",)},
    ),
]


@pytest.mark.parametrize(("command", "flights", "needs"), WORDS)
def test_words_on_the_wire(
    command: Command[object], flights: list[bytes], needs: set[tuple[str, ...]]
) -> None:
    assert sent(command) == flights
    assert set(command.needs()) == needs


@pytest.mark.parametrize(
    "command",
    [
        Fetch(SequenceSet(), FLAGS),
        UidFetch(UIDS, FLAGS, changed_since=-1),
        UidFetch(UIDS, FLAGS, changed_since=2**63),
        UidStore(UIDS, StoreMode.ADD, SEEN, unchanged_since=-1),
        CancelUpdate(()),
        Sort(()),
        Sort((SortKey.DATE,), charset="a b"),
        Thread("REFERENCES ALL"),
        Thread("a\r\nb"),
        MultiSearch(C.ALL, ()),
        MultiAppend("a", ()),
        MultiAppend("a", (NewMessage(()),)),
        MultiAppend("a", (NewMessage((TextPart(b"\0"),)),)),
        Append("a", b"\0"),
        Select("a", qresync=QResync(1, 2, MessageSet())),
        UidReplace(-1, "a", HI),
    ],
)
def test_what_cannot_be_said_is_refused(command: Command[object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        sent(command)


def test_what_makes_no_sense_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="VANISHED needs"):
        UidFetch(UIDS, FLAGS, vanished=True)
    with pytest.raises(ValueError, match="exclude each other"):
        SearchOptions(all=True, partial=PartialRange(1, 2))
    with pytest.raises(ValueError, match="counted from 1"):
        UidBatches(0)
    with pytest.raises(ValueError, match="counted from 1"):
        UidBatches(1, (0, 1))
    with pytest.raises(ValueError, match="with 0 mailboxes"):
        SearchSource(Scope.MAILBOXES)
    with pytest.raises(ValueError, match="with 1 mailboxes"):
        SearchSource(Scope.PERSONAL, ("a",))
    for numbers, uids in (("1:*", [1]), ("1:2", [1]), ("", [])):
        known = (SequenceSet.parse(numbers), MessageSet(uids))
        with pytest.raises(ValueError, match="each known number"):
            QResync(1, 2, known_sequence=known)


@pytest.mark.parametrize("command", [words[0] for words in WORDS])
def test_a_mail_is_shown_nowhere(command: Command[object]) -> None:
    assert "b'hi'" not in repr(command)


def test_a_header_in_utf8_is_said_to_be_where_that_is_enabled() -> None:
    """RFC 6855 §4; parts of a message likewise."""
    octets = "Subject: é\r\n\r\n".encode()
    parts = NewMessage((TextPart(octets), TextPart(b"x")))
    for message, words in (
        (NewMessage(octets, binary=True), b"UTF8 (~{15}"),
        (parts, b"CATENATE (UTF8 (~{15}"),
    ):
        encoder = Encoder("T", dialect=Dialect(utf8_accept=True))
        MultiAppend("a", (message,)).encode(encoder)
        flights = [b"".join(flight) for flight in encoder.finish().flights]
        assert flights[0] == b"T APPEND a " + words + b"\r\n"
    assert flights[1:] == [octets + b") TEXT {1}\r\n", b"x)\r\n"]
    assert sent(MultiAppend("a", (NewMessage(octets),)))[0] == b"APPEND a {15}"
