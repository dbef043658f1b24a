"""SEARCH, ESEARCH, SORT and UIDBATCHES as values."""

from __future__ import annotations

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import PartialRange
from aiosage.wire import (
    ContextUpdate,
    ESearchData,
    PartialResult,
    Response,
    SortData,
    UidBatchesData,
)

from ..stream import response

KNOWN: list[tuple[bytes, Response]] = [
    (
        b'* ESEARCH (TAG "B1") UID ALL 23765,23764,10:12',
        ESearchData("B1", True, ((23765, 23765), (23764, 23764), (10, 12))),
    ),
    (
        b'* ESEARCH (TAG "A01") UID PARTIAL (-1:-100 5,7:9)',
        ESearchData(
            "A01",
            True,
            partial=PartialResult(PartialRange(-1, -100), ((5, 5), (7, 9))),
        ),
    ),
    (
        b'* ESEARCH (TAG "A04") UID PARTIAL (24000:24500 NIL)',
        ESearchData("A04", True, partial=PartialResult(PartialRange(24000, 24500), ())),
    ),
    (
        b'* ESEARCH (TAG "t") ALL 1,5,10 RELEVANCY (4 99 42)',
        ESearchData("t", False, ((1, 1), (5, 5), (10, 10)), relevancy=(4, 99, 42)),
    ),
    (
        b'* ESEARCH (TAG "C01") UID ADDTO (1 8) ADDTO (1 6:7 0 9) REMOVEFROM (3 4)',
        ESearchData(
            "C01",
            True,
            add_to=(
                ContextUpdate(1, ((8, 8),)),
                ContextUpdate(1, ((6, 7),)),
                ContextUpdate(0, ((9, 9),)),
            ),
            remove_from=(ContextUpdate(3, ((4, 4),)),),
        ),
    ),
    (
        b'* ESEARCH (TAG "tag1" MAILBOX "folder2/&AOk-" UIDVALIDITY 503) UID ALL 3002',
        ESearchData(
            "tag1", True, ((3002, 3002),), mailbox="folder2/é", uidvalidity=503
        ),
    ),
    (b'* esearch (tag "t") uid all 1', ESearchData("t", True, ((1, 1),))),
    (b'* ESEARCH (TAG "t") XNEW (1 2) COUNT 1', ESearchData("t", False, count=1)),
    (b"* SORT 2 84 882", SortData((2, 84, 882))),
    (b"* SORT", SortData(())),
    (b"* SORT 5 2 (MODSEQ 9)", SortData((5, 2), modseq=9)),
    (
        b'* UIDBATCHES (TAG "A302") 215295:99696,99695:20351,7',
        UidBatchesData("A302", ((99696, 215295), (20351, 99695), (7, 7))),
    ),
    (b'* UIDBATCHES (TAG "A302")', UidBatchesData("A302", ())),
]


@pytest.mark.parametrize(("octets", "expected"), KNOWN)
def test_known_answers(octets: bytes, expected: Response) -> None:
    assert response(octets) == expected


@pytest.mark.parametrize(
    "octets",
    [
        b"* ESEARCH ALL 0",
        b"* ESEARCH ALL 1:*",
        b"* ESEARCH UID PARTIAL (1:2)",
        b"* ESEARCH UID PARTIAL (0:2 1)",
        b"* ESEARCH UID PARTIAL x",
        b"* ESEARCH RELEVANCY (a)",
        b"* ESEARCH ADDTO (x 1)",
        b'* ESEARCH (TAG "t" UIDVALIDITY 0) UID',
        b"* SORT x",
        b"* UIDBATCHES 4294967296",
    ],
)
def test_what_is_no_answer_is_refused(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)
