"""CREATE with a use, STATUS with every item."""

from __future__ import annotations

from aiosage.model import SpecialUse
from aiosage.wire.commands import Create, GetStatus, ListMailboxes, StatusItem

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
    assert sent(GetStatus("a", tuple(StatusItem))) == (
        b"STATUS a (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY DELETED SIZE"
        b" HIGHESTMODSEQ APPENDLIMIT MAILBOXID DELETED-STORAGE)"
    )


def test_what_is_told_unasked_does_not_take_the_place_of_what_was_asked() -> None:
    """RFC 5465 §5.2: with NOTIFY, news of a mailbox has some of the items."""
    lines = (
        b"* STATUS a (MESSAGES 5 UNSEEN 1)",
        b"* STATUS b (MESSAGES 9)",
        b"* STATUS a (MESSAGES 6 UIDNEXT 8)",
    )
    told = {"MESSAGES": 6, "UNSEEN": 1, "UIDNEXT": 8}
    status = result(GetStatus("a", ("MESSAGES", "UNSEEN")), *lines)
    assert (status.mailbox, status.items) == ("a", told)
    listing = (b"* LIST () NIL a", *lines)
    (listed,) = result(ListMailboxes(status=("MESSAGES", "UNSEEN")), *listing)
    assert listed.status == status
