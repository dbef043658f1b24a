"""LIST, with extended data items (RFC 5258 §6, RFC 9051 §7.3.1)."""

from __future__ import annotations

import pytest

from aiosage.errors import IMAPProtocolError
from aiosage.model import Flag
from aiosage.wire import ListData

from ..stream import response

NONE: frozenset[Flag] = frozenset()


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (  # RFC 5258 §5, example 8
            b'* LIST () "/" "Foo" ("CHILDINFO" ("SUBSCRIBED"))',
            ListData("Foo", "/", NONE, child_info=frozenset({"SUBSCRIBED"})),
        ),
        (  # Dovecot: the name is no string
            b'* LIST (\\Noselect) "/" a (CHILDINFO ("subscribed" "SPECIAL-USE"))',
            ListData(
                "a",
                "/",
                frozenset({Flag("\\Noselect")}),
                child_info=frozenset({"SUBSCRIBED", "SPECIAL-USE"}),
            ),
        ),
        (
            b'* LIST () "/" a ("childinfo" ())',
            ListData("a", "/", NONE, child_info=frozenset()),
        ),
        (  # RFC 9051 §6.3.9.7
            b'* LIST () "/" "Entw&APw-rfe" ("OLDNAME" ("Entw&APw-rf"))',
            ListData("Entwürfe", "/", NONE, old_name="Entwürf"),
        ),
        (  # RFC 5465 §5.4: also without quotes
            b'* LIST () "." INBOX.b (OLDNAME (inbox))',
            ListData("INBOX.b", ".", NONE, old_name="INBOX"),
        ),
        (
            b'* LIST () "/" a (OLDNAME b "x-more" ((1) "y" NIL) CHILDINFO ("REMOTE"))',
            ListData(
                "a",
                "/",
                NONE,
                child_info=frozenset({"REMOTE"}),
                old_name="b",
                extended={"X-MORE": [["1"], b"y", None]},
            ),
        ),
        (b'* LIST () "/" a ()', ListData("a", "/", NONE)),
        (b'* LIST () "/" a (OLDNAME NIL lost)', ListData("a", "/", NONE)),
        (b'* LIST () "/" a (OLDNAME ())', ListData("a", "/", NONE)),
        (b'* LSUB () "." a', ListData("a", ".", NONE, subscribed_only=True)),
        (
            b'* XLIST (\\HasNoChildren \\Inbox) "/" "Posteingang"',
            ListData(
                "Posteingang",
                "/",
                frozenset({Flag("\\HasNoChildren"), Flag("\\Inbox")}),
            ),
        ),
        (b'* LIST () "" NIL', ListData("NIL", None, NONE)),
    ],
)
def test_what_is_told_of_a_mailbox(octets: bytes, expected: ListData) -> None:
    assert response(octets) == expected


def test_a_mailbox_can_be_in_a_set() -> None:
    told = response(b'* LIST () "/" a (x (y))')
    assert isinstance(told, ListData)
    assert {told} == {response(b'* LIST () "/" a (x (y))')}


@pytest.mark.parametrize(
    "octets",
    [
        b'* LIST () "/"',
        b'* LIST () "/" (a)',
        b'* LIST () "/" a (CHILDINFO x)',
    ],
)
def test_what_is_no_list_is_a_protocol_error(octets: bytes) -> None:
    with pytest.raises(IMAPProtocolError):
        response(octets)
