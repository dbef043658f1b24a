"""GETMETADATA and SETMETADATA (RFC 5464 §4.2, §4.3)."""

from __future__ import annotations

import pytest

from aiosage.wire.commands import (
    Command,
    GetMetadata,
    MetadataDepth,
    MetadataResult,
    SetMetadata,
)

from .played import result, sent, shown

COMMENT = "/private/comment"
ALONE = ("METADATA",)
EITHER = ("METADATA", "METADATA-SERVER")  # RFC 5464 §1: of the server's own


@pytest.mark.parametrize(
    ("command", "octets", "needs"),
    [
        (GetMetadata("a", (COMMENT,)), b"a (/private/comment)", ALONE),
        (GetMetadata("", ("/a", "/b c")), b'"" (/a "/b c")', EITHER),
        (
            GetMetadata("INBOX", ("/a",), MetadataDepth.ALL, max_size=1024),
            b"(MAXSIZE 1024 DEPTH infinity) INBOX (/a)",
            ALONE,
        ),
        (GetMetadata("a", ("/a",), max_size=0), b"(MAXSIZE 0) a (/a)", ALONE),
        (
            GetMetadata("a", ("/a",), MetadataDepth.CHILDREN),
            b"(DEPTH 1) a (/a)",
            ALONE,
        ),
        (
            SetMetadata("é", {"/a": "x y", "/b": None, "/c": b"", "/d": "NIL"}),
            b'&AOk- (/a "x y" /b NIL /c "" /d "NIL")',
            ALONE,
        ),
        (
            SetMetadata("", {"/a": "é", "/b": b"\r\n)", "/c": b"\0"}),
            b'"" (/a {2+}\r\n\xc3\xa9 /b {3+}\r\n\r\n) /c ~{1+}\r\n\0)',
            EITHER,
        ),
    ],
)
def test_words_on_the_wire(
    command: Command[object], octets: bytes, needs: tuple[str, ...]
) -> None:
    assert sent(command) == command.name.encode() + b" " + octets
    assert [*command.needs()] == [needs]
    assert command.changes is isinstance(command, SetMetadata)


@pytest.mark.parametrize(
    "entry",
    ["", "comment", "/", "/a/", "//a", "/a*", "/%", "/é", "/a\r\n", "/a\0", "a/b"],
)
def test_what_cannot_be_an_entry_is_refused(entry: str) -> None:
    """RFC 5464 §3.2."""
    with pytest.raises(ValueError, match="annotation"):
        GetMetadata("a", (entry,))
    with pytest.raises(ValueError, match="annotation"):
        SetMetadata("a", {entry: None})


def test_there_is_an_entry_and_a_size_that_can_be() -> None:
    with pytest.raises(ValueError, match="entry"):
        GetMetadata("a", ())
    with pytest.raises(ValueError, match="entry"):
        SetMetadata("a", {})
    for size in (-1, 2**32):
        with pytest.raises(ValueError, match="max_size"):
            GetMetadata("a", ("/a",), max_size=size)


def test_values_are_those_of_the_mailbox_asked_for() -> None:
    """A server may split its answer (RFC 5464 §4.4.1)."""
    told = result(
        GetMetadata("INBOX", ("/a", "/b")),
        b"* METADATA inbox (/A x)",
        b"* METADATA other (/c z)",
        b'* METADATA INBOX ("/b" NIL)',
    )
    assert told == MetadataResult({"/a": b"x", "/b": None})


@pytest.mark.parametrize(
    ("ok", "longest"),
    [
        (b"T OK [METADATA LONGENTRIES 2199] x", 2199),
        (b"T OK [METADATA longentries 2199] x", 2199),
        (b"T OK [METADATA LONGENTRIES] x", None),
        (b"T OK [METADATA MAXSIZE 5] x", None),
        (b"T OK [X LONGENTRIES 5] x", None),
        (b"T OK x", None),
    ],
)
def test_values_left_out_are_said_to_be(ok: bytes, longest: int | None) -> None:
    """RFC 5464 §4.2.1."""
    assert result(GetMetadata("a", ("/a",)), ok=ok) == MetadataResult({}, longest)


def test_values_are_not_shown() -> None:
    command = SetMetadata("a", {"/b": b"private\0words"})
    assert "private" not in repr(command) + shown(command)
    assert "private" not in repr(MetadataResult({"/b": b"private"}))
