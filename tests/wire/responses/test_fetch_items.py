"""FETCH items of extensions, and UIDFETCH."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import Flag
from aiosage.wire import FetchData

from ..stream import response


def fetched(items: bytes) -> FetchData:
    data = response(b"* 1 FETCH (" + items + b")")
    assert isinstance(data, FetchData)
    return data


@pytest.mark.parametrize(
    ("items", "name", "value"),
    [
        (b"EMAILID (M6d99ac3275bb4e)", "email_id", "M6d99ac3275bb4e"),
        (b"THREADID (T64b478a75b7ea9)", "thread_id", "T64b478a75b7ea9"),
        (b"THREADID NIL", "thread_id", None),
        (b"THREADID (NIL)", "thread_id", None),
        (b'PREVIEW "Hi \xc3\xa9"', "preview", "Hi é"),
        (b"PREVIEW {3}\r\na\r\n", "preview", "a\r\n"),
        (b'PREVIEW ""', "preview", ""),
        (b"PREVIEW NIL", "preview", None),
        (b"PREVIEW ()", "preview", None),
        (
            b'SAVEDATE " 1-Feb-2026 03:04:05 +0000"',
            "save_date",
            datetime(2026, 2, 1, 3, 4, 5, tzinfo=UTC),
        ),
        (b"SAVEDATE NIL", "save_date", None),
        (b"SAVEDATE (x)", "save_date", None),
        (b"BINARY.SIZE[1.2] 7 BINARY.SIZE[] 9", "binary_sizes", {"1.2": 7, "": 9}),
        (b"BINARY.SIZE[1] NIL", "binary_sizes", {}),
        (b"X-GM-MSGID 18446744073709551615", "gmail_message_id", 2**64 - 1),
        (b"X-GM-MSGID 18446744073709551616", "gmail_message_id", None),
        (b"X-GM-THRID 5", "gmail_thread_id", 5),
        (b"X-GM-THRID x", "gmail_thread_id", None),
        (
            b'X-GM-LABELS (\\Inbox Foo "a b" &AOk-)',
            "gmail_labels",
            ("\\Inbox", "Foo", "a b", "é"),
        ),
        (b"X-GM-LABELS ()", "gmail_labels", ()),
        (b"FLAGS ()", "gmail_labels", None),
        (b"FLAGS ()", "email_id", None),
        (b"FLAGS ()", "save_date", None),
    ],
)
def test_items_have_types(items: bytes, name: str, value: object) -> None:
    assert getattr(fetched(items), name) == value


def test_content_under_other_names() -> None:
    data = fetched(
        b'RFC822 "a" RFC822.HEADER NIL RFC822.TEXT {1}\r\nb BINARY[1] ~{2}\r\n\x00c'
        b' BINARY[2.1]<5> "d" BODY[1.MIME]<0> "e"'
    )
    assert data.sections == {
        "RFC822": b"a",
        "RFC822.HEADER": None,
        "RFC822.TEXT": b"b",
        "BINARY[1]": b"\x00c",
        "BINARY[2.1]<5>": b"d",
        "BODY[1.MIME]<0>": b"e",
    }


def test_annotations_are_kept_as_values() -> None:
    """RFC 5257 §4.6; the extension is experimental and stays as it came."""
    data = fetched(b'ANNOTATION (/comment (value.priv "x" value.shared NIL))')
    assert data.others == {
        "ANNOTATION": ["/comment", ["value.priv", b"x", "value.shared", None]]
    }


def test_uidfetch_names_the_message_by_uid_alone() -> None:
    """RFC 9586 §3.3: a session by UID only knows no numbers."""
    data = response(b"* 25996 UIDFETCH (FLAGS (\\Seen))")
    assert data == FetchData(None, uid=25996, flags=frozenset({Flag.SEEN}), others={})
    assert response(b"* 5 uidfetch (UID 5)") == FetchData(None, uid=5)


@pytest.mark.parametrize(
    "octets",
    [
        b"* 0 UIDFETCH (FLAGS ())",
        b"* 4294967296 UIDFETCH (FLAGS ())",
        b"* 1 FETCH (BINARY[1] ())",
    ],
)
def test_what_cannot_be_is_refused(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)
