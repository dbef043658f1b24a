"""BODYSTRUCTURE as objects."""

from __future__ import annotations

import gc
import pickle
import time

import pytest
from hypothesis import given

from aiosage.model import BodyStructure, RawValue
from aiosage.model._body_structure_raw import MAX_DEPTH

from .test_envelope import FIELDS, values


def leaf(kind: bytes, subtype: bytes, *extension: RawValue) -> list[RawValue]:
    lines: list[RawValue] = [b"2"] if kind == b"TEXT" else []
    return [kind, subtype, None, None, None, b"7BIT", b"30", *lines, *extension]


def message(body: RawValue) -> list[RawValue]:
    return [
        b"MESSAGE",
        b"RFC822",
        None,
        None,
        None,
        b"7BIT",
        b"300",
        FIELDS,
        body,
        b"9",
    ]


PLAIN = leaf(b"TEXT", b"PLAIN")
BINARY = leaf(b"APPLICATION", b"OCTET-STREAM")
GIF = leaf(b"IMAGE", b"GIF")
RICH = leaf(b"TEXT", b"RICHTEXT")
# RFC 9051 §6.4.5.1: the example of part specifiers.
EXAMPLE: list[RawValue] = [
    PLAIN,
    BINARY,
    message([PLAIN, BINARY, b"MIXED"]),
    [GIF, message([PLAIN, [PLAIN, RICH, b"ALTERNATIVE"], b"MIXED"]), b"MIXED"],
    b"MIXED",
]


def test_sections_are_those_of_the_standard() -> None:
    structure = BodyStructure.from_raw(EXAMPLE)

    assert [(part.section, part.content_type) for part in structure.walk()] == [
        ("TEXT", "multipart/mixed"),
        ("1", "text/plain"),
        ("2", "application/octet-stream"),
        ("3", "message/rfc822"),
        ("3.TEXT", "multipart/mixed"),
        ("3.1", "text/plain"),
        ("3.2", "application/octet-stream"),
        ("4", "multipart/mixed"),
        ("4.1", "image/gif"),
        ("4.2", "message/rfc822"),
        ("4.2.TEXT", "multipart/mixed"),
        ("4.2.1", "text/plain"),
        ("4.2.2", "multipart/alternative"),
        ("4.2.2.1", "text/plain"),
        ("4.2.2.2", "text/richtext"),
    ]


def test_parts_are_found_by_section() -> None:
    structure = BodyStructure.from_raw(EXAMPLE)

    for part in structure.walk():
        assert structure.find(part.section.lower()) is part
    assert structure.find("5") is None


def test_a_message_without_parts_is_part_1() -> None:
    """RFC 9051 §6.4.5.1: every message has at least one part number."""
    assert BodyStructure.from_raw(PLAIN).section == "1"

    outer = BodyStructure.from_raw(message(PLAIN))
    assert outer.section == "1"
    assert outer.body is not None
    assert outer.body.section == "1.1"


def test_an_enclosed_message_has_its_envelope() -> None:
    part = BodyStructure.from_raw(EXAMPLE).find("3")

    assert part is not None
    assert part.envelope is not None
    assert part.envelope.subject == "IMAP4rev2 WG \u00fc"
    assert part.lines == 9


def test_all_fields_of_a_part_are_read() -> None:
    structure = BodyStructure.from_raw(
        [
            b"TEXT",
            b"Plain",
            [b"CHARSET", b"utf-8", b"NAME", b"=?utf-8?q?=C3=A4.txt?="],
            b"<id@x>",
            b"=?utf-8?q?described?=",
            b"BASE64",
            b"3028",
            b"92",
            b"md5==",
            [b"ATTACHMENT", [b"filename*0*", b"utf-8''%C3%A4", b"filename*1", b".txt"]],
            [b"de", b"en"],
            b"http://x/",
            b"future",
        ]
    )

    assert structure.type == "text"
    assert structure.subtype == "plain"
    assert structure.charset == "utf-8"
    assert structure.params == {"charset": "utf-8", "name": "\u00e4.txt"}
    assert structure.content_id == "id@x"
    assert structure.description == "described"
    assert structure.encoding == "base64"
    assert (structure.size, structure.lines) == (3028, 92)
    assert structure.md5 == "md5=="
    assert structure.disposition == "attachment"
    assert structure.disposition_params == {"filename": "\u00e4.txt"}
    assert structure.filename == "\u00e4.txt"
    assert structure.language == ("de", "en")
    assert structure.location == "http://x/"


