"""Which names a pattern of LIST fits."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.watch._pattern import fits


@pytest.mark.parametrize(
    ("pattern", "name", "is_fit"),
    [
        ("*", "", True),
        ("*", "A/B", True),
        ("%", "A", True),
        ("%", "A/B", False),
        ("A/%", "A/B", True),
        ("A/%", "A/B/C", False),
        ("A/%/C", "A/B/C", True),
        ("A/%", "A", False),
        ("A%", "A", True),
        ("%/*", "A/B/C", True),
        ("A*C", "A/B/C", True),
        ("A*C", "A/B/CD", False),
        ("inbox*", "INBOX/A", True),
        ("Stra\u00dfe*", "STRASSE/1", True),
        ("Cafe\u0301*", "Caf\u00e9", True),
    ],
)
def test_a_pattern_stands_for_these_names(
    pattern: str, name: str, is_fit: bool
) -> None:
    assert fits(name, pattern, "/") is is_fit


def test_any_level_fits_while_the_delimiter_is_not_known() -> None:
    assert fits("A.B", "%")
    assert not fits("A.B", "%", ".")


@given(st.text("ab/", max_size=12), st.text("ab/*%", max_size=8))
def test_it_is_what_the_regular_expression_says(name: str, pattern: str) -> None:
    expression = re.escape(pattern).replace(r"\*", ".*").replace("%", "[^/]*")
    assert fits(name, pattern, "/") is bool(re.fullmatch(expression, name))


def test_a_name_takes_no_time_that_explodes() -> None:
    """As it would by a regular expression."""
    begun = time.perf_counter()
    assert not fits("a" * 1000, "*a" * 20 + "b", "/")
    assert time.perf_counter() - begun < 5
