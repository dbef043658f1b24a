"""Each command's words on the wire, and its result from what a server answers."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import Flag, IMAPSearchCriteria, MessagePart, MessageSet, Secret
from aiosage.wire import (
    AppendUidCode,
    Condition,
    Continuation,
    CopyUidCode,
    Encoder,
    FetchData,
    NamespacePrefix,
    Status,
    StatusData,
    Untagged,
)
from aiosage.wire.commands import (
    Append,
    Capability,
    Command,
    Create,
    Delete,
    Enable,
    GetStatus,
    Id,
    Idle,
    ListMailboxes,
    ListReturn,
    Login,
    Logout,
    Namespace,
    Noop,
    Rename,
    Select,
    SelectResult,
    StartTls,
    StoreMode,
    Subscribe,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidMove,
    UidScan,
    UidSearch,
    UidStore,
    Unauthenticate,
    Unselect,
    Unsubscribe,
)

from .stream import responses

UIDS = MessageSet([1, 2, 3, 7])
P = Secret("p w")
SPECIAL = frozenset({ListReturn.CHILDREN, ListReturn.SPECIAL_USE})
WIRE: list[tuple[Command[object], list[bytes]]] = [
    (Capability(), [b"CAPABILITY"]),
    (Noop(), [b"NOOP"]),
    (Logout(), [b"LOGOUT"]),
    (StartTls(), [b"STARTTLS"]),
    (Unauthenticate(), [b"UNAUTHENTICATE"]),
    (Login("joe", P), [b'LOGIN joe "p w"']),
    (Enable(("CONDSTORE", "X")), [b"ENABLE CONDSTORE X"]),
    (Id({}), [b"ID NIL"]),
    (Id({"name": "aio", "os": ""}), [b'ID ("name" "aio" "os" "")']),
    (Namespace(), [b"NAMESPACE"]),
    (Select("a b"), [b'SELECT "a b"']),
    (Select("a", read_only=True), [b"EXAMINE a"]),
    (Unselect(), [b"UNSELECT"]),
    (Idle(), [b"IDLE", b"DONE"]),
    (Create("é"), [b"CREATE &AOk-"]),
    (Delete("a"), [b"DELETE a"]),
    (Subscribe("a"), [b"SUBSCRIBE a"]),
    (Unsubscribe("a"), [b"UNSUBSCRIBE a"]),
    (Rename("a", "b c"), [b'RENAME a "b c"']),
    (ListMailboxes(), [b'LIST "" *']),
    (ListMailboxes("%", "a/"), [b"LIST a/ %"]),
    (
        ListMailboxes(returns=SPECIAL, status=("MESSAGES", "UIDNEXT")),
        [b'LIST "" * RETURN (CHILDREN SPECIAL-USE STATUS (MESSAGES UIDNEXT))'],
    ),
    (ListMailboxes(returns=SPECIAL), [b'LIST "" * RETURN (CHILDREN SPECIAL-USE)']),
    (ListMailboxes(status=("UNSEEN",)), [b'LIST "" * RETURN (STATUS (UNSEEN))']),
    (GetStatus("a", ("MESSAGES",)), [b"STATUS a (MESSAGES)"]),
    (Append("a", b"hi"), [b"APPEND a {2}", b"hi"]),
    (
        Append("a", b"hi", frozenset({Flag.SEEN}), datetime(2026, 2, 1, tzinfo=UTC)),
        [b'APPEND a (\\Seen) " 1-Feb-2026 00:00:00 +0000" {2}', b"hi"],
    ),
    (UidFetch(UIDS, (MessagePart.FLAGS,)), [b"UID FETCH 1:3,7 (FLAGS)"]),
    (
        UidFetch(UIDS, (MessagePart.FLAGS, MessagePart.FULL)),
        [b"UID FETCH 1:3,7 (FLAGS BODY.PEEK[])"],
    ),
    (UidScan(UIDS), [b"UID FETCH 1:3,7 (FLAGS)"]),
    (
        UidStore(UIDS, StoreMode.ADD, frozenset({Flag.SEEN})),
        [b"UID STORE 1:3,7 +FLAGS (\\Seen)"],
    ),
    (UidStore(UIDS, StoreMode.REPLACE, frozenset()), [b"UID STORE 1:3,7 FLAGS ()"]),
    (
        UidStore(UIDS, StoreMode.REMOVE, frozenset({Flag("x")})),
        [b"UID STORE 1:3,7 -FLAGS (x)"],
    ),
    (UidCopy(UIDS, "a"), [b"UID COPY 1:3,7 a"]),
    (UidMove(UIDS, "a"), [b"UID MOVE 1:3,7 a"]),
    (UidExpunge(UIDS), [b"UID EXPUNGE 1:3,7"]),
    (UidSearch(IMAPSearchCriteria()), [b"UID SEARCH ALL"]),
    (
        UidSearch(IMAPSearchCriteria.UNSEEN, esearch=True),
        [b"UID SEARCH RETURN (ALL) UNSEEN"],
    ),
    (
        UidSearch(IMAPSearchCriteria.subject("é"), charset=True),
        [b"UID SEARCH CHARSET UTF-8 SUBJECT {2}", b"\xc3\xa9"],
    ),
    (
        UidSearch(IMAPSearchCriteria.uid(UIDS).subject('a "b"')),
        [b'UID SEARCH UID 1:3,7 SUBJECT "a \\"b\\""'],
    ),
]


@pytest.mark.parametrize(("command", "flights"), WIRE)
def test_words_on_the_wire(command: Command[object], flights: list[bytes]) -> None:
    encoder = Encoder("T")
    command.encode(encoder)
    sent = [b"".join(flight) for flight in encoder.finish().flights]
    flights = [b"T " + flights[0], *flights[1:]]
    assert sent == [flight + b"\r\n" for flight in flights]


def answer(octets: bytes) -> tuple[list[Untagged | Status], Status]:
    """Return the untagged responses of a transcript and the tagged one."""
    *untagged, status = responses(octets)
    assert isinstance(status, Status)
    return [r for r in untagged if not isinstance(r, Continuation)], status


OK = b"T OK done\r\n"


def test_capability_returns_the_last_answer() -> None:
    told = b"* CAPABILITY a\r\n* CAPABILITY b C\r\n" + OK
    assert Capability().result(*answer(told)) == {"B", "C"}
    assert Capability().result(*answer(OK)) == frozenset()


def test_enable_returns_all_that_is_on() -> None:
    told = b"* ENABLED CONDSTORE\r\n* ENABLED QRESYNC\r\n" + OK
    assert Enable(()).result(*answer(told)) == {"CONDSTORE", "QRESYNC"}


def test_id_and_namespace() -> None:
    told = b'* ID ("name" "x")\r\n' + OK
    assert Id({}).result(*answer(told)) == {"name": "x"}
    assert Id({}).result(*answer(OK)) == {}
    told = b'* NAMESPACE (("" "/")) NIL NIL\r\n' + OK
    assert Namespace().result(*answer(told)).personal == (NamespacePrefix("", "/"),)
    assert Namespace().result(*answer(OK)).personal == ()


SELECTED = (
    b"* 172 EXISTS\r\n* 1 RECENT\r\n* OK [UNSEEN 12] x\r\n"
    b"* OK [UIDVALIDITY 38] x\r\n* OK [UIDNEXT 439] x\r\n* OK [HIGHESTMODSEQ 5] x\r\n"
    b"* FLAGS (\\Seen)\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n"
)
OPEN = SelectResult(
    "a",
    False,
    172,
    38,
    439,
    5,
    frozenset({Flag.SEEN}),
    frozenset({Flag.SEEN, Flag.from_wire("\\*")}),
)


def test_select_returns_what_was_told() -> None:
    assert Select("a").result(*answer(SELECTED + b"T OK [READ-WRITE] x\r\n")) == OPEN


def test_select_forgets_what_was_told_about_the_mailbox_before() -> None:
    """RFC 7162 §3.2.11: what precedes CLOSED is about the mailbox that closed."""
    earlier = (
        b"* 5 EXISTS\r\n* FLAGS (x)\r\n* OK [UIDVALIDITY 1] x\r\n* OK [NOMODSEQ] x\r\n"
        b"* OK [PERMANENTFLAGS ()] x\r\n* OK [CLOSED] x\r\n"
    )
    assert Select("a").result(*answer(earlier + SELECTED + OK)) == OPEN
    told = Select("a").result(*answer(earlier + b"T OK x\r\n"))
    assert told == SelectResult("a", False, 0, None, None, None, frozenset(), None)


def test_select_tells_what_cannot_be_changed() -> None:
    read_only = b"T OK [READ-ONLY] x\r\n"
    assert Select("a").result(*answer(SELECTED + read_only)).read_only
    assert Select("a", read_only=True).result(*answer(SELECTED + OK)).read_only
    assert (
        Select("a").result(*answer(b"* OK [HIGHESTMODSEQ 0] x\r\n" + OK)).highest_modseq
        is None
    )


def test_list_returns_each_mailbox_once_with_its_status() -> None:
    told = (
        b'* LIST (\\Sent) "/" a\r\n* STATUS a (MESSAGES 3)\r\n* LIST () "/" b\r\n'
        b'* LIST (\\Sent) "/" a\r\n* LSUB () "/" c\r\n* STATUS d (MESSAGES 1)\r\n' + OK
    )
    found = ListMailboxes().result(*answer(told))
    assert [(item.data.name, item.status) for item in found] == [
        ("a", StatusData("a", {"MESSAGES": 3})),
        ("b", None),
    ]


@pytest.mark.parametrize("name", ["INBOX", "inbox", "a b"])
def test_status_is_that_of_the_mailbox_asked_for(name: str) -> None:
    """A server may tell of others at any time (RFC 5465 §4)."""
    told = (
        b'* STATUS inbox (MESSAGES 1)\r\n* STATUS "a b" (MESSAGES 1)\r\n'
        b"* STATUS c (MESSAGES 2)\r\n"
    )
    status = GetStatus(name, ("MESSAGES",))
    assert status.result(*answer(told + OK)).items == {"MESSAGES": 1}
    assert GetStatus("x", ("MESSAGES",)).result(*answer(told + OK)).items == {}


def test_append_returns_appenduid_where_there_is_one() -> None:
    code = Append("a", b"").result(*answer(b"T OK [APPENDUID 3 7] x\r\n"))
    assert code == AppendUidCode("APPENDUID", "3 7", 3, ((7, 7),))
    assert Append("a", b"").result(*answer(OK)) is None


FETCH = UidFetch(MessageSet([5, 6]), (MessagePart.FULL,))


def test_fetch_joins_what_is_told_of_a_message_in_pieces() -> None:
    told = (
        b"* 1 FETCH (UID 5 FLAGS (a) RFC822.SIZE 3 BODY[] {1}\r\nx X 1)\r\n"
        b"* 2 FETCH (UID 6 BODY[] {1}\r\ny)\r\n"
        b"* 1 FETCH (UID 5 FLAGS (b) BODY[TEXT] NIL Y 2)\r\n" + OK
    )
    assert FETCH.result(*answer(told)) == (
        FetchData(
            1,
            uid=5,
            flags=frozenset({Flag("b")}),
            size=3,
            sections={"BODY[]": b"x", "BODY[TEXT]": None},
            others={"X": "1", "Y": "2"},
        ),
        FetchData(2, uid=6, sections={"BODY[]": b"y"}),
    )


def test_fetch_leaves_out_what_was_not_asked_for() -> None:
    """Another client's flag changes come at any time, with or without a UID."""
    told = (
        b"* 9 FETCH (FLAGS (x))\r\n* 1 FETCH (UID 5 BODY[] {1}\r\nx)\r\n"
        b"* 3 FETCH (UID 7 FLAGS (x))\r\n* 1 FETCH (FLAGS (x))\r\n" + OK
    )
    assert FETCH.result(*answer(told)) == (
        FetchData(1, uid=5, sections={"BODY[]": b"x"}),
    )