def test_all_fields_of_a_multipart_are_read() -> None:
    structure = BodyStructure.from_raw(
        [PLAIN, b"MIXED", [b"BOUNDARY", b"b"], [b"inline", None], b"en", b"http://x/"]
    )

    assert structure.params == {"boundary": "b"}
    assert structure.disposition == "inline"
    assert structure.language == ("en",)
    assert structure.location == "http://x/"
    assert structure.size is None


def test_numbers_may_be_atoms() -> None:
    fields: list[RawValue] = ["TEXT", "PLAIN", None, None, None, "7BIT", "30", "2"]

    assert BodyStructure.from_raw(fields) == BodyStructure.from_raw(PLAIN)


def test_text_and_attachments_are_told_apart() -> None:
    html = leaf(b"TEXT", b"HTML")
    named = leaf(b"TEXT", b"PLAIN", None, [b"attachment", [b"filename", b"a.txt"]])
    picture = leaf(b"IMAGE", b"PNG", None, [b"inline", None])
    structure = BodyStructure.from_raw(
        [
            [[PLAIN, html, b"ALTERNATIVE"], picture, b"RELATED"],
            named,
            message([PLAIN, BINARY, b"MIXED"]),
            b"MIXED",
        ]
    )

    assert structure.text_part is structure.find("1.1.1")
    assert structure.html_part is structure.find("1.1.2")
    assert [part.section for part in structure.attachments()] == ["1.2", "2", "3"]
    assert [part.is_inline for part in structure.attachments()] == [True, False, False]


@pytest.mark.parametrize(
    ("disposition", "is_text"),
    [(None, True), (b"inline", True), (b"attachment", False)],
)
def test_text_that_is_all_of_a_message_is_its_text(
    disposition: bytes | None, is_text: bool
) -> None:
    """Some senders name their text; it is no attachment of anything."""
    name: list[RawValue] = [b"filename", b"body.txt"]
    dsp: RawValue = None if disposition is None else [disposition, name]
    structure = BodyStructure.from_raw(leaf(b"TEXT", b"PLAIN", None, dsp))

    assert (structure.text_part is structure) == is_text
    assert structure.attachments() == (() if is_text else (structure,))


def test_equality_is_that_of_the_whole_tree() -> None:
    structure = BodyStructure.from_raw(EXAMPLE)
    other = BodyStructure.from_raw([*EXAMPLE[:3], PLAIN, b"MIXED"])

    assert structure == BodyStructure.from_raw(EXAMPLE)
    assert hash(structure) == hash(BodyStructure.from_raw(EXAMPLE))
    assert structure != other
    assert structure != "TEXT"


def test_repr_is_short() -> None:
    assert repr(BodyStructure.from_raw(PLAIN)) == "<BodyStructure 1 text/plain 30>"
    assert len(repr(BodyStructure.from_raw([*[PLAIN] * 999, b"MIXED"]))) < 250


def test_it_survives_pickling() -> None:
    structure = BodyStructure.from_raw(EXAMPLE)

    assert pickle.loads(pickle.dumps(structure)) == structure


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH + 1, 100_000])
def test_nesting_is_cut_and_nothing_recurses(depth: int) -> None:
    raw: RawValue = PLAIN
    for _ in range(depth):
        raw = [raw, b"MIXED"]

    structure = BodyStructure.from_raw(raw)

    parts = list(structure.walk())
    assert len(parts) == min(depth, MAX_DEPTH) + 1
    assert structure == BodyStructure.from_raw(raw)
    assert (structure.text_part is not None) == (depth <= MAX_DEPTH)
    hash(structure)
    repr(structure)


def test_many_parts_take_linear_time() -> None:
    raw: RawValue = [*[PLAIN] * 10_000, b"MIXED"]
    gc.collect()
    started = time.perf_counter()

    assert len(BodyStructure.from_raw(raw).parts) == 10_000
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("raw", [None, b"TEXT", 5, []])
def test_what_is_no_structure_is_refused(raw: RawValue) -> None:
    with pytest.raises(ValueError, match="body structure"):
        BodyStructure.from_raw(raw)


@given(values)
def test_no_other_values_make_it_raise(raw: RawValue) -> None:
    structure = BodyStructure.from_raw([raw, raw, raw])

    for part in structure.walk():
        assert part.type
        assert part.subtype
    hash(structure)
    repr(structure)
    structure.attachments()
