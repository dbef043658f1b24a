"""What a capability means beyond its name."""

from __future__ import annotations

import pytest

from aiosage.wire import append_limit


@pytest.mark.parametrize(
    ("announced", "limit"),
    [
        ({"IMAP4REV1", "APPENDLIMIT=257890"}, 257890),
        ({"APPENDLIMIT=0"}, 0),
        ({"APPENDLIMIT"}, None),
        ({"APPENDLIMIT="}, None),
        ({"APPENDLIMIT=x"}, None),
        ({"APPENDLIMIT=" + "9" * 100}, None),
        ({"257890"}, None),
        (set[str](), None),
    ],
)
def test_the_append_limit_is_part_of_the_name(
    announced: set[str], limit: int | None
) -> None:
    """RFC 7889 §2."""
    assert append_limit(announced) == limit
