"""CREATE with a use, STATUS with every item."""

from __future__ import annotations

from aiosage.model import SpecialUse
from aiosage.wire.commands import Create, MailboxStatus, StatusItem

from .played import result, sent


def test_a_mailbox_is_made_for_a_use() -> None:
    """RFC 6154 §3."""
    plain = Create("a")
    assert sent(plain) == b"CREATE a"
    assert [*plain.needs()] == []
    for_sent = Create("Sent Mail", frozenset({SpecialUse.SENT, SpecialUse.ARCHIVE}))
    assert sent(for_sent) == b'CREATE "Sent Mail" (USE (\\Archive \\Sent))'
    assert [*for_sent.needs()] == [("CREATE-SPECIAL-USE",)]


def test_a_new_mailbox_may_have_an_identifier() -> None:
    """RFC 8474 §4.1."""
    ok = b"T OK [MAILBOXID (F2212ea87)] created"
    assert result(Create("a"), ok=ok) == "F2212ea87"
    assert result(Create("a")) is None
    assert result(Create("a"), ok=b"T OK [MAILBOXID] x") is None
    assert result(Create("a"), ok=b"T OK [XYZ (a)] x") is None


def test_every_item_can_be_asked_for() -> None:
    assert sent(MailboxStatus("a", tuple(StatusItem))) == (
        b"STATUS a (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY DELETED SIZE"
        b" HIGHESTMODSEQ APPENDLIMIT MAILBOXID DELETED-STORAGE)"
    )
