"""STATUS with every item there is."""

from __future__ import annotations

from aiosage.wire import StatusData

from ..stream import response

EVERY = (
    b"* STATUS inbox (MESSAGES 12 RECENT 0 UNSEEN 3 UIDNEXT 44292 UIDVALIDITY 1"
    b" DELETED 4 SIZE 8589934592 HIGHESTMODSEQ 7011231777 APPENDLIMIT 257890"
    b" MAILBOXID (007) DELETED-STORAGE 8 X-NEW abc)"
)


def test_every_item_has_its_own_name() -> None:
    told = response(EVERY)
    assert isinstance(told, StatusData)
    assert told.mailbox == "INBOX"
    assert (told.messages, told.recent, told.unseen, told.deleted) == (12, 0, 3, 4)
    assert (told.uidnext, told.uidvalidity) == (44292, 1)
    assert (told.size, told.highest_modseq) == (8589934592, 7011231777)
    assert (told.append_limit, told.deleted_storage) == (257890, 8)
    assert told.mailbox_id == "007"
    assert told.items["X-NEW"] == "abc"


def test_what_is_not_told_is_none() -> None:
    told = response(b"* STATUS a ()")
    assert isinstance(told, StatusData)
    assert told == StatusData("a", {})
    for name in (
        *("messages", "recent", "unseen", "deleted", "uidnext", "uidvalidity"),
        *("size", "highest_modseq", "append_limit", "deleted_storage", "mailbox_id"),
    ):
        assert getattr(told, name) is None


def test_nil_is_told_but_is_no_number() -> None:
    """RFC 7889 §4: NIL says that there is no limit."""
    told = response(b"* STATUS a (APPENDLIMIT NIL MAILBOXID NIL)")
    assert isinstance(told, StatusData)
    assert told.items == {"APPENDLIMIT": None, "MAILBOXID": None}
    assert told.append_limit is None
    assert told.mailbox_id is None


def test_a_mailbox_that_counts_no_changes_has_no_highest_modseq() -> None:
    """RFC 7162 §3.1.7: it is zero then."""
    told = response(b"* STATUS a (HIGHESTMODSEQ 0)")
    assert isinstance(told, StatusData)
    assert told.highest_modseq is None
