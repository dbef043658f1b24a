from __future__ import annotations

import time

import pytest

from aiosage.testing.memory._pattern import Pattern


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        (b"*", b"a/b", True),
        (b"%", b"a", True),
        (b"%", b"a/b", False),
        (b"a/%", b"a/b", True),
        (b"a/%", b"a/b/c", False),
        (b"a*c", b"a/b/c", True),
        (b"%/%", b"a/b", True),
        (b"*%", b"a/b", True),
        (b"", b"a", False),
        (b"inbox", b"INBOX", True),
        (b"in%", b"INBOX", True),
        (b"inbox/%", b"INBOX/a", True),
        (b"INBOX/A", b"INBOX/a", False),
        (b"work", b"Work", False),
        (b"inboxes", b"INBOXES", False),
        (b"a.c", b"abc", False),
    ],
)
def test_patterns(pattern: bytes, name: bytes, matches: bool) -> None:
    """RFC 9051 §6.3.9; only INBOX matches in any case (§5.1)."""
    assert Pattern(pattern).matches(name) is matches


def test_many_wildcards_do_not_backtrack() -> None:
    start = time.perf_counter()

    assert not Pattern(b"*a" * 100).matches(b"a" * 99)

    assert time.perf_counter() - start < 1
