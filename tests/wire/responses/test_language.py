"""LANGUAGE and COMPARATOR (RFC 5255 §3.3, §4.8), JMAPACCESS (RFC 9698)."""

from __future__ import annotations

import pytest

from aiosage.wire import (
    Code,
    ComparatorData,
    JmapAccessData,
    LanguageData,
    Status,
    Untagged,
)

from ..stream import response


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b'* LANGUAGE (EN "DE" i-default)', LanguageData(("EN", "DE", "i-default"))),
        (b"* LANGUAGE NIL", LanguageData(())),
        (b"* COMPARATOR i;unicode-casemap", ComparatorData("i;unicode-casemap")),
        (
            b'* COMPARATOR "i;ascii-casemap" ("i;ascii-casemap" i;octet)',
            ComparatorData("i;ascii-casemap", ("i;ascii-casemap", "i;octet")),
        ),
        (
            b'* JMAPACCESS "https://example.com/.s/[jmap]"',
            JmapAccessData("https://example.com/.s/[jmap]"),
        ),
        (b"* JMAPACCESS", JmapAccessData("")),
    ],
)
def test_what_is_told_of_the_session(octets: bytes, expected: Untagged) -> None:
    assert response(octets) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("REFERRAL", "IMAP://MIKE@SERVER2/"),
        ("REFERRAL", "imap://user;AUTH=*@SERVER2/REMOTE"),
        ("NOTIFICATIONOVERFLOW", ""),
        ("BADEVENT", "(MessageNew FlagChange)"),
        ("BADCOMPARATOR", "i;octet"),
        ("URLMECH", "INTERNAL"),
        ("METADATA", "TOOMANY"),
        ("OVERQUOTA", ""),
    ],
)
def test_codes_of_these_extensions_survive(name: str, text: str) -> None:
    """RFC 2221 and RFC 2193 referrals are data: nothing follows them."""
    inside = f"{name} {text}".strip()
    told = response(f"A1 NO [{inside}] no".encode())
    assert isinstance(told, Status)
    assert isinstance(told.code, Code)
    assert (told.code.name, told.code.text) == (name, text)
