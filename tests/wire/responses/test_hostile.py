"""Whatever follows the name of a response, it is a value or a protocol error."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.errors import IMAPProtocolError
from aiosage.wire import Status, Unknown, UrlFetchData, parse

NAMES = [
    *(b"ACL", b"COMPARATOR", b"GENURLAUTH", b"JMAPACCESS", b"LANGUAGE", b"LIST"),
    *(b"LISTRIGHTS", b"LSUB", b"METADATA", b"MYRIGHTS", b"NAMESPACE", b"QUOTA"),
    *(b"QUOTAROOT", b"STATUS", b"URLFETCH", b"XLIST"),
]
ATOMS = st.sampled_from(
    [
        *(b"NIL", b"INBOX", b'"/"', b'""', b"lr", b"/a", b"0", b"-1", b"9" * 30),
        *(b"CHILDINFO", b"OLDNAME", b"TRANSLATION", b"MAILBOXID", b"STORAGE"),
        *(b"BODYPARTSTRUCTURE", b"BINARY", b'"\xff\xfe"', b"&AOk-", b"&", b"\\x"),
    ]
)
WORDS = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=5).map(
        lambda words: b"(" + b" ".join(words) + b")"
    ),
)


@pytest.mark.parametrize("name", NAMES)
@given(st.lists(WORDS, max_size=6))
def test_any_words_are_a_value_or_a_protocol_error(
    name: bytes, words: list[bytes]
) -> None:
    try:
        told = parse([b"* " + name + b" " + b" ".join(words)])
    except IMAPProtocolError:
        return
    assert not isinstance(told, (Unknown, Status))
    assert repr(told)
    if isinstance(told, UrlFetchData):  # structures are read when they are asked for
        for content in told.contents:
            assert content.structure is None or content.structure.size != -1


@pytest.mark.parametrize(
    "repeated",
    [
        b"* ACL a" + b" joe lr" * 50_000,
        b"* LISTRIGHTS a b" + b" l" * 100_000,
        b"* METADATA a (" + b"/a b " * 50_000 + b")",
        b"* METADATA a" + b" /a" * 100_000,
        b"* NAMESPACE (" + b'("" "/")' * 50_000 + b")",
        b'* NAMESPACE (("" "/"' + b' "x" ("y")' * 50_000 + b"))",
        b"* QUOTA a (" + b"STORAGE 1 2 " * 30_000 + b")",
        b"* STATUS a (" + b"MESSAGES 1 " * 50_000 + b")",
        b'* LIST () "/" a (' + b"x (y) " * 50_000 + b")",
        b"* URLFETCH" + b" a NIL" * 50_000,
        b"* URLFETCH a" + b" (BODY x)" * 50_000,
        b"* GENURLAUTH" + b" a" * 100_000,
        b"* MYRIGHTS a " + b"l" * 500_000,
    ],
    ids=lambda octets: octets[:20].decode(),
)
def test_a_long_response_takes_no_longer_than_its_length(repeated: bytes) -> None:
    started = time.process_time()
    parse([repeated])
    assert time.process_time() - started < 2.0  # some 0.1 s; quadratic: minutes
