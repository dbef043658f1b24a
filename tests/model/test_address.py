"""Addresses: how they are written, and how fields of them are read."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import EmailAddress
from aiosage.model._address import RawAddress, addresses_from_raw
from aiosage.model._address_list import MAX_ADDRESSES, parse_addresses

Parts = tuple[str | None, str | None, str | None, str | None]


def parts(address: EmailAddress) -> Parts:
    return address.name, address.mailbox, address.host, address.group


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"a@b.c", [(None, "a", "b.c", None)]),
        (
            b'"Doe, John" <j@x>, k@y',
            [("Doe, John", "j", "x", None), (None, "k", "y", None)],
        ),
        (b"A. B. C. <a.b@c.d>", [("A. B. C.", "a.b", "c.d", None)]),
        (b"a@b.c (A Name)", [("A Name", "a", "b.c", None)]),
        (b"a(comment (nested))@b", [("comment (nested)", "a", "b", None)]),
        (b'"a b"@c.d', [(None, "a b", "c.d", None)]),
        (b'"a\\"b" <x@y>', [('a"b', "x", "y", None)]),
        (b"a @ b.c", [(None, "a", "b.c", None)]),
        (b"a@b.c,\r\n d@e.f", [(None, "a", "b.c", None), (None, "d", "e.f", None)]),
        (b"a@[IPv6:::1]", [(None, "a", "[IPv6:::1]", None)]),
        (b"<@r1,@r2:u@h>", [(None, "u", "h", None)]),
        # Groups, RFC 5322 §3.4
        (
            b"G: a@b, N <c@d>;, e@f",
            [(None, "a", "b", "G"), ("N", "c", "d", "G"), (None, "e", "f", None)],
        ),
        (b"undisclosed-recipients:;", [(None, None, None, "undisclosed-recipients")]),
        # Encoded words, RFC 2047 §5; in quotes or with commas they are wrong
        (b"=?utf-8?q?J=C3=BC?= <a@b>", [("J\u00fc", "a", "b", None)]),
        (b"=?utf-8?q?a?= =?utf-8?q?b?= <c@d>", [("ab", "c", "d", None)]),
        (b'"=?utf-8?b?w6Q=?=" <a@b>', [("\u00e4", "a", "b", None)]),
        (b"=?utf-8?Q?Doe, J?= <a@b>", [("Doe, J", "a", "b", None)]),
        # Raw 8-bit text
        (b"J\xc3\xbcrgen <a@b>", [("J\u00fcrgen", "a", "b", None)]),
        (b"J\xfcrgen <a@b>", [("J\u00fcrgen", "a", "b", None)]),
        # What is no address by any grammar
        (b"root", [(None, "root", None, None)]),
        (b"John Doe", [("John Doe", None, None, None)]),
        (b"John Doe j@x", [("John Doe", "j", "x", None)]),
        (b"MAILER-DAEMON <>", [("MAILER-DAEMON", None, None, None)]),
        (b'"open <a@b>, c@d', [("open", "a", "b", None), (None, "c", "d", None)]),
        (b"<a@b, c@d>", [(None, "a", "b", None), (None, "c", "d", None)]),
        (b"x <y <z@q>>", [("x", "z", "q", None)]),
        (b'<""@a>', [(None, None, "a", None)]),
        (b",,;:,<>", []),
        (b"", []),
    ],
)
def test_a_field_is_read(field: bytes, expected: list[Parts]) -> None:
    assert [parts(address) for address in parse_addresses(field)] == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (EmailAddress("A B", "a", "b.c"), "A B <a@b.c>"),
        (EmailAddress("Doe, J", "a", "b.c"), '"Doe, J" <a@b.c>'),
        (EmailAddress('q"q', "a", "b"), '"q\\"q" <a@b>'),
        (EmailAddress(None, "a", "b"), "a@b"),
        (EmailAddress(None, "a b", "c"), '"a b"@c'),
        (EmailAddress(None, "root"), "root"),
        (EmailAddress("Only"), "Only"),
        (EmailAddress(group="undisclosed"), "undisclosed:;"),
        (EmailAddress(), ""),
    ],
)
def test_str_is_what_a_header_would_say(address: EmailAddress, expected: str) -> None:
    assert str(address) == expected


names = st.text(string.ascii_letters + ' ,.;:()<>"\\@[]', min_size=1).map(
    lambda text: " ".join(text.split())
)
locals_ = st.text(string.ascii_letters + string.digits + "._-+ ", min_size=1).filter(
    lambda text: text == " ".join(text.split())
)


@given(st.lists(st.tuples(names.filter(bool), locals_), max_size=5))
def test_what_str_writes_is_read_back(people: list[tuple[str, str]]) -> None:
    written = [EmailAddress(name, local, "example.org") for name, local in people]
    field = ", ".join(map(str, written)).encode()

    assert list(parse_addresses(field)) == written


@given(st.binary(max_size=300))
def test_no_octets_make_it_raise(field: bytes) -> None:
    for address in parse_addresses(field):
        assert isinstance(str(address), str)


@given(st.text('"\\()<>,;:@[] a=?q_\t', max_size=60))
def test_no_syntax_makes_it_raise(field: str) -> None:
    for address in parse_addresses(field.encode()):
        assert "\0" not in str(address)


def test_what_is_wrong_is_reported() -> None:
    defects: list[str] = []

    parse_addresses(b'"a', defects.append)
    parse_addresses(b"(a", defects.append)
    parse_addresses(b"a@b," * (MAX_ADDRESSES + 1), defects.append)

    assert [defect.split()[0] for defect in defects] == ["unterminated"] * 2 + ["more"]


def test_a_field_of_too_many_addresses_is_cut() -> None:
    assert len(parse_addresses(b"a@b," * (MAX_ADDRESSES + 5))) == MAX_ADDRESSES


RAW: list[RawAddress] = [
    (b"=?utf-8?q?J=C3=BC?=", None, b"j", b"x.org"),
    (None, None, b"Team", None),
    (b"A", None, b"a", b"b"),
    (None, None, None, None),
    (None, None, b"empty", None),
    (None, None, None, None),
    (None, None, b"root", b"MISSING_DOMAIN"),
]


def test_envelope_addresses_are_read_with_groups() -> None:
    """RFC 9051 §7.5.2: no host begins a group, no mailbox and host end it."""
    assert [parts(address) for address in addresses_from_raw(RAW)] == [
        ("J\u00fc", "j", "x.org", None),
        ("A", "a", "b", "Team"),
        (None, None, None, "empty"),
        (None, "root", None, None),
    ]


def test_a_group_that_does_not_end_loses_nothing() -> None:
    assert [parts(a) for a in addresses_from_raw(RAW[1:3])] == [("A", "a", "b", "Team")]
    assert [parts(a) for a in addresses_from_raw(RAW[4:5])] == [
        (None, None, None, "empty")
    ]
