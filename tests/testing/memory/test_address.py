from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.testing.memory._address import Address, parse_addresses

END = Address(None, None, None, None)
MISSING = Address(None, None, b"MISSING_MAILBOX", b"MISSING_DOMAIN")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a@b", [Address(None, None, b"a", b"b")]),
        (b"A B <a.c@b.d>", [Address(b"A B", None, b"a.c", b"b.d")]),
        (rb'"x \"y\"" <a@b>', [Address(b'x "y"', None, b"a", b"b")]),
        (b"a@b (Name (nested))", [Address(b"Name (nested)", None, b"a", b"b")]),
        (b"<@r1,@r2:a@b>", [Address(None, b"@r1,@r2", b"a", b"b")]),
        (b"a@[1.2.3.4]", [Address(None, None, b"a", b"[1.2.3.4]")]),
        (
            b"a@b, c@d",
            [Address(None, None, b"a", b"b"), Address(None, None, b"c", b"d")],
        ),
        (
            b"Team: a@b, C <c@d>;, z@z",
            [
                Address(None, None, b"Team", None),
                Address(None, None, b"a", b"b"),
                Address(b"C", None, b"c", b"d"),
                END,
                Address(None, None, b"z", b"z"),
            ],
        ),
        (b"nobody:;", [Address(None, None, b"nobody", None), END]),
        (b"", []),
    ],
)
def test_addresses_and_groups(text: bytes, expected: list[Address]) -> None:
    assert parse_addresses(text) == expected


@given(st.binary(max_size=200))
def test_any_octets_are_some_addresses(text: bytes) -> None:
    """Groups are always closed, so that ENVELOPE is well-formed."""
    hosts = [address.host for address in parse_addresses(text)]

    assert hosts.count(None) % 2 == 0


@pytest.mark.parametrize("text", [b"()", b"a ", b"<", b"(", b'"', b"a,", b":", b"\\"])
def test_time_is_linear_in_the_octets(text: bytes) -> None:
    start = time.perf_counter()

    parse_addresses(text * 100_000)

    assert time.perf_counter() - start < 5
