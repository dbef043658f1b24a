"""The fields of a header."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import Headers
from aiosage.model._headers import MAX_FIELDS, header_end

HEADER = (
    b"From someone Thu Jan  1 00:00:00 1970\r\n"
    b"Received: first\r\n"
    b"Subject: =?utf-8?q?=C3=A4?=\r\n"
    b"RECEIVED : second\r\n"
    b" folded\r\n"
    b"Empty:\r\n"
    b"no field\r\n"
    b"X-Raw: \xe4\r\n"
    b"\r\n"
    b"Body: not a field\r\n"
)


def test_fields_are_found_without_regard_to_case() -> None:
    headers = Headers(HEADER)

    assert headers["subject"] == headers["SUBJECT"] == "\u00e4"
    assert "SubJect" in headers
    assert "body" not in headers
    assert headers.get("absent") is None
    assert headers["empty"] == ""


def test_fields_of_one_name_are_all_kept() -> None:
    headers = Headers(HEADER)

    assert headers["received"] == "first"
    assert headers.get_all("Received") == ("first", "second folded")
    assert headers.get_all("absent") == ()


def test_items_are_in_order_and_a_dict_has_each_name_once() -> None:
    headers = Headers(HEADER)

    assert headers.multi_items() == [
        ("Received", "first"),
        ("Subject", "\u00e4"),
        ("RECEIVED", "second folded"),
        ("Empty", ""),
        ("X-Raw", "\u00e4"),
    ]
    assert dict(headers) == {
        "Received": "first",
        "Subject": "\u00e4",
        "Empty": "",
        "X-Raw": "\u00e4",
    }
    assert len(headers) == 4


def test_too_many_fields_are_left_out_and_reported() -> None:
    defects: list[str] = []
    headers = Headers(b"a: b\n" * (MAX_FIELDS + 1), report=defects.append)

    assert len(headers.get_all("a")) == MAX_FIELDS
    assert defects == [f"more than {MAX_FIELDS} fields in the header"]


def test_repr_shows_nothing_of_the_header() -> None:
    assert repr(Headers(HEADER)) == "<Headers: 4 names>"


@given(st.lists(st.sampled_from([b"a: b", b"\n", b"\r\n", b"\r", b"x"])).map(b"".join))
def test_the_body_begins_after_the_first_empty_line(raw: bytes) -> None:
    """Line by line, as one would do it by hand."""
    position = 0
    for line in raw.splitlines(keepends=True) if b"\r" not in raw else raw.split(b"\n"):
        ending = line if b"\r" not in raw else line + b"\n"
        position = min(position + len(ending), len(raw))
        if ending in (b"\n", b"\r\n") and position <= len(raw):
            break
    else:
        position = len(raw)
    if raw.endswith((b"\n\r", b"\r")) and position == len(raw):
        return  # a line cut in the middle of its end may be either

    assert header_end(raw) == position


@given(st.binary())
def test_no_octets_make_it_raise(raw: bytes) -> None:
    headers = Headers(raw)

    assert len(headers.multi_items()) >= len(headers)
    assert {name.lower() for name in headers} == {
        name.lower() for name, _ in headers.multi_items()
    }
