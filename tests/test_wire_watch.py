"""The watch itself: it sees what destroys, and lets all else pass."""

from __future__ import annotations

import pytest

from aiosage.testing import MemoryServer
from aiosage.wire.commands import Expunge

from .client.accounts import small
from .connection.scripted import config
from .wire_watch import destroys, watching


@pytest.mark.parametrize(
    ("shown", "what"),
    [
        ("A1 EXPUNGE", "EXPUNGE"),
        ("A1 expunge", "EXPUNGE"),
        ("A1 CLOSE", "CLOSE"),
        ("A1 UID EXPUNGE 1:3", None),
        ("A1 UNSELECT", None),
        ("A1 UID FETCH 1 (FLAGS BODY[])", "SEEN"),
        ("A1 FETCH 1 BODY[TEXT]", "SEEN"),
        ("A1 UID FETCH 1 (BINARY[1])", "SEEN"),
        ("A1 FETCH 1 RFC822", "SEEN"),
        ("A1 FETCH 1 (RFC822.TEXT UID)", "SEEN"),
        ("A1 UID FETCH 1 (BODY.PEEK[] RFC822.SIZE RFC822.HEADER BODY)", None),
        ("A1 UID FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1] BODYSTRUCTURE)", None),
        ('A1 SELECT "CLOSE"', None),
        ("A1 CREATE CLOSE", None),
        ('A1 SEARCH BODY "FETCH 1 BODY[]"', None),
    ],
)
def test_what_destroys_is_told_from_what_does_not(shown: str, what: str | None) -> None:
    assert destroys(shown) == what


@pytest.mark.sends("EXPUNGE")
async def test_what_a_connection_sends_is_seen() -> None:
    from aiosage import IMAPConnection

    async with MemoryServer() as server:
        server.add_account("joe", config(1).password.reveal()).mailbox("INBOX").deliver(
            small(1)
        )
        with watching() as noted:
            async with await IMAPConnection.open(config(server.port)) as connection:
                await connection.select("INBOX")
                await connection.execute(Expunge())

    ((what, shown),) = noted
    assert what == "EXPUNGE"
    assert shown.endswith(" EXPUNGE")
