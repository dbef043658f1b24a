"""Messages in order (RFC 5256 §3)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiosage.model import EmailMessage, SortKey, in_order, sort_values


def _message(header: str = "", hour: int = 0, size: int = 0) -> EmailMessage:
    return EmailMessage(
        header=f"{header}\r\n".replace("\n", "\r\n").encode(),
        internal_date=datetime(2026, 1, 1, hour, tzinfo=UTC),
        size=size,
    )


def _sorted(messages: list[EmailMessage], *order: SortKey) -> list[int]:
    values = [(n, sort_values(m, order)) for n, m in enumerate(messages, 1)]
    return list(in_order(reversed(values), order))


@pytest.mark.parametrize(
    ("key", "headers", "expected"),
    [
        (SortKey.SUBJECT, ["Subject: Re: b\n", "Subject: A\n", ""], [3, 2, 1]),
        (SortKey.FROM, ["From: Ann <x@a>\n", "From: Zed <b@z>\n"], [2, 1]),
        (SortKey.DISPLAY_FROM, ["From: Zed <b@z>\n", "From: Ann <x@a>\n"], [2, 1]),
        (SortKey.DISPLAY_FROM, ["From: x@b\n", "From: x@a\n"], [2, 1]),
        (SortKey.TO, ["To: c@a, a@a\n", "To: b@a\n"], [2, 1]),
        (SortKey.TO, ["To: friends: a@a;\n", "To: b@a\n"], [2, 1]),
        (SortKey.CC, ["Cc: b@a\n", "Cc: A@a\n", ""], [3, 2, 1]),
        (
            SortKey.DISPLAY_TO,
            ["To: =?utf-8?q?=C3=84?= <a@a>\n", "To: A <z@a>\n"],
            [2, 1],
        ),
        (
            SortKey.DATE,
            [
                "Date: Thu, 1 Jan 2026 10:00:00 +0000\n",
                "Date: Thu, 1 Jan 2026 10:30:00 +0200\n",
            ],
            [2, 1],
        ),
    ],
)
def test_a_key_compares_what_it_says(
    key: SortKey, headers: list[str], expected: list[int]
) -> None:
    assert _sorted([_message(header) for header in headers], key) == expected


def test_size_and_arrival_are_numbers() -> None:
    messages = [_message(hour=10, size=900), _message(hour=9, size=1000)]

    assert _sorted(messages, SortKey.SIZE) == [1, 2]
    assert _sorted(messages, SortKey.ARRIVAL) == [2, 1]


def test_without_a_date_the_arrival_counts() -> None:
    """RFC 5256 §2.2."""
    dated = _message("Date: Thu, 1 Jan 2026 10:00:00 +0000\n", hour=23)

    assert _sorted([dated, _message("Date: soon\n", hour=9)], SortKey.DATE) == [2, 1]


def test_equal_messages_stay_in_mailbox_order_also_in_descending_order() -> None:
    """REVERSE does not reverse the implicit key (RFC 5256 §3)."""
    order = (SortKey.SUBJECT.descending, SortKey.SIZE)
    subjects = [("a", 5), ("b", 5), ("a", 5), ("b", 3)]
    values = [
        (number, sort_values(_message(f"Subject: {subject}\n", size=size), order))
        for number, (subject, size) in enumerate(subjects, 1)
    ]

    assert in_order(values, order) == (4, 2, 1, 3)
    assert in_order(reversed(values), order) == (4, 2, 1, 3)


def test_what_is_not_known_is_not_guessed() -> None:
    with pytest.raises(LookupError, match="SIZE"):
        sort_values(EmailMessage(), [SortKey.SIZE])
    with pytest.raises(LookupError, match="relevant"):
        sort_values(_message(), [SortKey.RELEVANCY])
