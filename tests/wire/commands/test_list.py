"""LIST, LSUB and XLIST."""

from __future__ import annotations

import pytest

from aiosage.model import Flag, Rights
from aiosage.wire import ListData, StatusData
from aiosage.wire.commands import (
    ListedMailbox,
    ListMailboxes,
    ListReturn,
    ListSelect,
    Lsub,
    Xlist,
)

from .played import result, sent

SUBSCRIBED = frozenset({ListSelect.SUBSCRIBED})
EXTENDED = {"LIST-EXTENDED"}


@pytest.mark.parametrize(
    ("command", "octets", "needs"),
    [
        (ListMailboxes(), b'LIST "" *', set[str]()),
        (ListMailboxes("", "Entwürfe/"), b'LIST Entw&APw-rfe/ ""', set[str]()),
        (ListMailboxes(("%",)), b'LIST "" (%)', EXTENDED),
        (ListMailboxes(("a b", "c/%"), "d"), b'LIST d ("a b" c/%)', EXTENDED),
        (ListMailboxes(select=SUBSCRIBED), b'LIST (SUBSCRIBED) "" *', EXTENDED),
        (
            ListMailboxes(select=frozenset(ListSelect)),
            b'LIST (RECURSIVEMATCH REMOTE SPECIAL-USE SUBSCRIBED) "" *',
            {"LIST-EXTENDED", "SPECIAL-USE"},
        ),
        (
            ListMailboxes(returns=frozenset(ListReturn)),
            b'LIST "" * RETURN (CHILDREN MYRIGHTS SPECIAL-USE SUBSCRIBED)',
            {"LIST-EXTENDED", "LIST-MYRIGHTS", "SPECIAL-USE"},
        ),
        (
            ListMailboxes(returns=frozenset({ListReturn.MYRIGHTS})),
            b'LIST "" * RETURN (MYRIGHTS)',
            {"LIST-MYRIGHTS"},
        ),
        (
            ListMailboxes("%", status=("MESSAGES",), metadata=("/shared/a b", "/x")),
            b'LIST "" % RETURN (STATUS (MESSAGES) METADATA ("/shared/a b" /x))',
            {"LIST-STATUS", "LIST-METADATA"},
        ),
        (Lsub("%", "a/"), b"LSUB a/ %", set[str]()),
        (Xlist("%", "a/"), b"XLIST a/ %", {"XLIST"}),
    ],
)
def test_words_on_the_wire(
    command: ListMailboxes, octets: bytes, needs: set[str]
) -> None:
    assert sent(command) == octets
    assert {name for (name,) in command.needs()} == needs


@pytest.mark.parametrize(
    "select",
    [
        {ListSelect.RECURSIVEMATCH},
        {ListSelect.RECURSIVEMATCH, ListSelect.REMOTE},
    ],
)
def test_recursivematch_does_not_stand_alone(select: set[ListSelect]) -> None:
    """RFC 9051 §6.3.9.1: the server would say BAD."""
    with pytest.raises(ValueError, match="RECURSIVEMATCH"):
        ListMailboxes(select=frozenset(select))


def test_there_is_a_pattern() -> None:
    with pytest.raises(ValueError, match="pattern"):
        ListMailboxes(())


def test_each_mailbox_is_listed_with_what_was_told_of_it() -> None:
    """RFC 8440 §4, RFC 9590 §3, RFC 5819 §2."""
    told = result(
        ListMailboxes(),
        b'* LIST () "/" inbox',
        b"* STATUS INBOX (MESSAGES 3)",
        b"* MYRIGHTS Inbox lr",
        b"* METADATA INBOX (/shared/comment x)",
        b"* METADATA INBOX (/private/comment NIL)",
        b'* LIST (\\NoSelect) "/" b (CHILDINFO ("SUBSCRIBED"))',
        b"* STATUS other (MESSAGES 1)",
        b'* LSUB () "/" c',
    )
    assert told == (
        ListedMailbox(
            ListData("INBOX", "/", frozenset()),
            StatusData("INBOX", {"MESSAGES": 3}),
            Rights("lr"),
            {"/shared/comment": b"x", "/private/comment": None},
        ),
        ListedMailbox(
            ListData(
                "b",
                "/",
                frozenset({Flag("\\Noselect")}),
                child_info=frozenset({"SUBSCRIBED"}),
            )
        ),
    )


def test_lsub_and_list_do_not_take_each_others_answers() -> None:
    lines = (b'* LIST () "/" a', b'* LSUB () "/" b', b'* LSUB () "/" b')
    assert [data.name for data in result(Lsub(), *lines)] == ["b"]
    assert [data.name for data in result(Xlist(), *lines)] == ["a"]
    assert [item.data.name for item in result(ListMailboxes(), *lines)] == ["a"]
