from __future__ import annotations

import pytest

from aiosage.client._messages import is_gone, to_message
from aiosage.wire import FetchData, Framer, Limits, parse


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
            b" BODY[3] NIL RFC822.SIZE 12 FLAGS (\\Seen))"
        )
    )

    assert message.uid == 7
    assert message.header == b'A: b"c'
    assert message.sections == {"TEXT": b"text", "1.2": b"x"}
    assert message.size == 12
    assert message.raw is None
