"""GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208 §4.1)."""

from __future__ import annotations

import time

import pytest

from aiosage.wire import QuotaData, QuotaResource
from aiosage.wire.commands import Command, GetQuota, GetQuotaRoot, SetQuota

from ...growth import growth
from .played import result, sent

LIMITED = QuotaData("a", (QuotaResource("STORAGE", 1, 2),))


@pytest.mark.parametrize(
    ("command", "octets"),
    [
        (GetQuota(""), b'GETQUOTA ""'),
        (GetQuota("!partition/sda4"), b"GETQUOTA !partition/sda4"),
        (GetQuotaRoot("Entwürfe"), b"GETQUOTAROOT Entw&APw-rfe"),
        (SetQuota("User quota", {}), b'SETQUOTA "User quota" ()'),
        (
            SetQuota("é", {"STORAGE": 512, "X-N": 0}),
            b"SETQUOTA {2+}\r\n\xc3\xa9 (STORAGE 512 X-N 0)",
        ),
    ],
)
def test_words_on_the_wire(command: Command[object], octets: bytes) -> None:
    assert sent(command) == octets
    assert [*command.needs()] == [("QUOTA",)]
    assert command.changes is isinstance(command, SetQuota)


@pytest.mark.parametrize("limit", [-1, 2**63])
def test_a_limit_no_server_could_read_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        SetQuota("", {"STORAGE": limit})


def test_a_quota_is_that_of_the_root_asked_for() -> None:
    lines = (b"* QUOTA a (STORAGE 1 2)", b"* QUOTA b (STORAGE 3 4)")
    assert result(GetQuota("a"), *lines) == LIMITED
    assert result(GetQuota("x"), *lines) == QuotaData("x")
    assert result(SetQuota("a", {}), *lines) == LIMITED
    assert result(SetQuota("x", {}), *lines) is None


def test_the_roots_of_a_mailbox_come_in_order() -> None:
    lines = (
        b'* QUOTAROOT "inbox" none a',
        b"* QUOTAROOT other b",
        b"* QUOTA b (STORAGE 3 4)",
        b"* QUOTA a (STORAGE 1 2)",
    )
    assert result(GetQuotaRoot("INBOX"), *lines) == (QuotaData("none"), LIMITED)
    assert result(GetQuotaRoot("x")) == ()


def test_many_roots_cost_linear_time() -> None:
    def seconds(count: int) -> float:
        roots = [b"r%d" % number for number in range(count)]
        quotas = (b"* QUOTA %b (STORAGE 1 2)" % root for root in roots)
        start = time.process_time()
        found = result(
            GetQuotaRoot("INBOX"), b"* QUOTAROOT INBOX " + b" ".join(roots), *quotas
        )
        assert [data.resource("STORAGE") is not None for data in found] == [
            True
        ] * count
        return time.process_time() - start

    assert growth(seconds, 1_000, 4_000) < 9
