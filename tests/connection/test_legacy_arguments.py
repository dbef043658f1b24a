"""What programs gave aioimaplib goes out as it is if valid, and encoded if not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiosage.connection._legacy_arguments import (
    astring,
    cut_flights,
    encode_arguments,
    mailbox,
    pattern,
)
from aiosage.wire import decode_mailbox_name


@pytest.mark.parametrize(
    "name",
    [
        "INBOX",
        '"Sent Items"',
        '""',
        "Archive/2024",
        "Entw&APw-rfe",
        '"Entw&APw-rfe alt"',
        '"a \\"b\\" \\\\c"',
        "INBOX (CONDSTORE)",
        '"Sent Items" (QRESYNC (7 9))',
    ],
)
def test_a_valid_mailbox_name_is_left_as_it_is(name: str) -> None:
    """Programs quote and encode for themselves, since the base does not."""
    assert mailbox(name) == name


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Sent Items", '"Sent Items"'),
        ("Entwürfe", "Entw&APw-rfe"),
        ('"Entwürfe alt"', '"Entw&APw-rfe alt"'),
        ("Entw&APw-rfe alt", '"Entw&APw-rfe alt"'),
        ("Tom & Jerry", '"Tom &- Jerry"'),
        ("x {5}", '"x {5}"'),
        ("50%", '"50%"'),
        ("", '""'),
        ('say "x"', '"say \\"x\\""'),
        ("back\\slash", '"back\\\\slash"'),
    ],
)
def test_any_other_mailbox_name_is_encoded(name: str, sent: str) -> None:
    """Raw, it is another name, or no IMAP at all: row 15."""
    assert mailbox(name) == sent


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"])))
def test_an_encoded_mailbox_name_is_one_argument(name: str) -> None:
    """No name reaches into the rest of the command."""
    sent = mailbox(name)
    if sent == name:  # valid as it is, or parameters
        return
    assert sent.isascii()
    if sent.startswith('"'):
        inner = sent[1:-1].replace("\\\\", "").replace('\\"', "")
        assert '"' not in inner
    else:
        assert not set(sent) & set(' (){%*"\\')
        assert decode_mailbox_name(sent.encode())


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        ("*", "*"),
        ("Archive/%", "Archive/%"),
        ('"*"', '"*"'),
        ("", '""'),
        ("Sent Items*", '"Sent Items*"'),
        ('"*" RETURN (SPECIAL-USE)', '"*" RETURN (SPECIAL-USE)'),
        ('("a" "b")', '("a" "b")'),
        ("Entwürfe/*", "Entw&APw-rfe/*"),
    ],
)
def test_patterns_keep_their_wildcards(given_: str, sent: str) -> None:
    """A quoted ``*`` is a wildcard, too; a backslash could not undo it."""
    assert pattern(given_) == sent


def test_a_user_name_is_quoted_where_it_must_be() -> None:
    """The base sends ``LOGIN jane doe "secret"``."""
    assert astring("joe@example.org") == "joe@example.org"
    assert astring("jane doe") == '"jane doe"'
    assert astring('"jane doe"') == '"jane doe"'


def test_only_names_of_mailboxes_are_touched() -> None:
    """Sets, items and search keys are IMAP that the program writes."""
    keys = ("OR", 'SUBJECT "a b"', "(SEEN)")
    assert encode_arguments("SEARCH", keys) == 'OR SUBJECT "a b" (SEEN)'
    assert encode_arguments("COPY", ("1:3", "Sent Items")) == '1:3 "Sent Items"'
    assert encode_arguments("RENAME", ("a b", "c d")) == '"a b" "c d"'
    assert encode_arguments("STATUS", ("a b", "(UIDNEXT)")) == '"a b" (UIDNEXT)'
    assert encode_arguments("NOOP", ()) == ""


def test_text_that_is_not_ascii_goes_as_literals() -> None:
    """8-bit octets are allowed in no atom and no quoted string."""
    line = 'A1 SEARCH CHARSET utf-8 SUBJECT "caf\u00e9 \\"x\\"" FROM J\u00fcrgen SEEN'
    assert cut_flights(line) == [
        [b"A1 SEARCH CHARSET utf-8 SUBJECT {9}\r\n"],
        ['caf\u00e9 "x"'.encode(), b" FROM {7}\r\n"],
        ["J\u00fcrgen".encode(), b" SEEN\r\n"],
    ]


@pytest.mark.parametrize("end", ["{5}", "{5+}", "x {0}", "~{12}"])
def test_an_argument_cannot_open_a_literal(end: str) -> None:
    """The server would take the next command for its text."""
    with pytest.raises(ValueError, match="literal"):
        cut_flights(f"A1 SEARCH SUBJECT {end}")


def test_a_literal_follows_the_line_that_announces_it() -> None:
    """APPEND is sent in two goes."""
    assert cut_flights("A1 APPEND INBOX {2}", b"hi") == [
        [b"A1 APPEND INBOX {2}\r\n"],
        [b"hi", b"\r\n"],
    ]
