"""No argument of a command about messages ends its line or begins another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiosage.model import (
    MAX_UID,
    Flag,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
    PartialRange,
    SavedResult,
    SequenceSet,
    SortKey,
)
from aiosage.wire import Encoder, decode_mailbox_name
from aiosage.wire._tokens import Value, tokenize
from aiosage.wire.commands import (
    Append,
    CancelUpdate,
    Command,
    Copy,
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

from ..stream import frames

C = IMAPSearchCriteria
UIDS = MessageSet([1])
NUMBERS = SequenceSet([1])
HI = NewMessage(b"hi")
BY = (SortKey.DATE,)

Make = Callable[[str], Command[object]]

MAILBOXES: list[Make] = [
    lambda text: Select(text, condstore=True),
    lambda text: Copy(NUMBERS, text),
    lambda text: Move(NUMBERS, text),
    lambda text: UidCopy(UIDS, text),
    lambda text: UidMove(UIDS, text),
    lambda text: Append(text, b"hi"),
    lambda text: MultiAppend(text, (HI, HI)),
    lambda text: Replace(1, text, HI),
    lambda text: UidReplace(1, text, HI),
    lambda text: MultiSearch(C.ALL, (SearchSource(Scope.MAILBOXES, ("a", text)),)),
]
STRINGS: list[Make] = [
    lambda text: Search(C.subject(text)),
    lambda text: SearchReturn(C.body(text), SearchOptions(save=True)),
    lambda text: UidSearch(~C.header("X", text)),
    lambda text: UidSearchReturn(C.gmail_raw(text)),
    lambda text: Sort(BY, C.fuzzy(C.text(text)), SearchOptions()),
    lambda text: UidSort(BY, C.from_address(text)),
    lambda text: Thread("REFS", C.cc(text)),
    lambda text: UidThread(criteria=C.SEEN | C.bcc(text)),
    lambda text: MultiSearch(C.subject(text), (SearchSource(Scope.PERSONAL),)),
    lambda text: CancelUpdate(("a", text)),
    lambda text: MultiAppend("a", (NewMessage((UrlPart(text),)),)),
    lambda text: Append("a", text.encode()),
    lambda text: MultiAppend("a", (HI, NewMessage(text.encode()), HI)),
    lambda text: UidReplace(1, "a", NewMessage(text.encode())),
    lambda text: MultiAppend(
        "a", (NewMessage((TextPart(text.encode()), TextPart(text.encode()))),)
    ),
]
WORDS: list[Make] = [
    lambda text: Thread(text),
    lambda text: UidThread("REFS", charset=text),
    lambda text: Sort(BY, charset=text),
    lambda text: UidSearch(C.filter(text)),
    lambda text: UidSearch(C.email_id(text)),
    lambda text: UidSearch(C.keyword(text)),
    lambda text: Store(NUMBERS, StoreMode.ADD, frozenset({Flag(text)})),
    lambda text: UidStore(UIDS, StoreMode.ADD, frozenset({Flag(text)}), 5, silent=True),
    lambda text: Append("a", b"hi", frozenset({Flag(text)})),
]
"""Arguments that can only be words."""

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from(list('\r\n\0"\\(){}[]%*$ +~é'))),
    max_size=40,
)


def received(command: Command[object], non_sync_max: int | None) -> list[Value] | None:
    """Return the command as a server reads it; None if it cannot be said."""
    encoder = Encoder("T", non_sync_max=non_sync_max)
    try:
        command.encode(encoder)
    except ValueError:
        return None
    sent = b"".join(b"".join(flight) for flight in encoder.finish().flights)
    # A frame of a server's stream is a command of ours: same lines and literals.
    (frame,) = frames(sent)
    for line in frame[::2]:
        assert not set(line) & {0, 10, 13}
    return flat(tokenize(frame, skip=2, nesting=9))


def flat(values: list[Value]) -> list[Value]:
    """Return all atoms and strings, without the lists they are in."""
    found: list[Value] = []
    for value in values:
        found.extend(flat(value) if isinstance(value, list) else [value])
    return found


def octets(value: Value) -> bytes:
    """Return what an atom or a string holds; NIL is an atom to a server here."""
    assert not isinstance(value, list)
    if value is None:
        return b"NIL"
    return value.encode("latin-1") if isinstance(value, str) else value


@given(TEXTS, st.sampled_from(MAILBOXES), st.sampled_from([0, None]))
@example("a\r\nT2 DELETE INBOX", MAILBOXES[0], None)
def test_a_mailbox_arrives_or_nothing_is_sent(
    text: str, make: Make, non_sync_max: int | None
) -> None:
    arrived = received(make(text), non_sync_max)
    if arrived is not None:
        assert text in [decode_mailbox_name(octets(value)) for value in arrived]


@given(TEXTS, st.sampled_from(STRINGS), st.sampled_from([0, None]))
@example("a\r\nT2 DELETE INBOX", STRINGS[0], None)
def test_a_string_arrives_or_nothing_is_sent(
    text: str, make: Make, non_sync_max: int | None
) -> None:
    try:
        command = make(text)
    except ValueError:
        return
    arrived = received(command, non_sync_max)
    if arrived is not None:
        assert text.encode() in [octets(value) for value in arrived]


@given(TEXTS, st.sampled_from(WORDS))
@example("a b", WORDS[0])
@example("a\r\n", WORDS[0])
@example("a{3}", WORDS[3])
def test_a_word_arrives_or_nothing_is_sent(text: str, make: Make) -> None:
    try:
        command = make(text)
    except ValueError:
        return
    arrived = received(command, None)
    if arrived is not None:
        assert text.lower() in [octets(value).decode().lower() for value in arrived]


@given(st.binary(max_size=60), st.booleans())
def test_octets_with_nul_arrive_as_literal8(data: bytes, binary: bool) -> None:
    arrived = received(Append("a", data, binary=binary), None)
    if b"\0" in data and not binary:
        assert arrived is None
    else:
        assert arrived is not None
        assert data in [octets(value) for value in arrived]


NUMBER = st.integers(-2, 2**64)
BY_NUMBER: list[Callable[[int], Command[object]]] = [
    lambda n: Fetch(NUMBERS, (MessagePart.FLAGS,), n),
    lambda n: UidFetch(SavedResult(), (MessagePart.FLAGS,), n, vanished=True),
    lambda n: UidFetch(UIDS, (MessagePart.FLAGS,), partial=PartialRange(n, n)),
    lambda n: Store(NUMBERS, StoreMode.ADD, frozenset(), n),
    lambda n: UidStore(UIDS, StoreMode.ADD, frozenset(), n),
    lambda n: Select("a", qresync=QResync(n, 1)),
    lambda n: Select("a", qresync=QResync(1, n)),
    lambda n: UidBatches(n),
    lambda n: Replace(n, "a", HI),
    lambda n: UidReplace(n, "a", HI),
]


@given(NUMBER, st.sampled_from(BY_NUMBER))
@example(0, BY_NUMBER[8])
@example(MAX_UID + 1, BY_NUMBER[9])
@example(0, BY_NUMBER[5])
def test_a_number_arrives_or_nothing_is_sent(
    number: int, make: Callable[[int], Command[object]]
) -> None:
    try:
        command = make(number)
    except ValueError:
        return
    arrived = received(command, None)
    if arrived is not None:
        texts = [octets(value).decode() for value in arrived]
        assert str(number) in texts or f"{number}:{number}" in texts
        assert -MAX_UID <= number < 2**63


@pytest.mark.parametrize("make", [*BY_NUMBER[8:], BY_NUMBER[5]])
@pytest.mark.parametrize("number", [0, MAX_UID + 1])
def test_what_is_no_uid_is_refused(
    make: Callable[[int], Command[object]], number: int
) -> None:
    """RFC 9051 §9: nz-number."""
    with pytest.raises(ValueError, match="not in 1"):
        make(number).encode(Encoder("T"))
