"""What the attributes of a mailbox say about it."""

from __future__ import annotations

import pytest

from aiosage.model import Flag, MailboxInfo


@pytest.mark.parametrize(
    ("attributes", "has_children"),
    [
        ({"\\HasChildren"}, True),
        ({"\\hasnochildren"}, False),
        ({"\\NoInferiors"}, False),
        ({"\\HasChildren", "\\NoInferiors"}, True),
        ({"\\Marked"}, None),
        (set[str](), None),
    ],
)
def test_a_mailbox_has_children_or_not_or_nobody_said(
    attributes: set[str], has_children: bool | None
) -> None:
    r"""RFC 9051 §6.3.9.4: \NoInferiors implies \HasNoChildren."""
    info = MailboxInfo("a", "/", frozenset(map(Flag, attributes)))
    assert info.has_children is has_children
