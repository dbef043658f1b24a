"""ACL, LISTRIGHTS and MYRIGHTS (RFC 4314 §3)."""

from __future__ import annotations

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import Rights
from aiosage.wire import AclData, ListRightsData, MyRightsData, Untagged

from ..stream import response


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (
            b"* ACL INBOX Fred rwipsldexta -Bob lr David lrswideta",
            AclData(
                "INBOX",
                {
                    "Fred": Rights("rwipsldexta"),
                    "-Bob": Rights("lr"),
                    "David": Rights("lrswideta"),
                },
            ),
        ),
        (
            b'* ACL "&AOk-" "\xc3\xa9 x" "" anyone LrX',
            AclData("é", {"é x": Rights(), "anyone": Rights("r")}),
        ),
        (b"* ACL a", AclData("a", {})),
        (  # RFC 4314 §3.7
            b"* LISTRIGHTS ~/Mail/saved smith la r swicdkxte",
            ListRightsData(
                "~/Mail/saved",
                "smith",
                Rights("la"),
                (Rights("r"), Rights("swicdkxte")),
            ),
        ),
        (
            b'* LISTRIGHTS archive.imap anyone "" l r s',
            ListRightsData(
                "archive.imap",
                "anyone",
                Rights(),
                (Rights("l"), Rights("r"), Rights("s")),
            ),
        ),
        (b"* LISTRIGHTS a b", ListRightsData("a", "b", Rights(), ())),
        (b"* MYRIGHTS inbox rwiptsldaex", MyRightsData("INBOX", Rights("rwiptsldaex"))),
        (b'* MYRIGHTS a ""', MyRightsData("a", Rights())),
    ],
)
def test_who_may_do_what(octets: bytes, expected: Untagged) -> None:
    assert response(octets) == expected


@pytest.mark.parametrize(
    "octets", [b"* ACL", b"* LISTRIGHTS a", b"* MYRIGHTS a", b"* MYRIGHTS a (l)"]
)
def test_what_tells_no_rights_is_a_protocol_error(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)
