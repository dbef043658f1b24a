"""Rights are a set of letters (RFC 4314 §2.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import Right, Rights

LETTERS = st.text("lrswipkxteacdn0123456789qz")


def test_rights_are_a_set() -> None:
    rights = Rights("lr") | Rights({Right.WRITE})
    assert isinstance(rights, Rights)
    assert rights == Rights("wrl")
    assert hash(rights) == hash(Rights("wrl"))
    assert Right.READ in rights
    assert Right.ADMINISTER not in rights
    assert len(rights) == 3
    assert rights - Rights("r") == Rights("lw")
    assert Rights("l") < rights
    assert not Rights()


def test_rights_print_in_the_order_of_servers() -> None:
    assert str(Rights("9adcetxkpiwsrl1")) == "lrswipkxteacd19"
    assert repr(Rights("rl")) == "Rights('lr')"


@pytest.mark.parametrize("letters", ["R", "l r", "é", "+l", "l\r\n", "\u0661", "-"])
def test_what_is_no_right_is_refused_but_a_server_may_say_it(letters: str) -> None:
    """RFC 4314 §7: only lower-case ASCII letters and digits."""
    with pytest.raises(ValueError, match="not rights"):
        Rights(letters)
    assert Rights.from_wire(letters) <= Rights("lr")


@given(LETTERS)
def test_the_letters_come_back(letters: str) -> None:
    rights = Rights(letters)
    assert Rights.from_wire(str(rights)) == rights
    assert set(rights) == set(letters)
    assert "".join(rights) == str(rights)
