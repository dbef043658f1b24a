from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiosage.pool import IdleConnection, plan

MAX_IDLE, CHECK_AFTER = 100.0, 30.0
MAILBOXES = st.sampled_from([None, "INBOX", "Sent"])
NOW = 1000.0
IDLE = st.lists(
    st.builds(
        IdleConnection,
        mailbox=MAILBOXES,
        read_only=st.booleans(),
        idle_since=st.floats(NOW - 150, NOW),
        expires_at=st.floats(NOW - 50, NOW + 500),
        is_alive=st.booleans(),
        is_quiet=st.booleans(),
    ),
    max_size=8,
)


def is_usable(connection: IdleConnection) -> bool:
    return (
        connection.is_alive
        and NOW - connection.idle_since < MAX_IDLE
        and connection.expires_at > NOW
    )


def has_open(connection: IdleConnection, mailbox: str | None, read_only: bool) -> bool:
    return connection.mailbox == mailbox and (read_only or not connection.read_only)


@given(IDLE, MAILBOXES, st.booleans())
def test_every_idle_connection_is_kept_closed_or_lent(
    idle: list[IdleConnection], mailbox: str | None, read_only: bool
) -> None:
    """Exactly those that must not be used are closed; another is lent if any is."""
    decision = plan(
        idle,
        mailbox=mailbox,
        read_only=read_only,
        now=NOW,
        max_idle=MAX_IDLE,
        check_after=CHECK_AFTER,
    )

    usable = [index for index, one in enumerate(idle) if is_usable(one)]
    assert sorted([*decision.close, *usable]) == list(range(len(idle)))
    if decision.lend is None:
        assert not usable
        assert not decision.check
    else:
        assert decision.lend in usable
        lent = idle[decision.lend]
        is_stale = NOW - lent.idle_since > CHECK_AFTER
        assert decision.check == (is_stale or not lent.is_quiet)


@given(IDLE, st.sampled_from(["INBOX", "Sent"]), st.booleans())
def test_one_that_has_the_mailbox_open_comes_first_then_one_with_none(
    idle: list[IdleConnection], mailbox: str, read_only: bool
) -> None:
    """It saves a round trip, and the others keep their mailboxes.

    Only one that nobody has to wait for comes before it.
    """
    decision = plan(
        idle,
        mailbox=mailbox,
        read_only=read_only,
        now=NOW,
        max_idle=MAX_IDLE,
        check_after=CHECK_AFTER,
    )
    usable = [one for one in idle if is_usable(one)]
    if decision.lend is None:
        return
    usable = [one for one in usable if one.is_quiet] or usable
    fitting = [one for one in usable if has_open(one, mailbox, read_only)]
    unselected = [one for one in usable if one.mailbox is None]
    best = fitting or unselected or usable

    lent = idle[decision.lend]
    assert lent in best
    assert lent.idle_since == max(one.idle_since for one in best)


def test_a_mailbox_open_for_reading_does_not_do_for_writing() -> None:
    reading = IdleConnection("INBOX", True, 990, 2000)
    fresh = IdleConnection(None, False, 980, 2000)

    def lend(read_only: bool) -> int | None:
        return plan(
            [reading, fresh],
            mailbox="INBOX",
            read_only=read_only,
            now=NOW,
            max_idle=MAX_IDLE,
            check_after=CHECK_AFTER,
        ).lend

    assert lend(read_only=True) == 0
    assert lend(read_only=False) == 1