def test_store_returns_the_flags_of_what_was_asked_for() -> None:
    told = (
        b"* 1 FETCH (UID 5 FLAGS (a))\r\n* 2 FETCH (FLAGS (b))\r\n"
        b"* 3 FETCH (UID 9 FLAGS (c))\r\n* 4 FETCH (UID 6 MODSEQ (3))\r\n"
        b"* 1 FETCH (UID 5 FLAGS (a d))\r\n" + OK
    )
    store = UidStore(MessageSet([5, 6]), StoreMode.ADD, frozenset())
    assert store.result(*answer(told)) == {5: frozenset({Flag("a"), Flag("d")})}


def test_copy_and_move_return_copyuid_wherever_it_is_told() -> None:
    """MOVE tells it in an untagged OK, ahead of the expunges (RFC 6851 §4.3)."""
    tagged = answer(b"T OK [COPYUID 9 5:6 11:12] x\r\n")
    untagged = answer(b"* OK [COPYUID 9 5:6 11:12] x\r\n* 1 EXPUNGE\r\n" + OK)
    for told in (tagged, untagged):
        code = UidMove(MessageSet([5, 6]), "a").result(*told)
        assert isinstance(code, CopyUidCode)
        assert dict(code.pairs()) == {5: 11, 6: 12}
    assert UidCopy(MessageSet([5]), "a").result(*answer(OK)) is None


