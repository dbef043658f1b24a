"""QUOTA and QUOTAROOT (RFC 9208 §4.2)."""

from __future__ import annotations

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.wire import QuotaData, QuotaResource, QuotaRootData

from ..stream import response


def test_resources_are_told_with_usage_and_limit() -> None:
    told = response(b'* QUOTA "" (STORAGE 10 512 message 42 1000)')
    assert told == QuotaData(
        "", (QuotaResource("STORAGE", 10, 512), QuotaResource("MESSAGE", 42, 1000))
    )
    assert isinstance(told, QuotaData)
    assert told.resource("storage") == QuotaResource("STORAGE", 10, 512)
    assert told.resource("MAILBOX") is None


@pytest.mark.parametrize("items", [b" ()", b" NIL", b""])
def test_a_root_may_limit_nothing(items: bytes) -> None:
    assert response(b"* QUOTA INBOX" + items) == QuotaData("INBOX")


def test_a_mailbox_may_have_several_roots_or_none() -> None:
    """RFC 9208 §4.2.2."""
    assert response(b'* QUOTAROOT inbox "#user/alice" "!part" ""') == QuotaRootData(
        "INBOX", ("#user/alice", "!part", "")
    )
    assert response(b"* QUOTAROOT comp.mail.mime") == QuotaRootData(
        "comp.mail.mime", ()
    )


@pytest.mark.parametrize(
    "octets", [b"* QUOTA", b"* QUOTAROOT", b"* QUOTA a (b c d)", b"* QUOTA a b"]
)
def test_what_is_no_quota_is_a_protocol_error(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)
