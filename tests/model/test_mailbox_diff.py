from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiosage.model import MAX_UID, Flag, MessageSet
from aiosage.model import mailbox_diff as diff

uids = st.one_of(st.integers(1, 40), st.integers(1, MAX_UID))
flags = st.frozensets(
    st.sampled_from([Flag.SEEN, Flag.FLAGGED, Flag("$work")]), max_size=3
)
mailboxes = st.dictionaries(uids, flags, max_size=30)


@given(mailboxes, mailboxes)
def test_applying_the_difference_gives_the_mailbox(
    known: dict[int, frozenset[Flag]], remote: dict[int, frozenset[Flag]]
) -> None:
    found = diff(known, MessageSet(remote), remote)

    mirror = {uid: f for uid, f in known.items() if uid not in found.vanished}
    assert mirror.keys() >= found.flags_changed.keys()
    mirror |= found.flags_changed
    assert mirror.keys().isdisjoint(found.new)
    mirror |= {uid: remote[uid] for uid in found.new}
    assert mirror == remote


@given(mailboxes)
def test_a_mailbox_does_not_differ_from_itself(
    mailbox: dict[int, frozenset[Flag]],
) -> None:
    found = diff(mailbox, MessageSet(mailbox), mailbox)

    assert not found.new
    assert not found.vanished
    assert not found.flags_changed


@given(mailboxes, mailboxes, st.sets(uids))
def test_flags_that_are_not_told_have_not_changed(
    known: dict[int, frozenset[Flag]],
    remote: dict[int, frozenset[Flag]],
    told: set[int],
) -> None:
    """A server with CONDSTORE tells those that changed only (RFC 7162 §3.1.4.1)."""
    some = {uid: f for uid, f in remote.items() if uid in told}

    assert diff(known, MessageSet(remote), some).flags_changed.keys() <= told


def test_recent_is_not_a_change() -> None:
    r"""``\Recent`` tells of this session, not of the message (RFC 3501 §2.3.2)."""
    seen = frozenset({Flag.SEEN})

    found = diff({1: seen}, MessageSet([1]), {1: seen | {Flag.RECENT}})

    assert not found.flags_changed


def test_case_of_a_keyword_is_not_a_change() -> None:
    """RFC 9051 §2.3.2: flags are case-insensitive."""
    told = {1: frozenset({Flag("$Work")})}

    assert not diff(
        {1: frozenset({Flag("$wORK")})}, MessageSet([1]), told
    ).flags_changed
