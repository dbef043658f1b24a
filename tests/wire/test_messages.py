from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiosage import Flag, MessageSet
from aiosage.wire import FetchData, Framer, Limits, is_gone, parse, to_message


def answer(line: bytes) -> FetchData:
    (frame,) = Framer(Limits()).feed(line + b"\r\n")
    data = parse(frame, Limits())
    assert isinstance(data, FetchData)
    return data


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"* 2 FETCH (UID 7 BODY[] NIL)", True),
        (b"* 2 FETCH (UID 7 BODY[TEXT] NIL)", True),
        (b"* 2 FETCH (UID 7 BODY[HEADER] NIL FLAGS ())", True),
        (b"* 2 FETCH (UID 7 BODY[]<0> NIL)", True),
        (b"* 2 FETCH (UID 7 BODY[HEADER.FIELDS (SUBJECT DATE)] NIL)", True),
        (b'* 2 FETCH (UID 7 BODY[HEADER.FIELDS ("]")]<0> NIL)', True),
        (b"* 2 FETCH (UID 7 BODY[]<100> NIL)", False),
        (b'* 2 FETCH (UID 7 BODY[] "")', False),
        (b"* 2 FETCH (UID 7 BODY[5] NIL)", False),
        (b"* 2 FETCH (UID 7 FLAGS ())", False),
    ],
)
def test_nil_for_the_whole_of_a_message_says_that_it_is_gone(
    line: bytes, expected: bool
) -> None:
    """Dovecot on maildir answers so for what another session expunged."""
    assert is_gone(answer(line)) is expected


def test_each_section_ends_where_it_belongs() -> None:
    message = to_message(
        answer(
            b'* 1 FETCH (UID 7 BODY[HEADER] "A: b\\"c" BODY[TEXT] "text" BODY[1.2] "x"'
            b" BODY[3] NIL RFC822.SIZE 12 FLAGS (\\Seen \\Recent))"
        ),
        "INBOX",
    )

    assert message.uid == 7
    assert message.header == b'A: b"c'
    assert message.sections == {"TEXT": b"text", "1.2": b"x"}
    assert message.size == 12
    assert message.flags == frozenset({Flag.SEEN})
    assert message.raw is None


def test_what_extensions_tell_is_there() -> None:
    message = to_message(
        answer(
            b'* 1 FETCH (UID 7 PREVIEW "Hello" EMAILID (M1) THREADID (T1)'
            b' SAVEDATE "03-Feb-2026 04:05:06 +0000" X-GM-MSGID 12 X-GM-THRID 13'
            b' X-GM-LABELS (\\Inbox "a b"))'
        ),
        "Archive",
        9,
    )

    assert message.messages == MessageSet([7], mailbox="Archive", uidvalidity=9)
    assert message.server_preview == "Hello"
    assert (message.email_id, message.thread_id) == ("M1", "T1")
    assert message.save_date == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert (message.gmail_message_id, message.gmail_thread_id) == (12, 13)
    assert message.gmail_labels == ("\\Inbox", "a b")


def test_what_has_no_uid_is_no_message_that_was_fetched() -> None:
    """A server may tell of flags unasked, and then by number alone."""
    with pytest.raises(ValueError, match="UID of message 3"):
        to_message(answer(b"* 3 FETCH (FLAGS ())"), "INBOX")
