"""NOTIFY (RFC 5465)."""

from __future__ import annotations

import pytest

from aiosage.model import MessagePart
from aiosage.wire import StatusData
from aiosage.wire.commands import EventGroup, Notify, NotifyEvent, NotifyFilter

from .played import result, sent

MAIL = frozenset({NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE})
FLAGS = MAIL | {NotifyEvent.FLAG_CHANGE}
OPEN = EventGroup(
    NotifyFilter.SELECTED, FLAGS, fetch=(MessagePart.UID, MessagePart.FULL)
)
PERSONAL = EventGroup(NotifyFilter.PERSONAL, MAIL | {NotifyEvent.MAILBOX_NAME})


@pytest.mark.parametrize(
    ("command", "octets"),
    [
        (Notify(()), b"NONE"),
        (
            Notify((OPEN, PERSONAL), status=True),
            (
                b"SET STATUS (selected (MessageNew (UID BODY.PEEK[]) MessageExpunge"
                b" FlagChange)) (personal (MessageNew MessageExpunge MailboxName))"
            ),
        ),
        (
            Notify((EventGroup(NotifyFilter.SELECTED_DELAYED, MAIL),)),
            b"SET (selected-delayed (MessageNew MessageExpunge))",
        ),
        (
            Notify((EventGroup(NotifyFilter.MAILBOXES, MAIL, ("a b", "é")),)),
            b'SET (mailboxes ("a b" &AOk-) (MessageNew MessageExpunge))',
        ),
        (
            Notify((EventGroup(NotifyFilter.SUBTREE, frozenset(), ("Lists",)),)),
            b"SET (subtree (Lists) NONE)",
        ),
        (
            Notify((EventGroup(NotifyFilter.INBOXES, frozenset(NotifyEvent)),)),
            (
                b"SET (inboxes (MessageNew MessageExpunge FlagChange AnnotationChange"
                b" MailboxName SubscriptionChange MailboxMetadataChange"
                b" ServerMetadataChange))"
            ),
        ),
        (
            Notify(
                (
                    EventGroup(
                        NotifyFilter.SUBSCRIBED,
                        frozenset({NotifyEvent.SUBSCRIPTION_CHANGE}),
                    ),
                )
            ),
            b"SET (subscribed (SubscriptionChange))",
        ),
    ],
)
def test_words_on_the_wire(command: Notify, octets: bytes) -> None:
    assert sent(command) == b"NOTIFY " + octets
    assert [*command.needs()] == [("NOTIFY",)]


@pytest.mark.parametrize(
    ("where", "events", "mailboxes", "fetch", "reason"),
    [
        (NotifyFilter.PERSONAL, {NotifyEvent.MESSAGE_NEW}, (), (), "need"),
        (NotifyFilter.PERSONAL, {NotifyEvent.MESSAGE_EXPUNGE}, (), (), "need"),
        (NotifyFilter.PERSONAL, {NotifyEvent.FLAG_CHANGE}, (), (), "need"),
        (NotifyFilter.SELECTED, MAIL | {NotifyEvent.MAILBOX_NAME}, (), (), "only"),
        (NotifyFilter.PERSONAL, MAIL, (), (MessagePart.UID,), "items"),
        (NotifyFilter.SELECTED, set[NotifyEvent](), (), (MessagePart.UID,), "items"),
        (NotifyFilter.PERSONAL, MAIL, ("a",), (), "named"),
        (NotifyFilter.MAILBOXES, MAIL, (), (), "named"),
        (NotifyFilter.SUBTREE, MAIL, (), (), "named"),
    ],
)
def test_what_the_grammar_has_not_is_refused(
    where: NotifyFilter,
    events: frozenset[NotifyEvent],
    mailboxes: tuple[str, ...],
    fetch: tuple[MessagePart, ...],
    reason: str,
) -> None:
    """RFC 5465 §8: a server would answer BAD, or worse, take it otherwise."""
    with pytest.raises(ValueError, match=reason):
        EventGroup(where, frozenset(events), mailboxes, fetch)


def test_the_open_mailbox_is_in_one_group() -> None:
    delayed = EventGroup(NotifyFilter.SELECTED_DELAYED, MAIL)
    with pytest.raises(ValueError, match="one group"):
        Notify((OPEN, PERSONAL, delayed))
    with pytest.raises(ValueError, match="STATUS"):
        Notify((), status=True)


def test_the_state_of_each_mailbox_is_told_if_asked_for() -> None:
    lines = (
        b"* STATUS a (MESSAGES 1)",
        b"* STATUS b (MESSAGES 2)",
        b"* STATUS a (MESSAGES 3)",
    )
    assert result(Notify((PERSONAL,), status=True), *lines) == (
        StatusData("a", {"MESSAGES": 3}),
        StatusData("b", {"MESSAGES": 2}),
    )
    assert result(Notify((PERSONAL,)), *lines) == ()
