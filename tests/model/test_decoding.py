"""Charsets, encoded words, transfer encodings, parameters, dates."""

from __future__ import annotations

import base64
import encodings.aliases
import quopri
from datetime import UTC, datetime, timedelta, timezone
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model._charset import codec_of, decode_charset
from aiosage.model._dates import parse_date
from aiosage.model._encoded_words import decode_field, decode_words
from aiosage.model._parameters import decode_parameters, parse_value
from aiosage.model._transfer_encoding import decode_base64, decode_transfer

SENTENCES = {
    "utf-8": "Gr\u00fc\u00dfe \u65e5\u672c \N{GRINNING FACE}",
    "iso-8859-1": "Gr\u00fc\u00dfe",
    "iso-8859-15": "10 \u20ac",
    "windows-1252": "\u201cquoted\u201d",
    "koi8-r": "\u043f\u0440\u0438\u0432\u0435\u0442",
    "koi8-u": "\u0457\u0436\u0430\u043a",
    "windows-1251": "\u043f\u0440\u0438\u0432\u0435\u0442",
    "iso-2022-jp": "\u65e5\u672c\u8a9e",
    "shift_jis": "\u65e5\u672c\u8a9e",
    "euc-jp": "\u65e5\u672c\u8a9e",
    "gb2312": "\u4f60\u597d",
    "gb18030": "\u4f60\u597d",
    "big5": "\u4f60\u597d",
    "euc-kr": "\uc548\ub155",
    "ks_c_5601-1987": "\uc548\ub155",
    "windows-874": "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "utf-7": "Gr\u00fc\u00dfe",
    "utf-16": "Gr\u00fc\u00dfe",
}


@pytest.mark.parametrize("charset", SENTENCES)
def test_text_of_a_declared_charset_is_decoded(charset: str) -> None:
    text = SENTENCES[charset]
    python = {"ks_c_5601-1987": "euc-kr", "windows-874": "cp874"}.get(charset, charset)
    defects: list[str] = []

    assert decode_charset(text.encode(python), charset.upper(), defects.append) == text
    assert not defects


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        (b"Gr\xc3\xbc", "x-unknown", "Gr\u00fc"),
        (b"Gr\xfc", "x-unknown", "Gr\u00fc"),
        (b"Gr\xc3\xbc", "us-ascii", "Gr\u00fc"),
        (b"Gr\xfc", "us-ascii", "Gr\u00fc"),
        (b"Gr\xfc", "utf-8", "Gr\u00fc"),
        (b"\xc4\xe3\xff\xba\xc3", "gb2312", "\u4f60\ufffd\u597d"),
        (b"Gr\xc3", "utf-8", "Gr\ufffd"),  # a text cut in the middle of a character
        (b"\x81", "iso-8859-1", "\x81"),
    ],
)
def test_octets_that_are_not_of_the_charset_are_decoded_as_well_as_can_be(
    data: bytes, charset: str, text: str
) -> None:
    defects: list[str] = []

    assert decode_charset(data, charset, defects.append) == text
    assert len(defects) == 1


@pytest.mark.parametrize(
    "charset",
    [
        "idna",
        "punycode",
        "unicode_escape",
        "rot13",
        "base64",
        "undefined",
        "../x",
        "a\0b",
        "x" * 99,
        "\u00fc",
        "",
    ],
)
def test_what_is_no_charset_is_never_looked_up(charset: str) -> None:
    """Python's codec registry imports by name, and remembers failures for ever."""
    assert codec_of(charset) is None


def test_every_codec_of_python_that_is_a_charset_is_known() -> None:
    known = {name for name in encodings.aliases.aliases.values() if codec_of(name)}

    assert {"utf_8", "cp1252", "koi8_r", "big5hkscs", "mac_cyrillic"} <= known
    for name in known:
        decode_charset(b"\x80\xff\x00a", name)


