"""Fetch items: what is sent, what comes back, what is refused."""

from __future__ import annotations

import pytest

from aiosage.model import MessagePart


@pytest.mark.parametrize(
    ("part", "wire", "key"),
    [
        (MessagePart.UID, b"UID", "UID"),
        (MessagePart.FLAGS, b"FLAGS", "FLAGS"),
        (MessagePart.INTERNAL_DATE, b"INTERNALDATE", "INTERNALDATE"),
        (MessagePart.SIZE, b"RFC822.SIZE", "RFC822.SIZE"),
        (MessagePart.ENVELOPE, b"ENVELOPE", "ENVELOPE"),
        (MessagePart.BODY_STRUCTURE, b"BODYSTRUCTURE", "BODYSTRUCTURE"),
        (MessagePart.MODSEQ, b"MODSEQ", "MODSEQ"),
        (MessagePart.PREVIEW, b"PREVIEW", "PREVIEW"),
        (MessagePart.HEADER, b"BODY.PEEK[HEADER]", "BODY[HEADER]"),
        (MessagePart.TEXT, b"BODY.PEEK[TEXT]", "BODY[TEXT]"),
        (MessagePart.FULL, b"BODY.PEEK[]", "BODY[]"),
        (MessagePart.FULL.marking_seen(), b"BODY[]", "BODY[]"),
        (MessagePart.section("1.2"), b"BODY.PEEK[1.2]", "BODY[1.2]"),
        (MessagePart.section("3.header"), b"BODY.PEEK[3.HEADER]", "BODY[3.HEADER]"),
        (MessagePart.mime("1.2"), b"BODY.PEEK[1.2.MIME]", "BODY[1.2.MIME]"),
        (
            MessagePart.header_fields("Subject", "from"),
            b"BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)]",
            "BODY[HEADER.FIELDS (SUBJECT FROM)]",
        ),
        (
            MessagePart.header_fields("X", section="4.2", excluding=True),
            b"BODY.PEEK[4.2.HEADER.FIELDS.NOT (X)]",
            "BODY[4.2.HEADER.FIELDS.NOT (X)]",
        ),
        (
            MessagePart.header_fields('x]"y'),
            b'BODY.PEEK[HEADER.FIELDS ("X]\\"Y")]',
            'BODY[HEADER.FIELDS ("X]\\"Y")]',
        ),
        (MessagePart.FULL.partial(0, 1024), b"BODY.PEEK[]<0.1024>", "BODY[]<0>"),
        (
            MessagePart.section("1").partial(100, 5).marking_seen(),
            b"BODY[1]<100.5>",
            "BODY[1]<100>",
        ),
    ],
)
def test_wire_and_key(part: MessagePart, wire: bytes, key: str) -> None:
    """RFC 9051 §7.5.2: the answer names neither PEEK nor the count."""
    assert part.wire == wire
    assert part.key == key


@pytest.mark.parametrize(
    "section",
    [
        "0",
        "1.",
        ".1",
        "1..2",
        "MIME",
        "1.HEADER.FIELDS",
        "HEADER.1",
        "1.2]",
        "1\r\n",
        "a",
        "1 2",
        "\u0661",
        "1.MIME.1",
        "12345678901",
        ".".join("1" * 2000),
    ],
)
def test_what_is_no_section_is_refused(section: str) -> None:
    with pytest.raises(ValueError, match=r"section|field names"):
        MessagePart.section(section)


@pytest.mark.parametrize("section", ["", "HEADER", "x", "1.TEXT", "1]\r\n"])
def test_only_parts_have_a_mime_header(section: str) -> None:
    """RFC 9051 §6.4.5.1: MIME must follow a part number."""
    with pytest.raises(ValueError, match="not a section"):
        MessagePart.mime(section)


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "\u00fc", "a\0", "a\x7f"])
def test_what_is_no_field_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a header field"):
        MessagePart.header_fields("Subject", name)


def test_header_fields_need_names() -> None:
    with pytest.raises(ValueError, match="field names"):
        MessagePart.header_fields()


@pytest.mark.parametrize("window", [(-1, 5), (0, 0), (0, -1), (2**63, 1)])
def test_what_is_no_range_is_refused(window: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not a range"):
        MessagePart.FULL.partial(*window)


def test_only_content_has_parts_and_sets_seen() -> None:
    with pytest.raises(ValueError, match="not a fetch item"):
        MessagePart.FLAGS.partial(0, 5)
    with pytest.raises(ValueError, match="not a fetch item"):
        MessagePart.FLAGS.marking_seen()


@pytest.mark.parametrize("item", ["", "FLAGS UID", "FLAGS)\r\n", "flags", "BODY[]"])
def test_no_other_item_can_be_made(item: str) -> None:
    with pytest.raises(ValueError, match="not a fetch item"):
        MessagePart(item)


def test_items_are_values() -> None:
    assert MessagePart.section("header") == MessagePart.HEADER
    assert len({MessagePart.FULL, MessagePart.section(""), MessagePart.TEXT}) == 2


@pytest.mark.parametrize(
    ("part", "wire", "key"),
    [
        (MessagePart.binary("1.2"), "BINARY.PEEK[1.2]", "BINARY[1.2]"),
        (MessagePart.binary("").marking_seen(), "BINARY[]", "BINARY[]"),
        (
            MessagePart.binary("1").partial(5, 9),
            "BINARY.PEEK[1]<5.9>",
            "BINARY[1]<5>",
        ),
        (MessagePart.binary_size("1"), "BINARY.SIZE[1]", "BINARY.SIZE[1]"),
        (MessagePart.PREVIEW_LAZY, "PREVIEW (LAZY)", "PREVIEW"),
        (MessagePart("RFC822", peek=False), "RFC822", "RFC822"),
        (MessagePart("RFC822.HEADER"), "RFC822.HEADER", "RFC822.HEADER"),
        (MessagePart.BODY, "BODY", "BODY"),
    ],
)
def test_items_of_extensions(part: MessagePart, wire: str, key: str) -> None:
    assert (str(part), part.key) == (wire, key)


@pytest.mark.parametrize("section", ["HEADER", "1.MIME", "1.", "0", "1]\r\n"])
def test_only_parts_can_be_had_without_their_encoding(section: str) -> None:
    """RFC 3516 §4.2: section-binary is a part number or empty."""
    for build in (MessagePart.binary, MessagePart.binary_size):
        with pytest.raises(ValueError, match="not a section of BINARY"):
            build(section)


@pytest.mark.parametrize("item", ["RFC822", "RFC822.TEXT"])
def test_what_marks_as_seen_must_say_so(item: str) -> None:
    with pytest.raises(ValueError, match="peek=False"):
        MessagePart(item)


def test_a_size_has_no_range_and_marks_nothing() -> None:
    size = MessagePart.binary_size("1")
    with pytest.raises(ValueError, match="a size has no range"):
        size.partial(0, 1)
    with pytest.raises(ValueError, match="a size has no range"):
        size.marking_seen()
