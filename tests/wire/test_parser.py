"""Known answers for every response, and what is not quite one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import BodyStructure, Flag, MessageSet
from aiosage.wire import (
    AppendUidCode,
    CapabilityCode,
    CapabilityData,
    Code,
    Condition,
    Continuation,
    CopyUidCode,
    EnabledData,
    ESearchData,
    ExistsData,
    ExpungeData,
    FetchData,
    FlagsData,
    IdData,
    ListData,
    NamespaceData,
    NamespacePrefix,
    NumberCode,
    PermanentFlagsCode,
    RecentData,
    Response,
    SearchData,
    Status,
    StatusData,
    Unknown,
    VanishedData,
)

from .stream import response, responses

NO_FLAGS: frozenset[Flag] = frozenset()
KNOWN: list[tuple[bytes, Response]] = [
    (b"+ idling", Continuation(b"idling")),
    (b"+", Continuation(b"")),
    (b"+ ", Continuation(b"")),
    (b"+ OK", Continuation(b"OK")),  # as Dovecot asks for a literal
    (b"* OK hello", Status(None, Condition.OK, None, "hello")),
    (b"* ok", Status(None, Condition.OK, None, "")),
    (b"* PREAUTH hi", Status(None, Condition.PREAUTH, None, "hi")),
    (b"* BYE \xc3\xa9", Status(None, Condition.BYE, None, "é")),
    (b"A7 OK done", Status("A7", Condition.OK, None, "done")),
    (b"A7 NO", Status("A7", Condition.NO, None, "")),
    (b"A7 BAD  what?", Status("A7", Condition.BAD, None, "what?")),
    (b"* CAPABILITY IMAP4rev1 idle", CapabilityData(frozenset({"IMAP4REV1", "IDLE"}))),
    (b"* ENABLED condstore", EnabledData(frozenset({"CONDSTORE"}))),
    (b"* ENABLED", EnabledData(frozenset())),
    (b"* FLAGS (\\Seen x)", FlagsData(frozenset({Flag.SEEN, Flag("x")}))),
    (b"* FLAGS ()", FlagsData(NO_FLAGS)),
    (b"* 23 EXISTS", ExistsData(23)),
    (b"* 0 recent", RecentData(0)),
    (b"* 4 EXPUNGE", ExpungeData(4)),
    (b"* VANISHED 1:3,9", VanishedData(MessageSet([1, 2, 3, 9]), earlier=False)),
    (b"* VANISHED (EARLIER) 7", VanishedData(MessageSet([7]), earlier=True)),
    (
        b'* LIST (\\Noselect \\HasChildren) "." Archiv',
        ListData("Archiv", ".", frozenset({Flag("\\Noselect"), Flag("\\HasChildren")})),
    ),
    (b'* LIST () NIL "in\\"b\\\\x"', ListData('in"b\\x', None, NO_FLAGS)),
    (b'* LIST () "/" {7}\r\na\r\n(b) ', ListData("a\r\n(b) ", "/", NO_FLAGS)),
    (b'* LIST () "/" inBOX', ListData("INBOX", "/", NO_FLAGS)),
    (b'* LIST () "/" &ATE-nbox', ListData("\u0131nbox", "/", NO_FLAGS)),
    (b'* LIST () "/" "NIL"', ListData("NIL", "/", NO_FLAGS)),
    (b'* XLIST () "/" a', ListData("a", "/", NO_FLAGS)),
    (b'* LSUB () "/" a', ListData("a", "/", NO_FLAGS, subscribed_only=True)),
    (
        b'* STATUS "a b" (MESSAGES 231 uidnext 44292 MAILBOXID (F2))',
        StatusData("a b", {"MESSAGES": 231, "UIDNEXT": 44292, "MAILBOXID": "F2"}),
    ),
    (b"* SEARCH", SearchData(())),
    (b"* SEARCH 2 84 882", SearchData((2, 84, 882))),
    (b"* SEARCH  2  84 ", SearchData((2, 84))),
    (b"* SEARCH 2 5 (MODSEQ 917162500)", SearchData((2, 5), modseq=917162500)),
    (
        b'* ESEARCH (TAG "A282") UID MIN 2 COUNT 3 ALL 2,10:11 MODSEQ 9 MAX 11',
        ESearchData("A282", True, ((2, 2), (10, 11)), 3, 2, 11, 9),
    ),
    (b"* ESEARCH", ESearchData(None, False)),
    (b"* ESEARCH COUNT 0", ESearchData(None, False, count=0)),
    (
        b'* NAMESPACE (("" "/")("#x" NIL)) NIL (("~" "/" "X-P" ("a")))',
        NamespaceData(
            (NamespacePrefix("", "/"), NamespacePrefix("#x", None)),
            (),
            (NamespacePrefix("~", "/", {"X-P": ("a",)}),),
        ),
    ),
    (b'* ID ("Name" "Cyrus" "os" NIL)', IdData({"name": "Cyrus", "os": None})),
    (b"* ID NIL", IdData({})),
    (b"* XNEW a (b", Unknown(b"* XNEW a (b")),
    (b"* 3 XNEW a", Unknown(b"* 3 XNEW a")),
    (b"* 3 FETCH-X a", Unknown(b"* 3 FETCH-X a")),
    (b"* ", Unknown(b"* ")),
    (b"* X {2}\r\n\r\n b", Unknown(b"* X {2}\r\n\r\n b")),
    (b"* 3 X {2}\r\n\r\n b", Unknown(b"* 3 X {2}\r\n\r\n b")),
]


@pytest.mark.parametrize(("octets", "expected"), KNOWN)
def test_known_answers(octets: bytes, expected: Response) -> None:
    assert response(octets) == expected


CODES: list[tuple[bytes, Code | None, str]] = [
    (b"[ALERT] Hi", Code("ALERT"), "Hi"),
    (b"[alert]", Code("ALERT"), ""),
    (b"[TRYCREATE]  Hi", Code("TRYCREATE"), "Hi"),
    (b"[UIDNEXT 4392] Hi", NumberCode("UIDNEXT", "4392", 4392), "Hi"),
    (b"[UIDVALIDITY 1] Hi", NumberCode("UIDVALIDITY", "1", 1), "Hi"),
    (b"[UNSEEN 12] Hi", NumberCode("UNSEEN", "12", 12), "Hi"),
    (b"[HIGHESTMODSEQ 7] Hi", NumberCode("HIGHESTMODSEQ", "7", 7), "Hi"),
    (
        b"[CAPABILITY a B] Hi",
        CapabilityCode("CAPABILITY", "a B", frozenset({"A", "B"})),
        "Hi",
    ),
    (
        b"[PERMANENTFLAGS (\\Seen \\*)] Hi",
        PermanentFlagsCode(
            "PERMANENTFLAGS",
            "(\\Seen \\*)",
            frozenset({Flag.SEEN, Flag.from_wire("\\*")}),
        ),
        "Hi",
    ),
    (
        b"[PERMANENTFLAGS (\xe6\x97\xa5)] Hi",
        PermanentFlagsCode("PERMANENTFLAGS", "(日)", frozenset({Flag.from_wire("日")})),
        "Hi",
    ),
    (
        b"[APPENDUID 38505 3955:3957] Hi",
        AppendUidCode("APPENDUID", "38505 3955:3957", 38505, ((3955, 3957),)),
        "Hi",
    ),
    (
        b"[COPYUID 38505 304,319:320 3956:3958] Hi",
        CopyUidCode(
            "COPYUID",
            "38505 304,319:320 3956:3958",
            38505,
            ((304, 304), (319, 320)),
            ((3956, 3958),),
        ),
        "Hi",
    ),
    # What is not what its name promises is kept as it stands.
    (b"[UIDNEXT x] Hi", Code("UIDNEXT", "x"), "Hi"),
    (b"[UIDNEXT 99999999999999999999] Hi", Code("UIDNEXT", "9" * 20), "Hi"),
    (b"[APPENDUID 0 1] Hi", Code("APPENDUID", "0 1"), "Hi"),
    (b"[COPYUID 1 2] Hi", Code("COPYUID", "1 2"), "Hi"),
    (b"[COPYUID 1 * 3] Hi", Code("COPYUID", "1 * 3"), "Hi"),
    (b"[COPYUID 1 1:3 7:8] Hi", Code("COPYUID", "1 1:3 7:8"), "Hi"),
    # Text for humans may hold brackets and quotes.
    (b'[X "a]\\"b" c] Hi', Code("X", '"a]\\"b" c'), "Hi"),
    (b"Hi [ALERT]", None, "Hi [ALERT]"),
    (b"[never ends", None, "[never ends"),
    (b"[]", None, "[]"),
    (b"[ALERT] odd \xff", Code("ALERT"), "odd \ufffd"),
]


@pytest.mark.parametrize("start", [b"* OK ", b"A1 NO "])
@pytest.mark.parametrize(("octets", "code", "text"), CODES)
def test_response_codes(
    start: bytes, octets: bytes, code: Code | None, text: str
) -> None:
    status = response(start + octets)
    assert isinstance(status, Status)
    assert (status.code, status.text) == (code, text)
    assert type(status.code) is type(code)


def test_text_for_humans_brings_no_control_characters() -> None:
    """It ends up in logs and on terminals: no second line, no escape sequence."""
    status = response(b"* NO a\nERROR b\x1b[2J\x00\t\xc2\x9b1m")
    assert isinstance(status, Status)
    assert status.text == "a\ufffdERROR b\ufffd[2J\ufffd\ufffd\ufffd1m"


def test_copyuid_pairs_are_first_to_first_and_ranges_ascend() -> None:
    """RFC 4315 §3: a range of 12:10 refers to the sequence 10,11,12."""
    status = response(b"A1 OK [COPYUID 9 5,12:10 21:20,30,31] x")
    assert isinstance(status, Status)
    code = status.code
    assert isinstance(code, CopyUidCode)
    assert list(code.pairs()) == [(5, 20), (10, 21), (11, 30), (12, 31)]
    assert code.count == 4


FETCHES: list[tuple[bytes, FetchData]] = [
    (b"()", FetchData(1)),
    (b"", FetchData(1)),
    (b"(UID 7)", FetchData(1, uid=7)),
    (b"(FLAGS (\\Seen))", FetchData(1, flags=frozenset({Flag.SEEN}))),
    (b"(FLAGS ())", FetchData(1, flags=NO_FLAGS)),
    (b"(rfc822.size 0)", FetchData(1, size=0)),
    (b"(MODSEQ (624140003))", FetchData(1, modseq=624140003)),
    (
        b'(INTERNALDATE "17-Jul-1996 02:44:25 -0730")',
        FetchData(
            1,
            internal_date=datetime(
                1996, 7, 17, 2, 44, 25, tzinfo=timezone(-timedelta(hours=7, minutes=30))
            ),
        ),
    ),
    (
        b'(INTERNALDATE " 1-feb-2026 23:59:60 +0000")',
        FetchData(1, internal_date=datetime(2026, 2, 1, 23, 59, 59, tzinfo=UTC)),
    ),
    (b'(INTERNALDATE "yesterday")', FetchData(1)),
    (b'(INTERNALDATE "31-Feb-2026 00:00:00 +0000")', FetchData(1)),
    (b'(INTERNALDATE " 1-Feb-2026 00:00:00 +9900")', FetchData(1)),
    (b"(BODY[] NIL)", FetchData(1, sections={"BODY[]": None})),
    (b'(BODY[] "")', FetchData(1, sections={"BODY[]": b""})),
    (b"(BODY[] {0}\r\n)", FetchData(1, sections={"BODY[]": b""})),
    (b"(BODY[TEXT]<0> {2}\r\n\r\n)", FetchData(1, sections={"BODY[TEXT]<0>": b"\r\n"})),
    (
        b"(BODY[HEADER.FIELDS (Subject From)]<0> {4}\r\na)\r\n UID 7)",
        FetchData(
            1, uid=7, sections={"BODY[HEADER.FIELDS (SUBJECT FROM)]<0>": b"a)\r\n"}
        ),
    ),
    (
        b'(BODY[1.2.HEADER.FIELDS.NOT ("A B" C)] "x")',
        FetchData(1, sections={'BODY[1.2.HEADER.FIELDS.NOT ("A B" C)]': b"x"}),
    ),
    (b"(BODY[1] ~{3}\r\n\0\xff()", FetchData(1, sections={"BODY[1]": b"\0\xff("})),
    (
        b'(PREVIEW "Hi" X-GM-MSGID 12)',
        FetchData(1, others={"PREVIEW": b"Hi", "X-GM-MSGID": "12"}),
    ),
    (
        b'(BODY ("TEXT" "PLAIN"))',
        FetchData(1, body_structure=BodyStructure.from_raw([b"TEXT", b"PLAIN"])),
    ),
]


@pytest.mark.parametrize(("octets", "expected"), FETCHES)
def test_fetch_items(octets: bytes, expected: FetchData) -> None:
    assert response(b"* 1 FETCH " + octets) == expected


def test_content_is_not_shown() -> None:
    """A log of what came is no place for mail; nor for what it begins with."""
    data = response(b'* 1 FETCH (UID 7 BODY[] "private" PREVIEW "secret")')
    assert repr(data) == (
        "FetchData(seq=1, uid=7, sections=['BODY[]'], others=['PREVIEW'])"
    )


@pytest.mark.parametrize(
    "subject", ["5* hotel (:-)", "sad :( face {3}", 'a "b" \\ c', ")"]
)
@pytest.mark.parametrize("as_literal", [False, True])
def test_odd_subjects_arrive_unchanged(subject: str, as_literal: bool) -> None:
    """Parentheses, braces and asterisks in strings are not protocol."""
    octets = subject.encode()
    string = b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    if as_literal:
        string = b"{%d}\r\n%b" % (len(octets), octets)
    data = response(
        b"* 1 FETCH (UID 7 ENVELOPE (NIL %b NIL NIL NIL NIL NIL NIL NIL NIL)"
        b" RFC822.SIZE 3)" % string
    )
    assert isinstance(data, FetchData)
    assert (data.uid, data.size) == (7, 3)
    assert data.envelope is not None
    assert data.envelope.subject == subject


def test_structures_become_objects_when_asked() -> None:
    data = response(
        b'* 1 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL'
        b' "7BIT" 12 1 NIL NIL NIL NIL))'
    )
    assert isinstance(data, FetchData)
    assert data.body_structure is not None
    assert data.body_structure.size == 12


NOT_IMAP: list[bytes] = [
    b"*",
    b"hello",
    b"220 smtp.example.org ESMTP",
    b"HTTP/1.1 400 Bad Request",
    b"\xff\x00",
    b"A1 BYE x",
    b"A1 PREAUTH x",
    b"* 1 FETCH (UID)",
    b"* 1 FETCH (UID 0)",
    b"* 1 FETCH (UID 4294967296)",
    b"* 1 FETCH (UID -1)",
    b"* 1 FETCH (UID x)",
    b"* 1 FETCH (UID (1 2))",
    b"* 1 FETCH ((UID) 1)",
    b"* 1 FETCH (RFC822.SIZE x)",
    b"* 1 FETCH (UID \xd9\xa1)",
    b"* 1 FETCH (FLAGS (x y)) z",
    b"* 1 FETCH (FLAGS ((x)))",
    b"* 1 FETCH (BODY[] (x))",
    b"* 1 FETCH (ENVELOPE x)",
    b"* 1 FETCH (UID 1 FLAGS (x",
    b"* 1 FETCH (UID 1)) FLAGS (x)",
    b'* 1 FETCH (BODY[] "x)',
    b'* 1 FETCH (BODY[] "x\\")',
    b"* 1 FETCH (BODY[] \0)",
    b"* LIST () NIL",
    b'* LIST "x" NIL a',
    b"* LIST () (x) a",
    b"* STATUS a",
    b"* STATUS a b",
    b"* SEARCH 1 x",
    b"* SEARCH 1 -2",
    b"* SEARCH 9223372036854775808",
    b"* SEARCH 99999999999999999999",
    b"* SEARCH 1 (MODSEQ x)",
    b"* ESEARCH UID ALL x",
    b"* ESEARCH UID ALL 1:*",
    b"* ESEARCH COUNT x",
    b"* VANISHED x",
    b"* VANISHED 0",
    b"* FLAGS ((",
]


@pytest.mark.parametrize("octets", NOT_IMAP)
def test_what_is_not_imap_is_a_protocol_error(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError) as caught:
        response(octets)
    assert len(str(caught.value)) < 200


def test_a_million_uids_in_one_search() -> None:
    line = b"* SEARCH " + b" ".join(b"%d" % uid for uid in range(1, 1_000_001))
    data = response(line)
    assert isinstance(data, SearchData)
    assert data.numbers == tuple(range(1, 1_000_001))


def test_five_thousand_fetch_lines() -> None:
    stream = b"".join(
        b"* %d FETCH (UID %d FLAGS (\\Seen))\r\n" % (n, n + 7) for n in range(1, 5001)
    )
    expected = [
        FetchData(n, uid=n + 7, flags=frozenset({Flag.SEEN})) for n in range(1, 5001)
    ]
    assert responses(stream) == expected
