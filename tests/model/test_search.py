"""Search criteria: how they combine, and what goes on the wire."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import (
    IMAPSearchCriteria,
    MessageSet,
    SearchAtom,
    SearchName,
    SearchSet,
    SearchString,
    SearchToken,
    SequenceSet,
)

C = IMAPSearchCriteria


def wire(criteria: IMAPSearchCriteria) -> str:
    """Return the command text, as an encoder that quotes all strings writes it."""
    words: list[str] = []
    for token in criteria.to_wire():
        match token:
            case SearchAtom(text):
                words.append(text)
            case SearchString(text) | SearchName(text):
                words.append(f'"{text}"')
            case SearchSet(messages):
                words.append(str(messages))
    return " ".join(words).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        (C(), "ALL"),
        (C.ALL, "ALL"),
        (C.UNSEEN, "UNSEEN"),
        (C.from_address("a"), 'FROM "a"'),
        (C.to_address("a"), 'TO "a"'),
        (C.cc("a"), 'CC "a"'),
        (C.bcc("a"), 'BCC "a"'),
        (C.subject("a"), 'SUBJECT "a"'),
        (C.body("a"), 'BODY "a"'),
        (C.text("a"), 'TEXT "a"'),
        (C.header("X-A", "b"), 'HEADER "X-A" "b"'),
        (C.header("X-A"), 'HEADER "X-A" ""'),
        (C.message_id("<a@b>"), 'HEADER "Message-ID" "<a@b>"'),
        (C.keyword("$Junk"), "KEYWORD $Junk"),
        (C.unkeyword("work"), "UNKEYWORD work"),
        (C.larger(1024), "LARGER 1024"),
        (C.smaller(0), "SMALLER 0"),
        (C.older(3600), "OLDER 3600"),
        (C.younger(60), "YOUNGER 60"),
        (C.modseq(2**62), "MODSEQ 4611686018427387904"),
        (C.modseq(7, flag="\\Seen"), 'MODSEQ "/flags/\\Seen" all 7'),
        (C.modseq(7, flag="work", scope="priv"), 'MODSEQ "/flags/work" priv 7'),
        (C.saved_before("2026-02-01"), "SAVEDBEFORE 01-Feb-2026"),
        (C.saved_on("2026-02-01"), "SAVEDON 01-Feb-2026"),
        (C.saved_since("2026-02-01"), "SAVEDSINCE 01-Feb-2026"),
        (C.save_date_supported(), "SAVEDATESUPPORTED"),
        (C.email_id("M6d99ac3275bb4e"), "EMAILID M6d99ac3275bb4e"),
        (C.thread_id("T64b478a75b7ea9"), "THREADID T64b478a75b7ea9"),
        (C.filter("on-the-road"), "FILTER on-the-road"),
        (
            C.gmail_raw("has:attachment in:unread"),
            'X-GM-RAW "has:attachment in:unread"',
        ),
        (C.gmail_label("\\Starred"), 'X-GM-LABELS "\\Starred"'),
        (C.gmail_message_id(2**64 - 1), "X-GM-MSGID 18446744073709551615"),
        (C.gmail_thread_id(5), "X-GM-THRID 5"),
        (C.fuzzy(C.subject("a")), 'FUZZY SUBJECT "a"'),
        (
            C.UNSEEN.fuzzy(C.subject("a") & C.body("b")),
            'UNSEEN FUZZY (SUBJECT "a" BODY "b")',
        ),
        (C.fuzzy(C.SEEN | C.DRAFT), "FUZZY OR SEEN DRAFT"),
        (C.uid(MessageSet([1, 2, 3, 7])), "UID 1:3,7"),
        (C.uid([7, 8]), "UID 7:8"),
        (C.uid(7), "UID 7"),
        (C.uid("3,5:*"), "UID 3,5:4294967295"),
        (C.uid(MessageSet()), "NOT ALL"),
        (C.before(date(2026, 2, 1)), "BEFORE 01-Feb-2026"),
        (C.on("01-feb-2026"), "ON 01-Feb-2026"),
        (C.since("2026-02-01"), "SINCE 01-Feb-2026"),
        (C.since("2026-02-01T23:59:59+00:00"), "SINCE 01-Feb-2026"),
        (
            C.sent_before(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)),
            "SENTBEFORE 31-Dec-2026",
        ),
        (C.sent_on("1-Dec-2026"), "SENTON 01-Dec-2026"),
        (C.sent_since(date(999, 1, 2)), "SENTSINCE 02-Jan-0999"),
        (C.since_days(7, today=date(2026, 3, 1)), "SINCE 22-Feb-2026"),
        (C.since_days(0, today=date(2026, 3, 1)), "SINCE 01-Mar-2026"),
        # combined
        (C().unseen().from_address("a").larger(5), 'UNSEEN FROM "a" LARGER 5'),
        (C().all().seen(), "SEEN"),
        (C.UNSEEN & C.FLAGGED & C.ALL, "UNSEEN FLAGGED"),
        (C.UNSEEN | C.FLAGGED, "OR UNSEEN FLAGGED"),
        (~C.UNSEEN, "NOT UNSEEN"),
        (~~C.UNSEEN, "UNSEEN"),
        (~(C.UNSEEN & C.FLAGGED), "NOT (UNSEEN FLAGGED)"),
        (~(C.UNSEEN | C.FLAGGED), "NOT OR UNSEEN FLAGGED"),
        (~C(), "NOT ALL"),
        (C() | C.SEEN, "OR ALL SEEN"),
        ((C.SEEN & C.OLD) | (C.NEW & C.DRAFT), "OR (SEEN OLD) (NEW DRAFT)"),
        ((C.SEEN | C.OLD) & C.DRAFT, "OR SEEN OLD DRAFT"),
        (C.DRAFT.or_criteria(C.SEEN, C.OLD), "DRAFT OR SEEN OLD"),
        (C.or_criteria(C.SEEN), "SEEN"),
        (C.or_criteria(C.SEEN, C.OLD, C.NEW), "OR SEEN OR OLD NEW"),
        (C.SEEN | C.OLD | C.NEW | C.DRAFT, "OR OR SEEN OLD OR NEW DRAFT"),
        (C.and_criteria(C.SEEN, C.OLD, C.NEW), "SEEN OLD NEW"),
        (C.and_criteria(), "ALL"),
        (C.not_criteria(C.SEEN), "NOT SEEN"),
        (C.not_criteria(C.SEEN, C.OLD), "NOT SEEN NOT OLD"),
        (C().recent().new().old().draft().undraft(), "RECENT NEW OLD DRAFT UNDRAFT"),
        (C().deleted().undeleted().answered(), "DELETED UNDELETED ANSWERED"),
        (C().unanswered().flagged().unflagged(), "UNANSWERED FLAGGED UNFLAGGED"),
    ],
)
def test_criteria_on_the_wire(criteria: IMAPSearchCriteria, expected: str) -> None:
    assert wire(criteria) == expected


@pytest.mark.parametrize(
    "name",
    [
        "SEEN",
        "UNSEEN",
        "FLAGGED",
        "UNFLAGGED",
        "ANSWERED",
        "UNANSWERED",
        "DELETED",
        "UNDELETED",
        "DRAFT",
        "UNDRAFT",
        "RECENT",
        "NEW",
        "OLD",
    ],
)
def test_each_flag_is_a_constant_and_a_key(name: str) -> None:
    assert (
        getattr(C, name) == getattr(C, name.lower())() == getattr(C(), name.lower())()
    )
    assert wire(getattr(C, name)) == name


@pytest.mark.parametrize(
    "make",
    [
        lambda: C.subject("a\0"),
        lambda: C.subject("\ud800"),
        lambda: C.header("a b", "c"),
        lambda: C.header("a\r\n", "c"),
        lambda: C.keyword("\\Seen"),
        lambda: C.keyword("a b"),
        lambda: C.larger(-1),
        lambda: C.larger(2**63),
        lambda: C.older(0),
        lambda: C.uid(0),
        lambda: C.since("01/02/2026"),
        lambda: C.since("31-Feb-2026"),
        lambda: C.since("01-Foo-2026"),
        lambda: C.since_days(-1),
        lambda: C.since_days(10**6),
        lambda: C.since_days(10**12),
        lambda: C.or_criteria(),
        lambda: C.modseq(-1),
        lambda: C.modseq(1, flag="a b"),
        lambda: C.modseq(1, flag="a", scope="all 1 OR"),  # type: ignore[arg-type]
        lambda: C.email_id("a b"),
        lambda: C.thread_id(""),
        lambda: C.filter("a/b"),
        lambda: C.filter("a\r\nb"),
        lambda: C.gmail_label(""),
        lambda: C.gmail_label("a\r\nb"),
        lambda: C.gmail_message_id(2**64),
        lambda: C.gmail_raw("a\0"),
    ],
)
def test_wrong_arguments_are_refused_where_they_are_given(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"\S"):
        make()


def test_arguments_stay_arguments() -> None:
    """No text becomes a key: it travels as a string token."""
    evil = 'x"\r\nA1 DELETE INBOX'

    assert C.subject(evil).to_wire() == (SearchAtom("SUBJECT"), SearchString(evil))


def test_a_charset_is_needed_only_for_other_than_ascii() -> None:
    assert not (C.subject("a") & C.UNSEEN).needs_charset
    assert (C.UNSEEN & ~C.subject("\u00e4")).needs_charset


def test_combining_leaves_the_parts_as_they_were() -> None:
    base = C.UNSEEN
    base.subject("a")
    _ = base & C.SEEN

    assert wire(base) == "UNSEEN"
    assert wire(C.ALL) == "ALL"


def test_criteria_are_equal_if_they_say_the_same() -> None:
    assert C().unseen().seen() == C.UNSEEN & C.SEEN
    assert hash(C().unseen().seen()) == hash(C.UNSEEN & C.SEEN)
    assert C.SEEN != C.UNSEEN
    assert C.SEEN != "SEEN"


def test_repr_reads_like_the_search() -> None:
    assert repr(~(C.SEEN & C.subject("a b"))) == (
        "<IMAPSearchCriteria NOT (SEEN SUBJECT 'a b')>"
    )
    assert len(repr(C.or_criteria(*[C.uid(uid) for uid in range(1, 9999)]))) < 2000


def depth_of_or(tokens: tuple[SearchToken, ...]) -> int:
    """Return how deep a recursive server would go."""
    deepest, open_keys = 0, [1]
    for token in tokens:
        if token == SearchAtom("OR"):
            open_keys.append(2)
            deepest = max(deepest, len(open_keys))
        elif isinstance(token, SearchSet):
            open_keys[-1] -= 1
            while open_keys and open_keys[-1] == 0:
                open_keys.pop()
                if open_keys:
                    open_keys[-1] -= 1
    return deepest


def test_many_alternatives_make_a_shallow_tree() -> None:
    """Servers recurse into OR: 10,000 alternatives must not be 10,000 deep."""
    tokens = C.or_criteria(*[C.uid(uid) for uid in range(1, 10_001)]).to_wire()

    assert tokens.count(SearchAtom("OR")) == 9_999
    assert [str(t.messages) for t in tokens if isinstance(t, SearchSet)] == [
        str(uid) for uid in range(1, 10_001)
    ]
    assert depth_of_or(tokens) <= 16


def test_a_loop_may_build_criteria() -> None:
    started = time.perf_counter()
    wide = deep = C.SEEN
    for uid in range(1, 10_001):
        wide |= C.uid(uid)
        deep = ~(deep & C.uid(uid))

    assert len(wide.to_wire()) == 10_000 + 2 * 10_000 + 1
    assert deep == ~~deep
    assert hash(deep)
    assert "NOT" in repr(deep)
    del deep
    assert time.perf_counter() - started < 10


criteria = st.recursive(
    st.sampled_from([C.SEEN, C.DRAFT, C.FLAGGED, C.ALL]),
    lambda inner: (
        st.builds(C.__and__, inner, inner)
        | st.builds(C.__or__, inner, inner)
        | st.builds(C.__invert__, inner)
    ),
    max_leaves=12,
)
Flags = frozenset[str]


def evaluate(tokens: list[str], flags: Flags) -> bool:
    """Evaluate a search program as a server reads it (RFC 9051 §9)."""

    def key() -> bool:
        match tokens.pop(0):
            case "(":
                result = key()
                while tokens[0] != ")":
                    result &= key()
                tokens.pop(0)
                return result
            case "NOT":
                return not key()
            case "OR":
                left, right = key(), key()
                return left or right
            case "ALL":
                return True
            case name:
                return name in flags

    result = key()
    while tokens:
        result &= key()
    return result


@given(
    criteria,
    criteria,
    st.sets(st.sampled_from(["SEEN", "DRAFT", "FLAGGED"])).map(frozenset),
)
def test_operators_mean_on_the_wire_what_they_mean_in_python(
    a: IMAPSearchCriteria, b: IMAPSearchCriteria, flags: Flags
) -> None:
    def matches(one: IMAPSearchCriteria) -> bool:
        words = [token.text for token in one.to_wire() if isinstance(token, SearchAtom)]
        return evaluate(words, flags)

    assert matches(a & b) == (matches(a) and matches(b))
    assert matches(a | b) == (matches(a) or matches(b))
    assert matches(~a) == (not matches(a))
    assert matches(C.not_criteria(a, b)) == (not matches(a) and not matches(b))


def test_messages_by_number_and_of_the_search_before() -> None:
    assert wire(C.sequence(SequenceSet.parse("1:3,7:*"))) == "1:3,7:*"
    assert wire(C.sequence([2, 1]) | C.SEEN) == "OR 1:2 SEEN"
    assert wire(C.sequence([])) == "NOT ALL"
    assert wire(C.saved_result().unseen()) == "$ UNSEEN"
    assert repr(C.saved_result()) == "<IMAPSearchCriteria $>"


def test_criteria_know_what_capabilities_they_need() -> None:
    criteria = (C.fuzzy(C.filter("a")) | ~C.email_id("M1")) & C.saved_result()
    assert criteria.needed_capabilities == {
        *("SEARCH=FUZZY", "FILTERS", "OBJECTID", "SEARCHRES")
    }
    # Without them servers call the whole command bad, and do not say why.
    assert C.older(1).needed_capabilities == {"WITHIN"}
    assert (~C.younger(1) | C.modseq(1)).needed_capabilities == {"WITHIN", "CONDSTORE"}
    # An argument that looks like a key is none.
    assert not C.keyword("FUZZY").uid([1]).subject("EMAILID").needed_capabilities


def test_criteria_know_whether_they_name_messages_by_number() -> None:
    assert (C.SEEN | ~C.sequence([1])).uses_numbers
    assert not (C.uid([1]) & C.saved_result()).uses_numbers
