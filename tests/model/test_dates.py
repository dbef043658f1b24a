"""Dates of mail: the usual form is read as the standard library reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiosage.model._dates import parse_date

_PIECES = [
    st.sampled_from(["Tue, ", "tue, ", "Tue ", "", "Tue,", "Dienstag, "]),
    st.sampled_from(["6", "06", "31", "0", "99", "006"]),
    st.sampled_from([" "] * 5 + ["  ", "-"]),
    st.sampled_from(["Jan", "Feb", "Dec", "jan", "Nja", "January", "13"]),
    st.sampled_from([" 2026", " 1999", " 0099", " 26", " 2026 ", " 9999"]),
    st.sampled_from([" 10:00:00", " 23:59:60", " 24:00:00", " 1:02:03", " 10:00", ""]),
    st.sampled_from(
        [" +0100", " -0730", " -0000", " +9959", " GMT", " EST", "", " +100", " +2400"]
    ),
    st.sampled_from(["", "", " (PDT)", " (CET", " x", " (a b)"]),
]


@settings(max_examples=500, deadline=None)
@given(st.tuples(*_PIECES).map("".join))
def test_what_is_usual_means_what_the_standard_library_says(text: str) -> None:
    """With a space at the end it is not usual any more, and means the same."""
    usual, long = parse_date(text), parse_date(text + " ")
    assert usual == long
    assert (usual and usual.utcoffset()) == (long and long.utcoffset())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 6 Jan 2026 10:00:00 +0000", datetime(2026, 1, 6, 10, tzinfo=UTC)),
        ("06 Jan 2026 10:00:00 -0000 (GMT)", datetime(2026, 1, 6, 10, tzinfo=UTC)),
        (
            "Wed, 31 Dec 2025 23:59:60 -0730",
            datetime(
                2025,
                *(12, 31, 23, 59, 59),
                tzinfo=timezone(-timedelta(hours=7, minutes=30)),
            ),
        ),
        ("Tue, 31 Feb 2026 10:00:00 +0000", None),
        ("Tue, 6 Anf 2026 10:00:00 +0000", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    assert parse_date(text) == expected
