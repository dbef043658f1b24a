"""Which connection is lent to whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiosage.pool._plan import IdleConnection, Loan, Plan, Request, plan

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


def decide(
    waiting: list[Request],
    idle: list[IdleConnection],
    *,
    lent: int = 0,
    max_size: int = 8,
) -> Plan:
    return plan(
        waiting,
        idle,
        lent=lent,
        max_size=max_size,
        now=NOW,
        max_idle=MAX_IDLE,
        check_after=CHECK_AFTER,
    )


REQUESTS = st.lists(st.builds(Request, MAILBOXES, st.booleans()), max_size=12)


@given(REQUESTS, IDLE, st.integers(0, 12), st.integers(1, 12))
def test_all_that_can_be_is_handed_out_and_no_more(
    waiting: list[Request], idle: list[IdleConnection], lent: int, max_size: int
) -> None:
    """What must not be used is closed; the rest is lent, or kept if there is room."""
    decision = decide(waiting, idle, lent=lent, max_size=max_size)

    loans = [loan.idle for loan in decision.loans]
    kept = set(range(len(idle))) - set(loans) - set(decision.close)
    room = max(0, max_size - lent)
    usable = [index for index, one in enumerate(idle) if is_usable(one)]
    assert len({*loans, *decision.close, *kept}) == len(idle)
    assert len(loans) == min(len(waiting), len(usable), room)
    assert len(loans) + decision.opens == min(len(waiting), room)
    assert len(loans) + len(kept) == min(len(usable), room)
    assert {*loans, *kept} <= set(usable)
    for loan in decision.loans:
        one = idle[loan.idle]
        is_stale = NOW - one.idle_since > CHECK_AFTER
        assert loan.check == (is_stale or not one.is_quiet)
    assert (decision.review_at is None) == (not kept)
    assert decision.review_at is None or decision.review_at > NOW


@given(IDLE, st.sampled_from(["INBOX", "Sent"]), st.booleans())
def test_one_that_has_the_mailbox_open_comes_first_then_one_with_none(
    idle: list[IdleConnection], mailbox: str, read_only: bool
) -> None:
    """It saves a round trip, and the others keep their mailboxes.

    Only one that nobody has to wait for comes before it.
    """
    decision = decide([Request(mailbox, read_only)], idle)
    usable = [one for one in idle if is_usable(one)]
    if not decision.loans:
        return
    usable = [one for one in usable if one.is_quiet] or usable
    fitting = [one for one in usable if has_open(one, mailbox, read_only)]
    unselected = [one for one in usable if one.mailbox is None]
    best = fitting or unselected or usable

    lent = idle[decision.loans[0].idle]
    assert lent in best
    assert lent.idle_since == max(one.idle_since for one in best)


def test_a_mailbox_open_for_reading_does_not_do_for_writing() -> None:
    reading = IdleConnection("INBOX", True, 990, 2000)
    fresh = IdleConnection(None, False, 980, 2000)

    def lend(read_only: bool) -> tuple[Loan, ...]:
        return decide([Request("INBOX", read_only)], [reading, fresh]).loans

    assert lend(read_only=True) == (Loan(0, check=False),)
    assert lend(read_only=False) == (Loan(1, check=False),)


def test_who_came_first_chooses_first() -> None:
    inbox = IdleConnection("INBOX", False, 990, 2000)
    sent = IdleConnection("Sent", False, 980, 2000)
    decision = decide([Request("Sent"), Request("Sent"), Request()], [inbox, sent])

    assert [loan.idle for loan in decision.loans] == [1, 0]
    assert decision.opens == 1


def test_what_is_too_many_goes_those_unused_for_longest_first() -> None:
    idle = [IdleConnection(None, False, NOW - age, 2000) for age in (3, 9, 1, 7)]
    decision = decide([], idle, lent=3, max_size=5)

    assert decision.close == (1, 3)
    assert decision.review_at == NOW - 3 + MAX_IDLE
