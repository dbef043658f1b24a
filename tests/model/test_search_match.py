"""Criteria asked of messages at hand: the answers of a real server."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from aiosage.model import (
    EmailMessage,
    Flag,
    IMAPSearchCriteria,
    MessagePart,
    MessageSet,
)

C = IMAPSearchCriteria
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RAW = (
    b"From: =?utf-8?q?Zo=C3=AB?= Ann <ann@example.org>\r\n"
    b"To: Bob <bob@example.org>\r\n"
    b"Cc: team@example.org\r\n"
    b"Subject: Quarterly\r\n =?utf-8?b?w5xiZXJzaWNodA==?=\r\n"
    b"Date: Sat, 28 Feb 2026 23:30:00 +0100\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"X-Empty:\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n'
    b"\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nthe caf=C3=A9 is op=\r\nen\r\n"
    b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    b"\r\nc2VjcmV0\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: inner\r\n\r\nforwarded words\r\n"
    b"--b--\r\n"
)
MESSAGE = EmailMessage(
    uid=7,
    flags=frozenset({Flag.SEEN, Flag("work")}),
    internal_date=datetime(2026, 3, 1, 8, tzinfo=UTC),
    size=len(RAW),
    modseq=40,
    raw=RAW,
)
MATCHING = [
    C(),
    C.SEEN & C.UNFLAGGED & C.OLD,
    C.keyword("WORK"),
    C.unkeyword("home"),
    C.larger(len(RAW) - 1) & C.smaller(len(RAW) + 1),
    C.modseq(40),
    C.uid(MessageSet([1, 7])),
    C.older(3600) & C.younger(4 * 3600),
    C.before("2026-03-02") & C.on("2026-03-01") & C.since("2026-03-01"),
    C.sent_before("2026-03-01") & C.sent_on("2026-02-28") & C.sent_since("2026-02-28"),
    C.from_address("zoë"),
    C.from_address("ANN@EXAMPLE"),
    C.to_address("bob") & C.cc("team"),
    C.subject("Quarterly übersicht"),
    C.subject(""),
    C.header("Message-ID", "<1@"),
    C.header("X-Empty"),
    C.body("café is open"),
    C.body("forwarded words"),
    C.text("quarterly"),
    C.fuzzy(C.SEEN),
    ~C.subject("x") | C.gmail_raw("is not asked, since the first is true"),
    C.or_criteria(C.FLAGGED, C.DRAFT, C.SEEN),
    ~(C.SEEN & C.FLAGGED),
    ~~C.SEEN,
]


@pytest.mark.parametrize("criteria", MATCHING, ids=repr)
def test_what_a_message_matches_and_the_contrary(criteria: IMAPSearchCriteria) -> None:
    assert criteria.matches(MESSAGE, now=NOW)
    assert not (~criteria).matches(MESSAGE, now=NOW)


@pytest.mark.parametrize(
    "criteria",
    [
        C.UNSEEN,
        C.NEW,
        C.RECENT,
        C.keyword("home"),
        C.larger(len(RAW)),
        C.smaller(len(RAW)),
        C.modseq(41),
        C.uid(8),
        C.uid(MessageSet()),
        C.older(4 * 3600 + 1),
        C.younger(3600),
        C.on("2026-02-28"),
        C.sent_on("2026-03-01"),
        C.bcc(""),
        C.header("X-None"),
        C.body("secret"),
        C.body("quarterly"),
        C.FLAGGED | C.DRAFT,
        C.SEEN & C.FLAGGED,
        C.FLAGGED & C.gmail_raw("is not asked, since the first is false"),
    ],
    ids=repr,
)
def test_what_a_message_does_not_match(criteria: IMAPSearchCriteria) -> None:
    assert not criteria.matches(MESSAGE, now=NOW)


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        (C.SEEN, "FLAGS"),
        (C.keyword("a"), "FLAGS"),
        (C.larger(1), "SIZE"),
        (C.modseq(1), "MODSEQ"),
        (C.younger(1), "INTERNAL_DATE"),
        (C.on("2026-01-01"), "INTERNAL_DATE"),
        (C.sent_on("2026-01-01"), "ENVELOPE"),
        (C.subject("a"), "ENVELOPE"),
        (C.header("X-A"), "ENVELOPE"),
        (C.body("a"), "FULL"),
        (C.text("a"), "FULL"),
        (C.uid(1), "UID"),
        (C.gmail_raw("a"), "only the server"),
        (C.email_id("M1"), "only the server"),
        (C.sequence([1]), "only the server"),
        (C.SEEN | C.saved_result(), "FLAGS"),
        (C.saved_result(), "only the server"),
    ],
)
def test_what_is_not_known_is_asked_for(
    criteria: IMAPSearchCriteria, wanted: str
) -> None:
    with pytest.raises(LookupError, match=wanted):
        criteria.matches(EmailMessage())


def test_every_part_that_is_asked_for_can_be_fetched() -> None:
    for name in ("FLAGS", "SIZE", "MODSEQ", "INTERNAL_DATE", "ENVELOPE", "FULL"):
        assert isinstance(getattr(MessagePart, name), MessagePart)


def test_older_and_younger_count_from_now_unless_told() -> None:
    arrived = datetime.now(UTC) - timedelta(hours=1)
    message = EmailMessage(internal_date=arrived)

    assert (C.older(3000) & C.younger(4000)).matches(message)


def test_trees_of_any_depth_take_linear_time() -> None:
    def seconds(depth: int) -> float:
        criteria = C.SEEN
        for _ in range(depth):
            criteria = ~(criteria & C.UNFLAGGED) | C.DRAFT
        start = time.process_time()
        criteria.matches(MESSAGE, now=NOW)
        return time.process_time() - start

    assert seconds(40_000) < 20 * seconds(10_000) + 0.1