def test_copyuid_of_more_messages_than_asked_for_is_refused() -> None:
    """It would make the caller walk through billions of UIDs."""
    told = answer(b"T OK [COPYUID 9 1:4294967295 1:4294967295] x\r\n")
    with pytest.raises(IMAPProtocolError, match="UID COPY"):
        UidCopy(MessageSet([5]), "a").result(*told)


def test_search_joins_all_answers() -> None:
    told = (
        b'* SEARCH 5 4\r\n* ESEARCH (TAG "T") UID ALL 7:9\r\n* SEARCH\r\n'
        b'* ESEARCH (TAG "T") UID\r\n' + OK
    )
    search = UidSearch(IMAPSearchCriteria())
    assert search.result(*answer(told)) == MessageSet([4, 5, 7, 8, 9])
    assert search.result(*answer(OK)) == MessageSet()


def test_search_joins_any_number_of_answers_in_linear_time() -> None:
    told = b"".join(b"* SEARCH %d\r\n" % n for n in range(1, 100_000, 2)) + OK
    untagged, status = answer(told)
    start = time.process_time()
    found = UidSearch(IMAPSearchCriteria()).result(untagged, status)
    assert time.process_time() - start < 5  # one by one it takes minutes
    assert len(found) == 50_000


def test_search_with_what_cannot_be_a_uid_is_refused() -> None:
    with pytest.raises(IMAPProtocolError, match="a search found what cannot be"):
        UidSearch(IMAPSearchCriteria()).result(*answer(b"* SEARCH 0 7\r\n" + OK))


def test_simple_commands_have_no_result() -> None:
    status = Status("T", Condition.OK, None, "")
    for command in (
        Noop(),
        Logout(),
        StartTls(),
        Unselect(),
        Idle(),
        Create("a"),
        Delete("a"),
        Rename("a", "b"),
        Login("a", P),
        Unauthenticate(),
        UidScan(UIDS),
    ):
        assert command.result([], status) is None
