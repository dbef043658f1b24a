"""LANGUAGE, COMPARATOR (RFC 5255) and GETJMAPACCESS (RFC 9698)."""

from __future__ import annotations

import pytest

from aiosage.wire import ComparatorData
from aiosage.wire.commands import (
    ANY_STATE,
    Command,
    Comparator,
    GetJmapAccess,
    Language,
)

from .played import result, sent


@pytest.mark.parametrize(
    ("command", "octets", "needs"),
    [
        (Language(), b"LANGUAGE", "LANGUAGE"),
        (Language(("DE-IT", "default")), b"LANGUAGE DE-IT default", "LANGUAGE"),
        (Comparator(), b"COMPARATOR", "I18NLEVEL=2"),
        (
            Comparator(("cz;*", "i;basic")),
            b'COMPARATOR "cz;*" i;basic',
            "I18NLEVEL=2",
        ),
        (GetJmapAccess(), b"GETJMAPACCESS", "JMAPACCESS"),
    ],
)
def test_words_on_the_wire(command: Command[object], octets: bytes, needs: str) -> None:
    assert sent(command) == octets
    assert [*command.needs()] == [(needs,)]


def test_a_language_can_be_chosen_before_logging_in() -> None:
    """RFC 5255 §3.2: valid in all states."""
    assert Language().states == ANY_STATE


def test_the_language_in_use_or_all_there_are() -> None:
    assert result(Language(), b"* LANGUAGE (EN DE i-default)") == (
        "EN",
        "DE",
        "i-default",
    )
    assert result(Language(("DE",)), b"* LANGUAGE (DE)") == ("DE",)
    assert result(Language(("DE",))) == ()


def test_the_comparator_in_use() -> None:
    assert result(Comparator(), b"* COMPARATOR i;basic") == ComparatorData("i;basic")
    assert result(Comparator(("default",))) is None


def test_where_jmap_is() -> None:
    told = result(GetJmapAccess(), b'* JMAPACCESS "https://example.com/jmap"')
    assert told == "https://example.com/jmap"
    assert result(GetJmapAccess()) is None