@given(st.binary(), st.sampled_from([*SENTENCES, "utf-32", "hz", "nonsense"]))
def test_no_octets_make_a_charset_raise(data: bytes, charset: str) -> None:
    decode_charset(data, charset).encode()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (b" plain ", "plain"),
        (b"folded\r\n line", "folded line"),
        (b"folded\r\n\tline", "folded line"),
        (b"two  spaces", "two  spaces"),
        (b"5* hotel (:-) {3}", "5* hotel (:-) {3}"),
        (b"=?utf-8?q?a_b?=", "a b"),
        (b"=?ISO-8859-1?Q?caf=E9?= au lait", "caf\u00e9 au lait"),
        (b"=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=", "\u00e4\u00f6"),
        (b"=?utf-8?b?w6Q=?=\r\n =?koi8-r?b?xw==?= x", "\u00e4\u0433 x"),
        (b"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        # a character cut in half between two words
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "\u00e4"),
        (b"=?utf-8?b?ww==?= =?utf-8?b?pA==?=", "\u00e4"),
        (b"=?utf-8*en?q?a?=", "a"),  # RFC 2231 §5
        (b"=?utf-8?q?with space?=", "with space"),  # wrong, and common
        (b"=?utf-8?q?What??=", "What?"),
        (b"=?utf-8?b?YQ?=", "a"),  # padding left out
        (b"(=?utf-8?q?a?=)", "(a)"),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"=?utf-8?q?open", "=?utf-8?q?open"),
        (b"=?utf-8?q?open =?utf-8?q?a?=", "=?utf-8?q?open a"),
        (b"=?nonsense?q?=E4?=", "\u00e4"),
        (b"raw \xc3\xa4", "raw \u00e4"),
        (b"raw \xe4", "raw \u00e4"),
        (b"=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x"),  # no line may get in that way
        (b"nul\0", "nul "),
        (b"", ""),
    ],
)
def test_a_header_field_is_decoded(field: bytes, text: str) -> None:
    assert decode_field(field) == text


@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=80))
def test_what_python_encodes_in_a_header_is_decoded(text: str) -> None:
    field = Header(text, "utf-8").encode(linesep="\r\n").encode()

    assert decode_field(field) == text


@given(st.binary())
def test_no_field_makes_decoding_raise(field: bytes) -> None:
    text = decode_field(field)

    assert "\n" not in text
    assert "\r" not in text


@given(st.binary(), st.integers(1, 80))
def test_base64_in_lines_of_any_length_is_decoded(data: bytes, width: int) -> None:
    text = base64.b64encode(data)
    lines = b"\r\n".join(text[i : i + width] for i in range(0, len(text), width))
    defects: list[str] = []

    assert decode_base64(lines, defects.append) == data
    assert not defects


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"aGVsbG8", b"hello"),  # no padding
        (b"aGVs!bG8=", b"hello"),
        (b"aGVs\0\xffbG8=", b"hello"),
        (b"aGk=aGk=", b"hihi"),  # each line encoded for itself
        (b"aGVsb", b"hel"),  # cut
        (b"=", b""),
    ],
)
def test_broken_base64_is_decoded_as_far_as_it_goes(
    data: bytes, expected: bytes
) -> None:
    defects: list[str] = []

    assert decode_base64(data, defects.append) == expected
    assert defects == ["broken base64"]


@given(st.binary().filter(lambda data: b"\r" not in data))
def test_quoted_printable_is_decoded(data: bytes) -> None:
    defects: list[str] = []

    assert (
        decode_transfer(quopri.encodestring(data), "quoted-printable", defects.append)
        == data
    )
    assert not defects


def test_broken_quoted_printable_is_kept_and_reported() -> None:
    defects: list[str] = []

    assert decode_transfer(b"1=zz =41", "quoted-printable", defects.append) == b"1=zz A"
    assert defects == ["broken quoted-printable"]


@given(
    st.binary(), st.sampled_from(["base64", "quoted-printable", "7bit", "x-odd", ""])
)
def test_no_octets_make_a_transfer_encoding_raise(data: bytes, encoding: str) -> None:
    decode_transfer(data, encoding)


def test_an_unknown_transfer_encoding_leaves_the_octets_and_is_reported() -> None:
    defects: list[str] = []

    assert decode_transfer(b"x", "x-uuencode", defects.append) == b"x"
    assert defects == ["unknown transfer encoding 'x-uuencode'"]


