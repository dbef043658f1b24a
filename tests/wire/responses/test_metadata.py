"""METADATA, asked for and unasked (RFC 5464 §4.4)."""

from __future__ import annotations

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.wire import MetadataChangedData, MetadataData, Untagged

from ..stream import response


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (
            b'* METADATA "inbox" (/shared/Comment "Shared comment")',
            MetadataData("INBOX", {"/shared/comment": b"Shared comment"}),
        ),
        (
            b'* METADATA "" ("/private/a" NIL /b {3}\r\n"\r\n /c ~{2}\r\n\0) /d "")',
            MetadataData(
                "",
                {
                    "/private/a": None,
                    "/b": b'"\r\n',
                    "/c": b"\0)",
                    "/d": b"",
                },
            ),
        ),
        (b"* METADATA a ()", MetadataData("a", {})),
        (b"* METADATA a", MetadataChangedData("a", ())),
        (
            b'* METADATA "" /shared/comment',
            MetadataChangedData("", ("/shared/comment",)),
        ),
        (
            b'* METADATA "INBOX" /Shared/comment /private/comment',
            MetadataChangedData("INBOX", ("/shared/comment", "/private/comment")),
        ),
    ],
)
def test_values_are_told_when_asked_for_and_names_when_not(
    octets: bytes, expected: Untagged
) -> None:
    assert response(octets) == expected


def test_values_are_not_shown() -> None:
    assert "private words" not in repr(response(b'* METADATA a (/b "private words")'))


@pytest.mark.parametrize(
    "octets", [b"* METADATA", b"* METADATA a (/b (c))", b"* METADATA a /b (c)"]
)
def test_what_is_no_metadata_is_a_protocol_error(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)
