"""What real servers send in spite of the standard is read as what they meant."""

from __future__ import annotations

import pytest

from aiosage.model import Flag
from aiosage.wire import FetchData, PermanentFlagsCode, Status, Unknown
from aiosage.wire._repairs import REPAIRS, repaired_frame
from aiosage.wire._tokens import tokenize

from .quirks import PAGE, QUIRKS, Quirk, page
from .stream import response, responses


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_a_quirk_is_read_as_what_was_meant(quirk: Quirk) -> None:
    read = response(quirk.sent)
    if quirk.means is None:
        assert read == Unknown(quirk.sent)
        return
    assert not isinstance(read, Unknown)
    assert read == response(quirk.means)


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_a_quirk_does_no_harm_to_what_follows(quirk: Quirk) -> None:
    assert responses(quirk.sent + b"\r\n* 9 EXISTS\r\n")[1:] == responses(
        b"* 9 EXISTS\r\n"
    )


def test_no_quirk_is_there_twice() -> None:
    assert len({quirk.name for quirk in QUIRKS}) == len(QUIRKS)
    assert len({quirk.sent for quirk in QUIRKS}) == len(QUIRKS)


def test_the_page_of_the_docs_lists_them_all() -> None:
    """``python -m tests.wire.quirks`` writes its table."""
    assert PAGE.read_text("utf-8") == page()


def test_a_multipart_without_parts_is_a_multipart() -> None:
    """Taken for a part, it would be an attachment that nobody can fetch."""
    data = response(b'* 1 FETCH (BODYSTRUCTURE (NIL "mixed" ("boundary" "b") NIL))')
    assert isinstance(data, FetchData)
    assert data.body_structure is not None
    assert data.body_structure.content_type == "multipart/mixed"
    assert data.body_structure.params == {"boundary": "b"}
    assert data.body_structure.parts == ()


def test_flags_of_a_code_may_lack_their_parentheses() -> None:
    for octets in (b"\\Seen \\*", b"(\\Seen \\*)"):
        status = response(b"* OK [PERMANENTFLAGS %b] x" % octets)
        assert isinstance(status, Status)
        assert isinstance(status.code, PermanentFlagsCode)
        assert status.code.flags == {Flag.SEEN, Flag.from_wire("\\*")}


@pytest.mark.parametrize(
    "octets",
    [
        b'* LIST () "/" "\\" a"',
        b'* LIST () "\\"" a',
        b'* LIST () "/" a ("OLDNAME" ("b c"))',
        b'* STATUS "a (b" (MESSAGES 1)',
        b"* FLAGS (\\Seen a)",
        b"* SEARCH 1 2 (MODSEQ 9)",
        b'* ID ("name" "x" "os" NIL)',
        b'* NAMESPACE (("" "/" "X" ("a" "b"))("#" "/")) NIL (("b" "."))',
    ],
)
def test_what_is_right_is_left_alone(octets: bytes) -> None:
    """A repair that fits too much would do harm on servers without quirks."""
    name = octets.split()[1]
    frame = [octets]
    assert repaired_frame(frame, name) is frame
    values = tokenize(frame, skip=2 + len(name), nesting=9)
    assert REPAIRS[name](values) == values