@pytest.mark.parametrize(
    ("field", "value", "params"),
    [
        (b"Text/Plain", "text/plain", {}),
        (b'text/plain; charset="UTF-8"', "text/plain", {"charset": "UTF-8"}),
        (b"a/b;A=1 ; B = 2;", "a/b", {"a": "1", "b": "2"}),
        (b'a/b; name="x;y\\"z"', "a/b", {"name": 'x;y"z'}),
        (b"a/b (comment); x=y", "a/b", {"x": "y"}),
        (b'a/b; name="open', "a/b", {"name": "open"}),
        (b"a/b; name=two words; x=1", "a/b", {"name": "two words", "x": "1"}),
        (b"a/b; junk; x=1", "a/b", {"x": "1"}),
        (b"a/b;\r\n x=1", "a/b", {"x": "1"}),
        (b"a/b; x=1; x=2", "a/b", {"x": "1"}),
        # RFC 2231
        (b"a/b; n*=utf-8'en'%C3%A4%20b", "a/b", {"n": "\u00e4 b"}),
        (b'a/b; n*0="a"; n*1=b', "a/b", {"n": "ab"}),
        (b"a/b; n*1=%41; n*0*=utf-8''%C3%A4", "a/b", {"n": "\u00e4%41"}),
        (b"a/b; n*0*=utf-8''%C3; n*1*=%A4", "a/b", {"n": "\u00e4"}),
        (b"a/b; n=plain; n*=utf-8''ext", "a/b", {"n": "ext"}),
        (b"a/b; n*=broken", "a/b", {"n": "broken"}),
        # RFC 2047, where RFC 2231 should be
        (b'a/b; name="=?utf-8?q?=C3=A4?="', "a/b", {"name": "\u00e4"}),
        (b"a/b; name=\xc3\xa4", "a/b", {"name": "\u00e4"}),
        (b"", "", {}),
        (b";", "", {}),
    ],
)
def test_a_field_with_parameters_is_read(
    field: bytes, value: str, params: dict[str, str]
) -> None:
    assert parse_value(field) == (value, params)


def test_a_missing_piece_of_a_parameter_is_reported() -> None:
    defects: list[str] = []

    assert decode_parameters([(b"n*0", b"a"), (b"n*2", b"c")], defects.append) == {
        "n": "ac"
    }
    assert defects == ["a piece of a parameter is missing"]


@given(st.binary())
def test_no_octets_make_parameters_raise(field: bytes) -> None:
    parse_value(field)
    parse_value(b"a/b;" + field)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        (
            "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
            datetime(1996, 7, 17, 2, 23, 25, tzinfo=timezone(timedelta(hours=-7))),
        ),
        ("1 Feb 2026 03:04 +0000", datetime(2026, 2, 1, 3, 4, tzinfo=UTC)),
        ("Thu, 1 Feb 96 03:04:05 GMT", datetime(1996, 2, 1, 3, 4, 5, tzinfo=UTC)),
        ("1 Feb 2026 03:04:05", datetime(2026, 2, 1, 3, 4, 5, tzinfo=UTC)),
        ("1 Feb 2026 03:04:60 -0000", datetime(2026, 2, 1, 3, 4, 59, tzinfo=UTC)),
        ("1 Feb 2026 03:04:05 +9999", datetime(2026, 2, 1, 3, 4, 5, tzinfo=UTC)),
        ("31 Feb 2026 03:04:05 +0000", None),
        ("yesterday", None),
        ("", None),
        ("9" * 5000, None),
    ],
)
def test_a_date_is_read(text: str, date: datetime | None) -> None:
    parsed = parse_date(text)

    assert parsed == date
    assert parsed is None or parsed.tzinfo is not None


@given(st.text())
def test_no_text_makes_a_date_raise(text: str) -> None:
    parse_date(text)


@given(st.text("0123456789 :+-,()JanFebMonGMT", max_size=60))
def test_nothing_like_a_date_makes_it_raise(text: str) -> None:
    parse_date(text)


@given(
    st.sampled_from(["utf-8", "UTF-8*en", "koi8-r", "x-none", ""]),
    st.sampled_from("bBqQx"),
    st.text("aZ09+/=?_ \t\n(\u00fc", max_size=12),
)
def test_an_encoded_word_means_the_same_alone_and_in_text(
    charset: str, encoding: str, text: str
) -> None:
    """A field that is one word and nothing else is decoded in a shorter way."""
    word = f"=?{charset}?{encoding}?{text}?="
    assert f"({decode_words(word)})" == decode_words(f"({word})")
