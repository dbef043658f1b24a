"""Flags and keywords."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import Flag


@given(st.sampled_from(["\\Seen", "$Junk", "work", "NonJunk"]), st.data())
def test_names_compare_without_regard_to_case(name: str, data: st.DataObject) -> None:
    """RFC 9051 §2.3.2: flags are case-insensitive."""
    upper = data.draw(st.lists(st.booleans(), min_size=len(name), max_size=len(name)))
    other = "".join(
        c.upper() if up else c.lower() for c, up in zip(name, upper, strict=True)
    )

    assert Flag(name) == Flag(other) == other
    assert hash(Flag(name)) == hash(Flag(other))
    assert {Flag(name)} == {Flag(other)}


@pytest.mark.parametrize(
    "name",
    ["", "\\", "a b", "a\r\nb", "a(b", "a)", "%", "*", '"', "a\\b", "ä", "a]", "\x00"],
)
def test_what_cannot_be_sent_is_no_flag(name: str) -> None:
    with pytest.raises(ValueError, match="not a flag"):
        Flag(name)


def test_a_server_may_report_any_name() -> None:
    assert str(Flag.from_wire("odd]name")) == "odd]name"


def test_system_flags_begin_with_a_backslash() -> None:
    assert Flag.SEEN.is_system
    assert not Flag.FORWARDED.is_system


def test_it_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(Flag.SEEN)) == Flag.SEEN
